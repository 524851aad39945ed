package intentcast

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/parley-network/parley/identity"
)

func named(c *Cast, err error) error {
	if err != nil {
		return fmt.Errorf("cast %s, number %d of %s: %w", c.ID, c.Intent.Seq, c.Root(), err)
	}
	return nil
}

func (l *Ledger) apply(c *Cast, bits int, keep bool, now time.Time) (Change, error) {
	key, r := lineKey{c.Root(), c.Intent.Author, c.Intent.Shard()}, rankOf(c, bits)
	if err := l.settle(key, c); err != nil {
		return Change{}, err
	}
	e := l.lines[key]
	if e == nil {
		return l.begin(key, c, r, keep, now)
	}
	e.held = e.held || keep
	if e.Until.Before(c.Intent.Expires) {
		e.Until = c.Intent.Expires
	}
	err := e.compare(c)
	switch {
	case err == nil:
		if c.Intent.Status != StatusOpen {
			r.worth = max(r.worth, e.rank.worth) // an end asks for no more life than was paid for
		}
		e.set(c)
		if e.Hidden {
			out, full := l.show(e, r)
			return Change{Aside: full != nil, Out: out}, nil
		}
		l.move(e, r)
		return Change{}, nil
	case errors.Is(err, Duplicate) && e.Hidden:
		out, full := l.show(e, r)
		if full == nil {
			return Change{Again: true, Out: out}, nil
		}
		if !keep {
			return Change{}, full
		}
	case errors.Is(err, Duplicate) && r.worth > e.rank.worth:
		l.move(e, r)
		return Change{Again: true}, nil
	}
	return Change{}, err
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
		l.stubs.settle(key)
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
	return l.stubs.contradicts(key)
}

// claimed reports whether the first intent of a line would put out a claim.
func (l *Ledger) claimed(key lineKey) bool {
	s, ok := l.stubs.of[stubKeyOf(key)]
	return len(l.roots[key.root]) > 0 || ok && !s.proven
}

func (l *Ledger) begin(key lineKey, c *Cast, r rank, keep bool, now time.Time) (Change, error) {
	again, aside, err := l.stubs.about(key, c)
	if err != nil {
		return Change{}, err
	}
	if l.couldSweep(now) {
		l.sweep(now)
	}
	out, err := l.clear(key.shard, r)
	switch {
	case err == nil || keep:
	case aside:
		l.stubs.end(key, c)
		return Change{Aside: true}, nil
	default:
		return Change{}, err
	}
	e := l.enter(key, c, r)
	if e.held = keep; err == nil {
		l.join(e)
	} else {
		l.hide(e)
	}
	return Change{Again: again, Out: out, Aside: e.Hidden}, nil
}

// enter adds a line.
func (l *Ledger) enter(key lineKey, c *Cast, r rank) *line {
	// Strings of a cast share its whole body's memory: keep copies.
	key.author = identity.DID(strings.Clone(string(key.author)))
	e := &line{proven: c.Intent.Seq == 0, rank: r}
	e.Root, e.Author, e.Shard, e.Until = key.root, key.author, key.shard, c.Intent.Expires
	if s, ok := l.stubs.take(key); ok {
		e.proven = e.proven || s.proven
		if until := s.until.Std(); e.Until.Std().Before(until) {
			e.Until = s.until
		}
	}
	e.set(c)
	l.lines[key] = e
	l.roots[key.root] = append(l.roots[key.root], e)
	if l.soonest.IsZero() || e.Until.Std().Before(l.soonest) {
		l.soonest = e.Until.Std()
	}
	return e
}

// compare returns why c does not take the place of what counts, nil if it
// does, and notes a fork.
func (e *line) compare(c *Cast) error {
	err := e.against(c)
	e.Forked = e.Forked || errors.Is(err, Fork)
	return err
}

func (e *line) against(c *Cast) error {
	if c.ID == e.ID {
		return Duplicate
	}
	return order(e.Status == StatusOpen, e.Seq, c)
}

// order returns why c does not take the place of another version, of which is
// known whether it is open and its number.
func order(open bool, seq uint64, c *Cast) error {
	is := c.Intent.Status == StatusOpen
	switch {
	case !open && is:
		return Dead
	case open && !is:
		return nil
	case c.Intent.Seq == seq:
		return Fork
	case open && c.Intent.Seq < seq:
		return Stale
	case !open && c.Intent.Seq > seq:
		return Dead
	}
	return nil
}

func (e *line) set(c *Cast) {
	e.ID, e.Seq, e.Expires, e.reported = c.ID, c.Intent.Seq, c.Intent.Expires, false
	e.Status = Status(strings.Clone(string(c.Intent.Status)))
}
