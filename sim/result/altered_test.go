package result_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/parley-network/parley/sim/result"
)

// TestAlteredTablesSayWhere: a byte that was changed, cut off or added is told
// with its place.
func TestAlteredTablesSayWhere(t *testing.T) {
	dir := t.TempDir()
	fill(t, dir, []int{0, 1, 2, 3, 4, 5, 6, 7}, 1)
	for _, name := range []string{result.RunsCSV, result.SeriesCSV, result.SeriesParquet, result.SamplesCSV} {
		path := filepath.Join(dir, name)
		whole, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		flipped := bytes.Clone(whole)
		at := len(whole) / 2
		flipped[at] ^= 1
		for _, c := range []struct {
			text []byte
			at   int
		}{{flipped, at}, {whole[:at], at}, {nil, 0}, {append(bytes.Clone(whole), 'x'), len(whole)}} {
			if err := os.WriteFile(path, c.text, 0o600); err != nil {
				t.Fatal(err)
			}
			altered, err := open(t, dir).AlteredTables()
			if err != nil {
				t.Fatal(err)
			}
			want := []result.Altered{{Name: name, Byte: int64(c.at), Line: 1 + bytes.Count(whole[:c.at], []byte("\n"))}}
			if diff := cmp.Diff(want, altered); diff != "" {
				t.Errorf("%s, %d bytes of %d: %s", name, len(c.text), len(whole), diff)
			}
		}
		if err := os.WriteFile(path, whole, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// TestManifestThatIsNoJSON says in which line.
func TestManifestThatIsNoJSON(t *testing.T) {
	dir := t.TempDir()
	create(t, dir, swept())
	path := filepath.Join(dir, "manifest.json")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	broken := bytes.Replace(text, []byte(`"program"`), []byte(`program"`), 1)
	if err := os.WriteFile(path, broken, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = result.Open(dir)
	if !errors.Is(err, result.ErrAltered) || !strings.Contains(err.Error(), "manifest.json: line 3: ") {
		t.Errorf("got %v", err)
	}
}
