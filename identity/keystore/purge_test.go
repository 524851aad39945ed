package keystore

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// Nothing of a deleted secret is in the folder after Purge, not even sealed;
// the others are.
func TestPurge(t *testing.T) {
	for _, passphrase := range [][]byte{nil, []byte("a passphrase")} {
		dir := filepath.Join(t.TempDir(), "keys")
		s, err := openAt(dir, passphrase, 4)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Put("kept", []byte("kept secret")); err != nil {
			t.Fatal(err)
		}
		before := folder(t, dir)
		if err := s.Put("gone", []byte("gone secret")); err != nil {
			t.Fatal(err)
		}
		record := bytes.TrimPrefix(folder(t, dir), before) // as it stands on disk
		if len(record) < 32 {
			t.Fatal("the secret left no record")
		}
		if err := s.Delete("gone"); err != nil {
			t.Fatal(err)
		}
		if !bytes.Contains(folder(t, dir), record) {
			t.Error("without Purge the record stays; if it does not, Purge has no use")
		}
		if err := s.Purge(); err != nil {
			t.Fatal(err)
		}
		if after := folder(t, dir); bytes.Contains(after, record) || bytes.Contains(after, record[8:40]) {
			t.Error("the deleted secret's record is still there")
		}
		size := len(folder(t, dir))
		if err := s.Purge(); err != nil || len(folder(t, dir)) != size {
			t.Errorf("a second time: %v", err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if s, err = openAt(dir, passphrase, 4); err != nil {
			t.Fatal(err)
		}
		if got, err := s.Get("kept"); err != nil || string(got) != "kept secret" {
			t.Errorf("kept: %q, %v", got, err)
		}
		if _, err := s.Get("gone"); err == nil {
			t.Error("the deleted secret is back")
		}
		s.Close()
		if err := s.Purge(); err == nil {
			t.Error("purged after Close")
		}
	}
	if err := Memory().Purge(); err != nil {
		t.Error(err)
	}
}

// folder returns the bytes of all files of a store, one after another.
func folder(t *testing.T, dir string) (all []byte) {
	t.Helper()
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		b, err := os.ReadFile(filepath.Join(dir, f.Name()))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, b...)
	}
	return all
}
