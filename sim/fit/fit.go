// Package fit finds the Bass curve that describes how a product spread, and
// says where none does.
//
// A fit is by least squares on the cumulative values, from many starts. When a
// product was launched is seldom in the data: a series may begin years later,
// or with years of zeros. So a series gets several fits, one with the launch
// estimated, others with it fixed where one would put it by hand (one interval
// before its first value, at its first or at its last leading zero), and the one
// with the least AICc is taken (Hurvich and Tsai, Biometrika 76, 1989); an
// estimated launch has to be twenty times as likely, and so has one at a first
// value that is no more than noise. A fit with a parameter at the side of its
// range, or whose R² is too low, is taken only where there is no other. Where the
// launch was fixed, [Result] says so, and what another would make of p and q.
//
// Pure but for [Run].
package fit

import (
	"cmp"
	"math"
	"slices"
)

// Estimate is a parameter with its uncertainty.
type Estimate struct {
	// Value is NaN where nothing could be fitted.
	Value float64
	// Error is the standard error from the Jacobian, NaN where the parameter is
	// held or stands at a side. Residuals of a cumulative series resemble their
	// neighbours; the error is widened by √((1+ρ)/(1−ρ)) for their lag-one
	// correlation ρ where that is positive.
	Error float64
	// Low and High bound 95%, by Student's t; for P and Q on the logarithm, so
	// that they stay positive.
	Low, High float64
}

// Result is what was found of one series.
type Result struct {
	Series string
	// P and Q are per year, M in the series' unit, T0 a year.
	P, Q, M, T0 Estimate
	// R2 is 1 − Σ(residuals²)/Σ(deviations from the mean²) of the cumulative
	// values; NaN where nothing could be fitted. GrowthR2 is the same of what was
	// gained from each point to the next, which says more of the curve's shape:
	// whatever rises has a high R2. It is NaN where every gain is the same.
	R2, GrowthR2 float64
	// Peak is the year when most adopt.
	Peak float64
	// Sigma is the residuals' standard deviation, in the series' unit.
	Sigma float64
	// N is the number of points, First and Last the years they span.
	N           int
	First, Last float64
	// Per is the unit of time, "year" unless the file's years are something else.
	Per string
	// Launch tells whether T0 is Estimated with the rest, Fixed, or None where
	// nothing could be fitted. LaunchWhy says where it was fixed, and why. P and
	// Q then hold for that launch, and their errors are those of a launch that is
	// known. Earlier is the curve with it an interval earlier, nil elsewhere.
	Launch, LaunchWhy string
	Earlier           *Bass
	// Caution is what the verdict has to be told with, a few words; "": nothing.
	Caution string
	// Describes tells whether a Bass curve describes the series at all: R² of
	// at least 0.97, every parameter within its range, the inflection within
	// the years, and no lasting fall. Why says why not.
	Describes bool
	Why       string
	// Guess is of a curve that goes through the points and does not describe the
	// series: of one that ends too early, for instance. Where there is neither a
	// description nor a guess, the parameters mean nothing, and are not told.
	Guess bool
	// Notes are doubts that don't overturn the fit, and what [Read] has to say.
	Notes []string
}

// What [Result] says of a launch.
const (
	Estimated = "estimated"
	Fixed     = "fixed"
	None      = "none"
)

// Curve returns the fitted curve.
func (r Result) Curve() Bass { return Bass{r.P.Value, r.Q.Value, r.M.Value, r.T0.Value} }

// Fitted tells whether there is a curve at all, good or bad.
func (r Result) Fitted() bool { return !math.IsNaN(r.R2) }

const perYear = "year"

// leastPoints is what three parameters need with some freedom left.
const leastPoints = 6

// Fit fits each series, in order. Years must rise and values be finite, as
// [Read] has them. The unit is the column's: percents and shares are never
// extrapolated beyond the whole.
func Fit(series []Series) []Result {
	out := make([]Result, len(series))
	for i, s := range series {
		out[i] = one(s)
	}
	return out
}

func one(s Series) (r Result) {
	none := Estimate{math.NaN(), math.NaN(), math.NaN(), math.NaN()}
	r = Result{Series: s.Name, N: len(s.Year), P: none, Q: none, M: none, T0: none,
		First: math.NaN(), Last: math.NaN(), R2: math.NaN(), GrowthR2: math.NaN(), Peak: math.NaN(), Sigma: math.NaN(),
		Per: cmp.Or(s.Per, perYear), Launch: None}
	defer func() { r.Notes = append(slices.Clone(s.Notes), r.Notes...) }()
	if r.N > 0 {
		r.First, r.Last = s.Year[0], s.Year[r.N-1]
	}
	if r.Why = unfit(s); r.Why != "" {
		return r
	}
	f := best(scaled(s))
	f.report(&r)
	r.Why = misfit(s, r, f)
	r.Describes = r.Why == ""
	r.Guess = !r.Describes && r.R2 >= goodR2 && !f.atSide() && f.side(atQ) == 0 && falls(s) == "" && !r.steep(s)
	if r.Describes || r.Guess {
		r.Caution, r.Notes = cautions(r, f)
	}
	return r
}

// frame is a series with its span and its largest value made 1, so that a fit
// is the same in every unit.
type frame struct {
	t, y          []float64
	first, span   float64
	largest, most float64 // most: m's upper side, in units of largest
}

func scaled(s Series) frame {
	n := len(s.Year)
	f := frame{first: s.Year[0], span: s.Year[n-1] - s.Year[0], largest: slices.Max(s.Value), most: mostBeyond}
	if whole := wholeOf(s.Column); whole > 0 {
		f.most = math.Min(f.most, whole/f.largest)
	}
	for i := range n {
		f.t = append(f.t, (s.Year[i]-f.first)/f.span)
		f.y = append(f.y, s.Value[i]/f.largest)
	}
	return f
}
