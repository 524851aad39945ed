package study

import (
	"fmt"
	"math"
)

// Knob is one constant to be fitted, by its name, within its bounds, and how
// exactly.
type Knob struct {
	Name      string
	Low, High float64
	Exact     float64
	At        float64 // where it stands
}

// golden is the golden section.
var golden = (math.Sqrt(5) - 1) / 2

// Fit turns one knob after the other to where loss is least, by golden section
// (Kiefer, 1953), for as many rounds, and returns the knobs and the loss there.
// A loss with several valleys in a knob may yield any of them. A knob is only
// moved where that lowers the loss. It errs on bounds that are none and on a
// loss that is no number.
func Fit(knobs []Knob, rounds int, loss func([]Knob) (float64, error)) ([]Knob, float64, error) {
	at := append([]Knob{}, knobs...)
	for _, k := range at {
		if !(k.Low <= k.At && k.At <= k.High) || !(k.Exact > 0) {
			return nil, 0, fmt.Errorf("fit %s: %v is not within %v and %v, to %v", k.Name, k.At, k.Low, k.High, k.Exact)
		}
	}
	best, err := lossOf(at, loss)
	if err != nil {
		return nil, 0, err
	}
	for range rounds {
		before := best
		for i := range at {
			if best, err = turn(at, i, best, loss); err != nil {
				return nil, 0, err
			}
		}
		if best == before {
			break
		}
	}
	return at, best, nil
}

// turn moves one knob and returns the loss where it is left.
func turn(at []Knob, i int, best float64, loss func([]Knob) (float64, error)) (float64, error) {
	kept := at[i].At
	try := func(v float64) (float64, error) {
		at[i].At = v
		l, err := lossOf(at, loss)
		if err == nil && l < best {
			best, kept = l, v
		}
		return l, err
	}
	low, high := at[i].Low, at[i].High
	a, b := high-golden*(high-low), low+golden*(high-low)
	la, err := try(a)
	if err != nil {
		return best, err
	}
	lb, err := try(b)
	for err == nil && high-low > at[i].Exact {
		if la <= lb {
			high, b, lb = b, a, la
			a = high - golden*(high-low)
			la, err = try(a)
		} else {
			low, a, la = a, b, lb
			b = low + golden*(high-low)
			lb, err = try(b)
		}
	}
	at[i].At = kept
	return best, err
}

func lossOf(at []Knob, loss func([]Knob) (float64, error)) (float64, error) {
	l, err := loss(at)
	if err != nil {
		return 0, fmt.Errorf("fit: %w", err)
	}
	if math.IsNaN(l) {
		return 0, fmt.Errorf("fit: the loss at %v is no number", at)
	}
	return l, nil
}
