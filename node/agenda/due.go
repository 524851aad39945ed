package agenda

import (
	"cmp"
	"iter"
	"slices"
	"time"
)

// Warning is one thing to tell a person.
type Warning struct {
	Entry  Entry     // its When is the time warned of, also where it repeats
	At     time.Time // when the warning was due
	Passed bool      // the date itself has passed; without, it is still to come
}

// Due returns the warnings that came due after since and not after now, in
// the order of their times. Asked again and again, each time since the last
// now, it gives every warning exactly once, however the time is cut up. A date
// has two, one ahead of it and one when it has passed. An entry that can't be
// used (Check) gives none.
func Due(entries []Entry, since, now time.Time) []Warning {
	var due []Warning
	for _, e := range entries {
		for w := range e.warnings(since) {
			if w.ahead.After(now) {
				break
			}
			for _, one := range w.both() {
				if one.At.After(since) && !one.At.After(now) {
					due = append(due, one)
				}
			}
		}
	}
	slices.SortStableFunc(due, func(a, b Warning) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Entry.ID, b.Entry.ID), a.Entry.When.Compare(b.Entry.When), passedLast(a, b))
	})
	return due
}

func passedLast(a, b Warning) int {
	switch {
	case a.Passed == b.Passed:
		return 0
	case b.Passed:
		return -1
	}
	return 1
}

// Next returns the first time after now at which Due has something to give,
// or false when it never will.
func Next(entries []Entry, now time.Time) (time.Time, bool) {
	var next time.Time
	for _, e := range entries {
		for w := range e.warnings(now) {
			for _, one := range w.both() {
				if one.At.After(now) && (next.IsZero() || one.At.Before(next)) {
					next = one.At
				}
			}
			if w.ahead.After(now) {
				break // those that follow begin later
			}
		}
	}
	return next, !next.IsZero()
}

// pair is the two warnings of one date.
type pair struct {
	entry         Entry
	ahead, passed time.Time // ahead is not after passed; equal for no warning ahead
}

func (p pair) both() []Warning {
	passed := Warning{Entry: p.entry, At: p.passed, Passed: true}
	if !p.ahead.Before(p.passed) {
		return []Warning{passed}
	}
	return []Warning{{Entry: p.entry, At: p.ahead}, passed}
}

// warnings yields the dates of e in order, leaving out most of those that had
// passed by since.
func (e Entry) warnings(since time.Time) iter.Seq[pair] {
	return func(yield func(pair) bool) {
		r, err := e.rule()
		if err != nil || e.Done {
			return
		}
		if r == nil {
			yield(e.pair(e.When))
			return
		}
		// Two days: a whole day's date passes up to a day after its When.
		for t := range r.times(e.anchor(), since.Add(-2*day)) {
			p := e.pair(t)
			if _, end := p.entry.span(); !e.Known.IsZero() && !end.After(e.Known) {
				continue // of many dates, those past when it was put down are history
			}
			if !yield(p) {
				return
			}
		}
	}
}

func (e Entry) pair(when time.Time) pair {
	e.When = when
	begin, end := e.span()
	ahead := end
	if lead := e.lead(); lead >= 0 {
		ahead = begin.Add(-lead)
	}
	return pair{e, later(ahead, e.Known), later(end, e.Known)}
}

func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}
