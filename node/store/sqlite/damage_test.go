package sqlite

import (
	"bytes"
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parley-network/parley/node/store"
)

func tempStore(t testing.TB) *Store {
	t.Helper()
	s, err := Open(filepath.Join(t.TempDir(), "node.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return s
}

// rawDB makes a database at a new path with sql, not by way of Open.
func rawDB(t *testing.T, sql ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "node.db")
	c, err := dial(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range sql {
		if err := c.once(q); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestOpenRefusesWhatIsNotOurs(t *testing.T) {
	garbage := filepath.Join(t.TempDir(), "garbage.db")
	if err := os.WriteFile(garbage, bytes.Repeat([]byte("not a database\n"), 500), 0o600); err != nil {
		t.Fatal(err)
	}
	ours := fmt.Sprintf("PRAGMA application_id = %d", applicationID)
	for _, tt := range []struct {
		name, path string
		want       error
		says       string
	}{
		{"garbage", garbage, store.ErrCorrupt, "not a database"},
		{"another program's", rawDB(t, "CREATE TABLE bookmarks (url)"), store.ErrCorrupt, "another program"},
		{"another's id", rawDB(t, "PRAGMA application_id = 7"), store.ErrCorrupt, "another program"},
		{"a version alone", rawDB(t, "PRAGMA user_version = 1"), store.ErrCorrupt, "another program"},
		{"newer", rawDB(t, ours, "PRAGMA user_version = 99"), store.ErrNewer, "schema version 99, this release knows 1"},
		{"negative version", rawDB(t, ours, "PRAGMA user_version = -1"), store.ErrCorrupt, "schema version -1"},
	} {
		before, err := os.ReadFile(tt.path)
		if err != nil {
			t.Fatal(err)
		}
		for range 2 { // the refusal leaves no lock behind
			_, err = Open(tt.path)
			if !errors.Is(err, tt.want) || !strings.Contains(err.Error(), tt.path) || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("%s: %v, want %v with the path and %q", tt.name, err, tt.want, tt.says)
			}
		}
		after, err := os.ReadFile(tt.path)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(after, before) {
			t.Errorf("%s: the refusal changed the file", tt.name)
		}
	}
}

// TestDurability: what Update promises rests on these settings.
func TestDurability(t *testing.T) {
	s := tempStore(t)
	err := s.Update(context.Background(), func(x store.Tx) error {
		for sql, want := range map[string]any{
			"PRAGMA journal_mode":         "wal",
			"PRAGMA synchronous":          int64(2), // FULL
			"PRAGMA fullfsync":            int64(1),
			"PRAGMA checkpoint_fullfsync": int64(1),
			"PRAGMA user_version":         int64(len(migrations)),
			"PRAGMA application_id":       int64(applicationID),
		} {
			if got, err := x.(*tx).c.value(sql); err != nil || got != want {
				t.Errorf("%s: %v, %v; want %v", sql, got, err, want)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestIndexes: no query the interface allows reads every record of a kind to
// find a few, or sorts.
func TestIndexes(t *testing.T) {
	s := tempStore(t)
	due := time.UnixMicro(1)
	err := s.Update(context.Background(), func(x store.Tx) error {
		for want, q := range map[string]store.Query{
			"sqlite_autoindex_record_1": {Kind: "k", After: "a", Limit: 5},
			"record_ref":                {Kind: "k", Ref: "r"},
			"record_state":              {Kind: "k", State: "s", After: "a"},
			"record_due":                {Kind: "k", DueBefore: due, After: "a", AfterDue: due, Limit: 5},
		} {
			where, args := condition(q)
			tail, more := page(q)
			var plan strings.Builder
			err := x.(*tx).c.query("EXPLAIN QUERY PLAN "+selectRecord+where+tail, append(args, more...), func(row []driver.Value) error {
				_, err := fmt.Fprintln(&plan, row[3])
				return err
			})
			if err != nil {
				return err
			}
			if p := plan.String(); !strings.Contains(p, "INDEX "+want+" ") || strings.Contains(p, "TEMP B-TREE") {
				t.Errorf("%+v: plan %s, want %s and no sorting", q, p, want)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestMigrate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "node.db")
	s, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	fill(t, s, 3, 10)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	c, err := dial(path)
	if err != nil {
		t.Fatal(err)
	}
	defer c.close()
	want := func(when, sql string, want int64) {
		t.Helper()
		if n, err := c.number(sql); err != nil || n != want {
			t.Errorf("%s: %s: %d, %v; want %d", when, sql, n, err, want)
		}
	}
	next := append(slices.Clone(migrations), []string{
		"ALTER TABLE record ADD COLUMN seq INTEGER NOT NULL DEFAULT 0",
		"UPDATE record SET seq = 5",
	})
	failing := append(slices.Clone(next), []string{"CREATE TABLE other (x)", "no such statement"})
	if err := migrate(c, failing); err == nil || !strings.Contains(err.Error(), "from version 1") {
		t.Errorf("a step that fails: %v", err)
	}
	want("after a step that fails", "PRAGMA user_version", 1)
	want("after a step that fails", "SELECT count(*) FROM sqlite_schema WHERE name = 'other'", 0)
	for range 2 {
		if err := migrate(c, next); err != nil {
			t.Fatal(err)
		}
		want("migrated", "PRAGMA user_version", 2)
		want("migrated", "SELECT sum(seq) FROM record", 15)
	}
	if err := recognise(c, migrations); !errors.Is(err, store.ErrNewer) {
		t.Errorf("the earlier release on the later schema: %v", err)
	}
}

// fill puts n records of size random bytes, in one Update.
func fill(t testing.TB, s *Store, n, size int) {
	t.Helper()
	body := make([]byte, size)
	for i := range body {
		body[i] = byte(rand.Uint32())
	}
	err := s.Update(context.Background(), func(tx store.Tx) error {
		for i := range n {
			if err := tx.Put(store.Record{Kind: "k", ID: fmt.Sprintf("%06d", i), Ref: "r", Body: body}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestDamage overwrites the middle of the file: the store may open, but what
// meets the damage says so by name.
func TestDamage(t *testing.T) {
	path := filepath.Join(t.TempDir(), "node.db")
	s, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	fill(t, s, 2000, 300)
	if err := s.Check(context.Background()); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := range whole[8192:] {
		whole[8192+i] ^= 0x5a
	}
	if err := os.WriteFile(path, whole, 0o600); err != nil {
		t.Fatal(err)
	}
	s, err = Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	wantCorrupt := func(what string, err error) {
		t.Helper()
		if !errors.Is(err, store.ErrCorrupt) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v, want ErrCorrupt with the path", what, err)
		}
	}
	wantCorrupt("check", s.Check(context.Background()))
	wantCorrupt("list", s.View(context.Background(), func(tx store.Tx) error {
		_, err := tx.List(store.Query{Kind: "k"})
		return err
	}))
	wantCorrupt("update", s.Update(context.Background(), func(tx store.Tx) error {
		tx.Get("k", "000001") // its error swallowed
		return nil
	}))
}
