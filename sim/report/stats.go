package report

import (
	"cmp"
	"math"
	"slices"

	"gonum.org/v1/gonum/stat/distuv"

	"github.com/parley-network/parley/sim/outcome"
)

// summary is what replicates of one number say.
type summary struct {
	n        int
	mean, sd float64
	half     float64 // of the 95% interval of the mean, by Student's t; NaN below two
}

func summarise(v []float64) summary {
	s := summary{n: len(v), mean: math.NaN(), sd: math.NaN(), half: math.NaN()}
	if s.n == 0 {
		return s
	}
	var sum float64
	for _, x := range v {
		sum += x
	}
	s.mean = sum / float64(s.n)
	if s.n < 2 {
		return s
	}
	var squares float64
	for _, x := range v {
		squares += (x - s.mean) * (x - s.mean)
	}
	s.sd = math.Sqrt(squares / float64(s.n-1))
	t := distuv.StudentsT{Mu: 0, Sigma: 1, Nu: float64(s.n - 1)}.Quantile(0.975)
	s.half = t * s.sd / math.Sqrt(float64(s.n))
	return s
}

// quantile of sorted numbers, linear between them (Hyndman and Fan's type 7).
func quantile(sorted []float64, q float64) float64 {
	if len(sorted) == 0 {
		return math.NaN()
	}
	at := q * float64(len(sorted)-1)
	i := min(int(at), len(sorted)-1)
	if i+1 == len(sorted) {
		return sorted[i]
	}
	return sorted[i] + (at-float64(i))*(sorted[i+1]-sorted[i])
}

// band is a median and where nine of ten replicates lie, over x.
type band struct {
	x, low, mid, high []float64
	runs              int
}

// overSteps gathers one series' replicates step by step.
func overSteps(runs []outcome.Series) band {
	type pair struct {
		step int
		at   float64
	}
	var all []pair
	for _, r := range runs {
		for i, step := range r.Step {
			all = append(all, pair{step, r.At[i]})
		}
	}
	slices.SortFunc(all, func(a, b pair) int {
		return cmp.Or(cmp.Compare(a.step, b.step), cmp.Compare(a.at, b.at))
	})
	b := band{runs: len(runs)}
	for i := 0; i < len(all); {
		j := i
		var here []float64
		for ; j < len(all) && all[j].step == all[i].step; j++ {
			if !math.IsNaN(all[j].at) {
				here = append(here, all[j].at)
			}
		}
		b.add(float64(all[i].step), here)
		i = j
	}
	return b
}

func (b *band) add(x float64, sorted []float64) {
	b.x = append(b.x, x)
	b.low = append(b.low, quantile(sorted, 0.05))
	b.mid = append(b.mid, quantile(sorted, 0.5))
	b.high = append(b.high, quantile(sorted, 0.95))
}

// cuts are the shares at which distributions are compared.
const cuts = 100

// overShares gathers a sample's replicates quantile by quantile: x is the
// share, the band that of the quantity.
func overShares(runs []outcome.Sample) band {
	b := band{runs: len(runs)}
	for k := range cuts + 1 {
		q := float64(k) / cuts
		var here []float64
		for _, r := range runs {
			if v := quantile(r.Of, q); !math.IsNaN(v) {
				here = append(here, v)
			}
		}
		slices.Sort(here)
		b.add(q, here)
	}
	return b
}

func observed(runs []outcome.Sample) int {
	n := 0
	for _, r := range runs {
		n += r.Count
	}
	return n
}
