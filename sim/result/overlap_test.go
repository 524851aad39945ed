package result_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/parley-network/parley/sim/result"
	"github.com/parley-network/parley/sim/scenario"
)

// TestCellOfTwoParts: parts that were cut in two ways ran a cell each. Of the
// model both results are the same, or something is not sound; of real nodes
// they never are, and the first log's counts, which is told.
func TestCellOfTwoParts(t *testing.T) {
	for _, engine := range []scenario.Engine{scenario.Model, scenario.Stack} {
		s := swept()
		s.Engine = engine
		dir := t.TempDir()
		halves, thirds := create(t, dir, s), open(t, dir)
		a, b := writer(t, halves, "shard-0-of-2"), writer(t, thirds, "shard-0-of-3")
		put(t, a, 0)
		if err := b.Put(t.Context(), 0, found(7)); err != nil {
			t.Fatal(err)
		}
		put(t, b, 3)
		a.Close()
		b.Close()
		f, err := result.Open(dir)
		if engine == scenario.Model {
			if !errors.Is(err, result.ErrDiffers) {
				t.Errorf("model: %v", err)
			}
			continue
		}
		if err != nil {
			t.Fatalf("real nodes: %v", err)
		}
		defer f.Close()
		if o, err := f.Outcome(0); err != nil || o.Values[0].Number != 0 {
			t.Errorf("cell 0 is %v, %v; want the first log's", o.Values, err)
		}
		if notes := fmt.Sprint(f.Notes()); !strings.Contains(notes, "journal shard-0-of-3, line 2: cell 0 was run for journal shard-0-of-2 too") {
			t.Errorf("notes %s", notes)
		}
		if n := len(f.Missing()); n != 6 {
			t.Errorf("%d missing of 8; want all but 0 and 3", n)
		}
	}
}

// TestLineBeingWritten: who reads beside a writer may see half of its last line,
// which is no damage.
func TestLineBeingWritten(t *testing.T) {
	dir := t.TempDir()
	w := writer(t, create(t, dir, swept()), "local")
	put(t, w, 0)
	log, err := os.OpenFile(filepath.Join(dir, "journal", "local.log"), os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	if _, err := log.WriteString(`0123abcd {"cell":1,`); err != nil {
		t.Fatal(err)
	}
	if f := open(t, dir); len(f.Notes()) != 0 || len(f.Missing()) != 7 {
		t.Errorf("while it is written: %v, missing %v", f.Notes(), f.Missing())
	}
	w.Close()
	if f := open(t, dir); len(f.Notes()) != 1 || !strings.Contains(f.Notes()[0], "torn") {
		t.Errorf("after its writer was killed: %v", f.Notes())
	}
}
