package storetest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/parley-network/parley/node/store"
)

// model is the naive store: a map, searched and sorted from end to end.
type model map[key]store.Record

type key struct {
	kind store.Kind
	id   string
}

func (m model) put(r store.Record) { m[key{r.Kind, r.ID}] = r }

func (m model) list(q store.Query) (out []store.Record) {
	byDue := !q.DueBefore.IsZero()
	order := func(a, b store.Record) int {
		if d := a.Due.Compare(b.Due); byDue && d != 0 {
			return d
		}
		return strings.Compare(a.ID, b.ID)
	}
	at := store.Record{ID: q.After, Due: q.AfterDue}
	for _, r := range m {
		if q.Match(r) && order(r, at) > 0 {
			out = append(out, r)
		}
	}
	slices.SortFunc(out, order)
	if q.Limit > 0 && len(out) > q.Limit {
		out = out[:q.Limit]
	}
	return out
}

// testModel drives the store and the model with the same random operations
// and compares every answer. Each run keeps to kinds of its own, so that one
// store serves all, with the others' records about.
func testModel(t *testing.T, s store.Store) {
	run := 0
	rapid.Check(t, func(rt *rapid.T) {
		run++
		m := &machine{s: s, m: model{}, run: run}
		rt.Repeat(map[string]func(*rapid.T){
			"update": m.update,
			"claim":  m.claim,
			"list":   m.list,
			"":       m.same,
		})
	})
}

type machine struct {
	s   store.Store
	m   model
	run int
}

// The values drawn are few, so that they meet.
var (
	someIDs   = rapid.SampledFrom([]string{"a", "b", "b\x00", "c", "é", "\xff"})
	someRefs  = rapid.SampledFrom([]string{"", "r1", "r2"})
	someState = rapid.SampledFrom([]string{"", "s1", "s2"})
	someTimes = rapid.Custom(func(rt *rapid.T) time.Time {
		return time.UnixMicro(rapid.Int64Range(-3, 3).Draw(rt, "µs")).UTC()
	})
	someDue  = rapid.OneOf(rapid.Just(time.Time{}), someTimes)
	someBody = rapid.SliceOfN(rapid.Byte(), 0, 3)
)

func (m *machine) kind(rt *rapid.T) store.Kind {
	return store.Kind(fmt.Sprintf("run %d %s", m.run, rapid.SampledFrom([]string{"k", "l"}).Draw(rt, "kind")))
}

func (m *machine) query(rt *rapid.T) store.Query {
	q := store.Query{
		Kind: m.kind(rt), Ref: someRefs.Draw(rt, "ref"), State: someState.Draw(rt, "state"),
		DueBefore: someDue.Draw(rt, "due before"), Limit: rapid.IntRange(0, 4).Draw(rt, "limit"),
	}
	if q.DueBefore.IsZero() {
		q.Prefix = rapid.SampledFrom([]string{"", "", "b", "b\x00", "a", "z"}).Draw(rt, "prefix")
	}
	if rapid.Bool().Draw(rt, "positioned") {
		q = q.Next(store.Record{ID: someIDs.Draw(rt, "after"), Due: someTimes.Draw(rt, "after due")})
	}
	return q
}

// update makes a few changes in one transaction, which may fail at its end.
func (m *machine) update(rt *rapid.T) {
	after := maps.Clone(m.m)
	fails := rapid.Bool().Draw(rt, "fails")
	steps := rapid.IntRange(1, 5).Draw(rt, "steps")
	err := m.s.Update(context.Background(), func(tx store.Tx) error {
		for range steps {
			m.step(rt, tx, after)
		}
		if fails {
			return errBoom
		}
		return nil
	})
	switch {
	case fails && err != errBoom, !fails && err != nil:
		rt.Fatalf("update: %v", err)
	case !fails:
		m.m = after
	}
}

func (m *machine) step(rt *rapid.T, tx store.Tx, after model) {
	r, err := store.Record{
		Kind: m.kind(rt), ID: someIDs.Draw(rt, "id"), Ref: someRefs.Draw(rt, "ref"),
		State: someState.Draw(rt, "state"), Due: someDue.Draw(rt, "due"), Body: someBody.Draw(rt, "body"),
	}.Normalize()
	if err != nil {
		rt.Fatal(err)
	}
	k := key{r.Kind, r.ID}
	old, there := after[k]
	switch op := rapid.SampledFrom([]string{"put", "insert", "delete", "get", "list"}).Draw(rt, "op"); op {
	case "put":
		err, after[k] = tx.Put(r), r
	case "insert":
		if err = tx.Insert(r); there && errors.Is(err, store.ErrExists) {
			err = nil
		} else if there {
			rt.Fatalf("insert over %+v: %v", old, err)
		} else {
			after[k] = r
		}
	case "delete":
		err = tx.Delete(r.Kind, r.ID)
		delete(after, k)
	case "get":
		var got store.Record
		if got, err = tx.Get(r.Kind, r.ID); !there && errors.Is(err, store.ErrNotFound) {
			err = nil
		} else if !there || !equal(got, old) {
			rt.Fatalf("get %+v, want %+v (there: %v)", got, old, there)
		}
	case "list": // a transaction sees its own writes
		var got []store.Record
		q := m.query(rt)
		got, err = tx.List(q)
		compare(rt, q, after.list(q), got)
	}
	if err != nil {
		rt.Fatal(err)
	}
}

func (m *machine) claim(rt *rapid.T) {
	kind, at := m.kind(rt), someTimes.Draw(rt, "now")
	lease := time.Duration(rapid.Int64Range(1, 4).Draw(rt, "lease, µs")) * time.Microsecond
	limit := rapid.IntRange(1, 4).Draw(rt, "limit")
	want := m.m.list(store.Query{Kind: kind, DueBefore: at.Add(store.Precision), Limit: limit})
	for i := range want {
		want[i].Due = at.Add(lease)
		m.m.put(want[i])
	}
	got, err := m.s.Claim(context.Background(), kind, at, lease, limit)
	if err != nil {
		rt.Fatal(err)
	}
	compare(rt, "claim", want, got)
}

func (m *machine) list(rt *rapid.T) {
	q := m.query(rt)
	err := m.s.View(context.Background(), func(tx store.Tx) error {
		got, err := tx.List(q)
		compare(rt, q, m.m.list(q), got)
		return err
	})
	if err != nil {
		rt.Fatal(err)
	}
}

// same checks that the two hold the same records.
func (m *machine) same(rt *rapid.T) {
	err := m.s.View(context.Background(), func(tx store.Tx) error {
		for _, kind := range []string{"k", "l"} {
			q := store.Query{Kind: store.Kind(fmt.Sprintf("run %d %s", m.run, kind))}
			got, err := tx.List(q)
			if err != nil {
				return err
			}
			compare(rt, q, m.m.list(q), got)
		}
		return nil
	})
	if err != nil {
		rt.Fatal(err)
	}
}

func compare(rt *rapid.T, what any, want, got []store.Record) {
	if !slices.EqualFunc(want, got, equal) {
		rt.Fatalf("%+v: model (-), store (+):\n%s", what, cmp.Diff(want, got))
	}
}
