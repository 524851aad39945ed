package report

import (
	"bytes"
	"context"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/parley-network/parley/sim/result"
	"github.com/parley-network/parley/sim/scenario"
)

// ran makes a run's folder with all cells but the last of a sweep.
func ran(t *testing.T, dir string) {
	t.Helper()
	s := scenario.Default()
	s.Name, s.Replicates, s.Sweep = "small town", 2, []scenario.Axis{{Field: "adoption.q", Values: []any{0.1, 0.3}}}
	m, err := result.NewManifest(s, "v1", time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	f, err := result.Create(dir, m)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w, err := f.Writer("all")
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	for _, c := range m.Cells[:3] {
		if err := w.Put(context.Background(), c.Index, live(.02, c.At[0].Value.(float64), 50, c.Seed)); err != nil {
			t.Fatal(err)
		}
	}
}

func TestWriteReportsARunsFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "town.run")
	ran(t, dir)
	out, err := Write(dir, "", Options{})
	if err != nil {
		t.Fatal(err)
	}
	if out != filepath.Join(dir, "report.html") {
		t.Errorf("wrote %s", out)
	}
	page, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"small town", "3 of 4", "adoption.q", `href="./manifest.json"`, "2026-01-02T03:04:05Z"} {
		if !bytes.Contains(page, []byte(want)) {
			t.Errorf("no %q", want)
		}
	}
	// Every file that the page links to is there.
	for _, part := range strings.Split(string(page), `href="./`)[1:] {
		name, _, _ := strings.Cut(part, `"`)
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			t.Error(err)
		}
	}
	f, err := os.Open(filepath.Join(dir, "plots", "curve-1-participants.png"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := png.Decode(f); err != nil {
		t.Error(err)
	}
	// A second report replaces the first, and leaves nothing else.
	if _, err := Write(dir, "", Options{}); err != nil {
		t.Fatal(err)
	}
	if again, _ := os.ReadFile(out); !bytes.Equal(again, page) {
		t.Error("the second report is another")
	}
	if left, _ := filepath.Glob(filepath.Join(dir, ".report-*")); len(left) > 0 {
		t.Errorf("left %v", left)
	}
}

// A page elsewhere links to no file of the folder, which may move.
func TestWriteElsewhere(t *testing.T) {
	at := t.TempDir()
	ran(t, filepath.Join(at, "runs", "town.run"))
	for out, want := range map[string]string{"page.html": `href="./runs/town.run/manifest.json"`, "pages/page.html": "This report stands alone."} {
		if err := os.MkdirAll(filepath.Join(at, "pages"), 0o755); err != nil {
			t.Fatal(err)
		}
		name, err := Write(filepath.Join(at, "runs", "town.run"), filepath.Join(at, out), Options{NoPlots: true})
		if err != nil {
			t.Fatal(err)
		}
		if page, _ := os.ReadFile(name); !bytes.Contains(page, []byte(want)) {
			t.Errorf("%s: no %q", out, want)
		}
	}
}

func TestWriteRefusesAndLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	out := filepath.Join(dir, "report.html")
	if _, err := Write(dir, out, Options{}); err == nil {
		t.Error("a folder without a run was reported on")
	}
	in := Input{Cells: []Cell{{Point: 9}}}
	if err := Save(out, in, Options{}); err == nil {
		t.Error("a cell of no point was taken")
	}
	if err := Save(filepath.Join(dir, "none", "report.html"), Input{}, Options{NoPlots: true}); err == nil {
		t.Error("a folder that is not there was written to")
	}
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Errorf("left %v", left)
	}
}
