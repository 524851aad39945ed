//go:build !windows

package result_test

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// TestHalfWrittenFilesGo once the tables are written: a process that was killed
// left them. What another is writing at the moment stays.
func TestHalfWrittenFilesGo(t *testing.T) {
	dir := t.TempDir()
	fill(t, dir, []int{0, 1, 2, 3, 4, 5, 6, 7}, 1)
	left, live := filepath.Join(dir, ".tmp-runs.csv-1"), filepath.Join(dir, ".tmp-runs.csv-2")
	for _, path := range []string{left, live, filepath.Join(dir, "notes.txt")} {
		if err := os.WriteFile(path, []byte("cell"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	f, err := os.Open(live)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	if err := open(t, dir).WriteTables(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(left); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("what was left is still there: %v", err)
	}
	for _, name := range []string{live, filepath.Join(dir, "notes.txt")} {
		if _, err := os.Stat(name); err != nil {
			t.Errorf("gone: %v", err)
		}
	}
}
