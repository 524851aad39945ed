package sqlite_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/parley-network/parley/node/store"
)

var letter = make([]byte, 300)

func benchStore(b *testing.B, records int) store.Store {
	b.Helper()
	s := open(b, filepath.Join(b.TempDir(), "node.db"))
	b.Cleanup(func() { s.Close() })
	err := s.Update(context.Background(), func(tx store.Tx) error {
		for i := range records {
			r := store.Record{Kind: "k", ID: fmt.Sprintf("%08d", i), Ref: fmt.Sprint(i % 1000), State: "s", Body: letter}
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

// BenchmarkUpdate writes one record an Update, each durable when it returns,
// from one goroutine and from 64 that share commits.
func BenchmarkUpdate(b *testing.B) {
	for _, writers := range []int{1, 64} {
		b.Run(fmt.Sprintf("writers=%d", writers), func(b *testing.B) {
			s := benchStore(b, 0)
			var next atomic.Int64
			done := make(chan error)
			b.ResetTimer()
			for range writers {
				go func() {
					var err error
					for err == nil {
						i := next.Add(1)
						if i > int64(b.N) {
							break
						}
						err = s.Update(context.Background(), func(tx store.Tx) error {
							return tx.Insert(store.Record{Kind: "k", ID: fmt.Sprintf("%08d", i), Ref: "r", State: "s", Body: letter})
						})
					}
					done <- err
				}()
			}
			for range writers {
				if err := <-done; err != nil {
					b.Error(err)
				}
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "updates/s")
		})
	}
}

// BenchmarkFsync is what the disk allows: the five pages that an Insert dirties
// in the table and its indexes, written and synced.
func BenchmarkFsync(b *testing.B) {
	f, err := os.Create(filepath.Join(b.TempDir(), "f"))
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	pages := make([]byte, 5*4096)
	const span = 4 << 20 // as SQLite goes round its -wal file
	if _, err := f.Write(make([]byte, span+len(pages))); err != nil {
		b.Fatal(err)
	}
	for i := 0; b.Loop(); i++ {
		if _, err := f.WriteAt(pages, int64(i*len(pages)%span)); err != nil {
			b.Fatal(err)
		}
		if err := f.Sync(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "syncs/s")
}

// BenchmarkPut writes a hundred records an Update.
func BenchmarkPut(b *testing.B) {
	s := benchStore(b, 0)
	b.ResetTimer()
	for at := 0; at < b.N; at += 100 {
		err := s.Update(context.Background(), func(tx store.Tx) error {
			for i := at; i < min(at+100, b.N); i++ {
				if err := tx.Put(store.Record{Kind: "k", ID: fmt.Sprintf("%08d", i), Ref: "r", State: "s", Body: letter}); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "records/s")
}

func benchRead(b *testing.B, read func(tx store.Tx, i int) error) {
	s := benchStore(b, 100_000)
	i := 0
	b.ReportAllocs()
	for b.Loop() {
		i++
		if err := s.View(context.Background(), func(tx store.Tx) error { return read(tx, i) }); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkGet(b *testing.B) {
	benchRead(b, func(tx store.Tx, i int) error {
		_, err := tx.Get("k", fmt.Sprintf("%08d", i*7919%100_000))
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

func BenchmarkClaim(b *testing.B) {
	s := benchStore(b, 100_000)
	at := time.UnixMicro(1 << 40)
	for b.Loop() {
		got, err := s.Claim(context.Background(), "k", at, time.Millisecond, 10)
		if err != nil || len(got) != 10 {
			b.Fatalf("%d, %v", len(got), err)
		}
		at = at.Add(time.Second)
	}
}
