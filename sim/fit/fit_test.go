package fit

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// sampled takes a curve's values at whole years, with normal noise.
func sampled(name string, b Bass, from, to int, noise float64, r *rand.Rand) Series {
	s := Series{Name: name, Column: "count"}
	for y := from; y <= to; y++ {
		v := b.At(float64(y))
		if noise > 0 {
			v = math.Max(0, v+noise*r.NormFloat64())
		}
		s.Year, s.Value = append(s.Year, float64(y)), append(s.Value, v)
	}
	return s
}

// enough is a horizon that shows a product's inflection and what follows.
func (k product) enough() int { return int(math.Ceil(1.7 * k.peak)) }

func near(t *testing.T, what string, got, want, relative float64) {
	t.Helper()
	if !(math.Abs(got-want) <= relative*math.Abs(want)) {
		t.Errorf("%s is %v, not %v (within %g)", what, got, want, relative)
	}
}

func TestFitFindsTheProductsOfBass(t *testing.T) {
	for _, begin := range []struct {
		name  string
		first int // year of the first value, since the launch
	}{{"from the launch", 0}, {"from the first year's end", 1}, {"two years before", -2}, {"late", 4}} {
		t.Run(begin.name, func(t *testing.T) {
			for _, k := range products {
				s := sampled(k.name, k.curve(1950), 1950+begin.first, 1950+k.enough(), 0, nil)
				got := Fit([]Series{s})[0]
				near(t, k.name+": p", got.P.Value, k.p, 1e-4)
				near(t, k.name+": q", got.Q.Value, k.q, 1e-4)
				near(t, k.name+": m", got.M.Value, k.m, 1e-4)
				if math.Abs(got.T0.Value-1950) > 1e-2 || got.R2 < 1-1e-9 || !got.Describes {
					t.Errorf("%s: launch %v, R² %v, %v %s", k.name, got.T0.Value, got.R2, got.Describes, got.Why)
				}
			}
		})
	}
}

// With noise of 1% of the market, nine in ten of the 95% intervals or more have
// the truth in them: that is the tolerance, derived from the noise itself. (The
// choice between launches costs some of the 95%.)
func TestFitsIntervalsHoldTheTruth(t *testing.T) {
	const tries = 30
	inside := map[string]int{}
	all := 0
	for _, k := range products {
		for seed := range uint64(tries) {
			r := rand.New(rand.NewPCG(seed, 11))
			s := sampled(k.name, k.curve(1950), 1951, 1950+k.enough()+4, 0.01*k.m, r)
			got := Fit([]Series{s})[0]
			if got.R2 < 0.97 {
				t.Errorf("%s, seed %d: R² %v", k.name, seed, got.R2)
			}
			all++
			for name, e := range map[string]struct {
				Estimate
				truth float64
			}{"p": {got.P, k.p}, "q": {got.Q, k.q}, "m": {got.M, k.m}} {
				if e.Low <= e.truth && e.truth <= e.High {
					inside[name]++
				}
			}
		}
	}
	for _, name := range []string{"p", "q", "m"} {
		if part := float64(inside[name]) / float64(all); part < 0.9 {
			t.Errorf("%s: the truth is in %.0f%% of %d intervals", name, 100*part, all)
		} else {
			t.Logf("%s: %.1f%% of %d", name, 100*part, all)
		}
	}
}

// households finds the data beside the project.
func households(t *testing.T) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		if dir == filepath.Dir(dir) {
			t.Fatal("no go.mod above")
		}
		dir = filepath.Dir(dir)
	}
	file := filepath.Join(dir, "../shared/data/adoption/us_households.csv")
	if _, err := os.Stat(file); err != nil {
		t.Skipf("SKIPPED: the folder ../shared/data/adoption is missing: %v", err)
	}
	return file
}

func TestFitDescribesUSHouseholds(t *testing.T) {
	f, err := os.Open(households(t))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	series, err := Read(f)
	if err != nil {
		t.Fatal(err)
	}
	if len(series) != 5 {
		t.Fatalf("%d series", len(series))
	}
	for i, r := range Fit(series) {
		if r.R2 < 0.97 || !r.Describes || r.Series != series[i].Name {
			t.Errorf("%s: R² %v, %s", r.Series, r.R2, r.Why)
		}
		if !(r.P.Low > 0 && r.Q.Low > 0 && r.M.Value <= 100 && r.M.Value > 60 && r.Peak > r.First && r.Peak < r.Last) {
			t.Errorf("%s: %+v", r.Series, r)
		}
		if !(r.P.Error > 0 && r.Q.Error > 0 && r.M.Error > 0) {
			t.Errorf("%s has no standard errors: %+v", r.Series, r)
		}
	}
}

// of makes a series of a function of the year's number.
func of(n int, f func(i int) float64) Series {
	s := Series{Name: "x", Column: "count"}
	for i := range n {
		s.Year, s.Value = append(s.Year, float64(1980+i)), append(s.Value, f(i))
	}
	return s
}

func TestFitSaysWhereNoCurveDescribes(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	rise := Bass{P: .02, Q: .4, M: 90, T0: 1979}
	for _, c := range []struct {
		name   string
		series Series
		why    string
	}{
		{"empty", Series{Name: "x"}, "too few points: 0"},
		{"five points", of(5, func(i int) float64 { return rise.At(float64(1980 + i)) }), "too few points: 5"},
		{"flat", of(20, func(int) float64 { return 42 }), "flat"},
		{"zero", of(20, func(int) float64 { return 0 }), "flat: it is zero"},
		{"landlines", of(40, func(i int) float64 { return rise.At(float64(1980+i)) - 3*math.Max(0, float64(i-20)) }), "declines: from 8"},
		{"only falling", of(20, func(i int) float64 { return 90 - 4*float64(i) }), "declines: from 90 in 1980 to 14 in 1999"},
		{"growing by a share", of(20, func(i int) float64 { return math.Exp(0.2 * float64(i)) }), "no inflection"},
		{"a straight line", of(20, func(i int) float64 { return float64(i) }), "no inflection"},
		{"levels off from the start", of(25, func(i int) float64 { return 80 * (1 - math.Exp(-0.15*float64(i))) }), "q ≤ 0"},
		{"noise", of(30, func(int) float64 { return 50 + 10*r.NormFloat64() }), "noisy"},
		{"two waves", of(40, func(i int) float64 {
			return Bass{.002, .9, 45, 1980}.At(float64(1980+i)) + Bass{.001, .9, 50, 2003}.At(float64(1980+i))
		}), "another shape"},
		{"a step", of(30, func(i int) float64 { return 80 * float64(i/15) }), "too steep: "},
		{"all at once", of(21, func(i int) float64 { return min(1e15, 1+1e15*float64(i)) }), "too steep: "},
		{"cut off early", sampled("x", Bass{.005, .3, 100, 1980}, 1980, 1990, 0.05, r), "no inflection"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := Fit([]Series{c.series})[0]
			if got.Describes || !strings.Contains(got.Why, c.why) {
				t.Errorf("describes %v, why %q, want %q; R² %v, %+v", got.Describes, got.Why, c.why, got.R2, got.Curve())
			}
		})
	}
}

func TestFitTakesWhatSeriesAreLike(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 9))
	b := Bass{P: .02, Q: .4, M: 62, T0: 1979}
	gaps := sampled("x", b, 1980, 2005, 0.3, r)
	for _, i := range []int{20, 13, 12, 7, 3} {
		gaps.Year, gaps.Value = append(gaps.Year[:i], gaps.Year[i+1:]...), append(gaps.Value[:i], gaps.Value[i+1:]...)
	}
	bad := sampled("x", b, 1980, 2005, 0.3, r)
	bad.Value[15] *= 1.1
	dips := sampled("x", b, 1980, 2005, 0.3, r)
	dips.Value[25] -= 3
	for name, s := range map[string]Series{
		"gaps": gaps, "one bad point": bad, "a small dip in the end": dips,
		"saturating below 100": sampled("x", b, 1980, 2020, 0.3, r),
		"ten zeros first":      sampled("x", b, 1969, 2005, 0, nil),
		"begins late":          sampled("x", b, 1984, 2010, 0.1, r),
	} {
		got := Fit([]Series{s})[0]
		if !got.Describes || got.R2 < 0.97 {
			t.Errorf("%s: %v %s, R² %v", name, got.Describes, got.Why, got.R2)
		}
		near(t, name+": m", got.M.Value, b.M, 0.05)
		near(t, name+": q", got.Q.Value, b.Q, 0.25)
		if math.Abs(got.Peak-b.Peak()) > 1 {
			t.Errorf("%s: peak in %v, not %v", name, got.Peak, b.Peak())
		}
	}
}

// A percent is not extrapolated beyond everybody; a count is.
func TestFitHoldsPercentsWithinTheWhole(t *testing.T) {
	s := of(12, func(i int) float64 { return Bass{.01, .35, 130, 1980}.At(float64(1980 + i)) })
	s.Column = "percent"
	if got := Fit([]Series{s})[0]; got.M.Value > 100 {
		t.Errorf("m is %v percent", got.M.Value)
	}
	s.Column = "count"
	near(t, "m", Fit([]Series{s})[0].M.Value, 130, 1e-3)
}

func TestFitIsTheSameInEveryUnitAndCentury(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k := products[rapid.IntRange(0, len(products)-1).Draw(t, "product")]
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 3))
		s := sampled("x", Bass{k.p, k.q, 80, 0}, 1, k.enough(), 0.8, r)
		s.Column = "percent"
		unit := Series{Name: "x", Column: "share"}
		shift := rapid.IntRange(-2000, 2000).Draw(t, "shift")
		for i := range s.Year {
			unit.Year = append(unit.Year, s.Year[i]+float64(shift))
			unit.Value = append(unit.Value, s.Value[i]/100)
		}
		a, b := Fit([]Series{s})[0], Fit([]Series{unit})[0]
		same := func(what string, x, y float64) {
			if math.Abs(x-y) > 1e-4*math.Abs(x)+1e-9 {
				t.Fatalf("%s: %v as percents, %v as shares %d years on", what, x, y, shift)
			}
		}
		same("p", a.P.Value, b.P.Value)
		same("q", a.Q.Value, b.Q.Value)
		same("m", a.M.Value, 100*b.M.Value)
		same("R²", a.R2, b.R2)
		same("p's error", a.P.Error, b.P.Error)
		if math.Abs(a.Peak+float64(shift)-b.Peak) > 1e-2 || a.Describes != b.Describes {
			t.Fatalf("peak %v and %v, %v and %v", a.Peak, b.Peak, a.Describes, b.Describes)
		}
	})
}

func ExampleFit() {
	s := Series{Name: "record players", Column: "count"}
	b := Bass{P: 0.024796, Q: 0.65410, M: 21937, T0: 1951}
	for y := 1952.0; y <= 1961; y++ {
		s.Year, s.Value = append(s.Year, y), append(s.Value, b.At(y))
	}
	for _, r := range Fit([]Series{s}) {
		fmt.Printf("%s: p %.4f, q %.3f, m %.0f, most in %.1f, R² %.3f\n", r.Series, r.P.Value, r.Q.Value, r.M.Value, r.Peak, r.R2)
	}
	// Output: record players: p 0.0248, q 0.654, m 21937, most in 1955.8, R² 1.000
}
