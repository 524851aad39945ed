package fit

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

// product is one of the eleven of Bass (1969), from known-results.md: the
// market in thousands and the years to the peak.
type product struct {
	name    string
	m, p, q float64
	peak    float64
}

var products = []product{
	{"electric refrigerators", 40001, .0026167, .21566, 20.2},
	{"home freezers", 21973, .018119, .17110, 11.9},
	{"black and white television", 96717, .027877, .25105, 7.9},
	{"water softeners", 5793, .017703, .29695, 9.0},
	{"room air conditioners", 16895, .010399, .41861, 8.6},
	{"clothes dryers", 15092, .017206, .35688, 8.1},
	{"power lawnmowers", 44751, .0091837, .33790, 10.4},
	{"electric bed coverings", 76589, .005876, .24387, 14.9},
	{"automatic coffee makers", 58838, .017135, .30145, 9.0},
	{"steam irons", 55696, .028632, .32791, 6.8},
	{"record players", 21937, .024796, .65410, 4.8},
}

func (k product) curve(t0 float64) Bass { return Bass{P: k.p, Q: k.q, M: k.m, T0: t0} }

// Bass's own figures: the peak's time, and what has been sold by then.
func TestCurveHasTheKnownPeaks(t *testing.T) {
	for _, k := range products {
		b := k.curve(1950)
		if got := b.Peak() - 1950; math.Abs(got-k.peak) > 0.11 { // the table has one decimal, of rounded p and q
			t.Errorf("%s: peak after %.2f years, not %.1f", k.name, got, k.peak)
		}
		half := 0.5 - k.p/(2*k.q)
		if got := b.At(b.Peak()) / k.m; math.Abs(got-half) > 1e-12 {
			t.Errorf("%s: F at the peak is %v, not %v", k.name, got, half)
		}
		const h = 1e-4
		rate := (b.At(b.Peak()+h) - b.At(b.Peak()-h)) / (2 * h)
		if want := k.m * (k.p + k.q) * (k.p + k.q) / (4 * k.q); math.Abs(rate/want-1) > 1e-6 {
			t.Errorf("%s: peak rate is %v, not %v", k.name, rate, want)
		}
	}
}

func TestCurveBeginsAtTheLaunchAndEndsAtTheMarket(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := Bass{P: rapid.Float64Range(1e-4, 1).Draw(t, "p"), Q: rapid.Float64Range(1e-4, 3).Draw(t, "q"),
			M: rapid.Float64Range(1, 1e6).Draw(t, "m"), T0: rapid.Float64Range(-50, 50).Draw(t, "t0")}
		if v := b.At(b.T0) + b.At(b.T0-1); v != 0 {
			t.Fatalf("%v at or before the launch", v)
		}
		before := 0.0
		for after := 0.1; after < 1e6; after *= 1.7 {
			v := b.At(b.T0 + after)
			if v < before-1e-9*b.M || v > b.M*(1+1e-12) {
				t.Fatalf("%v after %v, %v before that, market %v", v, after, before, b.M)
			}
			before = v
		}
		if before < b.M*(1-1e-9) {
			t.Fatalf("ends at %v of %v", before, b.M)
		}
	})
}

func TestDerivativesAreTheCurves(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := rapid.Float64Range(1e-3, 1).Draw(t, "p")
		q := rapid.Float64Range(1e-2, 3).Draw(t, "q")
		after := rapid.Float64Range(0.1, 30).Draw(t, "after")
		_, byP, byQ, byTime := share(p, q, after)
		slope := func(f func(h float64) float64, at float64) float64 {
			h := 1e-5 * at
			return (f(h) - f(-h)) / (2 * h)
		}
		at := func(p, q, after float64) float64 { v, _, _, _ := share(p, q, after); return v }
		for _, d := range []struct {
			name      string
			got, want float64
		}{
			{"p", byP, slope(func(h float64) float64 { return at(p+h, q, after) }, p)},
			{"q", byQ, slope(func(h float64) float64 { return at(p, q+h, after) }, q)},
			{"time", byTime, slope(func(h float64) float64 { return at(p, q, after+h) }, after)},
		} {
			if math.Abs(d.got-d.want) > 1e-5*(1+math.Abs(d.want)) {
				t.Fatalf("by %s: %v, by difference %v", d.name, d.got, d.want)
			}
		}
	})
}
