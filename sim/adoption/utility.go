package adoption

import "math/rand/v2"

// Utility has an agent join if it has heard of the network and expects to gain
// more than taking part costs. Persons gain by vendors and vendors by persons,
// so each side draws the other: Rochet and Tirole, "Platform Competition in
// Two-Sided Markets", Journal of the European Economic Association 1 (2003);
// Rohlfs, "A Theory of Interdependent Demand for a Communications Service",
// Bell Journal of Economics 5 (1974), for the critical mass that follows.
//
// The word comes as in [Bass], at p and q; with both zero, everybody knows.
// Leaving is [Patience]'s.
type Utility struct {
	p, q    float64
	perEdge bool
	pause   int32
	r       *rand.Rand
	away    []int32 // steps since an agent left
	join    []int32
}

// NewUtility returns the rule. One who left considers coming back after as many
// steps as its patience was.
func NewUtility(p, q float64, perEdge bool, patience int, r *rand.Rand) *Utility {
	return &Utility{p: p, q: q, perEdge: perEdge, pause: int32(patience), r: r}
}

// Step returns who joins; nobody leaves.
func (u *Utility) Step(c *Crowd, e Experience) (join, leave []int32) {
	u.join = u.join[:0]
	u.rest(c)
	consider := func(a int32) {
		if (!c.Left[a] || u.away[a] > u.pause) && e.net(int(a)) > 0 {
			u.join = append(u.join, a)
		}
	}
	if u.p > 0 || u.q > 0 {
		hear(c, u.p, u.q, u.perEdge, u.r, consider)
		return u.join, nil
	}
	for a, in := range c.In {
		if !in {
			consider(int32(a))
		}
	}
	return u.join, nil
}

func (u *Utility) rest(c *Crowd) {
	if u.away == nil {
		u.away = make([]int32, len(c.In))
	}
	for a, left := range c.Left {
		switch {
		case c.In[a]:
			u.away[a] = 0
		case left:
			u.away[a]++
		}
	}
}

// Patience has agents leave who gain nothing, beside another rule that has
// them join. Each keeps a running account of its gains less its costs, which
// forgets within as many steps as its patience. It leaves after so many steps
// in a row in which the account was not above zero: one who never gains, after
// exactly its patience; with a patience of one, after the first such step.
type Patience struct {
	rule    Rule
	limit   int32
	keep    float64
	account []float64
	without []int32
	leave   []int32
}

// NewPatience wraps a rule, in which nobody leaves; steps is at least one.
func NewPatience(rule Rule, steps int) *Patience {
	return &Patience{rule: rule, limit: int32(steps), keep: 1 - 1/float64(steps)}
}

// Step returns who joins by the rule, and who leaves.
func (p *Patience) Step(c *Crowd, e Experience) (join, leave []int32) {
	if p.account == nil {
		p.account, p.without = make([]float64, len(c.In)), make([]int32, len(c.In))
	}
	p.leave = p.leave[:0]
	join, _ = p.rule.Step(c, e)
	if e.Gain == nil && e.Cost == nil {
		return join, p.leave
	}
	for a, in := range c.In {
		if !in {
			p.account[a], p.without[a] = 0, 0
			continue
		}
		p.account[a] = float64(p.account[a]*p.keep) + e.net(a)
		if p.account[a] > 0 {
			p.without[a] = 0
			continue
		}
		if p.without[a]++; p.without[a] >= p.limit {
			p.leave = append(p.leave, int32(a))
		}
	}
	return join, p.leave
}
