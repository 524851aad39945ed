package report

import (
	"bytes"
	"strings"
	"testing"

	"github.com/parley-network/parley/sim/outcome"
	"github.com/parley-network/parley/sim/scenario"
)

// swept is two points with two runs each: one quantity differs between points,
// one never, one is nothing at all, and one differs between runs alone.
func swept() Input {
	in := Input{Scenario: scenario.Default()}
	for p, q := range []float64{0.1, 0.2} {
		in.Points = append(in.Points, Point{{"adoption.q", q}})
		for r := range 2 {
			flat := func(x float64) []float64 { return []float64{x, x, x} }
			in.Cells = append(in.Cells, Cell{Point: p, Replicate: r, Outcome: &outcome.Outcome{
				Values: []outcome.Value{{Name: "people", Number: 100 * q}, {Name: "vendors", Number: 7}, {Name: "left", Number: 0}, {Name: "surplus", Number: float64(r)}},
				Series: []outcome.Series{{Name: "people", Step: []int{0, 1, 2}, At: []float64{1, 2, 100 * q}}, {Name: "vendors", Step: []int{0, 1, 2}, At: flat(7)},
					{Name: "left", Step: []int{0, 1, 2}, At: flat(0)}, {Name: "surplus", Step: []int{0, 1, 2}, At: flat(float64(r))}},
			}})
		}
	}
	return in
}

// TestWhatNeverChangesIsNotDrawn: it is named with its number instead. Who asks
// for it by name sees it.
func TestWhatNeverChangesIsNotDrawn(t *testing.T) {
	d, err := sorted(swept())
	if err != nil {
		t.Fatal(err)
	}
	names := func(plates []plate) string {
		var all []string
		for _, p := range plates {
			all = append(all, p.Figure.Name())
		}
		return strings.Join(all, ", ")
	}
	const changing = "People taking part, Surplus per intent"
	if got := names(d.curves()); got != changing {
		t.Errorf("curves of %s", got)
	}
	if got := names(d.sweeps(nil)); got != changing {
		t.Errorf("over the sweep: %s", got)
	}
	if got := names(d.sweeps([]string{"vendors"})); got != "Vendors taking part, "+changing {
		t.Errorf("asked for: %s", got)
	}
	if got := d.overview(nil).Head; strings.Join(got, ", ") != "adoption.\u200bq, "+changing+", money" {
		t.Errorf("at a glance: %q", got)
	}
	var page bytes.Buffer
	if err := HTML(&page, swept(), Options{NoPlots: true}); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(page.String(), "Always the same, and so not drawn: vendors taking part 7; nothing of left."); n != 2 {
		t.Errorf("what is not drawn is named %d times", n)
	}
}

// One point has no sweep, and its values stand at a glance whatever they are.
func TestOnePointIsShownWhole(t *testing.T) {
	in := swept()
	in.Points, in.Cells = in.Points[:1], in.Cells[:2]
	d, err := sorted(in)
	if err != nil {
		t.Fatal(err)
	}
	if got := d.overview(nil); len(got.Head) != 5 || len(got.Rows) != 1 || got.Names != 1 {
		t.Errorf("%+v", got)
	}
}

// TestFilmOfComingAndGoing: turns say it, and runs of before that there were
// turns are read by what they have.
func TestFilmOfComingAndGoing(t *testing.T) {
	s := &outcome.Spread{X: make([]float32, 3), Y: make([]float32, 3), Joined: []int{0, 2, -1}, Left: []int{9, -1, -1}, Vendor: make([]bool, 3),
		Turns: [][]int32{{0, 3, 5, 9}, {2}, nil}}
	states := func() string {
		var b strings.Builder
		for step := range 11 {
			for i := range s.X {
				b.WriteString([]string{"o", "I", "g"}[stateAt(s, i, step)])
			}
			b.WriteByte(' ')
		}
		return b.String()
	}
	if got := states(); got != "Ioo Ioo IIo gIo gIo IIo IIo IIo IIo gIo gIo " {
		t.Error(got)
	}
	if f := filmOf(s, 0, 9); len(f.Turns) != 3 || len(f.Turns[0]) != 4 || f.Turns[2] == nil {
		t.Errorf("%+v", f)
	}
	s.Turns = nil
	if got := states(); got != "Ioo Ioo IIo IIo IIo IIo IIo IIo IIo gIo gIo " {
		t.Error(got)
	}
	s.Turns = [][]int32{{4, 3}, nil, nil}
	if err := check(s); err == nil {
		t.Error("steps that fall")
	}
}
