package report

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/parley-network/parley/sim/chart"
	"github.com/parley-network/parley/sim/outcome"
)

// grid is an input with an axis of each size, the last turning fastest, and one
// run a point whose value "x" is the point's number.
func grid(t *testing.T, sizes ...int) *digest {
	t.Helper()
	in := Input{}
	n := 1
	for _, s := range sizes {
		n *= s
	}
	for p := range n {
		at := make(Point, len(sizes))
		rest := p
		for k := len(sizes) - 1; k >= 0; k-- {
			at[k] = Setting{fmt.Sprintf("part.%c", 'a'+k), int64(rest % sizes[k])}
			rest /= sizes[k]
		}
		in.Points = append(in.Points, at)
		in.Cells = append(in.Cells, Cell{Point: p, Outcome: &outcome.Outcome{Values: []outcome.Value{{Name: "x", Number: float64(p)}}}})
	}
	d, err := sorted(in)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestFamiliesPutFewLinesInAPanel(t *testing.T) {
	for _, c := range []struct {
		sizes         []int
		panels, lines int
		first         string
	}{
		{[]int{1}, 1, 1, ""}, {[]int{6}, 1, 6, ""}, {[]int{2, 3}, 1, 6, ""},
		{[]int{7}, 7, 1, "a = 0"}, {[]int{24}, 24, 1, "a = 0"}, {[]int{25}, 0, 0, ""},
		{[]int{4, 5}, 4, 5, "a = 0"}, {[]int{3, 7}, 21, 1, "a = 0, b = 0"}, {[]int{2, 3, 4}, 6, 4, "a = 0, b = 0"}, {[]int{30, 30}, 0, 0, ""},
	} {
		got := grid(t, c.sizes...).families()
		if len(got) != c.panels {
			t.Errorf("%v: %d panels, want %d", c.sizes, len(got), c.panels)
			continue
		}
		points := 0
		for _, f := range got {
			points += len(f.points)
			if len(f.points) != c.lines || len(f.names) != c.lines {
				t.Errorf("%v: a panel of %d lines, want %d", c.sizes, len(f.points), c.lines)
			}
		}
		if c.panels > 0 && (got[0].title != c.first || points != c.panels*c.lines) {
			t.Errorf("%v: the first is %q, of %d points in all", c.sizes, got[0].title, points)
		}
	}
}

// The last axis goes across, the one before it up, and each before them has a
// map a value.
func TestHeatsLieAsTheAxesDo(t *testing.T) {
	means := func(d *digest) []summary {
		out := make([]summary, len(d.in.Points))
		for p, v := range d.values.by["x"] {
			out[p] = summarise(v)
		}
		return out
	}
	d := grid(t, 2, 3)
	h, ok := d.heats("x", means(d)).(chart.Heat)
	if !ok || h.X != "part.b" || h.Y != "part.a" || !cmp.Equal(h.Columns, []string{"0", "1", "2"}) || !cmp.Equal(h.Rows, []string{"0", "1"}) {
		t.Errorf("%+v", h)
	}
	if !cmp.Equal(h.At, [][]float64{{0, 1, 2}, {3, 4, 5}}) {
		t.Errorf("%v", h.At)
	}
	d = grid(t, 2, 2, 2)
	g, ok := d.heats("x", means(d)).(chart.Grid)
	if !ok || len(g.Figures) != 2 || g.Figures[1].Name() != "a = 1" || !cmp.Equal(g.Figures[1].(chart.Heat).At, [][]float64{{4, 5}, {6, 7}}) {
		t.Errorf("%+v", g)
	}
	d = grid(t, 20, 2, 2)
	g, _ = d.heats("x", means(d)).(chart.Grid)
	if len(g.Figures) != mostHeats || !strings.Contains(g.Title, "12 of 20 combinations of a") {
		t.Errorf("%d maps, %q", len(g.Figures), g.Title)
	}
}

func TestAlongOneAxisIsALine(t *testing.T) {
	d := grid(t, 4)
	p, ok := d.alongAxis("x", []summary{summarise([]float64{1, 3}), {}, summarise([]float64{5}), summarise([]float64{7, 7})}).(chart.Plot)
	if !ok || p.LogX || len(p.Lines) != 1 || !cmp.Equal(p.Lines[0].X, []float64{0, 2, 3}) || !cmp.Equal(p.Lines[0].Y, []float64{2, 5, 7}) {
		t.Fatalf("%+v", p)
	}
	for i := range d.in.Points {
		d.in.Points[i][0].Value = []float64{1, 10, 100, 1000}[i]
	}
	if p := d.alongAxis("x", make([]summary, 4)).(chart.Plot); !p.LogX {
		t.Error("three magnitudes are not on a logarithm")
	}
	d.in.Points[0][0].Value = "ring"
	if _, ok := d.alongAxis("x", make([]summary, 4)).(chart.Heat); !ok {
		t.Error("words are put on a line")
	}
}

func TestCurvesTableSaysWhatTheBandSays(t *testing.T) {
	in := Input{Points: []Point{{{"a.q", 0.1}}, {{"a.q", 0.2}}}}
	for p, ends := range [][]float64{{10, 30}, {50}} {
		for _, v := range ends {
			in.Cells = append(in.Cells, Cell{Point: p, Outcome: &outcome.Outcome{Series: []outcome.Series{{Name: "people", Step: []int{0, 1}, At: []float64{0, v}}}}})
		}
	}
	d, err := sorted(in)
	if err != nil {
		t.Fatal(err)
	}
	p := d.curves()[0]
	want := table{Head: []string{"step", "q = 0.1", "q = 0.2"}, Rows: [][]string{{"0", "0 (0 … 0)", "0"}, {"1", "20 (11 … 29)", "50"}}}
	if diff := cmp.Diff(want, p.Table); diff != "" {
		t.Error(diff)
	}
	if p.ID != "curve-1-people" || p.Caption != "Line: the median of up to 2 runs. Band: where the middle nine tenths of them lie (5–95%)." {
		t.Errorf("%s: %s", p.ID, p.Caption)
	}
}

func TestDistributionsShowShares(t *testing.T) {
	of := make([]float64, 101)
	for i := range of {
		of[i] = float64(i)
	}
	in := Input{Cells: []Cell{{Outcome: &outcome.Outcome{Samples: []outcome.Sample{{Name: "delay_seconds", Count: 1234, Of: of}, {Name: "empty"}}}}}}
	d, err := sorted(in)
	if err != nil {
		t.Fatal(err)
	}
	all := d.distributions()
	if len(all) != 1 || !strings.HasPrefix(all[0].Caption, "Of 1,234 observations") {
		t.Fatalf("%+v", all)
	}
	if want := [][]string{{"5", "25", "50", "75", "90", "95", "99", "1,234"}}; !cmp.Equal(all[0].Table.Rows, want) {
		t.Errorf("%v", all[0].Table.Rows)
	}
	p := all[0].Figure.(chart.Plot)
	if p.X != "seconds" || p.LogX || p.Lines[0].X[50] != 50 || p.Lines[0].Y[50] != 0.5 {
		t.Errorf("%+v", p)
	}
	long := band{runs: 1, mid: append(append([]float64{1}, make([]float64, cuts-1)...), 100)}
	long.mid[cuts/2] = 10
	if !wide([]band{{}, long}) || wide([]band{{}}) {
		t.Error("a long tail is not on a logarithm, or nothing is")
	}
}

func TestWordsForPeople(t *testing.T) {
	if got := axisNames([]string{"people.count", "vendors.count", "adoption.q"}); !cmp.Equal(got, []string{"people.count", "vendors.count", "q"}) {
		t.Errorf("%v", got)
	}
	for in, want := range map[string]string{"fill_network": "Intents filled by the network", "queue_wait_seconds": "Queue wait seconds", "": "(no name)"} {
		if got := title(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
	for in, want := range map[string]string{"delay_p99_seconds": "seconds", "bytes_each": "bytes", "people_share": "share", "price_network": "money", "joined": ""} {
		if got := unit(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
	for in, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567", -12345: "-12,345"} {
		if got := grouped(in); got != want {
			t.Errorf("%d: %q, want %q", in, got, want)
		}
	}
	for in, want := range map[string]string{"Fill Network!": "fill-network", "../../etc/passwd": "etc-passwd", "好": "", strings.Repeat("x", 99): strings.Repeat("x", 61)} {
		if got := slug(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
	for in, want := range map[any]string{0.1: "0.1", int64(7): "7", "ring": "ring", true: "true", 1e-9: "1e-09"} {
		if got := written(in); got != want {
			t.Errorf("%v: %q, want %q", in, got, want)
		}
	}
	if got := href("a b/javascript:x"); got != "./a%20b/javascript:x" {
		t.Errorf("%s", got)
	}
}
