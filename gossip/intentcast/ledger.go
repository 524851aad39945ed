package intentcast

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
)

// MaxIntents is the number of lines of intents a Ledger keeps unless told
// otherwise. One takes about 500 bytes.
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
// that is not enough, further lines are refused as Full and successors of
// known lines still go in. Nothing alive or withdrawn is put out to make
// room, since the older versions of it could then come back.
//
// It is not safe for use by several goroutines at once.
type Ledger struct {
	limit   int
	lines   map[lineKey]*line
	roots   map[dagcbor.CID][]*line // the proven line alone, or all claims to the root
	expired []dagcbor.CID           // swept, not yet given out by Expire
}

// NewLedger returns an empty ledger for at most limit lines; 0 is MaxIntents.
func NewLedger(limit int) *Ledger {
	if limit <= 0 {
		limit = MaxIntents
	}
	return &Ledger{limit: limit, lines: make(map[lineKey]*line), roots: make(map[dagcbor.CID][]*line)}
}

// Apply takes in a decoded cast at now. It returns nil when c told something
// new, which is then also worth passing on, and wraps a Refusal when it did
// not: Duplicate, Stale, Dead, Fork, Forged, Moved, Full, Expired or Future.
func (l *Ledger) Apply(c *Cast, now time.Time) error {
	err := c.CheckTime(now)
	if err == nil {
		err = l.apply(c, now)
	}
	return named(c, err)
}

// Expects returns the refusal Apply would have for c, or nil if Apply has to
// be asked. It changes nothing, so that c may be asked about before its
// signature is checked: what is refused here, whoever made it up, Apply would
// refuse of its author and learn nothing from. Hence a fork, which the ledger
// notes, and a version that stands longer than all before it, which it notes
// too, are for Apply.
func (l *Ledger) Expects(c *Cast, now time.Time) error {
	err := c.CheckTime(now)
	if err == nil {
		err = l.expects(c)
	}
	return named(c, err)
}

func (l *Ledger) expects(c *Cast) error {
	key := lineKey{c.Root(), c.Intent.Author, c.Intent.Shard()}
	if c.Intent.Seq > 0 {
		if err := l.contradicts(key); err != nil {
			return err
		}
	}
	e := l.lines[key]
	if e == nil || e.Until.Before(c.Intent.Expires) || (c.Intent.Seq == 0 && !e.proven) {
		return nil
	}
	if err := e.rank(c); !errors.Is(err, Fork) {
		return err
	}
	return nil
}

func named(c *Cast, err error) error {
	if err != nil {
		return fmt.Errorf("cast %s, number %d of %s: %w", c.ID, c.Intent.Seq, c.Root(), err)
	}
	return nil
}

func (l *Ledger) apply(c *Cast, now time.Time) error {
	key := lineKey{c.Root(), c.Intent.Author, c.Intent.Shard()}
	if err := l.settle(key, c); err != nil {
		return err
	}
	e := l.lines[key]
	if e == nil {
		return l.begin(key, c, now)
	}
	if e.Until.Before(c.Intent.Expires) {
		e.Until = c.Intent.Expires
	}
	if err := e.compare(c); err != nil {
		return err
	}
	e.set(c)
	return nil
}

// settle holds c against what is certain of its root. Only the first intent
// of a line proves author and shard; it puts out every claim that differs.
func (l *Ledger) settle(key lineKey, c *Cast) error {
	if c.Intent.Seq == 0 {
		for _, other := range slices.Clone(l.roots[key.root]) {
			if other.Author != key.author || other.Shard != key.shard {
				l.remove(other)
			}
		}
		if e := l.lines[key]; e != nil {
			e.proven = true
		}
		return nil
	}
	return l.contradicts(key)
}

// contradicts returns how a successor's key differs from what is certain of
// its root.
func (l *Ledger) contradicts(key lineKey) error {
	for _, e := range l.roots[key.root] {
		switch {
		case !e.proven:
		case e.Author != key.author:
			return Forged
		case e.Shard != key.shard:
			return Moved
		}
	}
	return nil
}

func (l *Ledger) begin(key lineKey, c *Cast, now time.Time) error {
	if len(l.lines) >= l.limit {
		l.sweep(now)
	}
	if len(l.lines) >= l.limit {
		return Full
	}
	// Strings of a cast share its whole body's memory: keep copies.
	key.author = identity.DID(strings.Clone(string(key.author)))
	e := &line{proven: c.Intent.Seq == 0}
	e.Root, e.Author, e.Shard, e.Until = key.root, key.author, key.shard, c.Intent.Expires
	e.set(c)
	l.lines[key] = e
	l.roots[key.root] = append(l.roots[key.root], e)
	return nil
}

// compare returns why c does not take the place of what counts, nil if it
// does, and notes a fork.
func (e *line) compare(c *Cast) error {
	err := e.rank(c)
	e.Forked = e.Forked || errors.Is(err, Fork)
	return err
}

func (e *line) rank(c *Cast) error {
	was, is := e.Status == StatusOpen, c.Intent.Status == StatusOpen
	switch {
	case c.ID == e.ID:
		return Duplicate
	case !was && is:
		return Dead
	case was && !is:
		return nil
	case c.Intent.Seq == e.Seq:
		return Fork
	case was && c.Intent.Seq < e.Seq:
		return Stale
	case !was && c.Intent.Seq > e.Seq:
		return Dead
	}
	return nil
}

func (e *line) set(c *Cast) {
	e.ID, e.Seq, e.Expires, e.reported = c.ID, c.Intent.Seq, c.Intent.Expires, false
	e.Status = Status(strings.Clone(string(c.Intent.Status)))
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

func (l *Ledger) sweep(now time.Time) {
	for _, e := range l.lines {
		if e.Status == StatusOpen && !e.reported && !e.Alive(now) {
			e.reported = true
			if len(l.expired) < l.limit { // nobody may be calling Expire
				l.expired = append(l.expired, e.Root)
			}
		}
		if !e.Until.Std().After(now) {
			l.remove(e)
		}
	}
}

func (l *Ledger) remove(e *line) {
	delete(l.lines, lineKey{e.Root, e.Author, e.Shard})
	rest := slices.DeleteFunc(l.roots[e.Root], func(o *line) bool { return o == e })
	if len(rest) == 0 {
		delete(l.roots, e.Root)
		return
	}
	l.roots[e.Root] = rest
}
