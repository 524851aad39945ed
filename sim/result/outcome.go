package result

import (
	"fmt"
	"math"
	"regexp"
	"slices"

	"github.com/parley-network/parley/sim/outcome"
)

// Outcome returns what a cell found, or [ErrMissing].
func (f *Folder) Outcome(cell int) (outcome.Outcome, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if cell < 0 || cell >= len(f.cells) {
		return outcome.Outcome{}, fmt.Errorf("there is no cell %d: the run has %d", cell, len(f.cells))
	}
	at := f.cells[cell]
	if at.log == nil {
		return outcome.Outcome{}, fmt.Errorf("cell %d: %w", cell, ErrMissing)
	}
	line, err := at.line()
	if err != nil {
		return outcome.Outcome{}, err
	}
	r, err := decodeRecord(line, f.manifest.Cells)
	if err != nil {
		return outcome.Outcome{}, fmt.Errorf("journal %s, cell %d: %w", at.log.name, cell, err)
	}
	return r.Outcome, nil
}

// nameForm is a value's, a series' or a sample's: a column's name in any
// program.
var nameForm = regexp.MustCompile(`^[a-z][a-z0-9_]{0,63}$`)

// taken are the columns beside the values.
var taken = []string{"cell", "point", "replicate", "seed"}

// check reports what an outcome may not hold: it is the engine's mistake.
func check(o outcome.Outcome) error {
	seen := map[string]bool{}
	name := func(kind, name string) error {
		switch key := kind + " " + name; {
		case !nameForm.MatchString(name):
			return fmt.Errorf("%s %q: a name is of small letters, digits and underscores", kind, name)
		case seen[key]:
			return fmt.Errorf("%s %s is there twice", kind, name)
		case kind == "value" && slices.Contains(taken, name):
			return fmt.Errorf("value %s has the name of a column of its own", name)
		default:
			seen[key] = true
			return nil
		}
	}
	for _, v := range o.Values {
		if err := name("value", v.Name); err != nil {
			return err
		}
		if err := finite("value "+v.Name, v.Number); err != nil {
			return err
		}
	}
	for _, s := range o.Series {
		if err := name("series", s.Name); err != nil {
			return err
		}
		if len(s.Step) != len(s.At) {
			return fmt.Errorf("series %s has %d steps and %d numbers", s.Name, len(s.Step), len(s.At))
		}
		if err := finite("series "+s.Name, s.At...); err != nil {
			return err
		}
	}
	for _, s := range o.Samples {
		if err := name("sample", s.Name); err != nil {
			return err
		}
		if err := finite("sample "+s.Name, s.Of...); err != nil {
			return err
		}
	}
	return checkSpread(o.Spread)
}

func finite(what string, numbers ...float64) error {
	for _, x := range numbers {
		if math.IsNaN(x) || math.IsInf(x, 0) {
			return fmt.Errorf("%s is %v; what can't be told is left out", what, x)
		}
	}
	return nil
}

func checkSpread(s *outcome.Spread) error {
	if s == nil {
		return nil
	}
	n := len(s.X)
	for _, m := range []int{len(s.Y), len(s.Joined), len(s.Left), len(s.Vendor)} {
		if m != n {
			return fmt.Errorf("the spread's lists have different lengths, %d and %d", n, m)
		}
	}
	if s.Turns != nil && len(s.Turns) != n {
		return fmt.Errorf("the spread's lists have different lengths, %d and %d", n, len(s.Turns))
	}
	for i := range n {
		if err := finite("the spread", float64(s.X[i]), float64(s.Y[i])); err != nil {
			return err
		}
	}
	for _, e := range s.Edges {
		for _, end := range e {
			if end < 0 || int(end) >= n {
				return fmt.Errorf("the spread has an edge to agent %d of %d", end, n)
			}
		}
	}
	return nil
}
