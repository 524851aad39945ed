package chart

import (
	"bytes"
	"fmt"
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// drawn writes down what a figure asks of its pen.
type drawn struct {
	strokes, fills, dots int
	points               [][]point
	dashes               [][]float64
	words                []string
	at                   map[string]point
}

func (d *drawn) stroke(through []point, k ink, _ float64, dash []float64) {
	if strings.HasPrefix(k.role, "c") {
		d.strokes++
		d.points = append(d.points, through)
		d.dashes = append(d.dashes, dash)
	}
}
func (d *drawn) segments([]point, ink, float64) {}
func (d *drawn) fill(corners []point, k ink, _ float64, _ string) {
	if len(corners) > 2 {
		d.fills++
	}
}
func (d *drawn) dot(point, float64, ink, string) { d.dots++ }
func (d *drawn) text(at point, s string, _ float64, _ ink, _ int, _ bool) {
	if d.at == nil {
		d.at = map[string]point{}
	}
	d.words, d.at[s] = append(d.words, s), at
}

func sketch(f Figure, width float64) *drawn {
	d := &drawn{}
	f.draw(d, box{0, 0, width, f.height(width)})
	return d
}

func TestPlotBreaksItsLineWhereAValueIsMissing(t *testing.T) {
	x := []float64{0, 1, 2, 3, 4, 5}
	y := []float64{1, 2, math.NaN(), 3, math.Inf(1), 5}
	d := sketch(Plot{Lines: []Line{{X: x, Y: y}}}, 400)
	// Two joined, then one alone, then one alone: those are dots.
	joined := 0
	for _, p := range d.points {
		if len(p) > 1 {
			joined++
		}
	}
	if joined != 1 || d.dots != 2 {
		t.Errorf("%d lines and %d dots", joined, d.dots)
	}
}

func TestPlotDrawsBandsAndBars(t *testing.T) {
	x, low, high := []float64{0, 1, 2, 3}, []float64{1, 2, 3, 4}, []float64{2, 3, 4, 5}
	if d := sketch(Plot{Lines: []Line{{X: x, Y: low, Low: low, High: high}}}, 400); d.fills != 1 || d.strokes != 1 {
		t.Errorf("a band: %d fills, %d strokes", d.fills, d.strokes)
	}
	if d := sketch(Plot{Lines: []Line{{X: x, Y: low, Left: low, Right: high}}}, 400); d.fills != 1 {
		t.Errorf("a band across: %d fills", d.fills)
	}
	if d := sketch(Plot{Lines: []Line{{X: x, Y: low, Low: low, High: high, Bars: true, Mark: Dots}}}, 400); d.fills != 0 || d.strokes != 4 || d.dots != 4 {
		t.Errorf("bars: %d fills, %d strokes, %d dots", d.fills, d.strokes, d.dots)
	}
	gap := []float64{1, math.NaN(), 3, 4}
	if d := sketch(Plot{Lines: []Line{{X: x, Y: low, Low: gap, High: high}}}, 400); d.fills != 1 {
		t.Errorf("a band with a gap: %d fills", d.fills) // one point has no width, two have
	}
}

func TestLegendWrapsAndNamesEachLine(t *testing.T) {
	p := Plot{}
	for i := range Colours {
		p.Lines = append(p.Lines, Line{Name: fmt.Sprintf("a long name, number %d", i), X: []float64{0, 1}, Y: []float64{0, 1}, Colour: i})
	}
	wide, narrow := sketch(p, 2000), sketch(p, 300)
	for i := range Colours {
		name := p.Lines[i].Name
		if _, ok := narrow.at[name]; !ok {
			t.Errorf("%q is not in the legend", name)
		}
		if wide.at[name].y != wide.at[p.Lines[0].Name].y || i > 0 && wide.at[name].x <= wide.at[p.Lines[i-1].Name].x {
			t.Errorf("where there is room, %q is not beside the one before", name)
		}
		if i > 0 && narrow.at[name].y <= narrow.at[p.Lines[i-1].Name].y {
			t.Errorf("where there is none, %q is not below", name)
		}
	}
	if p.height(300)-p.legendHeight(300) != p.height(300)-float64(Colours)*(textSize+7)-6 {
		t.Error("the legend's rows don't count in the height")
	}
	// The first three are whole, the others dashed, each its own way.
	seen := map[string]bool{}
	for i := range Colours {
		dash := fmt.Sprint(Line{Colour: i}.dash())
		if (i < 3) != (dash == "[]") || i >= 3 && seen[dash] {
			t.Errorf("line %d is dashed %s", i, dash)
		}
		seen[dash] = true
	}
	p.Small = true
	if len(p.named()) != 0 || p.legendHeight(300) != 0 {
		t.Error("a small plot has a legend")
	}
}

func TestGridHasOneLegendForAll(t *testing.T) {
	lines := []Line{{Name: "one", X: []float64{0, 1}, Y: []float64{0, 1}}, {Name: "two", X: []float64{0, 1}, Y: []float64{1, 0}, Colour: 1}}
	g := Grid{Title: "all", Legend: lines}
	for i := range 4 {
		g.Figures = append(g.Figures, Plot{Title: fmt.Sprint("panel ", i), Small: true, Lines: lines})
	}
	d := sketch(g, 800)
	count := map[string]int{}
	for _, w := range d.words {
		count[w]++
	}
	if count["one"] != 1 || count["two"] != 1 || count["all"] != 1 || count["panel 3"] != 1 {
		t.Errorf("%v", count)
	}
	if a, b, c := d.at["panel 0"], d.at["panel 1"], d.at["panel 2"]; a.y != b.y || a.x >= b.x || c.x != a.x || c.y <= a.y || d.at["one"].y >= a.y {
		t.Errorf("panels at %v, %v, %v", a, b, c)
	}
}

// No figure draws outside its height, so that none lies on the next.
func TestFiguresStayWithinTheirHeight(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f, width := anything(t), rapid.Float64Range(200, 1200).Draw(t, "width")
		d, h := sketch(f, width), f.height(width)
		for w, at := range d.at {
			if at.y < 0 || at.y > h+1 {
				t.Fatalf("%q is at %v of %v", w, at.y, h)
			}
		}
		for _, line := range d.points {
			for _, p := range line {
				if p.y < -1 || p.y > h+1 || p.x < -1 || p.x > width+1 {
					t.Fatalf("a line goes to %v in %v × %v", p, width, h)
				}
			}
		}
	})
}

func TestHeatLeavesOutDigitsWithoutRoom(t *testing.T) {
	h := Heat{}
	for i := range 60 {
		h.Columns, h.Rows = append(h.Columns, fmt.Sprint("c", i)), append(h.Rows, fmt.Sprint("r", i))
		h.At = append(h.At, make([]float64, 60))
	}
	h.At[59][59] = 1
	d := sketch(h, 400)
	if n := len(d.words); n > 90 { // names that fit, and the scale's ends
		t.Errorf("%d words on 3,600 cells", n)
	}
	if d.fills < 3600 {
		t.Errorf("%d cells", d.fills)
	}
}

func TestFittedShortensToTheWidth(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, width := rapid.StringN(0, 60, -1).Draw(t, "text"), rapid.Float64Range(20, 400).Draw(t, "width")
		got := fitted(s, textSize, width)
		if extent(got, textSize) > width && len([]rune(got)) > 2 {
			t.Fatalf("%q takes %v of %v", got, extent(got, textSize), width)
		}
		if extent(s, textSize) <= width && got != s {
			t.Fatalf("%q was shortened to %q", s, got)
		}
	})
}

func TestSVGFileBringsItsColours(t *testing.T) {
	var b bytes.Buffer
	if err := SVG(&b, Plot{Title: "a < b", Lines: []Line{{X: []float64{0, 1}, Y: []float64{0, 1}}}}, 300); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`xmlns="http://www.w3.org/2000/svg"`, "<title>a &lt; b</title>", ".s-c0{stroke:" + lineInk(0).String() + "}", `fill="#fff"`} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %s", want)
		}
	}
	if strings.Contains(b.String(), "var(--") {
		t.Error("a colour comes from a page")
	}
}
