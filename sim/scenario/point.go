package scenario

import (
	"fmt"
	"slices"
	"strings"
)

// MaxCells is how many runs a sweep can have: its points by its replicates.
const MaxCells = 1_000_000

// Setting is a field of the scenario, by its path, and its value at a point of
// a sweep: an int64, uint64, float64, bool or string.
type Setting struct {
	Field string `json:"field"`
	Value any    `json:"value"`
}

// String returns it as "adoption.q=0.3".
func (s Setting) String() string { return fmt.Sprintf("%s=%v", s.Field, s.Value) }

// Points returns how many combinations of the axes' values there are: 1 without
// a sweep, and at most more than [MaxCells].
func (s Scenario) Points() int {
	n := 1
	for _, axis := range s.Sweep {
		if n *= len(axis.Values); n > MaxCells {
			return MaxCells + 1
		}
	}
	return n
}

// Point returns the scenario at the i-th point of its sweep, the last axis
// turning fastest, and what was set for it. The sweep itself is left out of it.
func (s Scenario) Point(i int) (Scenario, []Setting, error) {
	axes := s.Sweep
	s.Sweep = nil
	if len(axes) == 0 {
		return s, nil, nil
	}
	at := make([]Setting, len(axes))
	for k := len(axes) - 1; k >= 0; k-- {
		n := len(axes[k].Values)
		value := axes[k].Values[i%n]
		i /= n
		if err := s.Set(axes[k].Field, value); err != nil {
			return s, nil, err
		}
		value, err := s.Get(axes[k].Field) // as the field has it
		if err != nil {
			return s, nil, err
		}
		at[k] = Setting{Field: axes[k].Field, Value: value}
	}
	return s, at, nil
}

// fixed are fields that are one for all cells, or not of the experiment.
var fixed = []string{"name", "description", "engine", "study", "seed", "replicates", "network.file", "calibration"}

// sweep looks at the axes by themselves.
func (c *checker) sweep(s Scenario) {
	seen := map[string]bool{}
	for i, axis := range s.Sweep {
		at := fmt.Sprintf("sweep[%d]", i)
		switch {
		case axis.Field == "":
			c.refuse(at, "an axis needs a field to vary, by its path such as \"adoption.q\"")
			continue
		case slices.Contains(fixed, axis.Field) || strings.HasPrefix(axis.Field, "record."):
			c.refuse(at+".field", "%s is the same for a whole sweep; write a scenario for each", axis.Field)
			continue
		case seen[axis.Field]:
			c.refuse(at+".field", "%s is varied twice", axis.Field)
			continue
		case len(axis.Values) == 0:
			c.refuse(at, "%s has no values to take", axis.Field)
			continue
		}
		seen[axis.Field] = true
		c.axis(s, at, axis)
	}
	if cells := float64(s.Replicates) * product(s.Sweep); len(c.problems) == 0 && cells > MaxCells {
		c.refuse("sweep", "is %.0f runs (every combination of %s, %d times each); at most %d: take fewer values",
			cells, sizes(s.Sweep), s.Replicates, MaxCells)
	}
}

// axis looks at one axis' values.
func (c *checker) axis(s Scenario, at string, axis Axis) {
	if _, err := s.field(axis.Field); err != nil {
		c.refuse(at+".field", "%q can't be varied: %v", axis.Field, err)
		return
	}
	seen := map[any]int{}
	for j, value := range axis.Values {
		here := fmt.Sprintf("%s.values[%d]", at, j)
		if err := s.Set(axis.Field, value); err != nil {
			c.refuse(here, "%v", err)
			continue
		}
		v, _ := s.Get(axis.Field)
		if first, twice := seen[v]; twice {
			c.refuse(here, "%s takes %v already, as value %d", axis.Field, v, first+1)
		}
		seen[v] = j
	}
}

func product(axes []Axis) float64 {
	n := 1.0
	for _, a := range axes {
		n *= float64(len(a.Values))
	}
	return n
}

func sizes(axes []Axis) string {
	var b strings.Builder
	for i, a := range axes {
		if i > 0 {
			b.WriteString(" × ")
		}
		fmt.Fprintf(&b, "%d", len(a.Values))
	}
	return b.String()
}

// points looks at every combination. What is wrong at each of them is told of
// its own field; what is wrong at some is told of the first one's value.
func (c *checker) points(s Scenario) {
	told := map[Problem]bool{}
	base := s
	base.Sweep = nil
	var always, here checker
	always.parts(base)
	n := s.Points()
	for i := range n {
		rest := i
		for k := len(s.Sweep) - 1; k >= 0; k-- {
			values := s.Sweep[k].Values
			if err := base.Set(s.Sweep[k].Field, values[rest%len(values)]); err != nil {
				c.refuse("sweep", "%v", err)
				return
			}
			rest /= len(values)
		}
		here.problems = here.problems[:0]
		here.parts(base)
		for _, p := range here.problems {
			if told[p] {
				continue
			}
			told[p] = true
			c.problems = append(c.problems, s.atPoint(p, i, slices.Contains(always.problems, p)))
		}
		if len(c.problems) > mostProblems {
			return
		}
	}
}

// atPoint says of a problem at the i-th point which value makes it.
func (s Scenario) atPoint(p Problem, i int, always bool) Problem {
	rest := i
	for k := len(s.Sweep) - 1; k >= 0; k-- {
		n := len(s.Sweep[k].Values)
		if s.Sweep[k].Field == p.Field {
			return Problem{Field: fmt.Sprintf("sweep[%d].values[%d]", k, rest%n), Reason: p.Field + " " + p.Reason}
		}
		rest /= n
	}
	if !always {
		_, at, _ := s.Point(i) // its values have been set before
		words := make([]string, len(at))
		for k, set := range at {
			words[k] = set.String()
		}
		p.Reason += " (at " + strings.Join(words, ", ") + ")"
	}
	return p
}
