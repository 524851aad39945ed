package queue

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/parley-network/parley/sim/outcome"
	"github.com/parley-network/parley/sim/result"
	"github.com/parley-network/parley/sim/scenario"
	"github.com/parley-network/parley/sim/sweep"
)

// reader is an engine that finds the seed, the people, and how long the
// scenario's file is.
type reader struct{}

func (reader) Expect(scenario.Scenario) (time.Duration, int64) { return time.Millisecond, 1 << 20 }

func (reader) Run(_ context.Context, s scenario.Scenario, seed uint64, done func(float64)) (outcome.Outcome, error) {
	switch s.People.Count {
	case 13:
		return outcome.Outcome{}, errors.New("thirteen is no crowd")
	case 14:
		panic("fourteen")
	}
	text, err := os.ReadFile(s.Network.File)
	if err != nil {
		return outcome.Outcome{}, err
	}
	done(1)
	return outcome.Outcome{Values: []outcome.Value{
		{Name: "drawn", Number: float64(seed)}, {Name: "crowd", Number: float64(s.People.Count)}, {Name: "bytes", Number: float64(len(text))},
	}}, nil
}

func newFolder(t *testing.T, people ...any) (*result.Folder, *result.Writer) {
	t.Helper()
	dir := t.TempDir()
	const text = "name = \"towns\"\nreplicates = 2\nnetwork = {kind = \"file\", file = \"friends.txt\"}\n"
	for name, content := range map[string]string{"s.toml": text, "friends.txt": "0 1\n1 2\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s, err := scenario.Load(filepath.Join(dir, "s.toml"))
	if err != nil {
		t.Fatal(err)
	}
	s.Sweep = []scenario.Axis{{Field: "people.count", Values: people}}
	m, err := result.NewManifest(s, "v1", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	f, err := result.Create(filepath.Join(dir, "run"), m)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	w, err := f.Writer("local")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Close() })
	return f, w
}

// A worker elsewhere gets the scenario's file with the cell, and what it found
// is in the folder's journal.
func TestFolderSweepByAWorkerElsewhere(t *testing.T) {
	folder, writer := newFolder(t, 10, 11, 12)
	fs := &FolderSweep{Folder: folder, Cells: folder.Missing(), Sink: writer}
	s, err := fs.Sweep("town")
	if err != nil {
		t.Fatal(err)
	}
	s.Timing = quick
	e := newServer(t)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	w := Workers{Version: "v1", Name: "far", Count: 2, Cache: t.TempDir(), Memory: 1 << 30}
	w.Execute, w.Takes = Engines(func(scenario.Engine) (sweep.Engine, error) { return reader{}, nil })
	go newCrew(connect(t, e), w, nil).run(ctx)
	if err := coordinate(ctx, connect(t, e), s); err != nil {
		t.Fatal(err)
	}
	if err := fs.Failed(); err != nil {
		t.Fatal(err)
	}
	for _, c := range folder.Manifest().Cells {
		o, err := folder.Outcome(c.Index)
		if err != nil {
			t.Fatal(err)
		}
		want := []float64{float64(c.Seed), float64(10 + c.Point), 8}
		for i, v := range o.Values {
			if v.Number != want[i] {
				t.Errorf("%v: %s is %v, want %v", c, v.Name, v.Number, want[i])
			}
		}
		body, err := decodeOutcome(fs.recorded(c.Index))
		if err != nil || len(body.Values) != 3 {
			t.Errorf("%v: what is recorded can't be compared: %v", c, err)
		}
	}
}

// A cell that fails is an error that names it; the others are there.
func TestFolderSweepTellsWhoFailed(t *testing.T) {
	folder, writer := newFolder(t, 12, 13, 14)
	fs := &FolderSweep{Folder: folder, Cells: folder.Missing(), Sink: writer}
	s, err := fs.Sweep("town")
	if err != nil {
		t.Fatal(err)
	}
	s.Timing, s.Attempts, s.Local = quick, 1, Workers{Name: "here", Count: 1}
	s.Local.Execute, s.Local.Takes = Engines(func(scenario.Engine) (sweep.Engine, error) { return reader{}, nil })
	if err := Run(t.Context(), filepath.Join(folder.Dir(), "queue"), s); err != nil {
		t.Fatal(err)
	}
	failed := fs.Failed()
	var cell *sweep.CellError
	var crash *sweep.PanicError
	if !errors.As(failed, &cell) || !strings.Contains(failed.Error(), "thirteen is no crowd") {
		t.Errorf("failed: %v", failed)
	}
	if !errors.As(failed, &crash) || crash.Value != "fourteen" || len(crash.Stack) == 0 {
		t.Errorf("no panic among: %v", failed)
	}
	if got := len(folder.Missing()); got != 4 {
		t.Errorf("%d cells are missing, want the four that failed", got)
	}
}

// What would fail everywhere is not tried to the end.
func TestFolderSweepGivesUp(t *testing.T) {
	folder, writer := newFolder(t, 13)
	fs := &FolderSweep{Folder: folder, Sink: writer}
	for i := range mostFailures - 1 {
		if err := fs.record(Result{Cell: i % 2, Failed: "no"}); err != nil {
			t.Fatalf("after %d: %v", i+1, err)
		}
	}
	if err := fs.record(Result{Cell: 0, Failed: "no"}); err == nil || !strings.Contains(err.Error(), "10 cells failed") {
		t.Errorf("after ten: %v", err)
	}
}
