package storetest

import (
	"context"
	"errors"
	"runtime"
	"testing"
	"time"

	"github.com/parley-network/parley/node/store"
)

var errBoom = errors.New("boom")

// spoil changes everything there is to change in kind k.
func spoil(t testing.TB, tx store.Tx) {
	for _, err := range []error{
		tx.Put(store.Record{Kind: "k", ID: "kept", Body: []byte("spoilt")}),
		tx.Insert(store.Record{Kind: "k", ID: "new", Ref: "r", State: "s", Due: now}),
		tx.Delete("k", "deleted"),
	} {
		if err != nil {
			t.Errorf("spoil: %v", err)
		}
	}
}

func beforeSpoil(t testing.TB, s store.Store) {
	put(t, s, store.Record{Kind: "k", ID: "kept", Body: []byte("good")}, store.Record{Kind: "k", ID: "deleted", Ref: "r"})
}

func wantUnspoilt(t testing.TB, s store.Store) {
	t.Helper()
	if got := ids(list(t, s, store.Query{Kind: "k"})); got != "deleted kept" {
		t.Errorf("records %q, want those of before", got)
	}
	if r, err := get(t, s, "k", "kept"); err != nil || string(r.Body) != "good" {
		t.Errorf("kept: %q, %v", r.Body, err)
	}
	if got := ids(list(t, s, store.Query{Kind: "k", Ref: "r"})); got != "deleted" {
		t.Errorf("index by ref: %q", got)
	}
	put(t, s, store.Record{Kind: "other", ID: "the store still takes writes"})
}

func testErrorUndoes(t *testing.T, s store.Store) {
	beforeSpoil(t, s)
	err := s.Update(context.Background(), func(tx store.Tx) error {
		spoil(t, tx)
		return errBoom
	})
	if err != errBoom {
		t.Errorf("got %v, want the function's own error", err)
	}
	wantUnspoilt(t, s)
	if err := s.View(context.Background(), func(store.Tx) error { return errBoom }); err != errBoom {
		t.Errorf("view: got %v, want the function's own error", err)
	}
}

func testPanicUndoes(t *testing.T, s store.Store) {
	beforeSpoil(t, s)
	caught := func(run func(context.Context, func(store.Tx) error) error, write bool) (v any) {
		defer func() { v = recover() }()
		run(context.Background(), func(tx store.Tx) error {
			if write {
				spoil(t, tx)
			}
			panic(errBoom)
		})
		return nil
	}
	if v := caught(s.Update, true); v != errBoom {
		t.Errorf("update: recovered %v, want the function's panic", v)
	}
	wantUnspoilt(t, s)
	for range 20 { // more than any pool has connections
		if v := caught(s.View, false); v != errBoom {
			t.Errorf("view: recovered %v, want the function's panic", v)
		}
	}
	wantUnspoilt(t, s)
}

// testGoexitUndoes: a t.FailNow in the function ends its goroutine, and that
// is all it ends.
func testGoexitUndoes(t *testing.T, s store.Store) {
	beforeSpoil(t, s)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		s.Update(context.Background(), func(tx store.Tx) error {
			spoil(t, tx)
			runtime.Goexit()
			return nil
		})
		t.Error("update returned after its function had ended the goroutine")
	}()
	<-ended
	wantUnspoilt(t, s)
}

func testReadOnly(t *testing.T, s store.Store) {
	put(t, s, store.Record{Kind: "k", ID: "a"})
	err := s.View(context.Background(), func(tx store.Tx) error {
		wantErr(t, "put", tx.Put(store.Record{Kind: "k", ID: "b"}), store.ErrReadOnly)
		wantErr(t, "insert", tx.Insert(store.Record{Kind: "k", ID: "b"}), store.ErrReadOnly)
		wantErr(t, "delete", tx.Delete("k", "a"), store.ErrReadOnly)
		_, err := tx.Get("k", "a")
		return err
	})
	if err != nil {
		t.Error(err)
	}
	if got := ids(list(t, s, store.Query{Kind: "k"})); got != "a" {
		t.Errorf("records %q, want a", got)
	}
}

func testSnapshot(t *testing.T, s store.Store) {
	put(t, s, store.Record{Kind: "k", ID: "a", Body: []byte("1")})
	err := s.View(context.Background(), func(tx store.Tx) error {
		if _, err := tx.Get("k", "a"); err != nil {
			return err
		}
		wrote := make(chan error)
		go func() {
			wrote <- s.Update(context.Background(), func(tx store.Tx) error {
				return errors.Join(
					tx.Put(store.Record{Kind: "k", ID: "a", Body: []byte("2")}),
					tx.Put(store.Record{Kind: "k", ID: "b"}))
			})
		}()
		if err := <-wrote; err != nil { // a View does not hold up an Update
			return err
		}
		if r, err := tx.Get("k", "a"); err != nil || string(r.Body) != "1" {
			t.Errorf("within the view: %q, %v; want what it saw first", r.Body, err)
		}
		if n, err := tx.Count(store.Query{Kind: "k"}); err != nil || n != 1 {
			t.Errorf("within the view: %d records, %v; want 1", n, err)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	if r, err := get(t, s, "k", "a"); err != nil || string(r.Body) != "2" {
		t.Errorf("a view begun after the update: %q, %v", r.Body, err)
	}
}

func testTxOver(t *testing.T, s store.Store) {
	var kept []store.Tx
	keep := func(tx store.Tx) error { kept = append(kept, tx); return nil }
	update(t, s, keep)
	if err := s.View(context.Background(), keep); err != nil {
		t.Fatal(err)
	}
	for _, tx := range kept {
		_, err := tx.Get("k", "a")
		wantErr(t, "get", err, store.ErrTxDone)
		_, err = tx.List(store.Query{Kind: "k"})
		wantErr(t, "list", err, store.ErrTxDone)
		_, err = tx.Count(store.Query{Kind: "k"})
		wantErr(t, "count", err, store.ErrTxDone)
		wantErr(t, "put", tx.Put(store.Record{Kind: "k", ID: "a"}), store.ErrTxDone)
		wantErr(t, "insert", tx.Insert(store.Record{Kind: "k", ID: "a"}), store.ErrTxDone)
		wantErr(t, "delete", tx.Delete("k", "a"), store.ErrTxDone)
	}
	wantEmpty(t, s, "k")
}

func testEndedContext(t *testing.T, s store.Store) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	run := func(store.Tx) error { t.Error("the function ran"); return nil }
	wantErr(t, "update", s.Update(ctx, run), context.Canceled)
	wantErr(t, "view", s.View(ctx, run), context.Canceled)
	put(t, s, store.Record{Kind: "k", ID: "a", Due: now})
	_, err := s.Claim(ctx, "k", now, time.Minute, 1)
	wantErr(t, "claim", err, context.Canceled)
}

// testContextInQueue: an Update that waits behind another gives up when its
// context ends; one whose function has run is done all the same.
func testContextInQueue(t *testing.T, s store.Store) {
	ctx, cancel := context.WithCancel(context.Background())
	began, waited := make(chan struct{}), make(chan error)
	go func() {
		<-began
		waited <- s.Update(ctx, func(tx store.Tx) error {
			return tx.Put(store.Record{Kind: "k", ID: "waiting"})
		})
	}()
	err := s.Update(ctx, func(tx store.Tx) error {
		close(began)
		cancel()
		return tx.Put(store.Record{Kind: "k", ID: "running"})
	})
	if err != nil {
		t.Errorf("the one under way: %v", err)
	}
	wantErr(t, "the one in the queue", <-waited, context.Canceled)
	if got := ids(list(t, s, store.Query{Kind: "k"})); got != "running" {
		t.Errorf("records %q, want running", got)
	}
}
