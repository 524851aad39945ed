package intentcast

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
)

// MaxIntents is the number of lines of intents a Ledger keeps unless told
// otherwise. One takes about 500 bytes, and what is remembered of those turned
// out as much again.
const MaxIntents = 16 << 10

// Entry is what a Ledger knows of one line of intents. It holds no body.
type Entry struct {
	Root   dagcbor.CID  // the first intent of the line
	Author identity.DID // whose line it is
	ID     dagcbor.CID  // the version that counts
	Seq    uint64       // its number
	Status Status       // its status
	Shard  string       // the topic of every version

	Expires identity.Time // when the version that counts is over
	Until   identity.Time // when every version seen is over: the entry stays until then
	Forked  bool          // the author signed two versions of one number
	Hidden  bool          // kept for this node alone, and not to be told: see Ledger.Keep
}

// Alive reports whether the intent is open at now.
func (e Entry) Alive(now time.Time) bool {
	return e.Status == StatusOpen && e.Expires.Std().After(now)
}

// line is an Entry with what only the ledger needs.
type line struct {
	Entry
	proven   bool // the root itself was seen, so author and shard are certain
	reported bool // given out by Expire
	rank     rank // of the version that counts
	held     bool // never turned out
	counted  bool // among the ledger's holds
	at       int  // in its topic's ranking, unless hidden
}

// lineKey names a line. A root alone would let anybody claim a line whose
// first intent this node has not seen; with author and shard in the key, a
// claim stays with its maker until the root itself settles it.
type lineKey struct {
	root   dagcbor.CID
	author identity.DID
	shard  string
}

// Ledger is the state of the intents known, as a pure value: the same set of
// casts ends in the same state in any order of arrival (of two versions of one
// number, which no honest author signs, the first to arrive is kept). What
// counts of a line is the open version with the highest number, unless there
// is a withdrawn or fulfilled one: that is final, and of several the lowest
// counts.
//
// A ledger is bounded. When it is full, what is over by now makes room; if
// that is not enough, one line is turned out for each that gets in: of the
// topic with the most lines, the one that did least work for its life, and of
// those the one made first. A newcomer that would be that one is refused with
// a FullError. So a topic keeps its fair share whatever becomes of others, and
// which lines are kept hangs on which were seen, not on their order, as long
// as none is over, amended or held.
//
// Of what was turned out a stub stays, so that it is not taken for news when
// it comes again, nor forged. A later version of it is news all the same.
//
// It is not safe for use by several goroutines at once.
type Ledger struct {
	limit    int
	lines    map[lineKey]*line
	roots    map[dagcbor.CID][]*line // the proven line alone, or all claims to the root
	rankings map[string]*ranking     // of each topic
	stubs    stubs
	holds    int           // lines that Hold keeps
	hidden   int           // lines that take no place
	soonest  time.Time     // no line can be let go before
	expired  []dagcbor.CID // swept, not yet given out by Expire
}

// Change is what taking in a cast has changed beside its own line.
type Change struct {
	// Again is set for a version known before that is kept on better terms: it
	// has done more work, or is back after having been turned out. It is worth
	// passing on and no news.
	Again bool
	// Aside is set for news of a line that has no place in the ledger or is
	// Hidden: nothing of it is kept to tell others.
	Aside bool
	// Out is the line turned out to make room, nil for none; or, if it is
	// Hidden, one that would have been if it were not held.
	Out *Entry
}

// FullError refuses a line that would be the first to be turned out. It wraps
// Full.
type FullError struct {
	Needs int // work that would have been enough for a life of a day, in bits
}

// Error says what would have been enough.
func (e *FullError) Error() string { return fmt.Sprintf("%s: needs %d bits", string(Full), e.Needs) }

// Unwrap returns Full.
func (e *FullError) Unwrap() error { return Full }

// NewLedger returns an empty ledger for at most limit lines; 0 is MaxIntents.
func NewLedger(limit int) *Ledger {
	if limit <= 0 {
		limit = MaxIntents
	}
	return &Ledger{
		limit: limit, lines: make(map[lineKey]*line), roots: make(map[dagcbor.CID][]*line),
		rankings: make(map[string]*ranking), stubs: newStubs(stubsPerLine * limit),
	}
}

// Apply takes in a decoded cast at now, whose stamp has done work of so many
// bits (0: none). It returns no error when c told something new or, as
// Change.Again says, is kept on better terms; it is then worth passing on. Else
// the error wraps a Refusal: Duplicate, Stale, Dead, Fork, Forged, Moved, Full,
// Expired or Future.
func (l *Ledger) Apply(c *Cast, bits int, now time.Time) (Change, error) {
	return l.take(c, bits, false, now)
}

// Keep is Apply for a cast that this node keeps whatever its work: it is never
// turned out and never refused as Full. When any other in its place would have been turned out, it is Hidden:
// who asks around could tell by it whose it is.
func (l *Ledger) Keep(c *Cast, bits int, now time.Time) (Change, error) {
	return l.take(c, bits, true, now)
}

// Hold has the line that begins with root kept in the same way, as long as no
// more than a quarter of the ledger is. It reports whether it is.
func (l *Ledger) Hold(root dagcbor.CID) bool {
	es := l.roots[root]
	if len(es) != 1 {
		return false
	}
	if !es[0].held && l.holds < l.limit/holdShare {
		l.holds++
		es[0].held, es[0].counted = true, true
	}
	return es[0].held
}

func (l *Ledger) take(c *Cast, bits int, keep bool, now time.Time) (Change, error) {
	err := c.CheckTime(now)
	var change Change
	if err == nil {
		change, err = l.apply(c, bits, keep, now)
	}
	return change, named(c, err)
}

// Expects returns the refusal Apply would have for c, or nil if Apply has to
// be asked. It changes nothing, so that c may be asked about before its
// signature is checked: what is refused here, whoever made it up, Apply would
// refuse of its author and learn nothing from. Hence a fork, which the ledger
// notes, and a version that stands longer than all before it, which it notes
// too, are for Apply. again is what Change.Again would be.
func (l *Ledger) Expects(c *Cast, bits int, now time.Time) (again bool, err error) {
	if err = c.CheckTime(now); err == nil {
		again, err = l.expects(c, bits, now)
	}
	return again, named(c, err)
}

func (l *Ledger) expects(c *Cast, bits int, now time.Time) (again bool, err error) {
	key := lineKey{c.Root(), c.Intent.Author, c.Intent.Shard()}
	if c.Intent.Seq > 0 {
		if err := l.contradicts(key); err != nil {
			return false, err
		}
	}
	r, e := rankOf(c, bits), l.lines[key]
	if e == nil {
		if c.Intent.Seq == 0 && l.claimed(key) {
			return false, nil
		}
		again, aside, err := l.stubs.about(key, c)
		if err != nil || aside || l.couldSweep(now) {
			return again, err
		}
		_, err = l.room(key.shard, r)
		return again, err
	}
	if e.Until.Before(c.Intent.Expires) || (c.Intent.Seq == 0 && !e.proven) {
		return false, nil
	}
	err = e.against(c)
	switch {
	case errors.Is(err, Fork):
		return false, nil
	case errors.Is(err, Duplicate) && e.Hidden:
		_, err = l.room(key.shard, r)
		return true, err
	case errors.Is(err, Duplicate) && r.worth > e.rank.worth:
		return true, nil
	}
	return false, err
}

// Lookup returns what is known of the line that begins with root. Where its
// first intent was not seen and several claim it, there is no telling.
func (l *Ledger) Lookup(root dagcbor.CID) (Entry, bool) {
	if es := l.roots[root]; len(es) == 1 {
		return es[0].Entry, true
	}
	return Entry{}, false
}

// Entries returns all that is known, in no order; of lines whose first intent
// was not seen, each claim.
func (l *Ledger) Entries() []Entry {
	es := make([]Entry, 0, len(l.lines))
	for _, e := range l.lines {
		es = append(es, e.Entry)
	}
	return es
}

// Len returns the number of lines known.
func (l *Ledger) Len() int { return len(l.lines) }

// Expire lets go of what is over at now and returns, once each, the roots of
// the open intents whose time has passed.
func (l *Ledger) Expire(now time.Time) []dagcbor.CID {
	l.sweep(now)
	roots := l.expired
	l.expired = nil
	return roots
}

// couldSweep reports whether a line may be over at now.
func (l *Ledger) couldSweep(now time.Time) bool {
	return l.full() && !now.Before(l.soonest)
}

func (l *Ledger) sweep(now time.Time) {
	l.soonest = time.Time{}
	l.stubs.sweep(now)
	for _, e := range l.lines {
		if e.Status == StatusOpen && !e.reported && !e.Alive(now) {
			e.reported = true
			if len(l.expired) < l.limit { // nobody may be calling Expire
				l.expired = append(l.expired, e.Root)
			}
		}
		if until := e.Until.Std(); !until.After(now) {
			l.remove(e)
		} else if l.soonest.IsZero() || until.Before(l.soonest) {
			l.soonest = until
		}
	}
}

func (l *Ledger) remove(e *line) {
	if e.Hidden {
		l.hidden--
	} else {
		l.leave(e)
	}
	if e.counted {
		l.holds--
	}
	delete(l.lines, lineKey{e.Root, e.Author, e.Shard})
	rest := slices.DeleteFunc(l.roots[e.Root], func(o *line) bool { return o == e })
	if len(rest) == 0 {
		delete(l.roots, e.Root)
		return
	}
	l.roots[e.Root] = rest
}
