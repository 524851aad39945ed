package random

import (
	"fmt"
	"math"
	"math/rand/v2"
)

// Zipf returns the weights of n things by rank: the k-th's is k^−skew, so that
// skew 0 is evenly.
func Zipf(n int, skew float64) []float64 {
	w := make([]float64, n)
	for i := range w {
		w[i] = 1
		if skew != 0 {
			w[i] = Pow(float64(i+1), -skew)
		}
	}
	return w
}

// Alias draws one of several things by their weights, in constant time: Walker's
// table (1977), made by Vose's method (1991).
type Alias struct {
	keep  []float64 // probability of the column's own thing
	other []int32
}

// NewAlias returns the table of weights, which need not sum to one. It refuses
// none, a negative or infinite one, and all zero.
func NewAlias(weights []float64) (*Alias, error) {
	n, sum, heaviest := len(weights), 0.0, 0
	for i, w := range weights {
		if !(w >= 0) || math.IsInf(w, 1) {
			return nil, fmt.Errorf("weight %d is %v: want a finite number, not negative", i, w)
		}
		sum += w
		if w > weights[heaviest] {
			heaviest = i
		}
	}
	if !(sum > 0) || math.IsInf(sum, 1) {
		return nil, fmt.Errorf("%d weights sum to %v: want a positive finite number", n, sum)
	}
	a := &Alias{keep: make([]float64, n), other: make([]int32, n)}
	var small, large []int32
	for i, w := range weights {
		a.keep[i], a.other[i] = float64(w*float64(n))/sum, int32(heaviest)
		if a.keep[i] < 1 {
			small = append(small, int32(i))
		} else {
			large = append(large, int32(i))
		}
	}
	for len(small) > 0 && len(large) > 0 {
		s, l := small[len(small)-1], large[len(large)-1]
		small = small[:len(small)-1]
		a.other[s] = l
		a.keep[l] -= 1 - a.keep[s]
		if a.keep[l] < 1 {
			small, large = append(small, l), large[:len(large)-1]
		}
	}
	// What rounding left over is full, but what has no weight is never drawn.
	for _, i := range append(small, large...) {
		if weights[i] > 0 {
			a.keep[i] = 1
		}
	}
	return a, nil
}

// Draw returns the number of one of the things.
func (a *Alias) Draw(r *rand.Rand) int {
	i := r.IntN(len(a.keep))
	if r.Float64() < a.keep[i] {
		return i
	}
	return int(a.other[i])
}
