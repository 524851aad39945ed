package report

import (
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/parley-network/parley/sim/chart"
)

// chosen orders the values' names: those asked for first, else the important
// ones. The second result is how many of them are to be shown unfolded.
func (d *digest) chosen(asked []string) ([]string, int) {
	if len(asked) == 0 {
		names := rank(d.values.names)
		return names, min(overviewNames, len(names))
	}
	var names []string
	for _, n := range asked {
		if slices.Contains(d.values.names, n) && !slices.Contains(names, n) {
			names = append(names, n)
		}
	}
	known := len(names)
	for _, n := range rank(d.values.names) {
		if !slices.Contains(names, n) {
			names = append(names, n)
		}
	}
	return names, known
}

// sweeps draws each value over the axes: lines over one, heat over two, a heat
// map for every combination of those beyond.
func (d *digest) sweeps(asked []string) []plate {
	if len(d.in.Points) < 2 || len(d.axes) == 0 {
		return nil
	}
	names, open := d.chosen(asked)
	names = d.telling(names, asked)
	open = min(open, len(names))
	var out []plate
	for i, name := range names {
		if i == max(mostPlates, open) {
			break
		}
		means := make([]summary, len(d.in.Points))
		for p, v := range d.values.by[name] {
			means[p] = summarise(v)
		}
		f, caption := d.alongAxis(name, means), "Dots: the mean of each point's runs. Bars: its 95% interval."
		if len(d.axes) > 1 {
			f, caption = d.heats(name, means), "The mean of each point's runs."
		}
		out = append(out, plate{ID: slug("sweep", strconv.Itoa(i+1), name), Figure: f, Caption: caption,
			Table: d.meansTable(means), Open: i < open, Half: d.half(f)})
	}
	return out
}

// half tells whether a figure over the sweep is clear at half the width.
func (d *digest) half(f chart.Figure) bool {
	switch f := f.(type) {
	case chart.Plot:
		return len(d.in.Points) <= 12
	case chart.Heat:
		return len(f.Columns) <= 6
	}
	return false
}

func (d *digest) alongAxis(name string, means []summary) chart.Figure {
	x, logarithmic, ok := d.numeric(0)
	if !ok {
		return d.heats(name, means)
	}
	l := chart.Line{Mark: chart.Both, Bars: true}
	for p := range means {
		if means[p].n == 0 {
			continue
		}
		l.X, l.Y = append(l.X, x[p]), append(l.Y, means[p].mean)
		l.Low, l.High = append(l.Low, means[p].mean-means[p].half), append(l.High, means[p].mean+means[p].half)
	}
	return chart.Plot{Title: title(name), X: d.fields[0], Y: unit(name), LogX: logarithmic, FromZero: true, Lines: []chart.Line{l}}
}

// numeric returns an axis's values as numbers, and whether they are spread over
// so many magnitudes that a logarithm shows them better.
func (d *digest) numeric(axis int) ([]float64, bool, bool) {
	out := make([]float64, len(d.in.Points))
	low, high := math.Inf(1), math.Inf(-1)
	for p, point := range d.in.Points {
		v, ok := asNumber(point[axis].Value)
		if !ok {
			return nil, false, false
		}
		out[p] = v
		low, high = min(low, v), max(high, v)
	}
	return out, low > 0 && high/low >= 50, true
}

func asNumber(v any) (float64, bool) {
	switch v := v.(type) {
	case float64:
		return v, true
	case int64:
		return float64(v), true
	case uint64:
		return float64(v), true
	case int:
		return float64(v), true
	}
	return 0, false
}

// heats maps the last two axes; axes before them make a map each.
func (d *digest) heats(name string, means []summary) chart.Figure {
	last := len(d.axes) - 1
	across, up := last, last-1
	columns, rows := d.levels(across), []string{""}
	upName := ""
	if up >= 0 {
		rows, upName = d.levels(up), d.fields[up]
	}
	type map2 struct {
		title string
		at    [][]float64
	}
	var maps []map2
	for p, point := range d.in.Points {
		label := d.labelOf(p, 0, max(up, 0))
		i := slices.IndexFunc(maps, func(m map2) bool { return m.title == label })
		if i < 0 {
			i = len(maps)
			maps = append(maps, map2{label, blank(len(rows), len(columns))})
		}
		r := 0
		if up >= 0 {
			r = slices.Index(rows, written(point[up].Value))
		}
		maps[i].at[r][slices.Index(columns, written(point[across].Value))] = means[p].mean
	}
	g := chart.Grid{Title: title(name), Least: 320}
	for _, m := range evenly(maps, mostHeats) {
		h := chart.Heat{Title: m.title, X: d.fields[across], Y: upName, Columns: columns, Rows: rows, At: m.at, Unit: unit(name)}
		if len(maps) == 1 {
			h.Title = title(name)
			return h
		}
		g.Figures = append(g.Figures, h)
	}
	if len(maps) > mostHeats {
		g.Title += fmt.Sprintf(" (%d of %d combinations of %s)", mostHeats, len(maps), d.labelAxes(up))
	}
	return g
}

func (d *digest) labelAxes(to int) string {
	s := ""
	for k := range to {
		if k > 0 {
			s += " and "
		}
		s += d.axes[k]
	}
	return s
}

func blank(rows, columns int) [][]float64 {
	out := make([][]float64, rows)
	for r := range out {
		out[r] = make([]float64, columns)
		for c := range out[r] {
			out[r][c] = math.NaN()
		}
	}
	return out
}

func (d *digest) meansTable(means []summary) table {
	t := table{Head: append(append([]string(nil), d.fields...), "runs", "mean", "standard deviation", "95% interval of the mean")}
	rows, note := thinned(len(means))
	t.Note = note
	for _, p := range rows {
		var row []string
		for _, s := range d.in.Points[p] {
			row = append(row, written(s.Value))
		}
		t.Rows = append(t.Rows, append(row, means[p].cells()...))
	}
	return t
}

func (s summary) cells() []string {
	interval := "–"
	if !math.IsNaN(s.half) {
		interval = chart.Short(s.mean-s.half) + " … " + chart.Short(s.mean+s.half)
	}
	return []string{strconv.Itoa(s.n), chart.Short(s.mean), chart.Short(s.sd), interval}
}
