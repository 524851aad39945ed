package storetest

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/parley-network/parley/node/store"
)

// increment adds one to the number in record (counter, id), first calling do.
func increment(s store.Store, id string, do func()) error {
	return s.Update(context.Background(), func(tx store.Tx) error {
		n := 0
		switch r, err := tx.Get("counter", id); {
		case err == nil:
			if n, err = strconv.Atoi(string(r.Body)); err != nil {
				return err
			}
		case !errors.Is(err, store.ErrNotFound):
			return err
		}
		err := tx.Put(store.Record{Kind: "counter", ID: id, Body: strconv.AppendInt(nil, int64(n+1), 10)})
		do()
		return err
	})
}

// sum returns the sum of all counters.
func sum(t testing.TB, s store.Store) (total int) {
	t.Helper()
	for _, r := range list(t, s, store.Query{Kind: "counter"}) {
		n, err := strconv.Atoi(string(r.Body))
		if err != nil {
			t.Error(err)
		}
		total += n
	}
	return total
}

// testCounters: Updates are serial, and a View never sees one half done: two
// counters that change together are always equal.
func testCounters(t *testing.T, s store.Store) {
	const writers, each = 8, 25
	bump := func(tx store.Tx) error {
		for _, id := range []string{"left", "right"} {
			r, err := tx.Get("counter", id)
			if err != nil && !errors.Is(err, store.ErrNotFound) {
				return err
			}
			n, _ := strconv.Atoi(string(r.Body))
			if err := tx.Put(store.Record{Kind: "counter", ID: id, Body: fmt.Append(nil, n+1)}); err != nil {
				return err
			}
		}
		return nil
	}
	var writing, reading sync.WaitGroup
	done := make(chan struct{})
	for range 3 {
		reading.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				if got := list(t, s, store.Query{Kind: "counter"}); len(got) == 2 && string(got[0].Body) != string(got[1].Body) {
					t.Errorf("a view saw %s and %s", got[0].Body, got[1].Body)
				}
			}
		})
	}
	for range writers {
		writing.Go(func() {
			for range each {
				if err := s.Update(context.Background(), bump); err != nil {
					t.Error(err)
				}
			}
		})
	}
	writing.Wait()
	close(done)
	reading.Wait()
	if got := sum(t, s); got != 2*writers*each {
		t.Errorf("sum %d, want %d: an update was lost", got, 2*writers*each)
	}
}

func testRacingInserts(t *testing.T, s store.Store) {
	const racers, messages = 8, 15
	var effects atomic.Int64
	var wg sync.WaitGroup
	for range racers {
		wg.Go(func() {
			for m := range messages {
				err := s.Update(context.Background(), func(tx store.Tx) error {
					return tx.Insert(store.Record{Kind: "seen", ID: fmt.Sprint(m)})
				})
				switch {
				case err == nil:
					effects.Add(1)
				case !errors.Is(err, store.ErrExists):
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if n := effects.Load(); n != messages {
		t.Errorf("%d effects of %d messages", n, messages)
	}
}

// testFailingNeighbours: Updates that fail or panic among others, with which
// they may share a commit, take nothing of theirs along and leave nothing.
func testFailingNeighbours(t *testing.T, s store.Store) {
	const writers, each = 12, 20
	var landed atomic.Int64
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := range each {
				func() {
					defer func() {
						if v := recover(); v != nil && v != errBoom {
							panic(v)
						}
					}()
					err := increment(s, fmt.Sprint(w%3), func() {
						if (w+i)%4 == 0 {
							panic(errBoom)
						}
					})
					if err != nil {
						t.Error(err)
						return
					}
					landed.Add(1)
				}()
			}
		})
	}
	wg.Wait()
	if got, want := sum(t, s), int(landed.Load()); got != want || want != writers*each*3/4 {
		t.Errorf("sum %d, acknowledged %d, want %d", got, want, writers*each*3/4)
	}
}

func testClose(t *testing.T, s store.Store) {
	put(t, s, store.Record{Kind: "k", ID: "a"})
	for range 2 {
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	run := func(store.Tx) error { t.Error("the function ran"); return nil }
	wantErr(t, "update", s.Update(context.Background(), run), store.ErrClosed)
	wantErr(t, "view", s.View(context.Background(), run), store.ErrClosed)
	_, err := s.Claim(context.Background(), "k", now, 1e9, 1)
	wantErr(t, "claim", err, store.ErrClosed)
}

// testCloseUnderLoad: every transaction under way at Close ends well or with
// ErrClosed, and Close returns.
func testCloseUnderLoad(t *testing.T, s store.Store) {
	var wg sync.WaitGroup
	var ran atomic.Int64
	busy := make(chan struct{})
	for w := range 8 {
		wg.Go(func() {
			for {
				var err error
				if w%2 == 0 {
					err = increment(s, fmt.Sprint(w), func() {})
				} else {
					err = s.View(context.Background(), func(tx store.Tx) error {
						_, err := tx.List(store.Query{Kind: "counter"})
						return err
					})
				}
				if ran.Add(1) == 100 {
					close(busy)
				}
				if err != nil {
					wantErr(t, "under way at close", err, store.ErrClosed)
					return
				}
			}
		})
	}
	<-busy
	if err := s.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
	wg.Wait()
}
