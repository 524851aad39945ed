package main

import (
	"os"
	"path/filepath"
	"testing"
)

// TestWriteOverALink: a calendar that is written again takes the place of the file,
// and of nothing else.
func TestWriteOverALink(t *testing.T) {
	dir := t.TempDir()
	file, link := filepath.Join(dir, "a.ics"), filepath.Join(dir, "link.ics")
	if err := os.Symlink(file, link); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ path, text string }{{file, "one"}, {link, "two"}} {
		if err := writeOver(c.path, []byte(c.text)); err != nil {
			t.Fatal(err)
		}
		if b, err := os.ReadFile(file); err != nil || string(b) != c.text {
			t.Errorf("after %s: %q, %v; want %q", c.path, b, err, c.text)
		}
	}
	if info, err := os.Lstat(link); err != nil || info.Mode().Type() != os.ModeSymlink {
		t.Errorf("the link is %v, %v", info.Mode(), err)
	}
}
