package store

import (
	"fmt"
	"strings"
	"time"
)

// Query selects records of one kind. "" in Ref or State means any: a kind that
// must be found by having none gives that a name of its own.
//
// Results are ordered by ID, bytewise; with DueBefore by (Due, ID), and then
// records that are never due are left out.
type Query struct {
	Kind      Kind
	Ref       string
	State     string
	DueBefore time.Time // select Due < DueBefore; zero: any Due
	Prefix    string    // select IDs that begin with it; not with DueBefore; "": any ID

	// After and AfterDue are the position: only what comes after it in the
	// order is returned. AfterDue goes with DueBefore alone. [Query.Next] sets
	// both.
	After    string
	AfterDue time.Time

	Limit int // the most records returned; 0: all
}

// Next returns q with its position after last, the last record of a page.
func (q Query) Next(last Record) Query {
	q.After = last.ID
	if !q.DueBefore.IsZero() {
		q.AfterDue = last.Due
	}
	return q
}

// Normalize returns q with its times cut to [Precision], or ErrInvalid with
// the field at fault. Backends pass every query through it.
func (q Query) Normalize() (Query, error) {
	bad := func(format string, args ...any) (Query, error) {
		return q, fmt.Errorf("query of kind %.80q: %s: %w", string(q.Kind), fmt.Sprintf(format, args...), ErrInvalid)
	}
	q.DueBefore, q.AfterDue = roundDue(q.DueBefore), roundDue(q.AfterDue)
	switch {
	case q.Kind == "" || len(q.Kind) > MaxName:
		return bad("kind wants 1 to %d bytes", MaxName)
	case q.Limit < 0:
		return bad("limit %d", q.Limit)
	case q.DueBefore.IsZero() && !q.AfterDue.IsZero():
		return bad("AfterDue without DueBefore")
	case q.Prefix != "" && !q.DueBefore.IsZero():
		return bad("Prefix with DueBefore")
	case len(q.Prefix) > MaxID:
		return bad("prefix wants at most %d bytes", MaxID)
	case strings.HasSuffix(q.Prefix, "\xff"):
		return bad("a prefix that ends in 0xff has no end")
	case !q.DueBefore.IsZero() && (q.After == "") != q.AfterDue.IsZero():
		return bad("a position by due needs After and AfterDue together")
	}
	return q, nil
}

// Match reports whether q selects r, not regarding its position.
func (q Query) Match(r Record) bool {
	return r.Kind == q.Kind &&
		(q.Ref == "" || r.Ref == q.Ref) &&
		(q.State == "" || r.State == q.State) &&
		strings.HasPrefix(r.ID, q.Prefix) &&
		(q.DueBefore.IsZero() || !r.Due.IsZero() && r.Due.Before(q.DueBefore))
}

// PrefixEnd returns the first ID, bytewise, after all that begin with q's
// Prefix, which is not empty.
func (q Query) PrefixEnd() string {
	last := len(q.Prefix) - 1
	return q.Prefix[:last] + string([]byte{q.Prefix[last] + 1})
}
