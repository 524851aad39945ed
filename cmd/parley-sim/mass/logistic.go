package main

import (
	"math"
	"slices"
)

// ridge is the weight of a Normal prior on the slope, around 0 and with a
// deviation of ten: it only keeps a group that is parted without overlap, whose
// slope has no greatest likelihood, from running off.
const ridge = 0.01

// half is how many must begin for half of the runs to end so: e^(−a/b) of the
// logistic regression P = 1/(1+e^−(a + b·ln began)). Where all end so it is 0,
// where none does, +Inf.
func half(runs []ran, ends func(ran) bool) float64 {
	yes := 0
	for _, r := range runs {
		if ends(r) {
			yes++
		}
	}
	switch {
	case yes == 0:
		return math.Inf(1)
	case yes == len(runs):
		return 0
	}
	a, b := regress(runs, ends)
	if b <= 0 {
		return math.Inf(1)
	}
	return math.Exp(-a / b)
}

// regress finds a and b by Newton's method, halving a step that makes it worse.
// ln began is taken from its mean while it works.
func regress(runs []ran, ends func(ran) bool) (a, b float64) {
	mean := 0.0
	for _, r := range runs {
		mean += math.Log(float64(r.began)) / float64(len(runs))
	}
	x := func(r ran) float64 { return math.Log(float64(r.began)) - mean }
	value := func(a, b float64) float64 {
		sum := -ridge * b * b / 2
		for _, r := range runs {
			z := a + b*x(r)
			if !ends(r) {
				z = -z
			}
			sum -= math.Log1p(math.Exp(-z))
		}
		return sum
	}
	at := value(a, b)
	for range 100 {
		da, db := newton(runs, ends, x, a, b)
		step := 1.0
		next := value(a+da, b+db)
		for ; next < at && step > 1e-6; next = value(a+step*da, b+step*db) {
			step /= 2
		}
		a, b = a+step*da, b+step*db
		if math.Abs(next-at) < 1e-9 {
			break
		}
		at = next
	}
	return a - b*mean, b
}

func newton(runs []ran, ends func(ran) bool, x func(ran) float64, a, b float64) (da, db float64) {
	ga, gb, haa, hab, hbb := 0.0, -ridge*b, 1e-9, 0.0, ridge
	for _, r := range runs {
		p := 1 / (1 + math.Exp(-(a + b*x(r))))
		e := -p
		if ends(r) {
			e++
		}
		w := p * (1 - p)
		ga, gb = ga+e, gb+e*x(r)
		haa, hab, hbb = haa+w, hab+w*x(r), hbb+w*x(r)*x(r)
	}
	det := haa*hbb - hab*hab
	return (hbb*ga - hab*gb) / det, (haa*gb - hab*ga) / det
}

// middle95 are the bounds of the middle 95%.
func middle95(all []float64) (low, high float64) {
	slices.Sort(all)
	n := float64(len(all) - 1)
	return all[int(0.025*n+0.5)], all[int(0.975*n+0.5)]
}
