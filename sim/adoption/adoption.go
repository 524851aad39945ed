// Package adoption is why agents join and leave: rules from the literature, each
// naming its source, seedings, and a fast path for the one that is run at the
// largest sizes. Pure: a rule draws from the stream it is given, and sees agents
// in ascending order, so that a run is the same to the bit for a seed.
package adoption

import (
	"fmt"
	"math/rand/v2"

	"github.com/parley-network/parley/sim/scenario"
)

// Rule decides from step to step who joins and who leaves.
type Rule interface {
	// Step returns who joins and who leaves in this step, each in ascending
	// order and nobody in both. All decide at once, on the crowd as it stands,
	// which is not changed: the caller applies what it accepts with Crowd.Join
	// and Crowd.Leave before the next step. The slices are the rule's own and
	// hold until then.
	Step(c *Crowd, e Experience) (join, leave []int32)
}

// Experience is what taking part was worth in the step before, in units of
// money, by agent. A nil slice is zero for all.
//
// Gain of one who takes part is what it gained: a person, by its fulfilled
// intents, what they were worth less what was paid, over what it would have had
// without; a vendor, by its orders, its margin of their prices. Gain of one
// outside is what it expects to gain in a step if it joined, a subsidy included.
// Cost is what a step takes of one who takes part: a person's effort, a
// vendor's cost.
type Experience struct {
	Gain, Cost []float64
}

func (e Experience) net(a int) float64 {
	n := 0.0
	if e.Gain != nil {
		n = e.Gain[a]
	}
	if e.Cost != nil {
		n -= e.Cost[a]
	}
	return n
}

// New returns the scenario's rule for so many agents. Where the scenario gives
// a patience, agents also leave for want of gain. It refuses an unknown rule
// and parameters that are no probability or no share.
func New(a scenario.Adoption, agents int, r *rand.Rand) (Rule, error) {
	if err := check(a); err != nil {
		return nil, err
	}
	var rule Rule
	switch a.Rule {
	case "everyone":
		rule = Everyone{}
	case "bass":
		rule = NewBass(a.P, a.Q, a.PerEdge, r)
	case "threshold":
		rule = NewThreshold(thresholds(a, agents, r))
	case "fraction":
		rule = NewFraction(thresholds(a, agents, r))
	case "complex":
		rule = NewComplex(thresholds(a, agents, r), a.Q, r)
	case "utility":
		rule = NewUtility(a.P, a.Q, a.PerEdge, a.Patience, r)
	default:
		return nil, fmt.Errorf("adoption.rule %q: want everyone, bass, threshold, fraction, complex or utility", a.Rule)
	}
	if a.Patience > 0 {
		rule = NewPatience(rule, a.Patience)
	}
	return rule, nil
}

func check(a scenario.Adoption) error {
	share := func(name string, x float64) error {
		if !(x >= 0 && x <= 1) {
			return fmt.Errorf("adoption.%s is %v: want 0 to 1", name, x)
		}
		return nil
	}
	if err := share("p", a.P); err != nil {
		return err
	}
	// Bass's q is a rate over the whole population, so it may exceed one there.
	if a.PerEdge || a.Rule == "complex" {
		if err := share("q", a.Q); err != nil {
			return err
		}
	}
	if a.Rule == "fraction" {
		if err := share("threshold", a.Threshold); err != nil {
			return err
		}
	}
	switch {
	case !(a.Q >= 0 && a.Q <= 1000):
		return fmt.Errorf("adoption.q is %v: want 0 to 1000", a.Q)
	case !(a.Threshold >= 0 && a.Threshold <= 1e9):
		return fmt.Errorf("adoption.threshold is %v: want 0 to 1e9", a.Threshold)
	case !(a.Spread >= 0 && a.Spread <= 1e9):
		return fmt.Errorf("adoption.spread is %v: want 0 to 1e9", a.Spread)
	case a.Patience < 0:
		return fmt.Errorf("adoption.patience is %d: want 0 or more steps", a.Patience)
	}
	return nil
}
