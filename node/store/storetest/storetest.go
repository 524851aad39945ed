// Package storetest is what every backend of store.Store must pass.
package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/parley-network/parley/node/store"
)

// now is a time with a fraction finer than store.Precision.
var now = time.Date(2026, 3, 14, 15, 9, 26, 535_897_932, time.UTC)

// Run tests the backend whose open returns an empty store of its own to each
// call; Run closes it.
func Run(t *testing.T, open func(t *testing.T) store.Store) {
	tests := []struct {
		name string
		test func(*testing.T, store.Store)
	}{
		{"records come back as put", testRoundTrip},
		{"bodies are not aliased", testNoAlias},
		{"strange ids", testStrangeIDs},
		{"limits", testLimits},
		{"insert once", testInsertOnce},
		{"delete", testDelete},
		{"due precision", testDuePrecision},
		{"selection and order", testSelection},
		{"paging", testPaging},
		{"bad queries", testBadQueries},
		{"error undoes all", testErrorUndoes},
		{"panic undoes all", testPanicUndoes},
		{"goexit undoes all", testGoexitUndoes},
		{"view is read-only", testReadOnly},
		{"view is a snapshot", testSnapshot},
		{"tx ends with its function", testTxOver},
		{"ended context", testEndedContext},
		{"context ending in the queue", testContextInQueue},
		{"claim", testClaim},
		{"claim is exclusive", testClaimExclusive},
		{"bad claims", testBadClaims},
		{"concurrent counters", testCounters},
		{"concurrent inserts", testRacingInserts},
		{"failing neighbours", testFailingNeighbours},
		{"close", testClose},
		{"close under load", testCloseUnderLoad},
		{"model", testModel},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := open(t)
			t.Cleanup(func() {
				if err := s.Close(); err != nil {
					t.Errorf("close: %v", err)
				}
			})
			tt.test(t, s)
		})
	}
}

func update(t testing.TB, s store.Store, fn func(store.Tx) error) {
	t.Helper()
	if err := s.Update(context.Background(), fn); err != nil {
		t.Fatalf("update: %v", err)
	}
}

func put(t testing.TB, s store.Store, records ...store.Record) {
	t.Helper()
	update(t, s, func(tx store.Tx) error {
		for _, r := range records {
			if err := tx.Put(r); err != nil {
				return err
			}
		}
		return nil
	})
}

func get(t testing.TB, s store.Store, kind store.Kind, id string) (r store.Record, err error) {
	t.Helper()
	verr := s.View(context.Background(), func(tx store.Tx) error {
		r, err = tx.Get(kind, id)
		return nil
	})
	if verr != nil {
		t.Fatalf("view: %v", verr)
	}
	return r, err
}

func list(t testing.TB, s store.Store, q store.Query) (out []store.Record) {
	t.Helper()
	err := s.View(context.Background(), func(tx store.Tx) (err error) {
		out, err = tx.List(q)
		return err
	})
	if err != nil {
		t.Fatalf("list %+v: %v", q, err)
	}
	return out
}

func ids(records []store.Record) string {
	var out []string
	for _, r := range records {
		out = append(out, r.ID)
	}
	return strings.Join(out, " ")
}

// equal is exact: time.Time by ==, which asks for UTC, and nil for no body.
func equal(a, b store.Record) bool {
	return a.Kind == b.Kind && a.ID == b.ID && a.Ref == b.Ref && a.State == b.State && a.Due == b.Due &&
		bytes.Equal(a.Body, b.Body) && (a.Body == nil) == (b.Body == nil)
}

func wantErr(t testing.TB, what string, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

// wantEmpty fails if the store holds a record of the kind.
func wantEmpty(t testing.TB, s store.Store, kind store.Kind) {
	t.Helper()
	if left := list(t, s, store.Query{Kind: kind}); len(left) != 0 {
		t.Errorf("records of kind %s: %s, want none", kind, ids(left))
	}
}

func testRoundTrip(t *testing.T, s store.Store) {
	due := time.Date(2031, 1, 2, 3, 4, 5, 678_000, time.UTC)
	for _, r := range []store.Record{
		{Kind: "card", ID: "bare"},
		{Kind: "card", ID: "full", Ref: "bafyintent", State: "active", Due: due, Body: []byte("body")},
		{Kind: "offer", ID: "full", Ref: "another kind, same id"},
		{Kind: "card", ID: "full", State: "replaced"},
		{Kind: "card", ID: "big", Body: bytes.Repeat([]byte("0123456789abcdef"), 1<<16)},
		{Kind: "card", ID: "at the epoch", Due: time.Unix(0, 0).UTC()},
		{Kind: "card", ID: "before the epoch", Due: time.Date(1, 6, 1, 0, 0, 0, 0, time.UTC)},
		{Kind: "card", ID: "far off", Due: time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)},
	} {
		put(t, s, r)
		got, err := get(t, s, r.Kind, r.ID)
		if err != nil {
			t.Fatal(err)
		}
		if !equal(r, got) {
			t.Errorf("%s: put %.200s, got %.200s", r.ID, fmt.Sprintf("%+v", r), fmt.Sprintf("%+v", got))
		}
	}
	_, err := get(t, s, "card", "absent")
	wantErr(t, "get an absent record", err, store.ErrNotFound)
	_, err = get(t, s, "intent", "full")
	wantErr(t, "get under another kind", err, store.ErrNotFound)
}

func testNoAlias(t *testing.T, s store.Store) {
	body := []byte("original")
	check := func(when string) {
		t.Helper()
		got, err := get(t, s, "k", "a")
		if err != nil || string(got.Body) != "original" {
			t.Errorf("%s: body %q, %v", when, got.Body, err)
		}
		clear(got.Body)
	}
	update(t, s, func(tx store.Tx) error {
		if err := tx.Put(store.Record{Kind: "k", ID: "a", Body: body}); err != nil {
			return err
		}
		clear(body)
		return nil
	})
	check("after changing what was put")
	check("after changing what was got")
	clear(list(t, s, store.Query{Kind: "k"})[0].Body)
	check("after changing what was listed")
}

func testStrangeIDs(t *testing.T, s store.Store) {
	strange := []string{
		"\x00", "\x00\x00", "a", "a\x00", "a\x00b", "b", " ", "%", "_", "'; DROP TABLE record; --",
		"Z", "z", "é", "e\u0301", "日本", "🂡", "\xff", "\xff\xfe", "\xc3\x28", strings.Repeat("x", store.MaxID),
	}
	records := make([]store.Record, len(strange))
	for i, id := range strange {
		records[i] = store.Record{Kind: "k", ID: id, Ref: id, State: id[:min(len(id), store.MaxName)], Body: fmt.Append(nil, i)}
	}
	put(t, s, records...)
	for i, id := range strange {
		r, err := get(t, s, "k", id)
		if err != nil || r.ID != id || r.Ref != id || string(r.Body) != fmt.Sprint(i) {
			t.Errorf("get %q: %+v, %v", id, r, err)
		}
		if got := list(t, s, store.Query{Kind: "k", Ref: id}); len(got) != 1 || got[0].ID != id {
			t.Errorf("list ref %q: %q", id, ids(got))
		}
	}
	all := list(t, s, store.Query{Kind: "k"})
	if len(all) != len(strange) {
		t.Errorf("%d records, want %d", len(all), len(strange))
	}
	for i := 1; i < len(all); i++ {
		if all[i-1].ID >= all[i].ID {
			t.Errorf("%q before %q: want the order of bytes", all[i-1].ID, all[i].ID)
		}
	}
}

func testLimits(t *testing.T, s store.Store) {
	long := func(n int) string { return strings.Repeat("x", n) }
	update(t, s, func(tx store.Tx) error {
		for name, r := range map[string]store.Record{
			"empty kind": {ID: "a"},
			"empty id":   {Kind: "k"},
			"long kind":  {Kind: store.Kind(long(store.MaxName + 1)), ID: "a"},
			"long id":    {Kind: "k", ID: long(store.MaxID + 1)},
			"long ref":   {Kind: "k", ID: "a", Ref: long(store.MaxID + 1)},
			"long state": {Kind: "k", ID: "a", State: long(store.MaxName + 1)},
			"big body":   {Kind: "k", ID: "a", Body: make([]byte, store.MaxBody+1)},
			"due before": {Kind: "k", ID: "a", Due: time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC)},
			"due beyond": {Kind: "k", ID: "a", Due: time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)},
		} {
			wantErr(t, "put "+name, tx.Put(r), store.ErrInvalid)
			wantErr(t, "insert "+name, tx.Insert(r), store.ErrInvalid)
		}
		_, err := tx.Get("k", "")
		wantErr(t, "get empty id", err, store.ErrInvalid)
		wantErr(t, "delete empty id", tx.Delete("k", ""), store.ErrInvalid)
		return tx.Put(store.Record{Kind: "k", ID: "fine"})
	})
	if got := ids(list(t, s, store.Query{Kind: "k"})); got != "fine" {
		t.Errorf("after refusals the store holds %q, want only what came after", got)
	}
}

func testInsertOnce(t *testing.T, s store.Store) {
	update(t, s, func(tx store.Tx) error {
		if err := tx.Insert(store.Record{Kind: "seen", ID: "m1", Body: []byte("first")}); err != nil {
			return err
		}
		wantErr(t, "again in one transaction", tx.Insert(store.Record{Kind: "seen", ID: "m1"}), store.ErrExists)
		return nil // the refusal has not spoilt the transaction
	})
	err := s.Update(context.Background(), func(tx store.Tx) error {
		return tx.Insert(store.Record{Kind: "seen", ID: "m1", Body: []byte("second")})
	})
	wantErr(t, "again in another", err, store.ErrExists)
	if r, err := get(t, s, "seen", "m1"); err != nil || string(r.Body) != "first" {
		t.Errorf("got %q, %v; want the first", r.Body, err)
	}
	update(t, s, func(tx store.Tx) error {
		if err := tx.Delete("seen", "m1"); err != nil {
			return err
		}
		return tx.Insert(store.Record{Kind: "seen", ID: "m1"})
	})
}

func testDelete(t *testing.T, s store.Store) {
	put(t, s, store.Record{Kind: "k", ID: "a", Ref: "r", State: "s", Due: now}, store.Record{Kind: "k", ID: "b"})
	update(t, s, func(tx store.Tx) error {
		for _, id := range []string{"a", "a", "absent"} {
			if err := tx.Delete("k", id); err != nil {
				t.Errorf("delete %s: %v", id, err)
			}
		}
		_, err := tx.Get("k", "a")
		wantErr(t, "get what this transaction deleted", err, store.ErrNotFound)
		return nil
	})
	for _, q := range []store.Query{{Ref: "r"}, {State: "s"}, {DueBefore: now.AddDate(1, 0, 0)}} {
		q.Kind = "k"
		if got := list(t, s, q); len(got) != 0 {
			t.Errorf("%+v: %s, want none", q, ids(got))
		}
	}
	if got := ids(list(t, s, store.Query{Kind: "k"})); got != "b" {
		t.Errorf("left %q, want b", got)
	}
}
