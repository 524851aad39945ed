package report

import (
	"fmt"
	"math"
	"strings"

	"github.com/parley-network/parley/sim/chart"
)

// plate is a figure with its words and its numbers.
type plate struct {
	// ID is unique in the report, and the name of its files.
	ID      string
	Figure  chart.Figure
	Caption string
	Table   table
	// Open shows it; others are folded away.
	Open bool
	// Half has it take half the page's width.
	Half bool
}

// table is a figure's data.
type table struct {
	Head []string
	Rows [][]string
	// Note says what is not in it.
	Note string
	// Names is how many of the first columns name the row, where that is told.
	Names int
}

// Bounds of what one report draws.
const (
	mostPanels    = 24 // small plots beside each other
	mostRows      = 60 // of a table beneath a plot
	openSeries    = 4
	openSamples   = 3
	mostPlates    = 24 // of one kind
	mostHeats     = 12
	overviewNames = 6
)

// slug makes a name that is safe as a file's and as an id.
func slug(parts ...string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(strings.Join(parts, "-")) {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			b.WriteRune(r)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
		if b.Len() > 60 {
			break
		}
	}
	return strings.Trim(b.String(), "-")
}

// family is a group of points drawn in one panel.
type family struct {
	title  string
	points []int
	names  []string
}

// families groups points so that each panel has few lines: all in one, one
// panel a value of the axes before the last, or one a point. None: too many.
func (d *digest) families() []family {
	n := len(d.in.Points)
	if n <= chart.Colours {
		f := family{}
		for p := range n {
			f.points, f.names = append(f.points, p), append(f.names, d.label(p))
		}
		return []family{f}
	}
	last := len(d.axes) - 1
	if lines := len(d.levels(last)); last > 0 && lines <= chart.Colours && n <= mostPanels*lines {
		return d.panels(last)
	}
	if n > mostPanels {
		return nil
	}
	return d.panels(last + 1)
}

// panels has a family for each combination of the first axes.
func (d *digest) panels(first int) []family {
	at := map[string]int{}
	var out []family
	for p := range d.in.Points {
		name := d.labelOf(p, 0, first)
		i, ok := at[name]
		if !ok {
			i = len(out)
			at[name] = i
			out = append(out, family{title: name})
		}
		out[i].points = append(out[i].points, p)
		out[i].names = append(out[i].names, d.labelOf(p, first, len(d.axes)))
	}
	return out
}

// draw makes a figure of all families, by a function that makes one point's
// line. Panels share their y axis.
func (d *digest) draw(base chart.Plot, line func(point int) (chart.Line, bool)) chart.Figure {
	groups := d.families()
	var grid chart.Grid
	low, high := math.Inf(1), math.Inf(-1)
	var plots []chart.Plot
	for _, g := range groups {
		p := base
		for i, point := range g.points {
			l, ok := line(point)
			if !ok {
				continue
			}
			l.Name, l.Colour = g.names[i], i
			p.Lines = append(p.Lines, l)
			for _, v := range append(append(append([]float64(nil), l.Y...), l.Low...), l.High...) {
				if !math.IsNaN(v) {
					low, high = min(low, v), max(high, v)
				}
			}
		}
		plots = append(plots, p)
	}
	if len(plots) == 1 {
		return plots[0]
	}
	grid.Title = base.Title
	for i, p := range plots {
		p.Title, p.Small = groups[i].title, true
		if low <= high {
			p.Lowest, p.Highest = low, high
		}
		if len(p.Lines) > 1 && len(grid.Legend) < len(p.Lines) {
			grid.Legend = p.Lines
		}
		grid.Figures = append(grid.Figures, p)
	}
	return grid
}

// thinned returns which of n rows a table shows.
func thinned(n int) ([]int, string) {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	if n <= mostRows {
		return all, ""
	}
	return evenly(all, mostRows), fmt.Sprintf("%d of %s rows, evenly chosen.", mostRows, grouped(n))
}
