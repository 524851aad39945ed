package report

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/parley-network/parley/sim/outcome"
)

func TestSummariseGivesStudentsInterval(t *testing.T) {
	s := summarise([]float64{4, 6, 8, 10, 12})
	// sd √10; t(0.975, 4) = 2.776445
	if s.n != 5 || s.mean != 8 || math.Abs(s.sd-math.Sqrt(10)) > 1e-12 || math.Abs(s.half-2.776445*math.Sqrt(2)) > 1e-5 {
		t.Errorf("%+v", s)
	}
	if s := summarise([]float64{3}); s.mean != 3 || !math.IsNaN(s.sd) || !math.IsNaN(s.half) {
		t.Errorf("of one: %+v", s)
	}
	if s := summarise(nil); s.n != 0 || !math.IsNaN(s.mean) {
		t.Errorf("of none: %+v", s)
	}
}

// Of many samples of ten, 95% of the intervals have the mean in them: within
// three standard errors, √(.95 × .05 / 4000) = .0034 each.
func TestSummarisesIntervalCovers(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	const tries = 4000
	inside := 0
	for range tries {
		v := make([]float64, 10)
		for i := range v {
			v[i] = 7 + 3*r.NormFloat64()
		}
		if s := summarise(v); math.Abs(s.mean-7) <= s.half {
			inside++
		}
	}
	if part := float64(inside) / tries; math.Abs(part-0.95) > 3*0.0034 {
		t.Errorf("%.4f of the intervals cover", part)
	}
}

func TestQuantileIsLinearBetweenValues(t *testing.T) {
	v := []float64{1, 2, 4, 8}
	for q, want := range map[float64]float64{0: 1, 1. / 3: 2, 0.5: 3, 1: 8, 5. / 6: 6} {
		if got := quantile(v, q); math.Abs(got-want) > 1e-12 {
			t.Errorf("%v: %v, want %v", q, got, want)
		}
	}
	if !math.IsNaN(quantile(nil, 0.5)) || quantile([]float64{3}, 0.2) != 3 {
		t.Error("of none or one")
	}
}

func TestOverStepsTakesRunsOfDifferentLength(t *testing.T) {
	got := overSteps([]outcome.Series{
		{Step: []int{0, 2, 4}, At: []float64{1, 10, 30}},
		{Step: []int{4, 0, 2}, At: []float64{50, 3, math.NaN()}},
		{Step: []int{0}, At: []float64{2}},
	})
	want := band{x: []float64{0, 2, 4}, low: []float64{1.1, 10, 31}, mid: []float64{2, 10, 40}, high: []float64{2.9, 10, 49}, runs: 3}
	if d := cmp.Diff(want, got, cmp.AllowUnexported(band{}), cmpopts.EquateApprox(1e-12, 0)); d != "" {
		t.Error(d)
	}
}

func TestPlusMinusHasOnePlaceAndOneUnit(t *testing.T) {
	for _, c := range []struct {
		v, half float64
		want    string
	}{
		{0.00559, 0.0041, "0.0056 ± 0.0041"}, {283.25, 3.2, "283.2 ± 3.2"}, {28912, 7243, "28.9 ± 7.2 k"}, {134, 56, "134 ± 56"},
		{3.2e6, 12345, "3.200 ± 0.012 M"}, {-5, 0.25, "-5.00 ± 0.25"}, {1, 1e-12, "1 ± 1e-12"},
	} {
		if got := plusMinus(c.v, c.half); got != c.want {
			t.Errorf("%v, %v: %q, want %q", c.v, c.half, got, c.want)
		}
	}
}

func TestEvenlyKeepsTheEnds(t *testing.T) {
	if got := evenly([]int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, 4); !cmp.Equal(got, []int{0, 3, 6, 9}) {
		t.Errorf("%v", got)
	}
	if got := evenly([]int{1, 2}, 4); !cmp.Equal(got, []int{1, 2}) {
		t.Errorf("%v", got)
	}
}
