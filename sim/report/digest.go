package report

import (
	"fmt"
	"math"
	"slices"

	"github.com/parley-network/parley/sim/outcome"
)

// digest is an input sorted by name and point.
type digest struct {
	in       Input
	fields   []string // the axes
	axes     []string // their names, short where clear
	values   named[float64]
	series   named[outcome.Series]
	samples  named[outcome.Sample]
	spreads  []shown
	finished int
}

// shown is the network of one run.
type shown struct {
	point  int
	spread *outcome.Spread
	seed   uint64
}

// mostSpreads is how many points' networks are shown.
const mostSpreads = 4

// named holds what runs found, by name, then by point.
type named[T any] struct {
	names []string
	by    map[string][][]T
}

func (n *named[T]) add(name string, point, points int, v T) {
	if n.by == nil {
		n.by = map[string][][]T{}
	}
	if n.by[name] == nil {
		n.names = append(n.names, name)
		n.by[name] = make([][]T, points)
	}
	n.by[name][point] = append(n.by[name][point], v)
}

// sorted refuses what can't be shown: cells of no point, lists of different
// lengths.
func sorted(in Input) (*digest, error) {
	if len(in.Points) == 0 {
		in.Points = []Point{nil}
	}
	d := &digest{in: in}
	for _, s := range in.Points[0] {
		d.fields = append(d.fields, s.Field)
	}
	d.axes = axisNames(d.fields)
	for i, p := range in.Points {
		if len(p) != len(d.fields) {
			return nil, fmt.Errorf("point %d has %d settings, not %d", i, len(p), len(d.fields))
		}
	}
	seen := map[int]bool{}
	for i, c := range in.Cells {
		if c.Point < 0 || c.Point >= len(in.Points) {
			return nil, fmt.Errorf("cell %d is of point %d, and there are %d", i, c.Point, len(in.Points))
		}
		if c.Outcome == nil {
			continue
		}
		if err := d.take(c); err != nil {
			return nil, fmt.Errorf("cell %d: %w", i, err)
		}
		if s := c.Outcome.Spread; s != nil && len(s.X) > 0 && !seen[c.Point] {
			seen[c.Point] = true
			d.spreads = append(d.spreads, shown{c.Point, s, c.Seed})
		}
	}
	d.spreads = evenly(d.spreads, mostSpreads)
	return d, nil
}

func (d *digest) take(c Cell) error {
	d.finished++
	o, points := c.Outcome, len(d.in.Points)
	for _, v := range o.Values {
		d.values.add(v.Name, c.Point, points, v.Number)
	}
	for _, s := range o.Series {
		if len(s.Step) != len(s.At) {
			return fmt.Errorf("series %q has %d steps and %d numbers", s.Name, len(s.Step), len(s.At))
		}
		d.series.add(s.Name, c.Point, points, s)
	}
	for _, s := range o.Samples {
		if len(s.Of) > 0 {
			d.samples.add(s.Name, c.Point, points, s)
		}
	}
	if o.Spread != nil {
		return check(o.Spread)
	}
	return nil
}

func check(s *outcome.Spread) error {
	n := len(s.X)
	if len(s.Y) != n || len(s.Joined) != n || len(s.Left) != n || len(s.Vendor) != n || s.Turns != nil && len(s.Turns) != n {
		return fmt.Errorf("spread of %d agents has lists of other lengths", n)
	}
	for i, turns := range s.Turns {
		if !slices.IsSorted(turns) || len(turns) > 0 && turns[0] < 0 {
			return fmt.Errorf("spread has agent %d come and go at steps that do not rise", i)
		}
	}
	for _, e := range s.Edges {
		if e[0] < 0 || e[1] < 0 || int(e[0]) >= n || int(e[1]) >= n {
			return fmt.Errorf("spread of %d agents has an edge from %d to %d", n, e[0], e[1])
		}
	}
	return nil
}

// label names a point: "q = 0.3, count = 100".
func (d *digest) label(point int) string {
	return d.labelOf(point, 0, len(d.axes))
}

// labelOf names it by some of the axes.
func (d *digest) labelOf(point, from, to int) string {
	s := ""
	for k := from; k < to; k++ {
		if s != "" {
			s += ", "
		}
		s += d.axes[k] + " = " + written(d.in.Points[point][k].Value)
	}
	return s
}

// levels are an axis's values in the order they appear.
func (d *digest) levels(axis int) []string {
	var out []string
	for _, p := range d.in.Points {
		if v := written(p[axis].Value); !slices.Contains(out, v) {
			out = append(out, v)
		}
	}
	return out
}

// evenly picks some of a list, first and last among them.
func evenly[T any](all []T, most int) []T {
	if len(all) <= most {
		return all
	}
	out := make([]T, most)
	for i := range out {
		out[i] = all[int(math.Round(float64(i)*float64(len(all)-1)/float64(most-1)))]
	}
	return out
}
