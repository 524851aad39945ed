package fit

import (
	"math"

	"gonum.org/v1/gonum/mat"
)

// problem is a sum of squares to be made small within a box.
type problem struct {
	points int
	// residuals fills r, and j (points × parameters, by rows) unless it is nil.
	residuals func(x, r, j []float64)
	low, high []float64
}

const (
	steps    = 300
	enough   = 1e-12 // relative change of the sum that ends the search
	dampMost = 1e12
)

// minimum walks from x to the nearest minimum by Levenberg and Marquardt
// (Marquardt, J. SIAM 11, 1963), its steps cut to the box. A parameter that
// stands at a side and would go beyond it is held for that step.
func (p problem) minimum(x []float64) ([]float64, float64) {
	x = p.clip(x)
	n, k := p.points, len(x)
	r, j, trial := make([]float64, n), make([]float64, n*k), make([]float64, n)
	p.residuals(x, r, j)
	sum := squares(r)
	damp := 1e-3
	for range steps {
		gradient, curvature := normal(r, j, k)
		held := p.held(x, gradient)
		better := false
		for !better && damp < dampMost {
			step, ok := solve(gradient, curvature, held, damp)
			if ok {
				next := p.clip(added(x, step))
				p.residuals(next, trial, nil)
				if s := squares(trial); s < sum {
					done := sum-s <= enough*sum
					x, sum, better = next, s, true
					damp = math.Max(damp/8, 1e-14)
					if done {
						return x, sum
					}
					break
				}
			}
			damp *= 4
		}
		if !better {
			return x, sum
		}
		p.residuals(x, r, j)
	}
	return x, sum
}

func (p problem) clip(x []float64) []float64 {
	out := make([]float64, len(x))
	for i, v := range x {
		out[i] = math.Min(math.Max(v, p.low[i]), p.high[i])
	}
	return out
}

func (p problem) held(x, gradient []float64) []bool {
	held := make([]bool, len(x))
	for i := range x {
		// The step goes against the gradient.
		held[i] = x[i] <= p.low[i] && gradient[i] > 0 || x[i] >= p.high[i] && gradient[i] < 0
	}
	return held
}

// normal returns Jᵀr and JᵀJ, the latter by rows.
func normal(r, j []float64, k int) (gradient, curvature []float64) {
	gradient, curvature = make([]float64, k), make([]float64, k*k)
	for i, v := range r {
		row := j[i*k : (i+1)*k]
		for a := range k {
			gradient[a] += row[a] * v
			for b := range k {
				curvature[a*k+b] += row[a] * row[b]
			}
		}
	}
	return gradient, curvature
}

// solve returns the damped step; held parameters stay.
func solve(gradient, curvature []float64, held []bool, damp float64) ([]float64, bool) {
	k := len(gradient)
	var largest float64
	for a := range k {
		largest = math.Max(largest, curvature[a*k+a])
	}
	m, g := mat.NewSymDense(k, nil), mat.NewVecDense(k, nil)
	for a := range k {
		if held[a] {
			m.SetSym(a, a, 1)
			continue
		}
		g.SetVec(a, -gradient[a])
		for b := a; b < k; b++ {
			if !held[b] {
				m.SetSym(a, b, curvature[a*k+b])
			}
		}
		d := curvature[a*k+a]
		m.SetSym(a, a, d+damp*math.Max(d, 1e-9*largest))
	}
	var c mat.Cholesky
	step := mat.NewVecDense(k, nil)
	if !c.Factorize(m) || c.SolveVecTo(step, g) != nil {
		return nil, false
	}
	return step.RawVector().Data, true
}

func added(x, step []float64) []float64 {
	out := make([]float64, len(x))
	for i := range x {
		out[i] = x[i] + step[i]
	}
	return out
}

func squares(r []float64) float64 {
	var s float64
	for _, v := range r {
		s += v * v
	}
	return s
}
