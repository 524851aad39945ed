package fit

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

// rosenbrock's valley has its minimum, 0, at (1, 1).
func rosenbrock(x, r, j []float64) {
	r[0], r[1] = 10*(x[1]-x[0]*x[0]), 1-x[0]
	if j != nil {
		copy(j, []float64{-20 * x[0], 10, -1, 0})
	}
}

func TestMinimumFollowsAValley(t *testing.T) {
	p := problem{points: 2, residuals: rosenbrock, low: []float64{-5, -5}, high: []float64{5, 5}}
	rapid.Check(t, func(t *rapid.T) {
		start := []float64{rapid.Float64Range(-5, 5).Draw(t, "x"), rapid.Float64Range(-5, 5).Draw(t, "y")}
		x, sum := p.minimum(start)
		if sum > 1e-16 || math.Abs(x[0]-1)+math.Abs(x[1]-1) > 1e-6 {
			t.Fatalf("from %v to %v, sum %v", start, x, sum)
		}
	})
}

// With x at most 0.5 the best is the side, and y follows it.
func TestMinimumStaysInItsBox(t *testing.T) {
	p := problem{points: 2, residuals: rosenbrock, low: []float64{-5, -5}, high: []float64{0.5, 5}}
	rapid.Check(t, func(t *rapid.T) {
		start := []float64{rapid.Float64Range(-9, 9).Draw(t, "x"), rapid.Float64Range(-9, 9).Draw(t, "y")}
		x, sum := p.minimum(start)
		if x[0] > 0.5 || math.Abs(x[0]-0.5) > 1e-5 || math.Abs(x[1]-0.25) > 1e-4 || math.Abs(sum-0.25) > 1e-6 {
			t.Fatalf("from %v to %v, sum %v", start, x, sum)
		}
	})
}
