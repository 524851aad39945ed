package sqlite_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/parley-network/parley/node/store"
	"github.com/parley-network/parley/node/store/sqlite"
)

func put(t testing.TB, s store.Store, records ...store.Record) {
	t.Helper()
	err := s.Update(context.Background(), func(tx store.Tx) error {
		for _, r := range records {
			if err := tx.Put(r); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func count(t testing.TB, s store.Store, kind store.Kind) (n int) {
	t.Helper()
	err := s.View(context.Background(), func(tx store.Tx) (err error) {
		n, err = tx.Count(store.Query{Kind: kind})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestReopen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "node.db")
	for i := range 3 {
		s := open(t, path)
		if n := count(t, s, "k"); n != i {
			t.Errorf("opened for the %d. time: %d records", i+1, n)
		}
		put(t, s, store.Record{Kind: "k", ID: string(rune('a' + i))})
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(path + "-wal"); !os.IsNotExist(err) {
			t.Errorf("the -wal file after Close: %v, want it gone", err)
		}
	}
}

func TestPathsWithMeaningElsewhere(t *testing.T) {
	for _, name := range []string{"a b?mode=memory#x%41.db", "file:x", ":memory:", "ü.db"} {
		path := filepath.Join(t.TempDir(), name)
		s := open(t, path)
		put(t, s, store.Record{Kind: "k", ID: "a"})
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if info, err := os.Stat(path); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v, want a database there", name, err)
		}
	}
	t.Chdir(t.TempDir())
	s := open(t, ":memory:")
	defer s.Close()
	if _, err := os.Stat(":memory:"); err != nil {
		t.Errorf("a relative path: %v", err)
	}
}

func TestMode(t *testing.T) {
	path := filepath.Join(t.TempDir(), "node.db")
	if err := os.WriteFile(path, nil, 0o644); err != nil { // left by a careless hand
		t.Fatal(err)
	}
	s := open(t, path)
	defer s.Close()
	put(t, s, store.Record{Kind: "k", ID: "a"})
	for _, suffix := range []string{"", "-wal", "-shm", ".lock"} {
		info, err := os.Stat(path + suffix)
		if err != nil {
			t.Fatal(err)
		}
		if mode := info.Mode().Perm(); mode != 0o600 {
			t.Errorf("%s: mode %v, want 0600", info.Name(), mode)
		}
	}
}

// TestLocked: a second opener is refused by name, in this process or another,
// under any name of the file, and disturbs nothing.
func TestLocked(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "node.db")
	link := filepath.Join(dir, "link.db")
	s := open(t, path)
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{path, link, filepath.Join(dir, "..", filepath.Base(dir), "node.db")} {
		second, err := sqlite.Open(name)
		if !errors.Is(err, store.ErrLocked) || !strings.Contains(err.Error(), path) {
			t.Errorf("second store, %s: %v, want ErrLocked with the path", name, err)
		}
		if second != nil {
			t.Error("a store came with the error")
		}
		out, err := child("open", name).Output()
		if err != nil || !bytes.HasPrefix(out, []byte("true ")) || !bytes.Contains(out, []byte(path)) {
			t.Errorf("second process, %s: %s%v", name, out, err)
		}
	}
	put(t, s, store.Record{Kind: "k", ID: "still writing"})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	out, err := child("open", path).Output()
	if err != nil || string(out) != "false <nil>\n" {
		t.Errorf("another process after Close: %s%v", out, err)
	}
	if err := open(t, path).Close(); err != nil { // and after that process's end
		t.Fatal(err)
	}
}

func TestOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	for name, path := range map[string]string{
		"absent folder": filepath.Join(dir, "absent", "node.db"),
		"a folder":      dir,
	} {
		s, err := sqlite.Open(path)
		if err == nil || s != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestNoGoroutineLeft(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	s := open(t, filepath.Join(t.TempDir(), "node.db"))
	put(t, s, store.Record{Kind: "k", ID: "a"})
	count(t, s, "k")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestBubble runs a store in virtual time: transactions wait for one another
// without holding up the clock, and nothing is left when the bubble ends.
func TestBubble(t *testing.T) {
	path := filepath.Join(t.TempDir(), "node.db")
	synctest.Test(t, func(t *testing.T) {
		s := open(t, path)
		defer s.Close()
		began := time.Now()
		done := make(chan error)
		for i := range 3 {
			go func() {
				done <- s.Update(t.Context(), func(tx store.Tx) error {
					time.Sleep(time.Hour)
					return tx.Put(store.Record{Kind: "outbox", ID: string(rune('a' + i)), Due: time.Now().Add(time.Minute)})
				})
			}()
			go func() {
				done <- s.View(t.Context(), func(tx store.Tx) error {
					time.Sleep(time.Hour)
					_, err := tx.Count(store.Query{Kind: "outbox"})
					return err
				})
			}()
		}
		for range 6 {
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
		if took := time.Since(began); took != 3*time.Hour {
			t.Errorf("three updates of an hour, one after another, took %v", took)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		go func() {
			done <- s.Update(t.Context(), func(store.Tx) error { time.Sleep(time.Minute); return nil })
		}()
		synctest.Wait()
		if err := s.Update(ctx, func(store.Tx) error { return nil }); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("an update that waited past its deadline: %v", err)
		}
		if err := <-done; err != nil {
			t.Error(err)
		}
		time.Sleep(time.Minute)
		due, err := s.Claim(t.Context(), "outbox", time.Now(), time.Minute, 10)
		if err != nil || len(due) != 3 {
			t.Errorf("claimed %d, %v; want 3", len(due), err)
		}
	})
}
