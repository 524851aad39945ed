package result_test

import (
	"bytes"
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/parley-network/parley/sim/outcome"
	"github.com/parley-network/parley/sim/result"
	"github.com/parley-network/parley/sim/scenario"
)

var started = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

// swept has 2 × 2 points, twice each.
func swept() scenario.Scenario {
	s := scenario.Default()
	s.Name, s.Replicates = "swept", 2
	s.Sweep = []scenario.Axis{
		{Field: "adoption.q", Values: []any{0.1, 0.25}},
		{Field: "protocol.sharded", Values: []any{false, true}},
	}
	return s
}

func manifest(t *testing.T, s scenario.Scenario) result.Manifest {
	t.Helper()
	m, err := result.NewManifest(s, "v1", started)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func create(t *testing.T, dir string, s scenario.Scenario) *result.Folder {
	t.Helper()
	f, err := result.Create(dir, manifest(t, s))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func open(t *testing.T, dir string) *result.Folder {
	t.Helper()
	f, err := result.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func writer(t *testing.T, f *result.Folder, name string) *result.Writer {
	t.Helper()
	w, err := f.Writer(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Close() })
	return w
}

// found is some outcome of a cell.
func found(cell int) outcome.Outcome {
	x := float64(cell)
	return outcome.Outcome{
		Values:  []outcome.Value{{Name: "fills", Number: x}, {Name: "share", Number: 1 / (x + 3)}},
		Series:  []outcome.Series{{Name: "joined", Step: []int{0, 1}, At: []float64{x, math.Pi * x}}},
		Samples: []outcome.Sample{{Name: "delay_seconds", Count: 9, Of: []float64{0.1, 0.2 + x, 4 + x}}},
		Spread: &outcome.Spread{X: []float32{0.5, 0.25}, Y: []float32{0.1, 0.2}, Joined: []int{0, -1}, Left: []int{-1, -1},
			Vendor: []bool{false, true}, Edges: [][2]int32{{0, 1}}},
	}
}

func put(t *testing.T, w *result.Writer, cells ...int) {
	t.Helper()
	for _, cell := range cells {
		if err := w.Put(context.Background(), cell, found(cell)); err != nil {
			t.Fatal(err)
		}
	}
}

func TestFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "deep", "run")
	f := create(t, dir, swept())
	w := writer(t, f, "local")
	put(t, w, 3, 0, 7)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}

	again := open(t, dir)
	if diff := cmp.Diff(manifest(t, swept()), again.Manifest()); diff != "" {
		t.Errorf("manifest (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]int{1, 2, 4, 5, 6}, again.Missing()); diff != "" {
		t.Error(diff)
	}
	for _, f := range []*result.Folder{f, again} {
		got, err := f.Outcome(3)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(found(3), got); diff != "" {
			t.Errorf("outcome (-want +got):\n%s", diff)
		}
	}
	if _, err := again.Outcome(1); !errors.Is(err, result.ErrMissing) {
		t.Errorf("a cell without a result: %v", err)
	}
	if _, err := again.Outcome(8); err == nil {
		t.Error("there is a cell 8 of 8")
	}
	if again.Has(1) || !again.Has(3) || again.Has(-1) || again.Has(8) {
		t.Error("Has is wrong")
	}
	if err := again.WriteTables(); !errors.Is(err, result.ErrMissing) || !strings.Contains(err.Error(), "5 of 8 cells, the first cell 1 (adoption.q=0.1, protocol.sharded=false, replicate 1)") {
		t.Errorf("tables of half a run: %v", err)
	}
}

func TestCreateRefuses(t *testing.T) {
	dir := t.TempDir()
	create(t, dir, swept())
	if _, err := result.Create(dir, manifest(t, swept())); !errors.Is(err, result.ErrExists) {
		t.Errorf("where there is a run: %v", err)
	}
	other := t.TempDir()
	if err := os.WriteFile(filepath.Join(other, "thesis.tex"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := result.Create(other, manifest(t, swept())); err == nil || !strings.Contains(err.Error(), "thesis.tex") {
		t.Errorf("where there is something else: %v", err)
	}
	for _, no := range []string{other, filepath.Join(other, "thesis.tex"), filepath.Join(other, "nowhere")} {
		if _, err := result.Open(no); !errors.Is(err, result.ErrNoRun) || !strings.Contains(err.Error(), no) {
			t.Errorf("opened no run: %v", err)
		}
	}
}

// TestShardsMakeOneFolder: several processes begin at the same time.
func TestShardsMakeOneFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	made := make(chan error)
	for range 8 {
		go func() {
			f, err := result.Create(dir, manifest(t, swept()))
			if err == nil {
				err = f.Close()
			} else if errors.Is(err, result.ErrExists) {
				_, err = result.Open(dir)
				if err == nil {
					err = result.ErrExists
				}
			}
			made <- err
		}()
	}
	won := 0
	for range 8 {
		if err := <-made; err == nil {
			won++
		} else if !errors.Is(err, result.ErrExists) {
			t.Error(err)
		}
	}
	if won != 1 {
		t.Errorf("%d made it", won)
	}
}

func TestWriter(t *testing.T) {
	dir := t.TempDir()
	f := create(t, dir, swept())
	w := writer(t, f, "local")
	put(t, w, 2)
	size := func() int64 {
		info, err := os.Stat(filepath.Join(dir, "journal", "local.log"))
		if err != nil {
			t.Fatal(err)
		}
		return info.Size()
	}
	before := size()
	put(t, w, 2) // the same again is written once
	if size() != before {
		t.Error("written twice")
	}
	bg := context.Background()
	if err := w.Put(bg, 2, found(3)); !errors.Is(err, result.ErrDiffers) {
		t.Errorf("another result: %v", err)
	}
	for _, c := range []struct {
		o    outcome.Outcome
		want string
	}{
		{outcome.Outcome{Values: []outcome.Value{{Name: "x", Number: math.NaN()}}}, "value x is NaN"},
		{outcome.Outcome{Series: []outcome.Series{{Name: "x", Step: []int{1}, At: []float64{math.Inf(1)}}}}, "series x is +Inf"},
		{outcome.Outcome{Series: []outcome.Series{{Name: "x", Step: []int{1}}}}, "1 steps and 0 numbers"},
		{outcome.Outcome{Values: []outcome.Value{{Name: "x"}, {Name: "x"}}}, "there twice"},
		{outcome.Outcome{Values: []outcome.Value{{Name: "seed"}}}, "name of a column"},
		{outcome.Outcome{Values: []outcome.Value{{Name: "Fills per day"}}}, "small letters"},
		{outcome.Outcome{Samples: []outcome.Sample{{Name: "x", Of: []float64{math.NaN()}}}}, "sample x is NaN"},
		{outcome.Outcome{Spread: &outcome.Spread{X: []float32{1}}}, "different lengths"},
		{outcome.Outcome{Spread: &outcome.Spread{Edges: [][2]int32{{0, 0}}}}, "edge to agent 0 of 0"},
	} {
		if err := w.Put(bg, 1, c.o); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v, want %q", c.o, err, c.want)
		}
	}
	if err := w.Put(bg, 8, found(1)); err == nil {
		t.Error("there is a cell 8 of 8")
	}
	if size() != before {
		t.Error("what was refused was written")
	}
	if _, err := open(t, dir).Writer("local"); !errors.Is(err, result.ErrBusy) {
		t.Errorf("two write one log: %v", err)
	}
	all := func(string) bool { return true }
	if busy, err := open(t, dir).Busy(all); err != nil || len(busy) != 1 || busy[0] != "local" {
		t.Errorf("busy: %v, %v", busy, err)
	}
	if busy, err := open(t, dir).Busy(func(log string) bool { return log != "local" }); err != nil || len(busy) != 0 {
		t.Errorf("busy beside it: %v, %v", busy, err)
	}
	if _, err := f.Writer("../x"); err == nil {
		t.Error("a log outside the folder")
	}
	w.Close()
	if err := w.Put(bg, 1, found(1)); err == nil {
		t.Error("written after Close")
	}
	if busy, err := open(t, dir).Busy(all); err != nil || len(busy) != 0 {
		t.Errorf("busy after Close: %v, %v", busy, err)
	}
}

// TestTornTail cuts a journal at every byte, as a crash may: what is whole
// stays, the rest is told, and writing goes on.
func TestTornTail(t *testing.T) {
	dir := t.TempDir()
	f := create(t, dir, swept())
	w := writer(t, f, "local")
	put(t, w, 0, 1, 2)
	w.Close()
	path := filepath.Join(dir, "journal", "local.log")
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lines := bytes.SplitAfter(whole, []byte("\n"))
	header, last := len(lines[0]), len(whole)-len(lines[3])
	step := max(len(whole)/40, 1)
	for n := 0; n < len(whole); n += step {
		if err := os.WriteFile(path, whole[:n], 0o600); err != nil {
			t.Fatal(err)
		}
		torn := open(t, dir)
		ends := bytes.HasSuffix(whole[:n], []byte("\n")) || n == 0
		if got := len(torn.Notes()) == 0; got != ends {
			t.Errorf("cut at %d: notes %q", n, torn.Notes())
		}
		w := writer(t, torn, "local")
		if n >= header && n <= last && !torn.Has(0) && bytes.Count(whole[:n], []byte("\n")) > 1 {
			t.Errorf("cut at %d: cell 0 is gone", n)
		}
		put(t, w, torn.Missing()[:max(0, 3-(8-len(torn.Missing())))]...)
		w.Close()
		torn.Close()
		if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, whole) {
			t.Fatalf("cut at %d: not the same after going on (%v)", n, err)
		}
	}
}

func TestDamage(t *testing.T) {
	dir := t.TempDir()
	f := create(t, dir, swept())
	w := writer(t, f, "local")
	put(t, w, 0, 1, 2)
	w.Close()
	path := filepath.Join(dir, "journal", "local.log")
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	at := bytes.Index(whole, []byte(`{"cell":1`)) + 30
	whole[at] ^= 1
	if err := os.WriteFile(path, whole, 0o600); err != nil {
		t.Fatal(err)
	}
	damaged := open(t, dir)
	if diff := cmp.Diff([]string{"journal local, line 3: checksum does not match: left out"}, damaged.Notes()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]int{1, 3, 4, 5, 6, 7}, damaged.Missing()); diff != "" {
		t.Error(diff)
	}
	put(t, writer(t, damaged, "local"), 1, 3)
	damaged.Close()
	if diff := cmp.Diff([]int{4, 5, 6, 7}, open(t, dir).Missing()); diff != "" {
		t.Errorf("after going on: %s", diff)
	}
}

// TestNothingIsMixed has journals of other runs in a folder, and manifests that
// were changed.
func TestNothingIsMixed(t *testing.T) {
	log := func(s scenario.Scenario, program string) []byte {
		dir := t.TempDir()
		m := manifest(t, s)
		m.Program = program
		f, err := result.Create(dir, m)
		if err != nil {
			t.Fatal(err)
		}
		w := writer(t, f, "local")
		put(t, w, 0)
		f.Close()
		text, err := os.ReadFile(filepath.Join(dir, "journal", "local.log"))
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	other := swept()
	other.Seed++
	for _, c := range []struct {
		name string
		log  []byte
		want error
	}{
		{"the same run's", log(swept(), "v1"), nil},
		{"another version's", log(swept(), "v2"), result.ErrForeign},
		{"another scenario's", log(other, "v1"), result.ErrForeign},
	} {
		dir := t.TempDir()
		create(t, dir, swept()).Close()
		if err := os.WriteFile(filepath.Join(dir, "journal", "copied.log"), c.log, 0o600); err != nil {
			t.Fatal(err)
		}
		f, err := result.Open(dir)
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
		if err == nil {
			f.Close()
		}
	}

	f := create(t, t.TempDir(), swept())
	m := f.Manifest()
	if err := f.Check(m.Program, m.Hash); err != nil {
		t.Error(err)
	}
	if err := f.Check("v2", m.Hash); !errors.Is(err, result.ErrForeign) || !strings.Contains(err.Error(), "begun by v1, and this is v2") {
		t.Errorf("another version: %v", err)
	}
	if err := f.Check("v1", "abc"); !errors.Is(err, result.ErrForeign) {
		t.Errorf("another scenario: %v", err)
	}
}

func TestAlteredManifest(t *testing.T) {
	for _, c := range []struct{ name, old, new string }{
		{"a parameter", `"p": 0.03`, `"p": 0.04`},
		{"a seed", `"seed": 1,`, `"seed": 2,`},
		{"a cell's point", `"point": 1`, `"point": 0`},
		{"a cell's value", `"value": 0.25`, `"value": 0.5`},
		{"an unknown key", `"program"`, `"author": "x", "program"`},
		{"its format", `"format": 1`, `"format": 2`},
		{"an impossible parameter", `"p": 0.03`, `"p": 3`},
		{"a file without a digest", `"within": 0.8`, `"within": 0.8, "file": "/etc/passwd"`},
		{"no JSON", `{`, `[`},
	} {
		dir := t.TempDir()
		create(t, dir, swept()).Close()
		path := filepath.Join(dir, "manifest.json")
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		changed := strings.Replace(string(text), c.old, c.new, 1)
		if changed == string(text) {
			t.Fatalf("%s: %q is not in the manifest", c.name, c.old)
		}
		if err := os.WriteFile(path, []byte(changed), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := result.Open(dir); err == nil {
			t.Errorf("%s was changed, and it opened", c.name)
		}
	}
}

// TestEdgeListTravels: a folder holds the file that its scenario names.
func TestEdgeListTravels(t *testing.T) {
	from := t.TempDir()
	if err := os.WriteFile(filepath.Join(from, "edges.txt"), []byte("0 1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	text := "[network]\nkind = \"file\"\nfile = \"edges.txt\"\n"
	if err := os.WriteFile(filepath.Join(from, "a.toml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := scenario.Load(filepath.Join(from, "a.toml"))
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "run")
	hash := create(t, dir, s).Manifest().Hash
	moved := dir + "-moved"
	if err := os.Rename(dir, moved); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(from); err != nil {
		t.Fatal(err)
	}
	m := open(t, moved).Manifest()
	if edges, err := os.ReadFile(m.Scenario.Network.File); err != nil || string(edges) != "0 1\n" {
		t.Errorf("edges: %q, %v", edges, err)
	}
	if m.Hash != hash {
		t.Error("another hash after moving")
	}
	if err := os.WriteFile(m.Scenario.Network.File, []byte("0 2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := result.Open(moved); !errors.Is(err, result.ErrAltered) {
		t.Errorf("with other edges: %v", err)
	}
}

func TestSeeds(t *testing.T) {
	cells, err := result.Cells(swept())
	if err != nil {
		t.Fatal(err)
	}
	seen := map[uint64]bool{}
	for _, c := range cells {
		if seen[c.Seed] || c.Seed >= 1<<53 {
			t.Errorf("%v: seed %d", c, c.Seed)
		}
		seen[c.Seed] = true
	}
	// A point keeps its seeds when the sweep is written the other way round, or
	// has more points and replicates.
	more := swept()
	more.Replicates = 5
	more.Sweep = []scenario.Axis{more.Sweep[1], {Field: "adoption.q", Values: []any{0.9, 0.25, 0.1}}}
	wider, err := result.Cells(more)
	if err != nil {
		t.Fatal(err)
	}
	kept := 0
	for _, c := range wider {
		if seen[c.Seed] {
			kept++
		}
	}
	if kept != len(cells) {
		t.Errorf("%d of %d seeds are the same", kept, len(cells))
	}
	// What seeds are is part of the format.
	if got := cells[0].Seed; got != 2006242431081682 {
		t.Errorf("the first seed is %d", got)
	}
}
