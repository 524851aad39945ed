package storetest

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/parley-network/parley/node/store"
)

func testDuePrecision(t *testing.T, s store.Store) {
	zone := time.FixedZone("east", 3*3600)
	put(t, s, store.Record{Kind: "k", ID: "a", Due: now.In(zone)})
	r, err := get(t, s, "k", "a")
	if err != nil {
		t.Fatal(err)
	}
	if want := now.Truncate(store.Precision); r.Due != want {
		t.Errorf("due %v, want %v: UTC, cut to the precision", r.Due, want)
	}
	for before, want := range map[time.Time]int{
		now:                           0, // strictly before
		now.Add(store.Precision):      1,
		now.Add(-store.Precision):     0,
		now.Add(time.Hour):            1,
		now.Add(-time.Hour):           0,
		time.Unix(0, 0):               0,
		now.AddDate(1000, 0, 0):       1,
		now.In(zone).Add(time.Second): 1,
	} {
		if got := list(t, s, store.Query{Kind: "k", DueBefore: before}); len(got) != want {
			t.Errorf("due before %v: %d records, want %d", before, len(got), want)
		}
	}
}

// sample has every combination of two refs or none, two states or none, and
// two times or none.
func sample() (out []store.Record) {
	for _, kind := range []store.Kind{"j", "k", "l"} {
		for i := range 27 {
			r := store.Record{Kind: kind, ID: fmt.Sprintf("%02d", 26-i), Body: []byte{byte(i)}}
			r.Ref = [...]string{"", "r1", "r2"}[i%3]
			r.State = [...]string{"", "s1", "s2"}[i/3%3]
			if n := i / 9; n > 0 {
				r.Due = now.Add(time.Duration(n) * time.Minute).Truncate(store.Precision)
			}
			out = append(out, r)
		}
	}
	return out
}

// queries yields every sort of selection over sample.
func queries(yield func(store.Query) bool) {
	for _, ref := range []string{"", "r1", "none"} {
		for _, state := range []string{"", "s2", "none"} {
			for _, due := range []time.Time{{}, now, now.Add(90 * time.Second), now.Add(time.Hour)} {
				if !yield(store.Query{Kind: "k", Ref: ref, State: state, DueBefore: due}) {
					return
				}
			}
		}
	}
}

func testSelection(t *testing.T, s store.Store) {
	m := model{}
	for _, r := range sample() {
		m.put(r)
	}
	put(t, s, sample()...)
	for q := range queries {
		want := m.list(q)
		got := list(t, s, q)
		if !slices.EqualFunc(want, got, equal) {
			t.Errorf("%+v: %s, want %s", q, ids(got), ids(want))
		}
		q.Limit = 2 // Count does not regard it
		err := s.View(context.Background(), func(tx store.Tx) error {
			n, err := tx.Count(q)
			if err == nil && n != len(want) {
				t.Errorf("count %+v: %d, want %d", q, n, len(want))
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	}
}

func testPaging(t *testing.T, s store.Store) {
	put(t, s, sample()...)
	for q := range queries {
		whole := ids(list(t, s, q))
		for _, limit := range []int{1, 2, 5, 100} {
			q.Limit = limit
			var paged []store.Record
			for at := q; ; {
				page := list(t, s, at)
				if len(page) > limit {
					t.Fatalf("%+v: a page of %d", at, len(page))
				}
				if len(page) == 0 {
					break
				}
				paged = append(paged, page...)
				at = at.Next(page[len(page)-1])
			}
			if got := ids(paged); got != whole {
				t.Errorf("%+v paged: %s, want %s", q, got, whole)
			}
		}
	}
}

func testBadQueries(t *testing.T, s store.Store) {
	for name, q := range map[string]store.Query{
		"no kind":                {},
		"Prefix with DueBefore":  {Kind: "k", Prefix: "a", DueBefore: now},
		"endless Prefix":         {Kind: "k", Prefix: "a\xff"},
		"negative limit":         {Kind: "k", Limit: -1},
		"AfterDue alone":         {Kind: "k", AfterDue: now},
		"After without AfterDue": {Kind: "k", DueBefore: now, After: "a"},
		"AfterDue without After": {Kind: "k", DueBefore: now, AfterDue: now},
	} {
		err := s.View(context.Background(), func(tx store.Tx) error {
			_, err := tx.Count(q)
			wantErr(t, "count, "+name, err, store.ErrInvalid)
			_, err = tx.List(q)
			return err
		})
		wantErr(t, "list, "+name, err, store.ErrInvalid)
	}
}
