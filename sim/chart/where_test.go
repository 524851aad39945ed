package chart

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// ledger keeps all that a figure asks of its pen.
type ledger struct {
	strokes []stroke
	lines   []stroke // of segments: the ends as they came
	fills   []filled
	dots    []dotted
	texts   []word
}

type stroke struct {
	through []point
	ink     ink
	width   float64
	dash    []float64
}

type filled struct {
	corners []point
	ink     ink
	opacity float64
	told    string
}

type dotted struct {
	at     point
	radius float64
	ink    ink
	told   string
}

type word struct {
	at    point
	s     string
	size  float64
	ink   ink
	align int
	bold  bool
}

func (l *ledger) stroke(through []point, k ink, width float64, dash []float64) {
	l.strokes = append(l.strokes, stroke{slices.Clone(through), k, width, dash})
}
func (l *ledger) segments(ends []point, k ink, width float64) {
	l.lines = append(l.lines, stroke{slices.Clone(ends), k, width, nil})
}
func (l *ledger) fill(corners []point, k ink, opacity float64, told string) {
	if len(corners) > 0 {
		l.fills = append(l.fills, filled{slices.Clone(corners), k, opacity, told})
	}
}
func (l *ledger) dot(at point, radius float64, k ink, told string) {
	l.dots = append(l.dots, dotted{at, radius, k, told})
}
func (l *ledger) text(at point, s string, size float64, k ink, align int, bold bool) {
	l.texts = append(l.texts, word{at, s, size, k, align, bold})
}

// kept draws a figure with its corner at 30, 40, so that nothing that forgets
// where it is passes.
func kept(f Figure, width float64) *ledger {
	l := &ledger{}
	f.draw(l, box{30, 40, width, f.height(width)})
	return l
}

// said is the text of a figure that is s.
func (l *ledger) said(t interface{ Fatalf(string, ...any) }, s string) word {
	for _, w := range l.texts {
		if w.s == s {
			return w
		}
	}
	t.Fatalf("nothing says %q", s)
	return word{}
}

// meant is the number that an axis writes so.
func meant(t interface{ Fatalf(string, ...any) }, s string) float64 {
	by := 1.0
	for unit, x := range map[string]float64{" k": 1e3, " M": 1e6, " G": 1e9, " T": 1e12} {
		if rest, ok := strings.CutSuffix(s, unit); ok {
			s, by = rest, x
		}
	}
	v, err := strconv.ParseFloat(s, 64)
	if err != nil {
		t.Fatalf("an axis says %q", s)
	}
	return v * by
}

// axis is where a plot's labels say that values are: two of them far apart, by
// which all others are reckoned.
type axis struct {
	low, high float64 // values
	from, to  float64 // places
	log       bool
	labelled  int
}

func (a axis) at(v float64) float64 {
	low, high := a.low, a.high
	if a.log {
		low, high, v = math.Log(low), math.Log(high), math.Log(v)
	}
	return a.from + (v-low)/(high-low)*(a.to-a.from)
}

// axes reads a plot's from what is written beside it: grid lines and the words
// that end beside them, ticks and the words beneath them.
func (l *ledger) axes(t interface{ Fatalf(string, ...any) }, p Plot) (x, y axis) {
	var bottom float64
	for _, s := range l.strokes {
		if s.ink == axisInk && len(s.through) == 2 && s.through[0].y == s.through[1].y {
			bottom = s.through[0].y
		}
	}
	x.log, y.log = p.LogX, p.LogY
	take := func(a *axis, v, at float64) {
		if a.labelled++; a.labelled == 1 {
			a.low, a.from = v, at
		}
		a.high, a.to = v, at
	}
	for _, s := range l.strokes {
		if len(s.through) != 2 {
			continue
		}
		for _, w := range l.texts {
			if s.ink == gridInk && w.align == 1 && w.ink == faintInk && math.Abs(w.at.y-textSize*0.35-s.through[0].y) < 1e-9 && w.at.x < s.through[0].x {
				take(&y, meant(t, w.s), s.through[0].y)
			}
			if s.ink == axisInk && s.through[0].x == s.through[1].x && w.align == 0 && w.at.y > bottom && math.Abs(w.at.x-s.through[0].x) < 1e-9 {
				take(&x, meant(t, w.s), s.through[0].x)
			}
		}
	}
	return x, y
}

// Every point is where the axes' own labels say that its value is, within the
// plot, and a band lies around its line.
func TestPointsAreWhereTheAxesSay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := Plot{X: "step", Y: "share", LogX: rapid.Bool().Draw(t, "log x"), LogY: rapid.Bool().Draw(t, "log y"), FromZero: rapid.Bool().Draw(t, "from zero")}
		number := func(log bool) *rapid.Generator[float64] {
			if log {
				return rapid.Custom(func(t *rapid.T) float64 { return math.Pow(10, rapid.Float64Range(-2, 3).Draw(t, "exponent")) })
			}
			return rapid.Float64Range(-900, 900)
		}
		line := Line{Mark: Both, Colour: rapid.IntRange(0, Colours-1).Draw(t, "colour")}
		for range rapid.IntRange(2, 9).Draw(t, "points") {
			y := number(p.LogY).Draw(t, "y")
			line.X, line.Y = append(line.X, number(p.LogX).Draw(t, "x")), append(line.Y, y)
			line.Low, line.High = append(line.Low, y-math.Abs(y)/3), append(line.High, y+math.Abs(y)/4)
		}
		if rapid.Bool().Draw(t, "no band") {
			line.Low, line.High = nil, nil
		}
		p.Lines = []Line{line}
		l := kept(p, 700)
		x, y := l.axes(t, p)
		if y.labelled < 2 {
			t.Fatalf("the y axis has %d labels: %v", y.labelled, l.texts)
		}
		inside := box{30, 40, 700, p.height(700)}
		if len(l.dots) != len(line.X) {
			t.Fatalf("%d dots of %d points", len(l.dots), len(line.X))
		}
		for i, d := range l.dots {
			if math.Abs(d.at.y-y.at(line.Y[i])) > 1 {
				t.Fatalf("%v stands at %v, and by the labels at %v", line.Y[i], d.at.y, y.at(line.Y[i]))
			}
			if x.labelled > 1 && math.Abs(d.at.x-x.at(line.X[i])) > 1+0.005*math.Abs(x.to-x.from) {
				t.Fatalf("%v stands at %v, and by the labels at %v", line.X[i], d.at.x, x.at(line.X[i]))
			}
			if d.at.x < inside.x || d.at.x > inside.right() || d.at.y < inside.y || d.at.y > inside.bottom() {
				t.Fatalf("a point stands at %v", d.at)
			}
			if d.ink != lineInk(line.Colour) || d.radius != 3 {
				t.Fatalf("a dot of %v, %v wide", d.ink, d.radius)
			}
		}
		for _, f := range l.fills {
			n := len(line.X)
			if len(f.corners) != 2*n || f.opacity >= 0.5 {
				t.Fatalf("a band of %d corners for %d points, opacity %v", len(f.corners), n, f.opacity)
			}
			for i, d := range l.dots { // lows in order, then highs back
				if low, high := f.corners[i], f.corners[2*n-1-i]; low.x != d.at.x || high.x != d.at.x || low.y < d.at.y-1e-9 || high.y > d.at.y+1e-9 {
					t.Fatalf("a band from %v to %v around %v", low, high, d.at)
				}
			}
		}
		if (len(line.Low) > 0) != (len(l.fills) == 1) {
			t.Fatalf("%d bands", len(l.fills))
		}
		if p.FromZero && !p.LogY && y.at(0) > inside.bottom() {
			t.Fatalf("0 stands at %v, beneath the plot", y.at(0))
		}
	})
}

// Axes are named, y above the axis and x beneath its end; the title is above all
// in bold. Values that are to be included are.
func TestAxesAreNamed(t *testing.T) {
	p := Plot{Title: "a title", X: "weeks", Y: "people", Lowest: -40, Highest: 360, Lines: []Line{{Name: "one", X: []float64{1, 9}, Y: []float64{10, 20}, Mark: Dots},
		{Name: "two", X: []float64{1, 9}, Y: []float64{30, 40}, Colour: 3}}}
	l := kept(p, 500)
	title, x, y := l.said(t, "a title"), l.said(t, "weeks"), l.said(t, "people")
	one, two := l.said(t, "one"), l.said(t, "two")
	if !title.bold || title.align != -1 || title.at.x != 30 || title.size != titleSize || title.ink != textInk {
		t.Errorf("title %+v", title)
	}
	if y.align != -1 || y.at.x != 30 || x.align != 1 || x.ink != faintInk || y.ink != faintInk || x.bold || y.bold {
		t.Errorf("axes %+v and %+v", x, y)
	}
	if !(title.at.y < one.at.y && one.at.y == two.at.y && one.at.y < y.at.y && y.at.y < x.at.y) || one.at.x >= two.at.x {
		t.Errorf("from above: title %v, legend %v and %v, y %v, x %v", title.at, one.at, two.at, y.at, x.at)
	}
	_, axis := l.axes(t, p)
	for _, v := range []float64{-40, 360} {
		if at := axis.at(v); at < y.at.y || at > x.at.y {
			t.Errorf("%v stands at %v, outside the plot", v, at)
		}
	}
	// In the legend dots are shown by a dot alone, a line by a dashed stroke alone.
	near := func(at point, w word) bool {
		return math.Abs(at.y-w.at.y) < textSize && at.x < w.at.x && at.x > w.at.x-swatch-10
	}
	dots, strokes := 0, 0
	for _, d := range l.dots {
		if near(d.at, one) && d.ink == lineInk(0) {
			dots++
		} else if near(d.at, two) {
			dots += 100
		}
	}
	for _, s := range l.strokes {
		if near(s.through[0], two) && s.ink == lineInk(3) && fmt.Sprint(s.dash) == fmt.Sprint(dashes[3]) && s.through[1].x-s.through[0].x == swatch {
			strokes++
		} else if near(s.through[0], one) {
			strokes += 100
		}
	}
	if dots != 1 || strokes != 1 {
		t.Errorf("in the legend %d dots and %d strokes", dots, strokes)
	}
}

// A heat's cells tile its place, the first row lowest, each in the colour of
// its number; its axes are named and its rows and columns stand by their cells.
func TestCellsTile(t *testing.T) {
	h := Heat{Title: "map", X: "rewire", Y: "seeds", Columns: []string{"a", "b", "c"}, Rows: []string{"low", "high"}, At: [][]float64{{0, 1, 2}, {3, 4, math.NaN()}}, Unit: "share"}
	l := kept(h, 600)
	cells := map[string]filled{}
	for _, f := range l.fills {
		if f.told != "" {
			cells[f.told] = f
		}
	}
	if len(cells) != 6 {
		t.Fatalf("%d cells", len(cells))
	}
	middle := func(f filled) point {
		return point{(f.corners[0].x + f.corners[2].x) / 2, (f.corners[0].y + f.corners[2].y) / 2}
	}
	var width, tall float64
	for r, row := range h.Rows {
		for c, column := range h.Columns {
			v := h.At[r][c]
			f, ok := cells[fmt.Sprintf("rewire %s, seeds %s: %s", column, row, Short(v))]
			if !ok {
				t.Fatalf("no cell of %s and %s", column, row)
			}
			want := gridInk
			if !math.IsNaN(v) {
				want = heat(v / 4)
			}
			if f.ink != want || f.opacity != 1 {
				t.Errorf("%v has the colour %v, want %v", v, f.ink, want)
			}
			m := middle(f)
			if math.Abs(m.x-l.said(t, column).at.x) > 1e-9 || math.Abs(m.y+textSize*0.35-l.said(t, row).at.y) > 1e-9 {
				t.Errorf("cell of %s and %s stands at %v", column, row, m)
			}
			w, d := f.corners[2].x-f.corners[0].x, f.corners[2].y-f.corners[0].y
			if width == 0 {
				width, tall = w, d
			}
			if math.Abs(w-width) > 1e-9 || math.Abs(d-tall) > 1e-9 || w < 20 || d < 20 {
				t.Errorf("a cell of %v × %v, others of %v × %v", w, d, width, tall)
			}
			// Neighbours stand a cell apart, with a gap of 1.5 between.
			if c > 0 {
				left := cells[fmt.Sprintf("rewire %s, seeds %s: %s", h.Columns[c-1], row, Short(h.At[r][c-1]))]
				if got := f.corners[0].x - left.corners[2].x; math.Abs(got-1.5) > 1e-9 {
					t.Errorf("%v between two columns", got)
				}
			}
			if r > 0 {
				below := cells[fmt.Sprintf("rewire %s, seeds %s: %s", column, h.Rows[r-1], Short(h.At[r-1][c]))]
				if got := below.corners[0].y - f.corners[2].y; math.Abs(got-1.5) > 1e-9 {
					t.Errorf("%v between two rows", got)
				}
			}
		}
	}
	x, y := l.said(t, "rewire"), l.said(t, "seeds")
	if x.align != 1 || y.align != -1 || y.at.x != 30 || y.at.y >= l.said(t, "high").at.y || x.at.y <= l.said(t, "a").at.y {
		t.Errorf("axes %+v and %+v", x, y)
	}
	// Digits can be read on their cell: dark on light and light on dark.
	for _, w := range l.texts {
		if w.s == "1" && w.ink.String() != "#ffffff" || w.s == "3" && w.ink.String() != "#000000" || w.s == "–" && w.ink != faintInk {
			t.Errorf("%q is written in %v", w.s, w.ink)
		}
	}
	// The scale of colours goes from the least to the greatest without a gap.
	var scale []filled
	for _, f := range l.fills {
		if f.told == "" {
			scale = append(scale, f)
		}
	}
	for i, f := range scale {
		if f.ink != heat((float64(i)+0.5)/float64(len(scale))) {
			t.Errorf("piece %d of the scale is %v", i, f.ink)
		}
		if i > 0 && (f.corners[0].x > scale[i-1].corners[1].x || f.corners[0].x <= scale[i-1].corners[0].x) {
			t.Errorf("piece %d of the scale begins at %v, the one before ends at %v", i, f.corners[0].x, scale[i-1].corners[1].x)
		}
	}
	if low, high := l.said(t, "0"), l.said(t, "4"); low.at.x != scale[0].corners[0].x || math.Abs(high.at.x-scale[len(scale)-1].corners[1].x) > 0.5 {
		t.Errorf("the scale's ends are named at %v and %v", low.at, high.at)
	}
}

// Agents of a net are where they were laid out, x across and y down, within the
// figure; people round, vendors square, those who take part on top.
func TestAgentsOfANet(t *testing.T) {
	n := Net{Title: "net", X: []float32{0, 1, 0.25, 0.5}, Y: []float32{0, 1, 0.75, 0.5}, State: []State{In, Out, Gone, In}, Square: []bool{false, false, false, true},
		Edges: [][2]int32{{0, 3}, {1, 2}}}
	l := kept(n, 400)
	if len(l.dots) != 3 || len(l.fills) != 1 {
		t.Fatalf("%d dots and %d squares", len(l.dots), len(l.fills))
	}
	for i, want := range []struct {
		ink  ink
		x, y float64
	}{{idleInk, 1, 1}, {lineInk(1), 0.25, 0.75}, {lineInk(0), 0, 0}} { // from below: out, gone, in
		d := l.dots[i]
		across, down := (d.at.x-36)/(400-12), (d.at.y-40-textSize-16)/(n.height(400)-textSize-22)
		if d.ink != want.ink || math.Abs(across-want.x) > 1e-9 || math.Abs(down-want.y) > 1e-9 {
			t.Errorf("dot %d is %v at %.3f, %.3f; want %v at %v, %v", i, d.ink, across, down, want.ink, want.x, want.y)
		}
	}
	f := l.fills[0]
	at := point{(f.corners[0].x + f.corners[2].x) / 2, (f.corners[0].y + f.corners[2].y) / 2}
	if f.ink != lineInk(4) || at != l.lines[1].through[1] || l.lines[1].through[0] != l.dots[2].at || l.lines[0].ink != gridInk || l.lines[1].ink != idleInk {
		t.Errorf("a vendor at %v in %v; lines %+v", at, f.ink, l.lines)
	}
	if w, d := f.corners[1].x-f.corners[0].x, f.corners[2].y-f.corners[1].y; math.Abs(w-d) > 1e-9 || w < 2*l.dots[0].radius {
		t.Errorf("a square of %v × %v", w, d)
	}
}

// A legend's bars and dots, a band's steps between missing values: what stands
// alone has no width and is not filled, and each stretch is its own.
func TestBandsBreak(t *testing.T) {
	gap := math.NaN()
	l := kept(Plot{Lines: []Line{{X: []float64{0, 1, 2, 3, 4, 5}, Y: []float64{1, 1, 1, 1, 1, 1}, Low: []float64{0, 0, gap, 0, 0, 0}, High: []float64{2, 2, 2, 2, 2, gap}}}}, 500)
	if len(l.fills) != 2 || len(l.fills[0].corners) != 4 || len(l.fills[1].corners) != 4 {
		t.Errorf("%+v", l.fills)
	}
	across := kept(Plot{Lines: []Line{{X: []float64{1, 2}, Y: []float64{3, 4}, Left: []float64{0, 1}, Right: []float64{2, 5}}}}, 500)
	f := across.fills[0]
	for i := range 2 { // left in order, then right back: at one height each
		if left, right := f.corners[i], f.corners[3-i]; left.y != right.y || left.x >= right.x {
			t.Errorf("a band from %v to %v", left, right)
		}
	}
	bars := kept(Plot{Lines: []Line{{X: []float64{1, 2}, Y: []float64{3, 4}, Low: []float64{2, gap}, High: []float64{4, 5}, Bars: true, Mark: Dots}}}, 500)
	n := 0
	for _, s := range bars.strokes {
		if s.ink == lineInk(0) {
			if n++; s.through[0].x != s.through[1].x || s.through[0].y <= s.through[1].y || s.through[0].x != bars.dots[0].at.x {
				t.Errorf("a bar from %v to %v", s.through[0], s.through[1])
			}
		}
	}
	if n != 1 {
		t.Errorf("%d bars", n)
	}
}
