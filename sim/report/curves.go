package report

import (
	"fmt"
	"math"
	"strconv"

	"github.com/parley-network/parley/sim/chart"
)

// curves draws each series over the steps.
func (d *digest) curves() []plate {
	var out []plate
	for _, name := range rank(d.series.names) {
		i := len(out)
		if i == mostPlates {
			break
		}
		if _, same := d.steadySeries(name); same {
			continue
		}
		bands := make([]band, len(d.in.Points))
		for p, runs := range d.series.by[name] {
			bands[p] = overSteps(runs)
		}
		out = append(out, plate{ID: slug("curve", strconv.Itoa(i+1), name), Figure: d.curve(name, bands),
			Caption: d.curveCaption(bands), Table: d.curveTable(bands), Open: i < openSeries})
	}
	return out
}

func (d *digest) step() string {
	if u := d.in.Scenario.Clock.Unit; u != "" {
		return u
	}
	return "step"
}

func (d *digest) curve(name string, bands []band) chart.Figure {
	base := chart.Plot{Title: title(name), X: d.step(), Y: unit(name), WholeX: true, FromZero: true}
	if d.families() == nil {
		return d.timeHeat(name, bands)
	}
	return d.draw(base, func(p int) (chart.Line, bool) {
		b := bands[p]
		l := chart.Line{X: b.x, Y: b.mid}
		if b.runs > 1 {
			l.Low, l.High = b.low, b.high
		}
		return l, len(b.x) > 0
	})
}

func (d *digest) curveCaption(bands []band) string {
	most, least := 0, math.MaxInt
	for _, b := range bands {
		most, least = max(most, b.runs), min(least, b.runs)
	}
	switch {
	case d.families() == nil:
		return fmt.Sprintf("The median of up to %s, one row a point of the sweep, by %s.", count(most, "run", "runs"), d.step())
	case most > 1:
		runs := fmt.Sprintf("%d runs", most)
		if least < most {
			runs = "up to " + runs
		}
		return "Line: the median of " + runs + ". Band: where the middle nine tenths of them lie (5–95%)."
	}
	return "One run each: no band."
}

func (d *digest) curveTable(bands []band) table {
	t := table{Head: []string{d.step()}}
	points := make([]int, 0, len(bands))
	for p, b := range bands {
		if len(b.x) > 0 {
			points = append(points, p)
		}
	}
	if len(points) > 2*chart.Colours {
		t.Note = fmt.Sprintf("%d of %d points. ", 2*chart.Colours, len(points))
		points = evenly(points, 2*chart.Colours)
	}
	if len(points) == 0 {
		return t
	}
	for _, p := range points {
		name := d.label(p)
		if name == "" {
			name = "median"
		}
		t.Head = append(t.Head, name)
	}
	x := bands[points[0]].x
	rows, note := thinned(len(x))
	for _, i := range rows {
		row := []string{chart.Short(x[i])}
		for _, p := range points {
			row = append(row, bands[p].cell(x[i]))
		}
		t.Rows = append(t.Rows, row)
	}
	t.Note += note
	return t
}

// cell writes what a band has at x.
func (b band) cell(x float64) string {
	for i, v := range b.x {
		if v != x {
			continue
		}
		s := chart.Short(b.mid[i])
		if b.runs > 1 {
			s += " (" + chart.Short(b.low[i]) + " … " + chart.Short(b.high[i]) + ")"
		}
		return s
	}
	return "–"
}

// timeHeat is for many points: time across, a row a point.
func (d *digest) timeHeat(name string, bands []band) chart.Figure {
	longest := 0
	for p, b := range bands {
		if len(b.x) > len(bands[longest].x) {
			longest = p
		}
	}
	h := chart.Heat{Title: title(name), X: d.step(), Y: "point", Unit: unit(name)}
	columns := make([]int, len(bands[longest].x))
	for i := range columns {
		columns[i] = i
	}
	columns = evenly(columns, 80)
	for _, i := range columns {
		h.Columns = append(h.Columns, chart.Short(bands[longest].x[i]))
	}
	points := make([]int, len(bands))
	for p := range points {
		points[p] = p
	}
	for _, p := range evenly(points, 120) {
		row := make([]float64, len(columns))
		for k, i := range columns {
			row[k] = math.NaN()
			if i < len(bands[p].mid) {
				row[k] = bands[p].mid[i]
			}
		}
		h.Rows, h.At = append(h.Rows, d.label(p)), append(h.At, row)
	}
	return h
}
