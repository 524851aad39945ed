package scenario

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// MaxAgents is how many people and vendors there can be: their numbers are
// int32, and so are the ends of the edges among them.
const MaxAgents = 1_000_000_000

// MaxSteps is how many steps a run can have.
const MaxSteps = 1_000_000

// Validate reports everything that is impossible in s, at any point of its
// sweep, as [Problems]. It looks at no file.
func (s Scenario) Validate() error {
	var c checker
	c.frame(s)
	if len(s.Sweep) == 0 {
		c.parts(s)
		return c.problems.err()
	}
	if c.sweep(s); len(c.problems) == 0 {
		c.points(s)
	}
	return c.problems.err()
}

// checker gathers problems. The methods named after a part of the scenario are
// in that part's file.
type checker struct{ problems Problems }

// frame looks at what holds for all points.
func (c *checker) frame(s Scenario) {
	c.oneOf("engine", string(s.Engine), string(Model), string(Stack))
	c.oneOf("study", s.Study, "society", "cost", "admission", "siege")
	if s.Study != "society" && s.Engine == Stack {
		c.refuse("study", "is %q, which only the engine model answers", s.Study)
	}
	c.within("replicates", s.Replicates, 1, MaxCells)
	c.record(s.Record)
}

// parts looks at one point.
func (c *checker) parts(s Scenario) {
	c.clock(s.Clock)
	c.people(s.People)
	c.vendors(s)
	c.network(s)
	c.adoption(s)
	c.market(s.Market)
	c.protocol(s.Protocol)
	c.faults(s.Faults)
	c.attack(s.Attack)
}

func (c *checker) refuse(field, format string, args ...any) {
	c.problems = append(c.problems, Problem{Field: field, Reason: fmt.Sprintf(format, args...)})
}

// within wants low ≤ n ≤ high.
func (c *checker) within(field string, n, low, high int) {
	if n < low || n > high {
		c.refuse(field, "is %d, must be from %d to %d", n, low, high)
	}
}

// share wants a number from 0 to 1.
func (c *checker) share(field string, x float64) {
	if !(x >= 0 && x <= 1) {
		c.refuse(field, "is %v, must be from 0 to 1", x)
	}
}

// amount wants a finite number that is not negative.
func (c *checker) amount(field string, x float64) {
	if !(x >= 0) || math.IsInf(x, 1) {
		c.refuse(field, "is %v, must be a finite number, 0 or more", x)
	}
}

// upTo wants a number from 0 to most.
func (c *checker) upTo(field string, x, most float64) {
	if !(x >= 0 && x <= most) {
		c.refuse(field, "is %v, must be from 0 to %v", x, most)
	}
}

func (c *checker) oneOf(field, value string, of ...string) {
	if slices.Contains(of, value) {
		return
	}
	if near := nearest(value, of); near != "" {
		c.refuse(field, "is %q; did you mean %q?", value, near)
		return
	}
	c.refuse(field, "is %q, must be one of %s", value, strings.Join(of, ", "))
}

// span wants a duration of at least low, and of at most a year.
func (c *checker) span(field string, d, low Duration) {
	const year = Duration(365 * 24 * 3600 * 1e9)
	if d < low || d > year {
		c.refuse(field, "is %v, must be from %v to %v", d.Std(), low.Std(), year.Std())
	}
}

func (c *checker) clock(k Clock) {
	c.oneOf("clock.unit", k.Unit, "hour", "day", "week", "month", "year")
	c.within("clock.steps", k.Steps, 1, MaxSteps)
	c.span("clock.window", k.Window, 1)
}
