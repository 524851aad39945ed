package sqlite_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/parley-network/parley/node/store"
)

// inFiles returns the files of the store at path that hold the text.
func inFiles(t *testing.T, path, text string) (found []string) {
	t.Helper()
	for _, suffix := range []string{"", "-wal", "-shm"} {
		b, err := os.ReadFile(path + suffix)
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		if bytes.Contains(b, []byte(text)) {
			found = append(found, filepath.Base(path)+suffix)
		}
	}
	return found
}

// What was deleted or replaced is in none of the store's files after Scrub:
// small, over many pages, and among neighbours that stay.
func TestScrub(t *testing.T) {
	path := filepath.Join(t.TempDir(), "node.db")
	s := open(t, path)
	defer s.Close()
	for _, size := range []int{1, 200, 5000} {
		secret := strings.Repeat("12 Elm Street;", size)
		for _, id := range []string{"a", "b", "c"} {
			put(t, s, store.Record{Kind: "k", ID: id, Body: []byte("stays " + id + strings.Repeat(".", size))})
		}
		put(t, s, store.Record{Kind: "k", ID: "deleted", Ref: "Elm Street", Body: []byte(secret)}, store.Record{Kind: "k", ID: "replaced", Body: []byte(secret)})
		if err := s.Scrub(t.Context()); err != nil {
			t.Fatal(err)
		}
		if len(inFiles(t, path, "Elm Street")) == 0 {
			t.Fatal("the test looks in the wrong place")
		}
		err := s.Update(t.Context(), func(tx store.Tx) error {
			if err := tx.Put(store.Record{Kind: "k", ID: "replaced", Body: []byte("gone")}); err != nil {
				return err
			}
			return tx.Delete("k", "deleted")
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Scrub(t.Context()); err != nil {
			t.Fatal(err)
		}
		if found := inFiles(t, path, "Elm Street"); len(found) > 0 {
			t.Errorf("%d bytes: still in %v", len(secret), found)
		}
	}
	if n := count(t, s, "k"); n != 4 {
		t.Errorf("%d records are left, want 4", n)
	}
}

// While a View holds the log Scrub fails, soon, and harms nothing; after it
// succeeds.
func TestScrubWhileReading(t *testing.T) {
	path := filepath.Join(t.TempDir(), "node.db")
	s := open(t, path)
	defer s.Close()
	put(t, s, store.Record{Kind: "k", ID: "a", Body: []byte("Elm Street")})
	err := s.View(t.Context(), func(tx store.Tx) error {
		if _, err := tx.Get("k", "a"); err != nil {
			return err
		}
		put(t, s, store.Record{Kind: "k", ID: "a", Body: []byte("Oak Avenue")})
		if err := s.Scrub(t.Context()); err == nil {
			t.Error("scrubbed what a View still sees")
		}
		_, err := tx.Get("k", "a")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Scrub(t.Context()); err != nil {
		t.Fatal(err)
	}
	if found := inFiles(t, path, "Elm Street"); len(found) > 0 {
		t.Errorf("still in %v", found)
	}
}
