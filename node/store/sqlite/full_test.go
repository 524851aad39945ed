package sqlite

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/parley-network/parley/node/store"
)

// bound lets the database grow by the given number of 4 KiB pages and no
// further, as a full disk would.
func bound(t *testing.T, s *Store, more int64) {
	t.Helper()
	err := s.Update(context.Background(), func(x store.Tx) error {
		c := x.(*tx).c
		pages, err := c.number("PRAGMA page_count")
		if err != nil {
			return err
		}
		_, err = c.number(fmt.Sprintf("PRAGMA max_page_count = %d", pages+more))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func putBody(s store.Store, id string, size int) error {
	return s.Update(context.Background(), func(tx store.Tx) error {
		return tx.Put(store.Record{Kind: "k", ID: id, Ref: "r", Body: make([]byte, size)})
	})
}

// wantIntact checks that s holds n records of kind k, and is sound.
func wantIntact(t *testing.T, s *Store, n int) {
	t.Helper()
	if err := s.Check(context.Background()); err != nil {
		t.Error(err)
	}
	err := s.View(context.Background(), func(tx store.Tx) error {
		all, err := tx.List(store.Query{Kind: "k"})
		if len(all) != n {
			t.Errorf("%d records, want %d", len(all), n)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

func TestFull(t *testing.T) {
	s := tempStore(t)
	bound(t, s, 64)
	fillUp(t, s)
}

// fillUp writes until s is full and checks what is left.
func fillUp(t *testing.T, s *Store) {
	t.Helper()
	n := 0
	var err error
	for ; err == nil; n++ {
		err = putBody(s, fmt.Sprintf("%06d", n), 16<<10)
	}
	n--
	if !errors.Is(err, store.ErrFull) || n < 5 {
		t.Fatalf("after %d records: %v, want ErrFull", n, err)
	}
	wantIntact(t, s, n)
	err = s.Update(context.Background(), func(tx store.Tx) error {
		tx.Put(store.Record{Kind: "k", ID: "x", Body: make([]byte, 1<<20)}) // its error swallowed
		return nil
	})
	if !errors.Is(err, store.ErrFull) {
		t.Errorf("an update that hides the failure of its write: %v, want ErrFull", err)
	}
	wantIntact(t, s, n)
}

// TestRoomAgain: deleting makes room, within a bounded database, for more.
func TestRoomAgain(t *testing.T) {
	s := tempStore(t)
	bound(t, s, 40)
	if err := putBody(s, "a", 100<<10); err != nil {
		t.Fatal(err)
	}
	if err := putBody(s, "b", 100<<10); !errors.Is(err, store.ErrFull) {
		t.Fatalf("got %v, want ErrFull", err)
	}
	if err := s.Update(context.Background(), func(tx store.Tx) error { return tx.Delete("k", "a") }); err != nil {
		t.Fatal(err)
	}
	if err := putBody(s, "b", 100<<10); err != nil {
		t.Error(err)
	}
	wantIntact(t, s, 1)
}

// grouped runs fns as Updates that share one transaction, in order, and
// returns their errors.
func grouped(t *testing.T, s *Store, fns ...func(*tx) error) []error {
	t.Helper()
	errs := make([]error, len(fns))
	done := make(chan struct{})
	hold, held := make(chan struct{}), make(chan struct{})
	run := func(fn func(*tx) error) error {
		ctx, cancel := context.WithCancel(context.Background())
		return s.Update(ctx, func(x store.Tx) error {
			cancel() // too late to matter, even if fn must run again
			return fn(x.(*tx))
		})
	}
	go func() { // keeps the transaction open until the others are in the queue
		first := sync.OnceFunc(func() { close(held) }) // it may run again
		if err := run(func(*tx) error { first(); <-hold; return nil }); err != nil {
			t.Error(err)
		}
		done <- struct{}{}
	}()
	<-held
	for i, fn := range fns {
		go func() {
			errs[i] = run(fn)
			done <- struct{}{}
		}()
		synctest.Wait()
	}
	close(hold)
	for range len(fns) + 1 {
		<-done
	}
	return errs
}

// TestGroup: in one transaction, whatever becomes of one Update, each of the
// others has its own result.
func TestGroup(t *testing.T) {
	boom := errors.New("boom")
	for _, tt := range []struct {
		name   string
		odd    func(*tx) error // the one between two others
		check  func(error) bool
		reruns bool // the others had to run again
	}{
		{"success", func(*tx) error { return nil }, func(err error) bool { return err == nil }, false},
		{"its own error", func(x *tx) error {
			return errors.Join(x.Put(store.Record{Kind: "k", ID: "odd"}), boom)
		}, func(err error) bool { return errors.Is(err, boom) }, false},
		{"disk full", func(x *tx) error {
			return x.Put(store.Record{Kind: "k", ID: "odd", Body: make([]byte, 1<<20)})
		}, func(err error) bool { return errors.Is(err, store.ErrFull) }, true},
		{"a failure it hides", func(x *tx) error {
			x.fail(boom) // as a read of a damaged page would
			err := x.Put(store.Record{Kind: "k", ID: "odd"})
			if !errors.Is(err, boom) {
				t.Errorf("a write in a broken transaction: %v", err)
			}
			return nil
		}, func(err error) bool { return errors.Is(err, boom) }, false},
		{"transaction lost", func(x *tx) error { // as SQLite may do by itself
			_, err := x.c.exec("ROLLBACK")
			return err
		}, func(err error) bool { return err != nil }, true},
		{"commit refused", func(x *tx) error {
			_, err := x.c.exec("INSERT INTO child VALUES (1)")
			return err
		}, func(err error) bool { return err != nil }, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, err := Open(filepath.Join(t.TempDir(), "node.db"))
				if err != nil {
					t.Fatal(err)
				}
				defer s.Close()
				poison(t, s)
				bound(t, s, 64)
				runs := 0
				ordinary := func(id string) func(*tx) error {
					return func(x *tx) error {
						runs++
						return x.Insert(store.Record{Kind: "k", ID: id})
					}
				}
				errs := grouped(t, s, ordinary("before"), tt.odd, ordinary("after"))
				if errs[0] != nil || errs[2] != nil {
					t.Errorf("the neighbours: %v, %v", errs[0], errs[2])
				}
				if !tt.check(errs[1]) {
					t.Errorf("the odd one: %v", errs[1])
				}
				if (runs > 2) != tt.reruns {
					t.Errorf("two neighbours ran %d times; want more than twice: %v", runs, tt.reruns)
				}
				wantIntact(t, s, 2)
			})
		})
	}
}

// TestContextAtItsTurn: a job whose context ends between being taken up and
// its turn does nothing.
func TestContextAtItsTurn(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	j := &job{ctx: ctx, ran: make(chan error, 1), fn: func(store.Tx) error { t.Error("the function ran"); return nil }}
	if err := j.run(&tx{}); err != context.Canceled || <-j.ran != context.Canceled {
		t.Errorf("got %v, want context.Canceled for both sides", err)
	}
}

// poison adds a table whose constraint is checked at COMMIT.
func poison(t *testing.T, s *Store) {
	t.Helper()
	err := s.Update(context.Background(), func(x store.Tx) error {
		c := x.(*tx).c
		return errors.Join(
			c.once("CREATE TABLE parent (id INTEGER PRIMARY KEY)"),
			c.once("CREATE TABLE child (id REFERENCES parent DEFERRABLE INITIALLY DEFERRED)"))
	})
	if err != nil {
		t.Fatal(err)
	}
	// Not possible within a transaction; nobody else uses the connection.
	if err := s.writer.c.once("PRAGMA foreign_keys = 1"); err != nil {
		t.Fatal(err)
	}
}
