package report

import (
	"math"
	"slices"
	"strings"

	"github.com/parley-network/parley/sim/chart"
)

// steadySeries tells of a series that is one number in every run and at every
// step: there is nothing to draw.
func (d *digest) steadySeries(name string) (float64, bool) {
	var all constant
	for _, runs := range d.series.by[name] {
		for _, s := range runs {
			all.see(s.At...)
		}
	}
	return all.value, all.is()
}

// steadyValue tells of a value that is one number in every run of a sweep.
func (d *digest) steadyValue(name string) (float64, bool) {
	if len(d.in.Points) < 2 {
		return 0, false
	}
	var all constant
	for _, runs := range d.values.by[name] {
		all.see(runs...)
	}
	return all.value, all.is()
}

// constant looks whether all numbers it sees are one.
type constant struct {
	value       float64
	seen, other bool
}

func (c *constant) see(numbers ...float64) {
	for _, x := range numbers {
		c.other = c.other || c.seen && x != c.value || math.IsNaN(x)
		c.value, c.seen = x, true
	}
}

func (c *constant) is() bool { return c.seen && !c.other }

// steady names what is always the same, and how much it is, "" of nothing.
func steady(names []string, of func(string) (float64, bool)) string {
	var parts, none []string
	for _, n := range names {
		switch v, ok := of(n); {
		case !ok:
		case v == 0:
			none = append(none, lower(title(n)))
		default:
			parts = append(parts, lower(title(n))+" "+chart.Short(v))
		}
	}
	if len(none) > 0 {
		parts = append(parts, "nothing of "+strings.Join(none, ", "))
	}
	if len(parts) == 0 {
		return ""
	}
	return "Always the same, and so not drawn: " + strings.Join(parts, "; ") + "."
}

func lower(s string) string {
	if len(s) > 1 && !(s[1] >= 'A' && s[1] <= 'Z') {
		return strings.ToLower(s[:1]) + s[1:]
	}
	return s
}

// telling are the names of values that tell points apart, or were asked for.
func (d *digest) telling(names, asked []string) []string {
	return slices.DeleteFunc(slices.Clone(names), func(n string) bool {
		_, same := d.steadyValue(n)
		return same && !slices.Contains(asked, n)
	})
}

// steadyValues says which values no point of the sweep changes.
func (d *digest) steadyValues() string { return steady(rank(d.values.names), d.steadyValue) }
