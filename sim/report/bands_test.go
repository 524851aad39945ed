package report

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/parley-network/parley/sim/chart"
	"github.com/parley-network/parley/sim/outcome"
	"github.com/parley-network/parley/sim/scenario"
)

// same compares bands, in which a gap is a gap.
func same(a, b band) bool {
	return fmt.Sprint(a) == fmt.Sprint(b)
}

// A band holds its median, which is the middle one of what was measured or
// between the middle two; nine of ten runs lie within; and in which order runs
// come is no matter.
func TestBandsHoldTheirMedian(t *testing.T) {
	number := rapid.OneOf(rapid.Float64Range(-100, 100), rapid.SampledFrom([]float64{math.NaN(), 0, 0, 7}))
	rapid.Check(t, func(t *rapid.T) {
		var runs []outcome.Series
		at := map[int][]float64{}
		for range rapid.IntRange(1, 25).Draw(t, "runs") {
			var s outcome.Series
			for step := range rapid.IntRange(0, 4).Draw(t, "steps") {
				v := number.Draw(t, "value")
				s.Step, s.At = append(s.Step, 3*step), append(s.At, v)
				if at[3*step] == nil {
					at[3*step] = []float64{}
				}
				if !math.IsNaN(v) {
					at[3*step] = append(at[3*step], v)
				}
			}
			runs = append(runs, s)
		}
		b := overSteps(runs)
		if b.runs != len(runs) || len(b.x) != len(at) || len(b.low) != len(at) || len(b.mid) != len(at) || len(b.high) != len(at) || !slices.IsSorted(b.x) {
			t.Fatalf("%+v of %d runs and %d steps", b, len(runs), len(at))
		}
		for i, x := range b.x {
			all := at[int(x)]
			slices.Sort(all)
			n := len(all)
			if n == 0 {
				if !math.IsNaN(b.low[i]) || !math.IsNaN(b.mid[i]) || !math.IsNaN(b.high[i]) {
					t.Fatalf("of nothing there is %v, %v, %v", b.low[i], b.mid[i], b.high[i])
				}
				continue
			}
			if median := (all[(n-1)/2] + all[n/2]) / 2; math.Abs(b.mid[i]-median) > 1e-9 {
				t.Fatalf("the median of %v is told as %v", all, b.mid[i])
			}
			if !(all[0] <= b.low[i] && b.low[i] <= b.mid[i] && b.mid[i] <= b.high[i] && b.high[i] <= all[n-1]) {
				t.Fatalf("a band from %v by %v to %v, of %v", b.low[i], b.mid[i], b.high[i], all)
			}
			below, above := 0, 0
			for _, v := range all {
				if v < b.low[i] {
					below++
				}
				if v > b.high[i] {
					above++
				}
			}
			if most := int(0.05*float64(n-1)) + 1; below > most || above > most {
				t.Fatalf("%d below and %d above the band of %d", below, above, n)
			}
		}
		slices.Reverse(runs)
		if again := overSteps(runs); !same(b, again) {
			t.Fatalf("in another order %+v, not %+v", again, b)
		}
	})
}

// Shares go from none to all in hundredths; at each the band is of the runs'
// own quantiles, and empty samples say nothing.
func TestSharesOfSamples(t *testing.T) {
	runs := []outcome.Sample{{Count: 10, Of: []float64{0, 10}}, {Count: 5}, {Count: 20, Of: []float64{0, 10, 40}}, {Count: 1, Of: []float64{4}}}
	b := overShares(runs)
	if b.runs != 4 || len(b.x) != 101 || b.x[0] != 0 || b.x[100] != 1 || b.x[37] != 0.37 {
		t.Fatalf("%+v", b)
	}
	// At the middle the three are 5, 10 and 4; at the end 10, 40 and 4.
	for i, want := range map[int][3]float64{0: {0, 0, 3.6}, 50: {4.1, 5, 9.5}, 100: {4.6, 10, 37}} {
		if got := [3]float64{b.low[i], b.mid[i], b.high[i]}; !cmp.Equal(got, want, cmp.Comparer(func(a, b float64) bool { return math.Abs(a-b) < 1e-9 })) {
			t.Errorf("at %d hundredths %v, want %v", i, got, want)
		}
	}
	if n := observed(runs); n != 36 {
		t.Errorf("%d were observed, want 36", n)
	}
}

// What is said of a run and of a sweep, word for word.
func TestWhatWasRun(t *testing.T) {
	in := Input{Cells: make([]Cell, 1)}
	in.Scenario = scenario.Scenario{Engine: scenario.Model, Clock: scenario.Clock{Unit: "week", Steps: 1}}
	in.Scenario.People.Count, in.Scenario.Vendors.Count = 1, 2000
	says := func() string {
		t.Helper()
		d, err := sorted(in)
		if err != nil {
			t.Fatal(err)
		}
		return strings.Join(d.summary(), "\n")
	}
	if got, want := says(), "1 run with the model engine.\n1 person and 2,000 vendors, over 1 week."; got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
	in.Cells = make([]Cell, 3)
	in.Scenario.People.Places, in.Scenario.Clock.Steps, in.Scenario.Network.Kind, in.Scenario.Adoption.Rule = 2, 9, "block", "bass"
	in.Scenario.Attack = scenario.Attack{Kind: "spam", Sybils: 1}
	if got, want := says(), "3 runs with the model engine, each with a seed of its own.\n1 person and 2,000 vendors in 2 places, over 9 weeks, on a network of kind block; they join by the rule bass; attacked by spam (1 sybil)."; got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
	in.Scenario.Attack.Kind, in.Scenario.Replicates = "none", 1
	for q := range 5 {
		in.Points = append(in.Points, Point{{"adoption.q", float64(q) / 10}, {"people.count", int64(7)}, {"network.kind", []string{"block", "none"}[q%2]}})
	}
	if got, want := says(), "3 runs with the model engine: 5 points (adoption.q from 0 to 0.4 × people.count 7 × network.kind block, none), 1 run of each with a seed of its own.\n"+
		"1 person and 2,000 vendors in 2 places, over 9 weeks, on a network of kind block; they join by the rule bass. What the sweep varies differs from that."; got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
}

// What was not finished is told, of one and of several; so are the seeds, the
// first four of them.
func TestNotesAndFacts(t *testing.T) {
	done := &outcome.Outcome{}
	in := Input{Notes: []string{"a line was torn"}, Program: "v9", Hash: "abc", Started: time.Date(2026, 5, 1, 14, 0, 0, 0, time.FixedZone("", 7200))}
	in.Scenario.Engine, in.Scenario.Seed = scenario.Stack, 77
	for i := range 5 {
		in.Cells = append(in.Cells, Cell{Seed: uint64(10 + i), Outcome: done})
	}
	told := func() (string, map[string]string) {
		t.Helper()
		d, err := sorted(in)
		if err != nil {
			t.Fatal(err)
		}
		facts := map[string]string{}
		for _, f := range d.facts() {
			facts[f.Name] = f.Value
		}
		return strings.Join(d.notes(), "; "), facts
	}
	notes, facts := told()
	want := map[string]string{"Engine": "stack", "Runs finished": "5 of 5", "Seed of the scenario": "77", "Program": "v9", "Begun": "2026-05-01T12:00:00Z",
		"Seeds of the runs": "10, 11, 12, 13, and 1 more", "Scenario, SHA-256": "abc"}
	if diff := cmp.Diff(want, facts); notes != "a line was torn" || diff != "" {
		t.Errorf("%s; %s", notes, diff)
	}
	in.Cells[1].Outcome, in.Started = nil, time.Time{}
	if notes, facts := told(); notes != "a line was torn; 1 of 5 was not finished, and left out of this report." || facts["Runs finished"] != "4 of 5" || facts["Begun"] != "" {
		t.Errorf("%s; %v", notes, facts)
	}
	in.Cells, in.Notes = append(in.Cells[:1], make([]Cell, 3)...), nil
	if notes, facts := told(); notes != "3 of 4 were not finished, and left out of this report." || facts["Seeds of the runs"] != "10, 0, 0, 0" {
		t.Errorf("%s; %v", notes, facts)
	}
}

// A spread is refused where its lists or its turns can't be shown.
func TestSpreadsAreChecked(t *testing.T) {
	good := func() *outcome.Spread {
		return &outcome.Spread{X: make([]float32, 2), Y: make([]float32, 2), Joined: make([]int, 2), Left: []int{-1, -1}, Vendor: make([]bool, 2),
			Turns: [][]int32{{0, 0, 3}, nil}, Edges: [][2]int32{{0, 1}}}
	}
	if err := check(good()); err != nil {
		t.Error(err)
	}
	const lists = "spread of 2 agents has lists of other lengths"
	for _, c := range []struct {
		want   string
		change func(*outcome.Spread)
	}{
		{lists, func(s *outcome.Spread) { s.Y = s.Y[:1] }},
		{"spread of 1 agents has lists of other lengths", func(s *outcome.Spread) { s.X = s.X[:1] }},
		{lists, func(s *outcome.Spread) { s.Joined = nil }},
		{lists, func(s *outcome.Spread) { s.Left = s.Left[:1] }},
		{lists, func(s *outcome.Spread) { s.Vendor = nil }},
		{lists, func(s *outcome.Spread) { s.Turns = s.Turns[:1] }},
		{"spread has agent 1 come and go at steps that do not rise", func(s *outcome.Spread) { s.Turns[1] = []int32{2, 1} }},
		{"spread has agent 0 come and go at steps that do not rise", func(s *outcome.Spread) { s.Turns[0][0] = -1 }},
		{"spread of 2 agents has an edge from 0 to 2", func(s *outcome.Spread) { s.Edges[0][1] = 2 }},
		{"spread of 2 agents has an edge from 2 to 1", func(s *outcome.Spread) { s.Edges[0][0] = 2 }},
		{"spread of 2 agents has an edge from -1 to 1", func(s *outcome.Spread) { s.Edges[0][0] = -1 }},
		{"spread of 2 agents has an edge from 0 to -3", func(s *outcome.Spread) { s.Edges[0][1] = -3 }},
	} {
		s := good()
		c.change(s)
		if err := check(s); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v, want %s", err, c.want)
		}
	}
}

// Of one point's runs several networks would be the same picture: one of each is
// shown, at most four, evenly chosen, with its own seed.
func TestWhoseNetworksAreShown(t *testing.T) {
	in := Input{}
	for p := range 7 {
		in.Points = append(in.Points, Point{{"adoption.q", int64(p)}})
		for r := range 2 {
			o := &outcome.Outcome{}
			if p != 3 {
				o.Spread = &outcome.Spread{X: make([]float32, 3), Y: make([]float32, 3), Joined: []int{0, p, -1}, Left: []int{-1, -1, -1}, Vendor: []bool{false, true, false}}
			}
			in.Cells = append(in.Cells, Cell{Point: p, Replicate: r, Seed: uint64(100*p + r), Outcome: o})
		}
	}
	d, err := sorted(in)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range d.films() {
		got = append(got, fmt.Sprintf("%s until %d: %s", f.Title, f.Steps, strings.SplitAfter(f.Caption, ",")[0]))
		if f.Data.First != 0 || f.Data.Last != f.Steps || !slices.Equal(f.Data.Vendor, []int{1}) || f.Data.Edges == nil {
			t.Errorf("film %+v", f.Data)
		}
	}
	want := []string{"How it spread, q = 0 until 0: 3 agents of one run (seed 0),", "How it spread, q = 2 until 2: 3 agents of one run (seed 200),",
		"How it spread, q = 4 until 4: 3 agents of one run (seed 400),", "How it spread, q = 6 until 6: 3 agents of one run (seed 600),"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got := fmt.Sprint(stills(0, 100)); got != "[0 20 40 60 80 100]" {
		t.Errorf("stills at %s", got)
	}
	if got := fmt.Sprint(stills(4, 9)); got != "[4 5 6 7 8 9]" {
		t.Errorf("stills at %s", got)
	}
}

// Panels share the y axis of all, bands included, so that they can be compared;
// their lines have the names of what they differ in.
func TestPanelsShareTheirAxis(t *testing.T) {
	d := grid(t, 4, 2)
	f, ok := d.draw(chart.Plot{Title: "x"}, func(p int) (chart.Line, bool) {
		v := float64(p)
		return chart.Line{X: []float64{0, 1}, Y: []float64{v, math.NaN()}, Low: []float64{-10 * v}, High: []float64{10 * v}}, p != 3
	}).(chart.Grid)
	if !ok || f.Title != "x" || len(f.Figures) != 4 || len(f.Legend) != 2 || f.Legend[0].Name != "b = 0" || f.Legend[1].Name != "b = 1" || f.Legend[1].Colour != 1 {
		t.Fatalf("%+v", f)
	}
	for i, one := range f.Figures {
		p := one.(chart.Plot)
		lines := 2
		if i == 1 {
			lines = 1 // point 3 has none
		}
		if p.Lowest != -70 || p.Highest != 70 || !p.Small || len(p.Lines) != lines || p.Title != fmt.Sprintf("a = %d", i) {
			t.Errorf("panel %d: %+v", i, p)
		}
	}
	// The lines of one plot are told apart by all axes.
	one, ok := grid(t, 3, 2).draw(chart.Plot{Title: "x"}, func(p int) (chart.Line, bool) { return chart.Line{X: []float64{1}, Y: []float64{2}}, true }).(chart.Plot)
	if !ok || len(one.Lines) != 6 || one.Lines[5].Name != "a = 2, b = 1" || one.Lines[5].Colour != 5 {
		t.Errorf("%+v", one)
	}
}
