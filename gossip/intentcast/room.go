package intentcast

import (
	"bytes"
	"container/heap"
	"time"

	"github.com/parley-network/parley/gossip/admission"
	"github.com/parley-network/parley/identity/dagcbor"
)

// holdShare is what part of a ledger, one in so many, Hold may take. Strangers
// have a say in it: a vendor's node holds what it has answered.
const holdShare = 4

// rank says which of two lines of a topic is turned out first.
//
// What counts is the work done for each day of the life that is asked for, in
// bits: those of the stamp less LifeBits. It does not grow as the end comes
// near, or who filled a ledger at once would be the harder to put out the
// longer it stood. Beyond MaxBits it counts no more: who did all that is asked
// of anybody outranks whoever came before, and so is heard, however much an
// attacker is ready to do. Of equals the one made first goes, since it has been
// heard for longest.
type rank struct {
	worth int
	made  time.Time
	id    dagcbor.CID
}

func rankOf(c *Cast, bits int) rank {
	in := &c.Intent
	worth := bits - admission.LifeBits(in.Expires.Std().Sub(in.Created.Std()))
	return rank{min(worth, admission.MaxBits), in.Created.Std(), c.ID}
}

// below reports whether r goes before o.
func (r rank) below(o rank) bool {
	if r.worth != o.worth {
		return r.worth < o.worth
	}
	if !r.made.Equal(o.made) {
		return r.made.Before(o.made)
	}
	return bytes.Compare(r.id.Bytes(), o.id.Bytes()) < 0
}

// ranking is the lines of one topic, the lowest first; those hidden are in none.
type ranking []*line

func (r ranking) Len() int           { return len(r) }
func (r ranking) Less(i, j int) bool { return r[i].rank.below(r[j].rank) }
func (r ranking) Swap(i, j int) {
	r[i], r[j] = r[j], r[i]
	r[i].at, r[j].at = i, j
}

// Push is for container/heap.
func (r *ranking) Push(x any) {
	e := x.(*line)
	e.at = len(*r)
	*r = append(*r, e)
}

// Pop is for container/heap.
func (r *ranking) Pop() any {
	last := len(*r) - 1
	e := (*r)[last]
	(*r)[last] = nil
	*r = (*r)[:last]
	return e
}

// room finds room for a newcomer of a rank on a topic: the line to be turned
// out or hidden for it, nil if none has to be, or a FullError.
//
// The line is taken from the topics that then have the most, so that each keeps
// its fair share: of their lowest the lowest.
func (l *Ledger) room(shard string, newcomer rank) (*line, error) {
	if !l.full() {
		return nil, nil
	}
	own := 1
	if r := l.rankings[shard]; r != nil {
		own += len(*r)
	}
	most := own
	for _, r := range l.rankings {
		most = max(most, len(*r))
	}
	var lowest *line
	for s, r := range l.rankings {
		has := len(*r)
		if s == shard {
			has++
		}
		if has == most && len(*r) > 0 && (lowest == nil || (*r)[0].rank.below(lowest.rank)) {
			lowest = (*r)[0]
		}
	}
	if own < most || lowest != nil && lowest.rank.below(newcomer) {
		return lowest, nil
	}
	return nil, &FullError{Needs: needs(lowest, newcomer)}
}

// full reports whether a newcomer needs another's place. Hidden lines take none.
func (l *Ledger) full() bool { return len(l.lines)-l.hidden >= l.limit }

// clear makes room for a newcomer, and returns what was turned out for it, or
// hidden if it is held.
func (l *Ledger) clear(shard string, newcomer rank) (*Entry, error) {
	e, err := l.room(shard, newcomer)
	if e == nil || err != nil {
		return nil, err
	}
	if e.held {
		l.leave(e)
		l.hide(e)
	} else {
		l.stubs.put(e)
		l.remove(e)
	}
	out := e.Entry
	return &out, nil
}

func (l *Ledger) hide(e *line) {
	e.Hidden = true
	l.hidden++
}

// show gives a line that is hidden a place again, if there is one for it.
func (l *Ledger) show(e *line, r rank) (*Entry, error) {
	out, err := l.clear(e.Shard, r)
	if err != nil {
		return nil, err
	}
	e.Hidden, e.rank = false, r
	l.hidden--
	l.join(e)
	return out, nil
}

// needs is the work, of a life of a day, that outranks a line.
func needs(lowest *line, newcomer rank) int {
	if lowest == nil { // all is hidden
		return admission.MaxBits
	}
	bits := lowest.rank.worth
	if newcomer.worth = bits; newcomer.below(lowest.rank) {
		bits++
	}
	return min(max(bits, admission.MinBits), admission.MaxBits)
}

// Share is how many lines of a topic are known, without those hidden.
func (l *Ledger) Share(shard string) int {
	if r := l.rankings[shard]; r != nil {
		return len(*r)
	}
	return 0
}

func (l *Ledger) join(e *line) {
	r := l.rankings[e.Shard]
	if r == nil {
		r = new(ranking)
		l.rankings[e.Shard] = r
	}
	heap.Push(r, e)
}

func (l *Ledger) leave(e *line) {
	r := l.rankings[e.Shard]
	heap.Remove(r, e.at)
	if len(*r) == 0 {
		delete(l.rankings, e.Shard)
	}
}

// move gives a line another rank.
func (l *Ledger) move(e *line, r rank) {
	e.rank = r
	if !e.Hidden {
		heap.Fix(l.rankings[e.Shard], e.at)
	}
}
