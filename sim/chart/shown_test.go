package chart

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// Columns' names stand beneath their columns, as many as have room, and none
// touches another, however many there are and however long.
func TestNamesOfColumnsKeepApart(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 40).Draw(t, "columns")
		h := Heat{X: "x", Y: "y", Rows: []string{"r"}, At: [][]float64{make([]float64, n)}}
		for c := range n {
			h.Columns = append(h.Columns, fmt.Sprintf("%02d%s", c, strings.Repeat("w", rapid.IntRange(0, 9).Draw(t, "letters"))))
		}
		d := sketch(h, rapid.Float64Range(200, 900).Draw(t, "width"))
		end, shown, row := math.Inf(-1), 0, math.NaN()
		for _, name := range h.Columns {
			at, there := d.at[name]
			if !there {
				continue
			}
			if shown++; shown > 1 && at.y != row {
				t.Fatalf("%q stands at %v, those before it at %v", name, at.y, row)
			}
			half := extent(name, textSize) / 2
			if at.x-half < end+5 {
				t.Fatalf("%q begins at %v, and the one before ends at %v", name, at.x-half, end)
			}
			end, row = at.x+half, at.y
		}
		if n == 1 && shown == 0 && extent(h.Columns[0], textSize) < mostWideColumn {
			t.Fatal("the only column has no name")
		}
	})
}

// The colours' scale says what its ends are, and where in it a number lies; where
// all are one, that is its middle.
func TestHeatsScale(t *testing.T) {
	for _, c := range []struct {
		at        [][]float64
		low, high float64
	}{
		{[][]float64{{3, -2}, {7}}, -2, 7}, {[][]float64{{4, 4}}, 4, 4}, {nil, 0, 1}, {[][]float64{{math.NaN(), math.Inf(1)}}, 0, 1},
		{[][]float64{{math.Inf(-1), 5, math.NaN()}}, 5, 5},
	} {
		if low, high := (Heat{At: c.at}).span(); low != c.low || high != c.high {
			t.Errorf("%v spans %v to %v, want %v to %v", c.at, low, high, c.low, c.high)
		}
	}
	for _, c := range []struct{ v, low, high, want float64 }{{-2, -2, 7, 0}, {7, -2, 7, 1}, {0, -1, 3, .25}, {4, 4, 4, .5}} {
		if got := portion(c.v, c.low, c.high); got != c.want {
			t.Errorf("%v from %v to %v lies at %v, want %v", c.v, c.low, c.high, got, c.want)
		}
	}
	d := sketch(Heat{Unit: "share", Columns: []string{"a", "b"}, Rows: []string{"r"}, At: [][]float64{{0.25, 0.75}}}, 600)
	low, mid, high := d.at["0.25"], d.at["share"], d.at["0.75"]
	if mid.x <= 0 || mid.y <= 0 || low.y <= mid.y || high.y != low.y || low.x >= high.x {
		t.Errorf("digits at %v and %v, the unit at %v", low, high, mid)
	}
}

// A cell's digits are in its middle, and say the number that its colour does.
func TestDigitsAreInTheirCells(t *testing.T) {
	h := Heat{Columns: []string{"a", "b", "c"}, Rows: []string{"low", "high"}, At: [][]float64{{11, 12, 13}, {21, 22, math.NaN()}}}
	d := sketch(h, 500)
	for i, name := range []string{"12", "22"} { // 11 and 22 are the scale's ends too
		at := d.at[name]
		column, row := d.at["b"], d.at[h.Rows[i]]
		if math.Abs(at.x-column.x) > 1e-9 || math.Abs(at.y-row.y) > 1e-9 {
			t.Errorf("%s is at %v; its column's name at %v, its row's at %v", name, at, column, row)
		}
	}
	if d.at["low"].y <= d.at["high"].y {
		t.Error("the first row is not the lowest")
	}
	if at, there := d.at["–"]; !there || math.Abs(at.x-d.at["c"].x) > 1e-9 {
		t.Errorf("what was not measured is shown at %v", at)
	}
}

// A picture that stands still shows edges taken evenly from all, each between the
// two that it joins; those among who takes part by themselves.
func TestEdgesOfANet(t *testing.T) {
	at := func(i int) point { return point{float64(i), float64(-i)} }
	n := Net{X: make([]float32, 6), Y: make([]float32, 6), State: []State{In, In, Out, Gone, In, Out},
		Edges: [][2]int32{{0, 1}, {1, 2}, {2, 3}, {4, 0}, {5, 4}}}
	if got, want := n.edges(at, true), []point{at(0), at(1), at(4), at(0)}; !slices.Equal(got, want) {
		t.Errorf("among those who take part %v, want %v", got, want)
	}
	if got, want := n.edges(at, false), []point{at(1), at(2), at(2), at(3), at(5), at(4)}; !slices.Equal(got, want) {
		t.Errorf("the others %v, want %v", got, want)
	}
	for _, edges := range []int{mostEdges - 1, mostEdges, mostEdges + 1, 2 * mostEdges, 10*mostEdges + 7} {
		n.Edges = make([][2]int32, edges)
		for i := range n.Edges {
			n.Edges[i] = [2]int32{1, int32(i % 2)}
		}
		drawn := (len(n.edges(at, true)) + len(n.edges(at, false))) / 2
		if drawn > mostEdges || drawn < min(edges, mostEdges/2) {
			t.Errorf("of %d edges %d are drawn", edges, drawn)
		}
	}
}

func TestNetsAreChecked(t *testing.T) {
	good := func() Net {
		return Net{X: make([]float32, 2), Y: make([]float32, 2), State: make([]State, 2), Square: []bool{true, false}, Edges: [][2]int32{{0, 1}}}
	}
	if err := good().Check(); err != nil {
		t.Error(err)
	}
	for want, change := range map[string]func(*Net){
		"2 places across, 1 down":        func(n *Net) { n.Y = n.Y[:1] },
		"1 states":                       func(n *Net) { n.State = n.State[:1] },
		"1 shapes":                       func(n *Net) { n.Square = n.Square[:1] },
		"edge 0 leads to 2 of 2":         func(n *Net) { n.Edges[0][1] = 2 },
		"edge 1 leads to -1 of 2":        func(n *Net) { n.Edges = append(n.Edges, [2]int32{-1, 0}) },
		"0 places across, 2 down, 2 sta": func(n *Net) { n.X = nil },
	} {
		n := good()
		change(&n)
		if err := n.Check(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
	n := good()
	if n.Square = nil; n.Check() != nil {
		t.Error("nobody is a vendor, and it can't be drawn")
	}
}

// The x axis shows where the values are and no more: years don't begin at 0,
// whatever the y axis does.
func TestTimeNeedNotBeginAtNothing(t *testing.T) {
	d := sketch(Plot{FromZero: true, Lines: []Line{{X: []float64{1966, 1990, 2005}, Y: []float64{30, 60, 90}}}}, 600)
	if _, there := d.at["1970"]; !there {
		t.Errorf("the axes say %q", d.words)
	}
	if _, there := d.at["500"]; there {
		t.Errorf("the x axis begins at nothing: %q", d.words)
	}
	if _, there := d.at["0"]; !there {
		t.Errorf("the y axis does not begin at nothing: %q", d.words)
	}
}

// Where a number's writing changes it changes once: at 0.0001 and at 1e15.
func TestShortAtItsSeams(t *testing.T) {
	for v, want := range map[float64]string{
		1e-4: "0.0001", 0.99e-4: "9.9e-05", -1e-4: "-0.0001", 1e15: "1e+15", 0.99e15: "990 T", -1e15: "-1e+15", 9999.4: "9999", 1e4: "10 k", 1e12: "1 T", 0.999e6: "999 k",
	} {
		if got := Short(v); got != want {
			t.Errorf("%v is written %q, want %q", v, got, want)
		}
	}
}

// Nice steps are the next of 1, 2 and 5 times a power of ten, up or down, and
// what is one already stays.
func TestNiceNumbers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := math.Pow(10, rapid.Float64Range(-9, 12).Draw(t, "exponent"))
		low, high := floorNice(v), ceilNice(v)
		if low > v*(1+1e-9) || high < v*(1-1e-9) || high/low > 2.5*(1+1e-9) {
			t.Fatalf("%v lies between %v and %v", v, low, high)
		}
		for _, n := range []float64{low, high} {
			lead := n / math.Pow(10, math.Floor(math.Log10(n)+1e-9))
			if math.Abs(lead-1) > 1e-9 && math.Abs(lead-2) > 1e-9 && math.Abs(lead-5) > 1e-9 {
				t.Fatalf("%v is no nice number", n)
			}
			if math.Abs(floorNice(n)/n-1) > 1e-9 || math.Abs(ceilNice(n)/n-1) > 1e-9 {
				t.Fatalf("%v does not stay: %v, %v", n, floorNice(n), ceilNice(n))
			}
		}
	})
	for _, v := range []float64{0, -1, math.NaN(), math.Inf(1)} {
		if nice(v) != 1 {
			t.Errorf("a step of %v becomes %v", v, nice(v))
		}
	}
}
