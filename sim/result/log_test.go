package result

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/parley-network/parley/sim/outcome"
	"github.com/parley-network/parley/sim/scenario"
)

func someManifest(t testing.TB) Manifest {
	s := scenario.Default()
	s.Replicates = 4
	m, err := NewManifest(s, "v1", time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TestDiskThatFails: what can't be written leaves nothing behind, and when the
// disk works again the writer does.
func TestDiskThatFails(t *testing.T) {
	f, err := Create(t.TempDir(), someManifest(t))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w, err := f.Writer("local")
	if err != nil {
		t.Fatal(err)
	}
	good := w.log.file
	readOnly, err := os.Open(good.Name())
	if err != nil {
		t.Fatal(err)
	}
	defer readOnly.Close()
	w.log.file = readOnly
	o := outcome.Outcome{Values: []outcome.Value{{Name: "x", Number: 1}}}
	if err := w.Put(context.Background(), 1, o); err == nil || !strings.Contains(err.Error(), "cell 1 (replicate 1)") {
		t.Errorf("written to a file that can't be: %v", err)
	}
	if f.Has(1) {
		t.Error("the cell counts as recorded")
	}
	w.log.file = good
	if err := w.Put(context.Background(), 1, o); err == nil {
		t.Error("a log that could not be cut back is written on")
	}
}

// FuzzJournal: whatever stands in a log, opening the folder does not fail but
// for results of another run, and what it takes in can be read.
func FuzzJournal(f *testing.F) {
	m := someManifest(f)
	line := func(v any) string {
		text, err := frame(v)
		if err != nil {
			f.Fatal(err)
		}
		return string(text)
	}
	head := line(header{Journal: Format, Program: "v1", Hash: m.Hash, Writer: "fuzz"})
	rec := line(record{Cell: 1, Seed: m.Cells[1].Seed, Outcome: outcome.Outcome{Values: []outcome.Value{{Name: "x", Number: 2}}}})
	f.Add("")
	f.Add(rec)
	f.Add(rec + rec)
	f.Add(rec + line(record{Cell: 1, Seed: m.Cells[1].Seed}))
	f.Add(rec[:20])
	f.Add("00000000 {}\n\n\n" + rec)
	f.Add(line(map[string]any{"cell": 9}) + line(map[string]any{"cell": 2, "seed": 3, "outcome": nil, "more": 1}))
	dir := f.TempDir()
	folder, err := Create(dir, m)
	if err != nil {
		f.Fatal(err)
	}
	folder.Close()
	f.Fuzz(func(t *testing.T, text string) {
		dir := t.TempDir()
		if err := os.Mkdir(filepath.Join(dir, journalName), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(logPath(dir, "fuzz"), []byte(head+text), 0o600); err != nil {
			t.Fatal(err)
		}
		folder := &Folder{dir: dir, manifest: m, cells: make([]place, len(m.Cells))}
		defer folder.Close()
		if err := folder.load("fuzz"); err != nil {
			if !errors.Is(err, ErrForeign) && !errors.Is(err, ErrDiffers) {
				t.Fatal(err)
			}
			return
		}
		for cell := range m.Cells {
			if folder.Has(cell) {
				if _, err := folder.Outcome(cell); err != nil {
					t.Fatal(err)
				}
			}
		}
	})
}

// FuzzManifest: what is taken is written again as the same bytes.
func FuzzManifest(f *testing.F) {
	text, err := someManifest(f).encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add(bytes.Replace(text, []byte(`"replicate": 1`), []byte(`"replicate": 2`), 1))
	f.Add([]byte(`{"format":1}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		m, err := decodeManifest(text)
		if err != nil {
			return
		}
		first, err := m.encode()
		if err != nil {
			t.Fatal(err)
		}
		again, err := decodeManifest(first)
		if err != nil {
			t.Fatal(err)
		}
		second, err := again.encode()
		if err != nil || !bytes.Equal(first, second) {
			t.Fatalf("not the same bytes: %v", err)
		}
	})
}

func BenchmarkPut(b *testing.B) {
	s := scenario.Default()
	s.Replicates = scenario.MaxCells
	m, err := NewManifest(s, "v1", time.Unix(0, 0))
	if err != nil {
		b.Fatal(err)
	}
	dir := b.TempDir()
	if err := os.Mkdir(filepath.Join(dir, journalName), 0o700); err != nil {
		b.Fatal(err)
	}
	f := &Folder{dir: dir, manifest: m, cells: make([]place, len(m.Cells))}
	w, err := f.Writer("local")
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	o := outcome.Outcome{Values: []outcome.Value{{Name: "x", Number: 1}}, Series: []outcome.Series{{Name: "s", Step: make([]int, 100), At: make([]float64, 100)}}}
	cell := 0
	for b.Loop() {
		if err := w.Put(context.Background(), cell, o); err != nil {
			b.Fatal(err)
		}
		cell++
	}
}
