package random

import (
	"math"
	"math/rand/v2"
)

// unit is uniform in (0, 1]: a logarithm can be taken of it.
func unit(r *rand.Rand) float64 { return 1 - r.Float64() }

// Exponential draws a waiting time of that mean.
func Exponential(r *rand.Rand, mean float64) float64 { return -float64(mean * Log(unit(r))) }

// Normal draws from a mean and a standard deviation, by Marsaglia and Bray's
// polar method (1964).
func Normal(r *rand.Rand, mean, deviation float64) float64 {
	for {
		u, v := float64(2*r.Float64())-1, float64(2*r.Float64())-1
		s := float64(u*u) + float64(v*v)
		if s > 0 && s < 1 {
			return mean + float64(deviation*float64(u*math.Sqrt(float64(-2*Log(s))/s)))
		}
	}
}

// Poisson draws how many of events come about that are expected mean times;
// none where mean is not positive. Below ten by Knuth's product of uniforms,
// above by Hörmann's transformed rejection PTRS (1993).
func Poisson(r *rand.Rand, mean float64) int {
	if !(mean > 0) {
		return 0
	}
	if mean < 10 {
		n, limit := 0, Exp(-mean)
		for product := unit(r); product > limit; product = float64(product * unit(r)) {
			n++
		}
		return n
	}
	b := 0.931 + float64(2.53*math.Sqrt(mean))
	a := -0.059 + float64(0.02483*b)
	inverse := 1.1239 + 1.1328/(b-3.4)
	accepted := 0.9277 - 3.6224/(b-2)
	for {
		u, v := r.Float64()-0.5, unit(r)
		us := 0.5 - math.Abs(u)
		if us == 0 {
			continue
		}
		k := math.Floor(float64((float64(2*a)/us+b)*u) + mean + 0.43)
		if us >= 0.07 && v <= accepted {
			return int(k)
		}
		if k < 0 || us < 0.013 && v > us {
			continue
		}
		if Log(float64(v*inverse)/(a/float64(us*us)+b)) <= float64(k*Log(mean))-mean-logFactorial(k) {
			return int(k)
		}
	}
}

// Skip draws how many of a row of independent trials fail before the next that
// succeeds, so that a rare thing costs a draw only where it happens.
type Skip struct{ scale float64 }

// NewSkip returns the skip of trials that succeed with probability p.
func NewSkip(p float64) Skip {
	switch {
	case !(p > 0):
		return Skip{math.Inf(-1)}
	case p >= 1:
		return Skip{0}
	}
	return Skip{1 / Log1p(-p)}
}

// Next draws a number of failures, at most [math.MaxInt64], which is also what
// it returns where nothing ever succeeds.
func (s Skip) Next(r *rand.Rand) int64 {
	if math.IsInf(s.scale, 0) {
		return math.MaxInt64
	}
	n := float64(Log(unit(r)) * s.scale)
	if n >= math.MaxInt64 {
		return math.MaxInt64
	}
	return int64(n)
}

// Binomial draws how many of n trials of probability p succeed, in a time
// proportional to how many do (or don't, where p is above a half).
func Binomial(r *rand.Rand, n int, p float64) int {
	if p > 0.5 {
		return n - Binomial(r, n, 1-p)
	}
	skip, count := NewSkip(p), 0
	for i := skip.Next(r); i < int64(n); count++ {
		next := skip.Next(r)
		if next >= int64(n) {
			return count + 1
		}
		i += next + 1
	}
	return count
}
