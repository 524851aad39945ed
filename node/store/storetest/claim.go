package storetest

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/parley-network/parley/node/store"
)

func claim(t testing.TB, s store.Store, at time.Time, lease time.Duration, limit int) []store.Record {
	t.Helper()
	got, err := s.Claim(context.Background(), "outbox", at, lease, limit)
	if err != nil {
		t.Fatalf("claim: %v", err)
	}
	return got
}

func testClaim(t *testing.T, s store.Store) {
	put(t, s,
		store.Record{Kind: "outbox", ID: "a", Due: now, Ref: "r", State: "queued", Body: []byte("letter")},
		store.Record{Kind: "outbox", ID: "b", Due: now.Add(-time.Minute)},
		store.Record{Kind: "outbox", ID: "c", Due: now.Add(time.Minute)},
		store.Record{Kind: "outbox", ID: "d"},
		store.Record{Kind: "other", ID: "e", Due: now},
	)
	if got := claim(t, s, now, time.Hour, 1); ids(got) != "b" {
		t.Errorf("first claim of one: %q, want b, the longest due", ids(got))
	}
	got := claim(t, s, now, time.Hour, 10)
	if ids(got) != "a" {
		t.Fatalf("second claim: %q, want a", ids(got))
	}
	until := now.Add(time.Hour).Truncate(store.Precision)
	if r := got[0]; r.Due != until || r.Ref != "r" || r.State != "queued" || string(r.Body) != "letter" {
		t.Errorf("claimed %+v, want the whole record with due %v", r, until)
	}
	if r, err := get(t, s, "outbox", "a"); err != nil || r.Due != until {
		t.Errorf("stored due %v, %v; want the token %v", r.Due, err, until)
	}
	if got := claim(t, s, now, time.Hour, 10); len(got) != 0 {
		t.Errorf("third claim: %q, want none", ids(got))
	}
	if got := claim(t, s, now.Add(time.Hour), time.Minute, 10); ids(got) != "c a b" {
		t.Errorf("claim once the leases have passed: %q, want c a b", ids(got))
	}
	if r, err := get(t, s, "other", "e"); err != nil || !r.Due.Equal(now.Truncate(store.Precision)) {
		t.Errorf("a record of another kind: %v, %v; want it untouched", r.Due, err)
	}
}

func testBadClaims(t *testing.T, s store.Store) {
	put(t, s, store.Record{Kind: "k", ID: "a", Due: now})
	for name, c := range map[string]struct {
		kind  store.Kind
		lease time.Duration
		limit int
	}{
		"no kind":     {"", time.Minute, 1},
		"no lease":    {"k", 0, 1},
		"short lease": {"k", store.Precision - 1, 1},
		"no limit":    {"k", time.Minute, 0},
	} {
		_, err := s.Claim(context.Background(), c.kind, now, c.lease, c.limit)
		wantErr(t, name, err, store.ErrInvalid)
	}
}

// testClaimExclusive has several workers, as replicas of a node would be,
// carry out each letter once.
func testClaimExclusive(t *testing.T, s store.Store) {
	const letters, workers = 60, 6
	queue := make([]store.Record, letters)
	for i := range queue {
		queue[i] = store.Record{Kind: "outbox", ID: fmt.Sprintf("%03d", i), Due: now.Add(time.Duration(i%7) * time.Millisecond)}
	}
	put(t, s, queue...)
	var mu sync.Mutex
	held := map[string]int{}
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for {
				got, err := s.Claim(context.Background(), "outbox", now.Add(time.Second), time.Hour, 4)
				if err != nil {
					t.Error(err)
				}
				if len(got) == 0 {
					return
				}
				mu.Lock()
				for _, r := range got {
					held[r.ID]++
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if len(held) != letters {
		t.Errorf("%d of %d letters claimed", len(held), letters)
	}
	for id, n := range held {
		if n != 1 {
			t.Errorf("letter %s claimed %d times", id, n)
		}
	}
}
