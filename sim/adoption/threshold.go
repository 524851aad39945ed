package adoption

import (
	"math"
	"math/rand/v2"

	"github.com/parley-network/parley/sim/random"
	"github.com/parley-network/parley/sim/scenario"
)

// thresholds draws each agent's own.
func thresholds(a scenario.Adoption, agents int, r *rand.Rand) []float64 {
	t := make([]float64, agents)
	for i := range t {
		t[i] = a.Threshold
		if a.Spread > 0 {
			t[i] = random.Normal(r, a.Threshold, a.Spread)
		}
	}
	return t
}

// Threshold has an agent join once at least its own number of acquaintances
// take part: Granovetter, "Threshold Models of Collective Behavior", American
// Journal of Sociology 83 (1978), where everybody sees everybody; on a network,
// an agent counts those it knows. One with a threshold of zero or less joins
// at once.
type Threshold struct {
	at    []float64
	share bool
	join  []int32
}

// NewThreshold returns the rule with each agent's threshold, a number of
// acquaintances.
func NewThreshold(at []float64) *Threshold { return &Threshold{at: at} }

// NewFraction returns the rule with each agent's threshold a share of its
// acquaintances: Watts, "A simple model of global cascades on random networks",
// PNAS 99 (2002). One who knows nobody joins only at zero or less.
func NewFraction(at []float64) *Threshold { return &Threshold{at: at, share: true} }

// Step returns who joins; nobody leaves. One who left stays away.
func (t *Threshold) Step(c *Crowd, _ Experience) (join, leave []int32) {
	t.join = t.join[:0]
	for a, in := range c.In {
		if in || c.Left[a] {
			continue
		}
		need := t.at[a]
		if t.share && need > 0 {
			need = max(float64(need*float64(c.Graph.Degree(int32(a)))), math.SmallestNonzeroFloat64)
		}
		if float64(c.Known(int32(a))) >= need {
			t.join = append(t.join, int32(a))
		}
	}
	return t.join, nil
}

// Complex is contagion that needs several sources: Centola and Macy, "Complex
// Contagions and the Weakness of Long Ties", American Journal of Sociology 113
// (2007). With fewer than a acquaintances inside, where a is an agent's own
// threshold and at least two, nobody is convinced; of the a-th and each after
// it, each convinces in a step with probability q. With q one it is the paper's:
// a sources are enough and certain.
type Complex struct {
	at   []int32
	q    float64
	r    *rand.Rand
	join []int32
}

// NewComplex returns the rule with each agent's threshold, rounded up to a
// whole number and at least two. A q of zero is one.
func NewComplex(at []float64, q float64, r *rand.Rand) *Complex {
	x := &Complex{at: make([]int32, len(at)), q: q, r: r}
	if q == 0 {
		x.q = 1
	}
	for i, t := range at {
		x.at[i] = int32(min(max(math.Ceil(t), 2), math.MaxInt32))
	}
	return x
}

// Step returns who joins; nobody leaves. One who left stays away.
func (x *Complex) Step(c *Crowd, _ Experience) (join, leave []int32) {
	x.join = x.join[:0]
	for a, in := range c.In {
		enough := c.Known(int32(a)) - int(x.at[a]) + 1
		if in || c.Left[a] || enough <= 0 {
			continue
		}
		if x.q >= 1 || x.r.Float64() < 1-random.Pow(1-x.q, float64(enough)) {
			x.join = append(x.join, int32(a))
		}
	}
	return x.join, nil
}
