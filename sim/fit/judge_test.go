package fit

import (
	"bytes"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
)

func TestFallsOnlyWhereWhatIsLostIsLost(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 3))
	for _, c := range []struct {
		name  string
		value func(i int) float64
		falls bool
	}{
		{"rises", func(i int) float64 { return float64(i) }, false},
		{"loses a twentieth", func(i int) float64 { return 100 - 5*float64(i/29) }, false},
		{"one bad point in the middle", func(i int) float64 {
			if i == 15 {
				return 200
			}
			return 100
		}, false},
		{"one bad point in the end", func(i int) float64 {
			if i == 29 {
				return 0
			}
			return 100
		}, false},
		{"loses a fifth slowly", func(i int) float64 { return math.Min(float64(10*i), 100-1.5*math.Max(0, float64(i-14))) }, true},
		{"loses a fifth at once", func(i int) float64 { return 100 - 20*float64(i/20) }, true},
		{"noise of a tenth", func(int) float64 { return 100 + 10*r.NormFloat64() }, false},
		{"dips and comes back", func(i int) float64 { return 100 - 30*math.Exp(-math.Pow(float64(i-15)/3, 2)) }, false},
	} {
		if why := falls(of(30, c.value)); (why != "") != c.falls {
			t.Errorf("%s: %q", c.name, why)
		}
	}
}

// On a trend, the scatter is that of the noise: within 10% for 2,000 points.
func TestScatterSeesNoiseAndNoTrend(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 5))
	s := of(2000, func(i int) float64 { return 7*float64(i) + 3*r.NormFloat64() })
	if got := scatter(s.Value); math.Abs(got/3-1) > 0.1 {
		t.Errorf("%v, and the noise is 3", got)
	}
}

func TestMedianAroundTakesThreeWithinTheSeries(t *testing.T) {
	v := []float64{9, 1, 5, 7, 3}
	for i, want := range []float64{5, 5, 5, 5, 5} {
		if got := medianAround(v, i); got != want {
			t.Errorf("%d: %v", i, got)
		}
	}
}

// Residuals that resemble their neighbours say less than as many that don't:
// with ρ = 0.6 the error doubles.
func TestWideningFollowsLikeness(t *testing.T) {
	r := rand.New(rand.NewPCG(6, 7))
	white, red := make([]float64, 20_000), make([]float64, 20_000)
	for i := range white {
		white[i] = r.NormFloat64()
		red[i] = white[i]
		if i > 0 {
			red[i] += 0.6 * red[i-1]
		}
	}
	if got := widening(red); math.Abs(got-2) > 0.1 {
		t.Errorf("with ρ 0.6: %v", got)
	}
	if got := widening(white); got > 1.03 {
		t.Errorf("without: %v", got)
	}
	if got := widening([]float64{1, -1, 1, -1}); got != 1 {
		t.Errorf("alternating residuals narrow it: %v", got)
	}
	if got := widening(make([]float64, 5)); got != 1 {
		t.Errorf("of a perfect fit: %v", got)
	}
}

// The launch is told with how it was found, and kept apart where it was fixed.
func TestFitSaysHowItPlacedTheLaunch(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 9))
	b := Bass{P: .02, Q: .4, M: 100, T0: 1979}
	for _, c := range []struct {
		name   string
		series Series
		launch string
		t0     float64
		within float64
	}{
		{"begins at the launch", sampled("x", b, 1979, 2005, 0, nil), "in 1979, at the first zero; estimated, it would be 1979, ", 1979, 0},
		{"begins a year on", sampled("x", b, 1980, 2005, 0.2, r), "in 1979, an interval before the first value; estimated, it would be ", 1979, 0},
		{"begins six years on", sampled("x", b, 1985, 2010, 0.05, r), "", 1979, 1},
		{"zeros for ten years", sampled("x", b, 1969, 2005, 0, nil), "in 1979, at the last leading zero; estimated, ", 1979, 0},
		{"noise where the launch is", sampled("x", b, 1979, 2005, 0.5, rand.New(rand.NewPCG(4, 1))), "in 1979, at the first value, which is as good as nothing; estimated, ", 1979, 0},
		{"noise for ten years", sampled("x", b, 1969, 2005, 0.5, rand.New(rand.NewPCG(5, 1))), "in 1979, at the last value that is as good as nothing; estimated, ", 1979, 0},
	} {
		got := Fit([]Series{c.series})[0]
		if !strings.HasPrefix(got.LaunchWhy, c.launch) || math.Abs(got.T0.Value-c.t0) > c.within {
			t.Errorf("%s: %v, %s", c.name, got.T0, got.LaunchWhy)
		}
		fixed := c.launch != ""
		if fixed != (got.Launch == Fixed) || fixed == (got.Launch == Estimated) || fixed != math.IsNaN(got.T0.Error) ||
			fixed != strings.Contains(got.Caution, "if launched in 1979") || fixed != strings.Contains(strings.Join(got.Notes, " "), "launch fixed in 1979") ||
			fixed != (got.Earlier != nil) {
			t.Errorf("%s: %s, error %v, caution %q, notes %q, earlier %v", c.name, got.Launch, got.T0.Error, got.Caution, got.Notes, got.Earlier)
		}
		if !fixed {
			continue
		}
		// Launched earlier, fewer adopt unprompted, and what they start grows faster.
		if e := got.Earlier; e.T0 != c.t0-1 || !(e.P < got.P.Value && e.Q > got.Q.Value) {
			t.Errorf("%s: %+v, and a year earlier %+v", c.name, got.Curve(), e)
		}
	}
}

// What rests on something else than the data is said beside the yes.
func TestFitIsCautious(t *testing.T) {
	percents := of(12, func(i int) float64 { return Bass{.01, .35, 130, 1979}.At(float64(1980 + i)) })
	percents.Column = percent
	for _, c := range []struct {
		name    string
		series  Series
		caution []string
		notes   []string
	}{
		{"launched before", sampled("x", Bass{.02, .4, 100, 1974}, 1980, 2005, 0, nil), nil, nil},
		{"more than everybody", percents, []string{"m held at 100"}, []string{"m is held at 100, the most that is possible, and not estimated"}},
		{"nobody imitates much", sampled("x", Bass{.2, .1, 100, 1979}, 1980, 2005, 0, nil), []string{"if launched in 1979", "no inflection"}, []string{"launch fixed in 1979", "q ≤ p"}},
		{"past its peak", sampled("x", Bass{.1, .3, 100, 1976}, 1980, 2005, 0, nil), []string{"past its peak"}, []string{"it begins after the inflection (1978.7)"}},
	} {
		got := Fit([]Series{c.series})[0]
		if !got.Describes || c.caution == nil && got.Caution != "" {
			t.Errorf("%s: %s, %q", c.name, got.Why, got.Caution)
		}
		for _, want := range c.caution {
			if !strings.Contains(got.Caution, want) {
				t.Errorf("%s: %q, want %q", c.name, got.Caution, want)
			}
		}
		for _, want := range c.notes {
			if !strings.Contains(strings.Join(got.Notes, "; "), want) {
				t.Errorf("%s: %q, want %q", c.name, got.Notes, want)
			}
		}
	}
}

// R² is that of the values, and of growth that of the gains: noise of a tenth of
// what a year gains hides in the former and shows in the latter.
func TestRSquaredOfValuesAndOfGrowth(t *testing.T) {
	r := rand.New(rand.NewPCG(21, 2))
	s := sampled("x", Bass{.02, .4, 100, 1979}, 1980, 2000, 1, r)
	got := Fit([]Series{s})[0]
	var mean, off, spread, gain, offGain, spreadGain float64
	n := float64(len(s.Value))
	for _, v := range s.Value {
		mean += v / n
	}
	gain = (s.Value[len(s.Value)-1] - s.Value[0]) / (n - 1)
	for i, v := range s.Value {
		off += math.Pow(v-got.Curve().At(s.Year[i]), 2)
		spread += math.Pow(v-mean, 2)
		if i > 0 {
			d := v - s.Value[i-1]
			offGain += math.Pow(d-(got.Curve().At(s.Year[i])-got.Curve().At(s.Year[i-1])), 2)
			spreadGain += math.Pow(d-gain, 2)
		}
	}
	near(t, "R²", got.R2, 1-off/spread, 1e-9)
	near(t, "R² of growth", got.GrowthR2, 1-offGain/spreadGain, 1e-9)
	if got.R2 < 0.995 || got.GrowthR2 > 0.95 {
		t.Errorf("R² %v, of growth %v", got.R2, got.GrowthR2)
	}
}

func TestFitTellsTheErrorItMade(t *testing.T) {
	// The launch's own interval, where it is free.
	inside, free := 0, 0
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 13))
		got := Fit([]Series{sampled("x", Bass{P: .02, Q: .4, M: 100, T0: 1979}, 1983, 2010, 0.3, r)})[0]
		if got.Launch != Estimated {
			continue
		}
		free++
		if got.T0.Low <= 1979 && 1979 <= got.T0.High {
			inside++
		}
		if math.Abs(got.Sigma-0.3) > 0.15 {
			t.Errorf("seed %d: residuals of %v, and the noise is 0.3", seed, got.Sigma)
		}
	}
	if free < 30 || float64(inside) < 0.85*float64(free) {
		t.Errorf("the launch is in %d of %d intervals", inside, free)
	}
}

func TestTableWritesWhatIsNotThere(t *testing.T) {
	var b bytes.Buffer
	none := math.NaN()
	e := Estimate{none, none, none, none}
	err := WriteTable(&b, []Result{
		{Series: "held", P: Estimate{.5, none, none, none}, Q: e, M: e, T0: e, R2: .5, Peak: math.Inf(1), Guess: true, Why: "because", Caution: "past its peak"},
		{Series: "odd", P: Estimate{.777, .1, .1, .9}, Q: e, M: e, T0: e, R2: .4, Peak: 1990, Why: "another shape"},
		{Series: "fine", P: Estimate{.02, .001, .018, .022}, Q: e, M: e, T0: Estimate{1979.25, 1, 1978, 1980}, Launch: Estimated, R2: 1, Describes: true, Notes: []string{"one", "two"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"0.5 ± ?", "0.0200 ± 0.0010", "1979.2 ± 1.0", "a guess, past its peak\n", "held: no Bass curve: because\n", "fine: one; two\n"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in\n%s", want, &b)
		}
	}
	if strings.Contains(b.String(), "0.777") {
		t.Errorf("numbers that mean nothing are told:\n%s", &b)
	}
	if strings.Contains(b.String(), "NaN") || strings.Contains(b.String(), "Inf") {
		t.Errorf("what is not there is written as a number:\n%s", &b)
	}
}
