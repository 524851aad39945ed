package adoption

import (
	"math/rand/v2"

	"github.com/parley-network/parley/sim/random"
)

// Everyone joins in the first step.
type Everyone struct{}

// Step returns all who are outside and never were in.
func (Everyone) Step(c *Crowd, _ Experience) (join, leave []int32) {
	if c.Size == len(c.In) {
		return nil, nil
	}
	for a, in := range c.In {
		if !in && !c.Left[a] {
			join = append(join, int32(a))
		}
	}
	return join, nil
}

// Bass is innovation and imitation: Bass, "A New Product Growth for Model
// Consumer Durables", Management Science 15 (1969).
//
// In the whole population, one outside joins at the rate p + q·F, where F is
// the share inside. The rate is integrated over the step by Bass's own closed
// form, so that the curve is his at any length of step.
//
// Per edge of the network, one outside joins in a step by itself with
// probability p, and by each acquaintance inside with probability q, all
// independent: 1 − (1−p)(1−q)^k. This is the susceptible-infected process
// with spontaneous infection (Goldenberg, Libai and Muller, Marketing Letters
// 12, 2001).
type Bass struct {
	p, q    float64
	perEdge bool
	r       *rand.Rand
	join    []int32
}

// NewBass returns the rule with p and q per step, q per edge of the network or
// else on the whole population.
func NewBass(p, q float64, perEdge bool, r *rand.Rand) *Bass {
	return &Bass{p: p, q: q, perEdge: perEdge, r: r}
}

// Step returns who joins; nobody leaves. One who left stays away.
func (b *Bass) Step(c *Crowd, _ Experience) (join, leave []int32) {
	b.join = b.join[:0]
	hear(c, b.p, b.q, b.perEdge, b.r, func(a int32) {
		if !c.Left[a] {
			b.join = append(b.join, a)
		}
	})
	return b.join, nil
}

// hear calls heard for each agent outside to whom the word comes in a step.
func hear(c *Crowd, p, q float64, perEdge bool, r *rand.Rand, heard func(a int32)) {
	if perEdge && !c.Graph.Whole {
		hearPerEdge(c, p, q, r, heard)
		return
	}
	// All have one chance: skip from one who hears to the next.
	n := len(c.In)
	chance := BassStep(p, q, float64(c.Size)/float64(n))
	if perEdge {
		chance = 1 - float64((1-p)*random.Pow(1-q, float64(c.Size)))
		if q >= 1 && c.Size > 0 {
			chance = 1
		}
	}
	skip := random.NewSkip(chance)
	for a := skip.Next(r); a < int64(n); {
		if !c.In[a] {
			heard(int32(a))
		}
		next := skip.Next(r)
		if next >= int64(n) {
			return
		}
		a += next + 1
	}
}

func hearPerEdge(c *Crowd, p, q float64, r *rand.Rand, heard func(a int32)) {
	chance := []float64{p} // by the number of acquaintances inside
	for a, in := range c.In {
		if in {
			continue
		}
		k := int(c.known[a])
		for len(chance) <= k {
			last := chance[len(chance)-1]
			chance = append(chance, last+float64(q*(1-last)))
		}
		if chance[k] > 0 && r.Float64() < chance[k] {
			heard(int32(a))
		}
	}
}

// BassStep returns the probability that one outside joins within a step under
// Bass's rate p + q·F, which grows as F does, from the share F at its start:
// (p+qF)/(1−F) grows by e^{p+q} in a step.
func BassStep(p, q, share float64) float64 {
	if share >= 1 || p+q <= 0 {
		return 0
	}
	grown := float64((p + float64(q*share)) / (1 - share) * random.Exp(p+q))
	next := (grown - p) / (grown + q)
	return (next - share) / (1 - share)
}
