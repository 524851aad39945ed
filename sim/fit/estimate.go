package fit

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat/distuv"
)

// report writes the fit into r in the series' own units.
func (f *found) report(r *Result) {
	n, k := len(f.t), len(f.x)
	res, j := make([]float64, n), make([]float64, n*k)
	f.residuals(f.x, res, j)
	sigma := math.Sqrt(f.sum / float64(n-k))
	errs := f.errors(j, sigma*widening(res))
	t := distuv.StudentsT{Mu: 0, Sigma: 1, Nu: float64(n - k)}.Quantile(0.975)

	byLog := func(k int) Estimate {
		v := math.Exp(f.x[k]) / f.span
		return Estimate{v, v * errs[k], v * math.Exp(-t*errs[k]), v * math.Exp(t*errs[k])}
	}
	linear := func(v, e, scale, shift float64) Estimate {
		v, e = shift+v*scale, e*scale
		return Estimate{v, e, v - t*e, v + t*e}
	}
	r.P, r.Q = byLog(atP), byLog(atQ)
	r.M = linear(f.x[atM], errs[atM], f.largest, 0)
	launchError := math.NaN()
	if k > atT0 {
		launchError = errs[atT0]
	}
	r.T0 = linear(f.t0(f.x), launchError, f.span, f.first)
	r.Sigma = sigma * f.largest
	r.R2, r.GrowthR2 = f.r2(), f.growthR2(res)
	r.Peak = r.Curve().Peak()
	r.Launch = Estimated
	if !f.estimated() {
		r.Launch, r.LaunchWhy = Fixed, fmt.Sprintf("%s, %s; %s", r.at(r.T0.Value), f.where, f.why)
		earlier := f.fit(f.fixed-f.interval(), "")
		r.Earlier = &Bass{P: math.Exp(earlier.x[atP]) / f.span, Q: math.Exp(earlier.x[atQ]) / f.span,
			M: earlier.x[atM] * f.largest, T0: f.year(earlier.fixed)}
	}
}

// growthR2 is R² of what was gained from each point to the next, NaN where that
// is always the same.
func (f *found) growthR2(residuals []float64) float64 {
	var gained, missed []float64
	for i := 1; i < len(f.y); i++ {
		gained, missed = append(gained, f.y[i]-f.y[i-1]), append(missed, residuals[i]-residuals[i-1])
	}
	spread := spreadOf(gained)
	if spread <= 1e-12*squares(gained) { // no more than rounding
		return math.NaN()
	}
	return 1 - squares(missed)/spread
}

// errors are the standard errors of x; NaN for what stands at a side or can't
// be told apart from the rest.
func (f *found) errors(j []float64, sigma float64) []float64 {
	out := make([]float64, len(f.x))
	var open []int
	for k := range f.x {
		out[k] = math.NaN()
		if f.side(k) == 0 {
			open = append(open, k)
		}
	}
	if len(open) == 0 {
		return out
	}
	m := mat.NewSymDense(len(open), nil)
	for i := range f.t {
		row := j[i*len(f.x) : (i+1)*len(f.x)]
		for a := range open {
			for b := a; b < len(open); b++ {
				m.SetSym(a, b, m.At(a, b)+row[open[a]]*row[open[b]])
			}
		}
	}
	var c mat.Cholesky
	var inverse mat.SymDense
	if !c.Factorize(m) || c.InverseTo(&inverse) != nil {
		return out
	}
	for a, k := range open {
		out[k] = sigma * math.Sqrt(inverse.At(a, a))
	}
	return out
}

// widening is what neighbours' likeness does to a standard error.
func widening(r []float64) float64 {
	rho := math.Min(likeness(r), 0.95)
	if !(rho > 0) {
		return 1
	}
	return math.Sqrt((1 + rho) / (1 - rho))
}

// likeness is the lag-one autocorrelation of residuals.
func likeness(r []float64) float64 {
	var lagged float64
	for i := 1; i < len(r); i++ {
		lagged += r[i] * r[i-1]
	}
	sum := squares(r)
	if sum == 0 {
		return 0
	}
	return lagged / sum
}

func spreadOf(y []float64) float64 {
	var mean, sum float64
	for _, v := range y {
		mean += v
	}
	mean /= float64(len(y))
	for _, v := range y {
		sum += (v - mean) * (v - mean)
	}
	return sum
}
