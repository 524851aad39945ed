package memory_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/parley-network/parley/node/store"
	"github.com/parley-network/parley/node/store/memory"
	"github.com/parley-network/parley/node/store/storetest"
)

func TestConformance(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	storetest.Run(t, func(*testing.T) store.Store { return memory.New() })
}

// TestLight: thousands of nodes of a simulation each hold one.
func TestLight(t *testing.T) {
	const stores, limit = 10_000, 2 << 10
	all := make([]*memory.Store, stores)
	before := heap()
	for i := range all {
		all[i] = memory.New()
	}
	if each := (heap() - before) / stores; each > limit {
		t.Errorf("an empty store takes %d bytes, want at most %d", each, limit)
	} else {
		t.Logf("an empty store takes %d bytes", each)
	}
	runtime.KeepAlive(all)
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// TestBubble: an Update that waits for another, in virtual time, does not hold
// up the clock, and Close waits for both.
func TestBubble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := memory.New()
		began := time.Now()
		for range 3 {
			go s.Update(t.Context(), func(store.Tx) error { time.Sleep(time.Hour); return nil })
			go s.View(t.Context(), func(store.Tx) error { time.Sleep(time.Hour); return nil })
		}
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := s.Update(ctx, func(store.Tx) error { return nil }); err != context.DeadlineExceeded {
			t.Errorf("an update that waited past its deadline: %v", err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); took != time.Hour {
			t.Errorf("close waited %v, want the hour of those under way", took)
		}
	})
}

func filled(b *testing.B, records int) *memory.Store {
	b.Helper()
	s := memory.New()
	err := s.Update(context.Background(), func(tx store.Tx) error {
		for i := range records {
			r := store.Record{Kind: "k", ID: fmt.Sprintf("%08d", i), Ref: fmt.Sprint(i % 1000), State: "s", Body: make([]byte, 300)}
			if i%10 == 0 {
				r.Due = time.UnixMicro(int64(i))
			}
			if err := tx.Put(r); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	return s
}

// BenchmarkPut replaces one of 100,000 records an Update.
func BenchmarkPut(b *testing.B) {
	s := filled(b, 100_000)
	b.ReportAllocs()
	for b.Loop() {
		i := rand.IntN(100_000)
		err := s.Update(context.Background(), func(tx store.Tx) error {
			return tx.Put(store.Record{Kind: "k", ID: fmt.Sprintf("%08d", i), Ref: fmt.Sprint(i % 1000), State: "s"})
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}

func benchRead(b *testing.B, read func(tx store.Tx, i int) error) {
	s := filled(b, 100_000)
	b.ReportAllocs()
	for b.Loop() {
		i := rand.IntN(100_000)
		if err := s.View(context.Background(), func(tx store.Tx) error { return read(tx, i) }); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkGet(b *testing.B) {
	benchRead(b, func(tx store.Tx, i int) error {
		_, err := tx.Get("k", fmt.Sprintf("%08d", i))
		return err
	})
}

// BenchmarkListDue lists 10 of 10,000 due among 100,000 records.
func BenchmarkListDue(b *testing.B) {
	benchRead(b, func(tx store.Tx, _ int) error {
		_, err := tx.List(store.Query{Kind: "k", DueBefore: time.UnixMicro(1 << 40), Limit: 10})
		return err
	})
}

// BenchmarkListRef lists the 100 of 100,000 records that belong to one thing.
func BenchmarkListRef(b *testing.B) {
	benchRead(b, func(tx store.Tx, i int) error {
		_, err := tx.List(store.Query{Kind: "k", Ref: fmt.Sprint(i % 1000)})
		return err
	})
}
