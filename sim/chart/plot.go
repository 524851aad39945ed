package chart

import (
	"fmt"
	"math"
	"slices"
)

// Plot shows lines over two axes.
type Plot struct {
	Title string
	// X and Y name the axes, with the unit.
	X, Y       string
	LogX, LogY bool
	// WholeX is of an x that counts: no tick stands between two numbers.
	WholeX bool
	// FromZero has the y axis begin at 0.
	FromZero bool
	Lines    []Line
	// Lowest and Highest widen the y axis to include them; both 0: as needed.
	Lowest, Highest float64
	// Small leaves out the legend and draws lower: one of many.
	Small bool
}

// Mark is how a line is shown.
type Mark int

const (
	// Stroke joins the points.
	Stroke Mark = iota
	// Dots shows each.
	Dots
	// Both joins and shows them.
	Both
)

// Line is one quantity in a plot.
type Line struct {
	Name   string
	X, Y   []float64
	Mark   Mark
	Colour int // below Colours
	// Low and High are a band around Y, Left and Right one around X.
	Low, High   []float64
	Left, Right []float64
	// Bars shows the band as a bar at each point.
	Bars bool
}

// Name implements [Figure].
func (c Plot) Name() string { return c.Title }

func (c Plot) height(width float64) float64 {
	h := math.Min(math.Max(width*0.52, 240), 400)
	if c.Small {
		h = math.Max(width*0.62, 130)
	}
	head := 0.0
	if c.Title != "" {
		head = titleSize + 10
	}
	return h + head + c.legendHeight(width)
}

func (c Plot) draw(p pen, b box) {
	b = title(p, c.Title, b)
	b = c.legend(p, b)
	if c.Y != "" {
		p.text(point{b.x, b.y + textSize - 2}, fitted(c.Y, textSize, b.w), textSize, faintInk, -1, false)
		b = b.cut(0, textSize+8, 0, 0)
	}
	below := float64(textSize + 8)
	if c.X != "" {
		below += textSize + 4
	}
	xs, ys := c.values()
	y := newScale(ys, c.LogY, c.FromZero, true, int(b.h/55)+1)
	left := 8.0
	names := labels(y.ticks)
	for _, s := range names {
		left = math.Max(left, extent(s, textSize)+8)
	}
	in := b.cut(left, 4, 10, below)
	x := newScale(xs, c.LogX, false, c.LogX, int(in.w/80)+1)
	if c.WholeX {
		x.ticks = slices.DeleteFunc(x.ticks, func(v float64) bool { return v != math.Trunc(v) })
	}
	x.from, x.to, y.from, y.to = in.x, in.right(), in.bottom(), in.y
	c.axes(p, b, in, x, y, names)
	for _, l := range c.Lines {
		l.band(p, x, y)
	}
	for _, l := range c.Lines {
		l.line(p, x, y)
	}
}

func (c Plot) values() (xs, ys []float64) {
	for _, l := range c.Lines {
		xs = append(append(append(xs, l.X...), l.Left...), l.Right...)
		ys = append(append(append(ys, l.Y...), l.Low...), l.High...)
	}
	if c.Lowest != 0 || c.Highest != 0 {
		ys = append(ys, c.Lowest, c.Highest)
	}
	return xs, ys
}

func (c Plot) axes(p pen, b, in box, x, y scale, names []string) {
	for i, v := range y.ticks {
		at := y.at(v)
		p.stroke([]point{{in.x, at}, {in.right(), at}}, gridInk, 1, nil)
		p.text(point{in.x - 6, at + textSize*0.35}, names[i], textSize, faintInk, 1, false)
	}
	p.stroke([]point{{in.x, in.bottom()}, {in.right(), in.bottom()}}, axisInk, 1, nil)
	free := math.Inf(-1)
	for i, s := range labels(x.ticks) {
		at := x.at(x.ticks[i])
		p.stroke([]point{{at, in.bottom()}, {at, in.bottom() + 4}}, axisInk, 1, nil)
		half := extent(s, textSize) / 2
		mid := math.Min(at, b.right()-half)
		if mid-half < free {
			continue
		}
		p.text(point{mid, in.bottom() + textSize + 6}, s, textSize, faintInk, 0, false)
		free = mid + half + 6
	}
	if c.X != "" {
		p.text(point{in.right(), in.bottom() + 2*textSize + 10}, fitted(c.X, textSize, b.w), textSize, faintInk, 1, false)
	}
}

const swatch = 22

func (c Plot) named() []Line {
	var out []Line
	for _, l := range c.Lines {
		if l.Name != "" {
			out = append(out, l)
		}
	}
	if c.Small || len(out) < 2 {
		return nil
	}
	return out
}

// place puts the legend's entries in rows, and returns how many there are.
func (c Plot) place(width float64, put func(l Line, x float64, row int)) int {
	x, row := 0.0, 0
	lines := c.named()
	for _, l := range lines {
		w := swatch + 6 + extent(l.Name, textSize) + 18
		if x > 0 && x+w-18 > width {
			x, row = 0, row+1
		}
		put(l, x, row)
		x += w
	}
	if len(lines) == 0 {
		return 0
	}
	return row + 1
}

func (c Plot) legendHeight(width float64) float64 {
	rows := c.place(width, func(Line, float64, int) {})
	if rows == 0 {
		return 0
	}
	return float64(rows)*(textSize+7) + 6
}

func (c Plot) legend(p pen, b box) box {
	c.place(b.w, func(l Line, x float64, row int) {
		y := b.y + float64(row)*(textSize+7) + textSize
		k, mid := lineInk(l.Colour), y-textSize*0.35
		if l.Mark != Dots {
			p.stroke([]point{{b.x + x, mid}, {b.x + x + swatch, mid}}, k, 2.25, l.dash())
		}
		if l.Mark != Stroke {
			p.dot(point{b.x + x + swatch/2, mid}, 3, k, "")
		}
		p.text(point{b.x + x + swatch + 6, y}, fitted(l.Name, textSize, b.w-x-swatch-6), textSize, textInk, -1, false)
	})
	return b.cut(0, c.legendHeight(b.w), 0, 0)
}

func (l Line) dash() []float64 { return dashes[((l.Colour%Colours)+Colours)%Colours] }

// band draws what lies around the line.
func (l Line) band(p pen, x, y scale) {
	k := lineInk(l.Colour)
	var there, back []point
	flush := func() {
		for i := len(back) - 1; i >= 0; i-- {
			there = append(there, back[i])
		}
		p.fill(there, k, 0.18, "")
		there, back = nil, nil
	}
	for i := range l.X {
		a, b, ok := l.bounds(i, x, y)
		if !ok {
			flush()
			continue
		}
		if l.Bars {
			p.stroke([]point{a, b}, k, 1.5, nil)
			continue
		}
		there, back = append(there, a), append(back, b)
	}
	flush()
}

// bounds returns the two sides of the band at a point.
func (l Line) bounds(i int, x, y scale) (a, b point, ok bool) {
	switch {
	case i < len(l.Low) && i < len(l.High) && x.holds(l.X[i]) && y.holds(l.Low[i]) && y.holds(l.High[i]):
		at := x.at(l.X[i])
		return point{at, y.at(l.Low[i])}, point{at, y.at(l.High[i])}, true
	case i < len(l.Left) && i < len(l.Right) && i < len(l.Y) && y.holds(l.Y[i]) && x.holds(l.Left[i]) && x.holds(l.Right[i]):
		at := y.at(l.Y[i])
		return point{x.at(l.Left[i]), at}, point{x.at(l.Right[i]), at}, true
	}
	return a, b, false
}

func (l Line) line(p pen, x, y scale) {
	k := lineInk(l.Colour)
	var run []point
	flush := func() {
		if l.Mark != Dots {
			p.stroke(run, k, 2.25, l.dash())
			if len(run) == 1 {
				p.dot(run[0], 2.5, k, "")
			}
		}
		run = run[:0:0]
	}
	for i := range min(len(l.X), len(l.Y)) {
		if !x.holds(l.X[i]) || !y.holds(l.Y[i]) {
			flush()
			continue
		}
		at := point{x.at(l.X[i]), y.at(l.Y[i])}
		run = append(run, at)
		if l.Mark != Stroke {
			p.dot(at, 3, k, fmt.Sprintf("%s %s: %s", l.Name, Short(l.X[i]), Short(l.Y[i])))
		}
	}
	flush()
}
