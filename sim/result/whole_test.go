package result

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"
	"pgregory.net/rapid"

	"github.com/parley-network/parley/sim/outcome"
	"github.com/parley-network/parley/sim/scenario"
)

// A number is written so that it is read as exactly itself, without an exponent
// where people would not write one.
func TestNumbersAreExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := rapid.Float64().Draw(t, "number")
		s := number(x)
		if back, err := strconv.ParseFloat(s, 64); err != nil || back != x {
			t.Fatalf("%v is written %q and read as %v, %v", x, s, back, err)
		}
		if a := math.Abs(x); strings.Contains(s, "e") != (a != 0 && (a < 1e-6 || a >= 1e21)) {
			t.Fatalf("%v is written %q", x, s)
		}
	})
	for x, want := range map[float64]string{0: "0", 1e-6: "0.000001", 9.9e-7: "9.9e-07", 1e20: "100000000000000000000", 1e21: "1e+21", -0.5: "-0.5", 0.1: "0.1", 1. / 3: "0.3333333333333333"} {
		if got := number(x); got != want {
			t.Errorf("%v is written %q, want %q", x, got, want)
		}
	}
}

// A line is read as what was written, and any one byte changed makes it none.
func TestLinesAreFramed(t *testing.T) {
	line, err := frame(record{Cell: 3, Seed: 7})
	if err != nil {
		t.Fatal(err)
	}
	text, err := unframe(line[:len(line)-1])
	if err != nil || !bytes.Equal(text, line[prefix:len(line)-1]) || line[len(line)-1] != '\n' || bytes.Count(line, []byte{'\n'}) != 1 {
		t.Fatalf("%q: %q, %v", line, text, err)
	}
	for i := range len(line) - 1 {
		bad := slices.Clone(line[:len(line)-1])
		if bad[i] ^= 1; i < prefix-1 && strings.EqualFold(string(bad[i]), string(line[i])) {
			continue
		}
		if _, err := unframe(bad); err == nil {
			t.Errorf("byte %d changed: %q is a line", i, bad)
		}
	}
	for _, bad := range []string{"", "00000000", "0000000 {}", "00000000-{}", "x0000000 {}"} {
		if _, err := unframe([]byte(bad)); err == nil {
			t.Errorf("%q is a line", bad)
		}
	}
}

// A record is of a cell that was planned, with the seed that it was to have, and
// nothing follows it.
func TestRecordsAreChecked(t *testing.T) {
	cells := someManifest(t).Cells
	good := record{Cell: 1, Seed: cells[1].Seed, Outcome: outcome.Outcome{Values: []outcome.Value{{Name: "x", Number: 2}}}}
	read := func(r record) error {
		line, err := frame(r)
		if err != nil {
			t.Fatal(err)
		}
		_, err = decodeRecord(line[:len(line)-1], cells)
		return err
	}
	if err := read(good); err != nil {
		t.Error(err)
	}
	for want, change := range map[string]func(*record){
		"there is no cell 4":              func(r *record) { r.Cell = 4 },
		"there is no cell -1":             func(r *record) { r.Cell = -1 },
		"cell 0 has another seed":         func(r *record) { r.Cell = 0 },
		"cell 1 has another seed":         func(r *record) { r.Seed++ },
		"value x is there twice":          func(r *record) { r.Outcome.Values = append(r.Outcome.Values, r.Outcome.Values...) },
		"the spread's lists have differe": func(r *record) { r.Outcome.Spread = &outcome.Spread{X: []float32{1}, Turns: [][]int32{}} },
	} {
		r := good
		change(&r)
		if err := read(r); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
	if err := strictly([]byte(`{"cell":1}{}`), &record{}); err == nil {
		t.Error("two records on a line")
	}
}

// What an outcome may not hold is refused by what it is; the same name may be a
// value's, a series' and a sample's at once.
func TestOutcomesAreChecked(t *testing.T) {
	agents := func() *outcome.Spread {
		return &outcome.Spread{X: make([]float32, 2), Y: make([]float32, 2), Joined: make([]int, 2), Left: make([]int, 2), Vendor: make([]bool, 2), Turns: make([][]int32, 2), Edges: [][2]int32{{0, 1}, {1, 1}}}
	}
	good := func() outcome.Outcome {
		return outcome.Outcome{Values: []outcome.Value{{Name: "a"}, {Name: "b2_c"}}, Series: []outcome.Series{{Name: "a", Step: []int{1}, At: []float64{0}}, {Name: "cell"}},
			Samples: []outcome.Sample{{Name: "a", Of: []float64{1}}}, Spread: agents()}
	}
	if err := check(good()); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		want   string
		change func(*outcome.Outcome)
	}{
		{`value "": a name`, func(o *outcome.Outcome) { o.Values[0].Name = "" }},
		{`value "2a": a name`, func(o *outcome.Outcome) { o.Values[0].Name = "2a" }},
		{`value "` + strings.Repeat("a", 65) + `": a name`, func(o *outcome.Outcome) { o.Values[0].Name = strings.Repeat("a", 65) }},
		{`series "A": a name`, func(o *outcome.Outcome) { o.Series[0].Name = "A" }},
		{`sample "a b": a name`, func(o *outcome.Outcome) { o.Samples[0].Name = "a b" }},
		{"value a is there twice", func(o *outcome.Outcome) { o.Values[1].Name = "a" }},
		{"series a is there twice", func(o *outcome.Outcome) { o.Series[1].Name = "a" }},
		{"sample a is there twice", func(o *outcome.Outcome) { o.Samples = append(o.Samples, o.Samples[0]) }},
		{"value cell has the name", func(o *outcome.Outcome) { o.Values[0].Name = "cell" }},
		{"value point has the name", func(o *outcome.Outcome) { o.Values[0].Name = "point" }},
		{"value replicate has the name", func(o *outcome.Outcome) { o.Values[0].Name = "replicate" }},
		{"value seed has the name", func(o *outcome.Outcome) { o.Values[0].Name = "seed" }},
		{"value b2_c is -Inf", func(o *outcome.Outcome) { o.Values[1].Number = math.Inf(-1) }},
		{"series a has 1 steps and 2 numbers", func(o *outcome.Outcome) { o.Series[0].At = make([]float64, 2) }},
		{"series a is NaN", func(o *outcome.Outcome) { o.Series[0].At[0] = math.NaN() }},
		{"sample a is +Inf", func(o *outcome.Outcome) { o.Samples[0].Of[0] = math.Inf(1) }},
		{"different lengths, 2 and 1", func(o *outcome.Outcome) { o.Spread.Y = o.Spread.Y[:1] }},
		{"different lengths, 2 and 0", func(o *outcome.Outcome) { o.Spread.Joined = nil }},
		{"different lengths, 2 and 3", func(o *outcome.Outcome) { o.Spread.Left = make([]int, 3) }},
		{"different lengths, 2 and 1", func(o *outcome.Outcome) { o.Spread.Vendor = o.Spread.Vendor[:1] }},
		{"different lengths, 2 and 1", func(o *outcome.Outcome) { o.Spread.Turns = o.Spread.Turns[:1] }},
		{"the spread is NaN", func(o *outcome.Outcome) { o.Spread.X[1] = float32(math.NaN()) }},
		{"the spread is +Inf", func(o *outcome.Outcome) { o.Spread.Y[0] = float32(math.Inf(1)) }},
		{"an edge to agent 2 of 2", func(o *outcome.Outcome) { o.Spread.Edges[1][1] = 2 }},
		{"an edge to agent -1 of 2", func(o *outcome.Outcome) { o.Spread.Edges[1][0] = -1 }},
	} {
		o := good()
		c.change(&o)
		if err := check(o); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v, want %s", err, c.want)
		}
	}
	o := good()
	if o.Spread.Turns = nil; check(o) != nil {
		t.Error("a spread of before there were turns is refused")
	}
}

// A log that is taken over is read again, once: what was said of it is said
// once, what is said of others stays, and it is one log.
func TestTakingALogOver(t *testing.T) {
	dir, m := t.TempDir(), someManifest(t)
	f, err := Create(dir, m)
	if err != nil {
		t.Fatal(err)
	}
	for cell, name := range []string{"local", "local-2"} {
		w, err := f.Writer(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Put(context.Background(), cell, outcome.Outcome{Values: []outcome.Value{{Name: "x", Number: 1}}}); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		log, err := os.OpenFile(logPath(dir, name), os.O_APPEND|os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := log.WriteString("damaged\ntorn"); err != nil {
			t.Fatal(err)
		}
		log.Close()
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if f, err = Open(dir); err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	// The hyphen is before the dot.
	want := []string{"journal local-2, line 3: checksum does not match: left out", "journal local-2: the last line is torn (4 bytes): left out",
		"journal local, line 3: checksum does not match: left out", "journal local: the last line is torn (4 bytes): left out"}
	if diff := cmp.Diff(want, f.Notes()); diff != "" {
		t.Error(diff)
	}
	w, err := f.Writer("local")
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if diff := cmp.Diff(want, f.Notes()); diff != "" {
		t.Errorf("after it was taken over:\n%s", diff)
	}
	if got := f.Missing(); !slices.Equal(got, []int{2, 3}) || len(f.logs) != 2 {
		t.Errorf("missing %v, in %d logs", got, len(f.logs))
	}
	other, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if busy, err := other.Busy(func(string) bool { return true }); err != nil || !slices.Equal(busy, []string{"local"}) {
		t.Errorf("busy: %v, %v", busy, err)
	}
	text, err := os.ReadFile(logPath(dir, "local"))
	if err != nil || bytes.Contains(text, []byte("torn")) || !bytes.HasSuffix(text, []byte("\n")) {
		t.Errorf("%q, %v", text, err)
	}
}

// A table of more rows than are handed over at once has each row once, in order,
// whatever the types of the axes.
func TestTablesOfManyRows(t *testing.T) {
	s := scenario.Default()
	s.Sweep = []scenario.Axis{{Field: "people.count", Values: []any{int64(7)}}, {Field: "adoption.rule", Values: []any{"bass"}}, {Field: "protocol.heartbeat", Values: []any{"1s"}}}
	m, err := NewManifest(s, "v1", time.Unix(0, 0))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	f, err := Create(dir, m)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w, err := f.Writer("local")
	if err != nil {
		t.Fatal(err)
	}
	const rows = 2*parquetBatch + 5
	o := outcome.Outcome{Series: []outcome.Series{{Name: "a"}, {Name: "b"}}, Samples: []outcome.Sample{{Name: "one", Count: 4, Of: []float64{9}}, {Name: "five", Count: 8, Of: []float64{0, 1, 2, 3, 4}}}}
	for i := range rows {
		one := &o.Series[i/(rows-3)]
		one.Step, one.At = append(one.Step, i), append(one.At, math.Sqrt(float64(i)))
	}
	if err := w.Put(context.Background(), 0, o); err != nil {
		t.Fatal(err)
	}
	if err := f.WriteTables(); err != nil {
		t.Fatal(err)
	}
	type row struct {
		Count     int64   `parquet:"people.count"`
		Rule      string  `parquet:"adoption.rule"`
		Beat      string  `parquet:"protocol.heartbeat"`
		Cell      int64   `parquet:"cell"`
		Replicate int64   `parquet:"replicate"`
		Series    string  `parquet:"series"`
		Step      int64   `parquet:"step"`
		Value     float64 `parquet:"value"`
	}
	got, err := parquet.ReadFile[row](filepath.Join(dir, SeriesParquet))
	if err != nil || len(got) != rows {
		t.Fatalf("%d rows, want %d (%v)", len(got), rows, err)
	}
	for i, r := range got {
		if want := (row{7, "bass", "1s", 0, 0, map[bool]string{true: "a", false: "b"}[i < rows-3], int64(i), math.Sqrt(float64(i))}); r != want {
			t.Fatalf("row %d is %+v, want %+v", i, r, want)
		}
	}
	text, err := os.ReadFile(filepath.Join(dir, SamplesCSV))
	if err != nil {
		t.Fatal(err)
	}
	in := csv.NewReader(bytes.NewReader(text))
	var quantiles []string
	for {
		line, err := in.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		quantiles = append(quantiles, strings.Join(line[5:], " "))
	}
	if want := []string{"sample count quantile value", "one 4 0 9", "five 8 0 0", "five 8 0.25 1", "five 8 0.5 2", "five 8 0.75 3", "five 8 1 4"}; !slices.Equal(quantiles, want) {
		t.Errorf("%q, want %q", quantiles, want)
	}
}

// As many cells as there may be are planned, one more are not; and each cell's
// scenario is its point's.
func TestPlannedCells(t *testing.T) {
	s := scenario.Default()
	s.Sweep = []scenario.Axis{{Field: "adoption.q", Values: []any{0.1, 0.2}}}
	s.Replicates = 3
	m, err := NewManifest(s, "v1", time.Date(2026, 5, 1, 12, 0, 0, 999, time.FixedZone("", 3600)))
	if err != nil {
		t.Fatal(err)
	}
	for i, c := range m.Cells {
		at, err := m.At(i)
		if err != nil || c.Index != i || c.Point != i/3 || c.Replicate != i%3 || at.Adoption.Q != []float64{0.1, 0.2}[i/3] || len(at.Sweep) > 0 {
			t.Errorf("cell %d: %+v at q = %v, %v", i, c, at.Adoption.Q, err)
		}
		if want := fmt.Sprintf("cell %d (adoption.q=%v, replicate %d)", i, at.Adoption.Q, i%3); c.String() != want {
			t.Errorf("%s, want %s", c, want)
		}
	}
	if len(m.Cells) != 6 || m.Started != time.Date(2026, 5, 1, 11, 0, 0, 0, time.UTC) || !slices.Equal(m.Axes(), []string{"adoption.q"}) || m.Format != 1 {
		t.Errorf("%d cells begun at %v over %v", len(m.Cells), m.Started, m.Axes())
	}
	s.Replicates = scenario.MaxCells/2 + 1
	if _, err := Cells(s); err == nil || !strings.Contains(err.Error(), "2 points, 500001 times each: at most 1000000 cells") {
		t.Errorf("too many cells: %v", err)
	}
}

// Of one cell with two results neither is believed: who opens the folder is
// told. The same result twice is one; what has an unknown field is none.
func TestTwoResultsOfACell(t *testing.T) {
	m := someManifest(t)
	of := func(x float64) record {
		return record{Cell: 1, Seed: m.Cells[1].Seed, Outcome: outcome.Outcome{Values: []outcome.Value{{Name: "x", Number: x}}}}
	}
	more := map[string]any{"cell": 1, "seed": m.Cells[1].Seed, "outcome": map[string]any{}, "more": 1}
	for name, c := range map[string]struct {
		a, b    []any
		want    error
		missing int
		notes   int
	}{
		"the same in two logs":       {[]any{of(1)}, []any{of(1)}, nil, 3, 0},
		"another in the other log":   {[]any{of(1)}, []any{of(2)}, ErrDiffers, 0, 0},
		"another in the same log":    {[]any{of(1), of(2)}, nil, ErrDiffers, 0, 0},
		"one with more than it has":  {[]any{more}, []any{of(1)}, nil, 3, 1},
		"more alone":                 {[]any{more}, nil, nil, 4, 1},
		"the same twice in each log": {[]any{of(1), of(1)}, []any{of(1), of(1)}, nil, 3, 0},
	} {
		dir := t.TempDir()
		f, err := Create(dir, m)
		if err != nil {
			t.Fatal(err)
		}
		f.Close()
		for log, records := range map[string][]any{"a": c.a, "b": c.b} {
			var text []byte
			for _, v := range append([]any{header{Journal: Format, Program: m.Program, Hash: m.Hash, Writer: log}}, records...) {
				line, err := frame(v)
				if err != nil {
					t.Fatal(err)
				}
				text = append(text, line...)
			}
			if err := os.WriteFile(logPath(dir, log), text, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		f, err = Open(dir)
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
		if err != nil {
			continue
		}
		if len(f.Missing()) != c.missing || len(f.Notes()) != c.notes {
			t.Errorf("%s: %v are missing; notes %q", name, f.Missing(), f.Notes())
		}
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}
}
