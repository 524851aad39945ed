package fit

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

const (
	// goodR2 is from where a curve describes a series.
	goodR2 = 0.97
	// fallen is the share of its height that a series may lose in the end.
	fallen = 0.1
	// seen is the share of the market that a series has to reach; a curve with
	// q > 3p has reached it at its inflection.
	seen = 1.0 / 3
	// leastClimbing is how many points have to be on the slope of the curve, within
	// low and high of the market.
	leastClimbing = 2
	low, high     = 0.05, 0.95
	// alike is the lag-one correlation from where residuals are no mere noise:
	// two standard errors, 2/√n, at some 40 points.
	alike = 0.3
)

// unfit says why a series can't be fitted at all, or nothing.
func unfit(s Series) string {
	switch {
	case len(s.Year) < leastPoints:
		return fmt.Sprintf("too few points: %d, and at least %d are needed", len(s.Year), leastPoints)
	case slices.Max(s.Value) <= 0:
		return "flat: it is zero throughout"
	case slices.Max(s.Value) == slices.Min(s.Value):
		return fmt.Sprintf("flat: it is %s throughout", short(s.Value[0]))
	}
	for i := range s.Year {
		if !finite(s.Year[i]) || !finite(s.Value[i]) || i > 0 && s.Year[i] <= s.Year[i-1] {
			return fmt.Sprintf("point %d is not a finite value in a later year", i+1)
		}
	}
	return ""
}

// cautions are what to keep in mind of a curve: in a few words for its verdict,
// and in full.
func cautions(r Result, f found) (brief string, notes []string) {
	var words []string
	if r.Launch == Fixed {
		words = append(words, "if launched "+r.at(r.T0.Value))
		notes = append(notes, fmt.Sprintf("launch fixed %s. p and q hold for that launch alone: %s, p would be %s and q %s",
			r.LaunchWhy, r.at(r.Earlier.T0), short(r.Earlier.P), short(r.Earlier.Q)))
	}
	if f.side(atM) > 0 {
		words = append(words, "m held at "+short(r.M.Value))
		notes = append(notes, fmt.Sprintf("m is held at %s, the most that is possible, and not estimated", short(r.M.Value)))
	}
	switch {
	case r.Q.Value <= r.P.Value:
		words = append(words, "no inflection")
		notes = append(notes, "q ≤ p: adoption slows from the launch on, without an inflection")
	case r.Peak <= r.First:
		words = append(words, "past its peak")
		notes = append(notes, fmt.Sprintf("it begins after the inflection (%s), so that p, q and the launch are extrapolated", year(r.Peak)))
	}
	return strings.Join(words, ", "), notes
}

// steep tells whether the whole rise is in the series, and too few points on it.
func (r Result) steep(s Series) bool {
	climbing := 0
	for _, y := range s.Year {
		if share := r.Curve().At(y) / r.M.Value; share > low && share < high {
			climbing++
		}
	}
	return climbing < leastClimbing && r.Curve().At(r.Last) >= high*r.M.Value
}

// at says when something was.
func (r Result) at(time float64) string {
	if r.Per == perYear {
		return "in " + year(time)
	}
	return "at " + year(time)
}

// misfit says why the fitted curve does not describe the series, or nothing.
func misfit(s Series, r Result, f found) string {
	if why := falls(s); why != "" {
		return why
	}
	if r.R2 < goodR2 {
		return loose(r, f)
	}
	switch {
	case f.side(atP) < 0:
		return "p ≤ 0: nobody adopts unprompted, and the curve has no beginning"
	case f.side(atQ) < 0:
		return "q ≤ 0: nobody imitates, and growth slows from the first year without an inflection"
	case f.side(atP) > 0 || f.side(atQ) > 0:
		return "p or q is at the upper side of its range: it rises faster than its points are apart"
	case f.estimated() && f.side(atT0) != 0:
		return fmt.Sprintf("launch is at the side of its range (%s): the data do not tell when it was", year(r.T0.Value))
	case r.Curve().At(r.Last) < seen*r.M.Value:
		return fmt.Sprintf("no inflection: it ends at %.0f%% of the market that would fit, so that this is a guess", 100*r.Curve().At(r.Last)/r.M.Value)
	case r.Peak > r.Last:
		return fmt.Sprintf("no inflection: it ends in %s, before the curve's peak in %s, so that m is a guess", year(r.Last), year(r.Peak))
	case r.steep(s):
		return "too steep: it rises from next to nothing to nearly all between two or three points, which can't tell p and q"
	}
	return ""
}

// falls says whether a series loses for good what it had gained: more than a
// tenth of its height and more than its noise would. Medians of three keep a
// single bad point from counting.
func falls(s Series) string {
	n := len(s.Value)
	top, at := 0.0, 0
	for i := range n {
		if v := medianAround(s.Value, i); v > top {
			top, at = v, i
		}
	}
	if top-medianAround(s.Value, n-1) <= math.Max(fallen*top, 3*scatter(s.Value)) {
		return ""
	}
	sales := ""
	if v := medianAround(s.Value, 0); at > 0 && v < top/2 && medianAround(s.Value, n-1) < top/2 {
		sales = " (if these are the new ones of each year, add them up: the curve is of how many there are)"
	}
	return fmt.Sprintf("declines: from %s in %s to %s in %s, and a Bass curve never falls%s",
		short(s.Value[at]), year(s.Year[at]), short(s.Value[n-1]), year(s.Year[n-1]), sales)
}

// scatter estimates the standard deviation of the noise on a trend: the median
// size of second differences, which is 0.6745 √6 of it where noise is normal.
func scatter(v []float64) float64 {
	var d []float64
	for i := 2; i < len(v); i++ {
		d = append(d, math.Abs(v[i]-2*v[i-1]+v[i-2]))
	}
	slices.Sort(d)
	return d[len(d)/2] / (0.6745 * math.Sqrt(6))
}

func medianAround(v []float64, i int) float64 {
	from := min(max(i-1, 0), len(v)-3)
	three := slices.Clone(v[from : from+3])
	slices.Sort(three)
	return three[1]
}

// loose tells noise from another shape.
func loose(r Result, f found) string {
	res := make([]float64, len(f.t))
	f.residuals(f.x, res, nil)
	if likeness(res) > alike {
		return fmt.Sprintf("another shape: R² is %.3f, below %.2f, and the residuals keep their sign for years", r.R2, goodR2)
	}
	return fmt.Sprintf("too noisy: R² is %.3f, below %.2f, the residuals scattering by %s without a pattern", r.R2, goodR2, short(r.Sigma))
}
