package fit

import "math"

// Bass is the cumulative curve of Bass (Management Science 15, 1969): M times
//
//	F(t) = (1 − e^{−(P+Q)t}) / (1 + (Q/P) e^{−(P+Q)t}),  t since T0,
//
// and 0 before T0. P is innovation, Q imitation, both per unit of time; M is
// the market's size in the series' own unit.
type Bass struct {
	P, Q, M, T0 float64
}

// At returns the curve's height at time t.
func (b Bass) At(t float64) float64 {
	f, _, _, _ := share(b.P, b.Q, t-b.T0)
	return float64(b.M) * f
}

// Peak returns when most adopt: T0 + ln(Q/P)/(P+Q). Where Q ≤ P that is T0 or
// before it: adoption slows from the start.
func (b Bass) Peak() float64 { return b.T0 + math.Log(b.Q/b.P)/(b.P+b.Q) }

// share returns F a time after the launch, with its derivatives by p, q and
// that time.
func share(p, q, after float64) (f, byP, byQ, byTime float64) {
	if after <= 0 {
		return 0, 0, 0, 0
	}
	s, r := p+q, q/p
	e := math.Exp(-s * after)
	below := 1 + r*e
	f = -math.Expm1(-s*after) / below
	byE := -(1 + r) / (below * below)
	byR := -(1 - e) * e / (below * below)
	byS := byE * -after * e
	return f, byS - byR*q/(p*p), byS + byR/p, byE * -s * e
}
