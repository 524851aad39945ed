package courier

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/parley-network/parley/node/store"
)

// parkTime is how long a letter to a peer out of reach is left alone while
// another goes on trying: once that one has found the peer it is sent. It comes
// by itself where this lane has ended by then, as after a restart.
const parkTime = 5 * time.Minute

// parkMost bounds the letters that a lane remembers to have parked.
const parkMost = 10_000

// parked is the letters to a peer out of reach: one that tries when the lane
// opens again, and those that wait for what comes of it. Each that is claimed only
// to be given back is written twice, and with some hundred letters to each of a few
// who sleep that was a sixth of what a node had to do.
type parked struct {
	probe   string             // id of the one that tries; "": none does
	letters map[string]parking // by id
	count   int
}

type parking struct {
	due time.Time // as stored: the claim's token
	at  int       // its place among the others
}

// put says when a letter comes again that finds the lane shut until then.
func (p *parked) put(t task, now, until time.Time) release {
	end, id := t.out.Expires.Std(), t.rec.ID
	if p.probe == "" {
		p.probe = id
	}
	due := earlier(until, end)
	if later := earlier(now.Add(parkTime), end); id != p.probe && len(p.letters) < parkMost && later.After(until) {
		due = later
	}
	due = due.Truncate(store.Precision)
	p.keep(id, due)
	return release{rec: t.rec, due: due, fresh: t.fresh}
}

func (p *parked) keep(id string, due time.Time) {
	if p.letters == nil {
		p.letters = make(map[string]parking)
	}
	if len(p.letters) < parkMost {
		p.count++
		p.letters[id] = parking{due: due, at: p.count}
	}
}

// taken notes that a letter is claimed again.
func (p *parked) taken(id string) { delete(p.letters, id) }

// next is the letter that tries when the lane opens again, if none does yet.
func (p *parked) next(until time.Time) (release, bool) {
	if p.probe != "" || len(p.letters) == 0 {
		return release{}, false
	}
	id := p.order()[0]
	p.probe = id
	r := p.release(id, until)
	p.taken(id)
	p.keep(id, r.due)
	return r, true
}

// all has all come again, each after as long as those before it take.
func (p *parked) all(now time.Time, pace time.Duration) []release {
	var back []release
	for i, id := range p.order() {
		back = append(back, p.release(id, now.Add(time.Duration(i)*pace)))
	}
	*p = parked{}
	return back
}

func (p *parked) release(id string, due time.Time) release {
	was := p.letters[id].due
	return release{rec: store.Record{Kind: kindLetter, ID: id, Due: was}, due: earlier(due, was).Truncate(store.Precision)}
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

func (p *parked) order() []string {
	return slices.SortedFunc(maps.Keys(p.letters), func(a, b string) int { return cmp.Compare(p.letters[a].at, p.letters[b].at) })
}
