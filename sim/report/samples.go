package report

import (
	"fmt"
	"math"
	"strconv"

	"github.com/parley-network/parley/sim/chart"
)

// distributions draws what share of each sample lies below each value.
func (d *digest) distributions() []plate {
	var out []plate
	for i, name := range rank(d.samples.names) {
		if i == mostPlates {
			break
		}
		bands := make([]band, len(d.in.Points))
		seen := 0
		for p, runs := range d.samples.by[name] {
			bands[p] = overShares(runs)
			seen += observed(runs)
		}
		caption := fmt.Sprintf("Of %s: the share that is at most so large.", count(seen, "observation", "observations"))
		if d.replicated(bands) {
			caption += " Line: the median run; band: where nine tenths of the runs lie."
		}
		out = append(out, plate{ID: slug("distribution", strconv.Itoa(i+1), name), Figure: d.distribution(name, bands),
			Caption: caption, Table: d.quantiles(name, bands), Open: i < openSamples})
	}
	return out
}

func (d *digest) replicated(bands []band) bool {
	for _, b := range bands {
		if b.runs > 1 {
			return true
		}
	}
	return false
}

func (d *digest) distribution(name string, bands []band) chart.Figure {
	x := title(name)
	if u := unit(name); u != "" {
		x = u
	}
	base := chart.Plot{Title: title(name), X: x, Y: "share of observations", FromZero: true, Highest: 1, LogX: wide(bands)}
	if d.families() == nil {
		return d.quantileHeat(name, bands)
	}
	return d.draw(base, func(p int) (chart.Line, bool) {
		b := bands[p]
		l := chart.Line{X: b.mid, Y: b.x}
		if b.runs > 1 {
			l.Left, l.Right = b.low, b.high
		}
		return l, b.runs > 0
	})
}

// wide tells whether a logarithm shows the values better: they span
// magnitudes, or have a long tail.
func wide(bands []band) bool {
	low, mid, high := math.Inf(1), math.Inf(1), math.Inf(-1)
	for _, b := range bands {
		if b.runs > 0 {
			low, mid, high = min(low, b.mid[0]), min(mid, b.mid[cuts/2]), max(high, b.mid[cuts])
		}
	}
	return low > 0 && (high/low >= 50 || high/mid >= 6)
}

var shownCuts = []int{5, 25, 50, 75, 90, 95, 99}

func (d *digest) quantiles(name string, bands []band) table {
	t := table{Head: append([]string(nil), d.fields...)}
	for _, k := range shownCuts {
		t.Head = append(t.Head, strconv.Itoa(k)+"%")
	}
	t.Head = append(t.Head, "observations")
	rows, note := thinned(len(bands))
	t.Note = note
	for _, p := range rows {
		if bands[p].runs == 0 {
			continue
		}
		var row []string
		for _, s := range d.in.Points[p] {
			row = append(row, written(s.Value))
		}
		for _, k := range shownCuts {
			row = append(row, chart.Short(bands[p].mid[k]))
		}
		t.Rows = append(t.Rows, append(row, grouped(observed(d.samples.by[name][p]))))
	}
	return t
}

// quantileHeat is for many points: quantiles across, a row a point.
func (d *digest) quantileHeat(name string, bands []band) chart.Figure {
	h := chart.Heat{Title: title(name), X: "quantile", Y: "point", Unit: unit(name)}
	for _, k := range shownCuts {
		h.Columns = append(h.Columns, strconv.Itoa(k)+"%")
	}
	points := make([]int, len(bands))
	for p := range points {
		points[p] = p
	}
	for _, p := range evenly(points, 120) {
		row := make([]float64, len(shownCuts))
		for i, k := range shownCuts {
			row[i] = math.NaN()
			if bands[p].runs > 0 {
				row[i] = bands[p].mid[k]
			}
		}
		h.Rows, h.At = append(h.Rows, d.label(p)), append(h.At, row)
	}
	return h
}
