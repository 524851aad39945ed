package report

import (
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/parley-network/parley/sim/chart"
	"github.com/parley-network/parley/sim/outcome"
)

// frames is how many still pictures show a spread.
const frames = 6

// film is a spread as pictures and as what the page's script plays.
type film struct {
	plate
	Title string
	Steps int
	Unit  string
	Data  filmData
}

// filmData is in units of a thousandth of the plane's side.
type filmData struct {
	X      []int      `json:"x"`
	Y      []int      `json:"y"`
	Turns  [][]int32  `json:"turns"`  // the steps at which each came and went, by turns
	Vendor []int      `json:"vendor"` // numbers of those who are
	Edges  [][2]int32 `json:"edges"`
	First  int        `json:"first"`
	Last   int        `json:"last"`
}

func (d *digest) films() []film {
	var out []film
	for i, s := range d.spreads {
		first, last := ends(s.spread)
		f := film{Title: "How it spread", Unit: d.step(), Steps: last, Data: filmOf(s.spread, first, last)}
		if label := d.label(s.point); label != "" {
			f.Title += ", " + label
		}
		f.ID = slug("spread", strconv.Itoa(i+1))
		g := chart.Grid{Title: f.Title, Least: 165}
		steps := stills(first, last)
		for _, step := range steps {
			g.Figures = append(g.Figures, still(s.spread, step, d.step()))
		}
		f.Figure, f.Open = g, true
		f.Caption = fmt.Sprintf("%s of one run (seed %d), as they joined. Blue dots: people; squares: vendors; grey: not yet there; vermilion: gone again. Of more agents than are drawn, they are those nearest in the network to who began, people and vendors in proportion.",
			count(len(s.spread.X), "agent", "agents"), s.seed)
		f.Table = spreadTable(s.spread, steps, d.step())
		out = append(out, f)
	}
	return out
}

// ends are the first and the last step anything happens at.
func ends(s *outcome.Spread) (first, last int) {
	for i := range s.X {
		if turns := s.TurnsOf(i); len(turns) > 0 {
			last = max(last, int(turns[len(turns)-1]))
		}
	}
	return 0, last
}

// stills are the steps of the pictures, without repeating one.
func stills(first, last int) []int {
	var out []int
	for k := range frames {
		out = append(out, first+int(math.Round(float64(k)*float64(last-first)/(frames-1))))
	}
	return slices.Compact(out)
}

func stateAt(s *outcome.Spread, i, step int) chart.State {
	n := 0
	for _, at := range s.TurnsOf(i) {
		if int(at) <= step {
			n++
		}
	}
	switch {
	case n == 0:
		return chart.Out
	case n%2 == 0:
		return chart.Gone
	}
	return chart.In
}

func still(s *outcome.Spread, step int, unit string) chart.Figure {
	n := chart.Net{X: s.X, Y: s.Y, Edges: s.Edges, Square: s.Vendor}
	in := 0
	for i := range s.X {
		n.State = append(n.State, stateAt(s, i, step))
		if n.State[i] == chart.In {
			in++
		}
	}
	n.Title = fmt.Sprintf("%s %d: %s take part", unit, step, grouped(in))
	return n
}

func spreadTable(s *outcome.Spread, steps []int, unit string) table {
	t := table{Head: []string{unit, "people taking part", "vendors taking part", "gone again", "not yet there"}}
	for _, step := range steps {
		var people, vendors, left, out int
		for i := range s.X {
			switch stateAt(s, i, step) {
			case chart.Out:
				out++
			case chart.Gone:
				left++
			case chart.In:
				if s.Vendor[i] {
					vendors++
				} else {
					people++
				}
			}
		}
		t.Rows = append(t.Rows, []string{strconv.Itoa(step), grouped(people), grouped(vendors), grouped(left), grouped(out)})
	}
	return t
}

// mostFilmEdges bounds what is written into the page.
const mostFilmEdges = 12_000

func filmOf(s *outcome.Spread, first, last int) filmData {
	f := filmData{Turns: make([][]int32, len(s.X)), Edges: evenly(s.Edges, mostFilmEdges), First: first, Last: last}
	for i := range s.X {
		f.X = append(f.X, thousandth(s.X[i]))
		f.Y = append(f.Y, thousandth(s.Y[i]))
		f.Turns[i] = append([]int32{}, s.TurnsOf(i)...)
		if s.Vendor[i] {
			f.Vendor = append(f.Vendor, i)
		}
	}
	if f.Edges == nil {
		f.Edges = [][2]int32{}
	}
	if f.Vendor == nil {
		f.Vendor = []int{}
	}
	return f
}

func thousandth(v float32) int {
	if !(v >= 0 && v <= 1) { // NaN too
		return 0
	}
	return int(math.Round(float64(v) * 1000))
}
