package report

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/parley-network/parley/sim/chart"
)

// summary says in plain words what was run.
func (d *digest) summary() []string {
	s, points := d.in.Scenario, len(d.in.Points)
	first := fmt.Sprintf("%s with the %s engine", count(len(d.in.Cells), "run", "runs"), s.Engine)
	if len(d.axes) > 0 {
		first += ": " + count(points, "point", "points") + " (" + d.extents() + ")"
		if s.Replicates > 0 {
			first += ", " + count(s.Replicates, "run", "runs") + " of each with a seed of its own"
		}
	} else if len(d.in.Cells) > 1 {
		first += ", each with a seed of its own"
	}
	out := []string{first + "."}
	var who string
	if s.People.Count > 0 || s.Vendors.Count > 0 {
		who = fmt.Sprintf("%s and %s", count(s.People.Count, "person", "people"), count(s.Vendors.Count, "vendor", "vendors"))
		if s.People.Places > 1 {
			who += " in " + count(s.People.Places, "place", "places")
		}
		if s.Clock.Steps > 0 {
			who += ", over " + count(s.Clock.Steps, d.step(), d.step()+"s")
		}
		if s.Network.Kind != "" {
			who += ", on a network of kind " + s.Network.Kind
		}
		if s.Adoption.Rule != "" {
			who += "; they join by the rule " + s.Adoption.Rule
		}
		if s.Attack.Kind != "" && s.Attack.Kind != "none" {
			who += fmt.Sprintf("; attacked by %s (%s)", s.Attack.Kind, count(s.Attack.Sybils, "sybil", "sybils"))
		}
		if len(d.axes) > 0 {
			who += ". What the sweep varies differs from that"
		}
		out = append(out, who+".")
	}
	return out
}

// extents names each axis with its first and last value.
func (d *digest) extents() string {
	var parts []string
	for k, f := range d.fields {
		l := d.levels(k)
		switch {
		case len(l) == 1:
			parts = append(parts, f+" "+l[0])
		case len(l) <= 4:
			parts = append(parts, f+" "+strings.Join(l, ", "))
		default:
			parts = append(parts, fmt.Sprintf("%s from %s to %s", f, l[0], l[len(l)-1]))
		}
	}
	return strings.Join(parts, " × ")
}

func (d *digest) notes() []string {
	out := slices.Clone(d.in.Notes)
	if missing := len(d.in.Cells) - d.finished; missing > 0 {
		out = append(out, fmt.Sprintf("%s of %s %s not finished, and left out of this report.",
			grouped(missing), grouped(len(d.in.Cells)), map[bool]string{true: "was", false: "were"}[missing == 1]))
	}
	return out
}

func (d *digest) facts() []fact {
	s := d.in.Scenario
	out := []fact{
		{Name: "Engine", Value: string(s.Engine)},
		{Name: "Runs finished", Value: fmt.Sprintf("%s of %s", grouped(d.finished), grouped(len(d.in.Cells)))},
		{Name: "Seed of the scenario", Value: strconv.FormatUint(s.Seed, 10), Code: true},
		{Name: "Program", Value: d.in.Program, Code: true},
	}
	if !d.in.Started.IsZero() {
		out = append(out, fact{Name: "Begun", Value: d.in.Started.UTC().Format(time.RFC3339)})
	}
	if seeds := d.seeds(); seeds != "" {
		out = append(out, fact{Name: "Seeds of the runs", Value: seeds, Code: true})
	}
	return append(out, fact{Name: "Scenario, SHA-256", Value: d.in.Hash, Code: true})
}

// seeds lists those of the runs, the first few of many.
func (d *digest) seeds() string {
	const most = 4
	var parts []string
	for _, c := range d.in.Cells[:min(most, len(d.in.Cells))] {
		parts = append(parts, strconv.FormatUint(c.Seed, 10))
	}
	if more := len(d.in.Cells) - most; more > 0 {
		parts = append(parts, fmt.Sprintf("and %s more", grouped(more)))
	}
	return strings.Join(parts, ", ")
}

const overviewRows = 30

// overview is the table on top: the most telling values at each point.
func (d *digest) overview(asked []string) *table {
	names, open := d.chosen(asked)
	if varied := d.telling(names, asked); len(varied) > 0 {
		names = varied
	}
	names = names[:min(open, len(names), 2*overviewNames)]
	if len(names) == 0 {
		return nil
	}
	t := &table{}
	for _, f := range d.fields {
		t.Head = append(t.Head, strings.ReplaceAll(f, ".", ".\u200b")) // where a long one may be broken
	}
	if len(t.Head) == 0 {
		t.Head = []string{"scenario"}
	}
	for _, n := range names {
		head := title(n)
		if u := unit(n); u != "" && u != "share" && !strings.Contains(strings.ToLower(head), u) {
			head += ", " + u
		}
		t.Head = append(t.Head, head)
	}
	t.Names = len(t.Head) - len(names)
	points := make([]int, len(d.in.Points))
	for p := range points {
		points[p] = p
	}
	if len(points) > overviewRows {
		t.Note = fmt.Sprintf("%d of %s points, evenly chosen.", overviewRows, grouped(len(points)))
	}
	for _, p := range evenly(points, overviewRows) {
		row := []string{}
		for _, s := range d.in.Points[p] {
			row = append(row, written(s.Value))
		}
		if len(row) == 0 {
			row = append(row, clip(d.in.Scenario.Name, 40))
		}
		for _, n := range names {
			row = append(row, summarise(d.values.by[n][p]).brief())
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

func (s summary) brief() string {
	if math.IsNaN(s.half) || s.half == 0 {
		return chart.Short(s.mean)
	}
	return plusMinus(s.mean, s.half)
}

// plusMinus writes a number and its uncertainty, which has two digits, in one
// unit and to the same place.
func plusMinus(v, half float64) string {
	by, unit := 1.0, ""
	switch most := math.Max(math.Abs(v), half); {
	case most >= 1e15 || half < 1e-9:
		return chart.Short(v) + " ± " + chart.Short(half)
	case most >= 1e9:
		by, unit = 1e9, " G"
	case most >= 1e6:
		by, unit = 1e6, " M"
	case most >= 1e4:
		by, unit = 1e3, " k"
	}
	decimals := max(0, 1-int(math.Floor(math.Log10(half/by))))
	return fmt.Sprintf("%.*f ± %.*f%s", decimals, v/by, decimals, half/by, unit)
}

// valueViews is a table for every value.
func (d *digest) valueViews(asked []string) []valueView {
	names, _ := d.chosen(asked)
	var out []valueView
	for _, n := range names {
		means := make([]summary, len(d.in.Points))
		for p, v := range d.values.by[n] {
			means[p] = summarise(v)
		}
		v := valueView{Name: n, Title: title(n), Table: d.meansTable(means)}
		if len(means) == 1 {
			v.Brief = means[0].brief()
		}
		out = append(out, v)
	}
	return out
}
