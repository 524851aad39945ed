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
		{"begins at the launch", sampled("x", b, 1979, 2005, 0, nil), "fixed", 1979, 0},
		{"begins a year on", sampled("x", b, 1980, 2005, 0.2, r), "fixed an interval before the first value", 1979, 0},
		{"begins six years on", sampled("x", b, 1985, 2010, 0.05, r), "free", 1979, 1},
		{"zeros for ten years", sampled("x", b, 1969, 2005, 0, nil), "fixed at the last leading zero", 1979, 0},
	} {
		got := Fit([]Series{c.series})[0]
		if !strings.HasPrefix(got.Launch, c.launch) || math.Abs(got.T0.Value-c.t0) > c.within {
			t.Errorf("%s: %v, %s", c.name, got.T0, got.Launch)
		}
		if fixed := c.launch != "free"; fixed != math.IsNaN(got.T0.Error) || fixed != strings.Contains(strings.Join(got.Notes, " "), "launch in") {
			t.Errorf("%s: error %v, notes %q", c.name, got.T0.Error, got.Notes)
		}
	}
}

func TestFitTellsTheErrorItMade(t *testing.T) {
	// The launch's own interval, where it is free.
	inside, free := 0, 0
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 13))
		got := Fit([]Series{sampled("x", Bass{P: .02, Q: .4, M: 100, T0: 1979}, 1983, 2010, 0.3, r)})[0]
		if got.Launch != "free" {
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
		{Series: "held", P: Estimate{.5, none, none, none}, Q: e, M: e, T0: e, R2: .5, Peak: math.Inf(1), Guess: true, Why: "because"},
		{Series: "odd", P: Estimate{.777, .1, .1, .9}, Q: e, M: e, T0: e, R2: .4, Peak: 1990, Why: "another shape"},
		{Series: "fine", P: Estimate{.02, .001, .018, .022}, Q: e, M: e, T0: Estimate{1979.25, 1, 1978, 1980}, R2: 1, Describes: true, Notes: []string{"one", "two"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"0.5 ± ?", "0.02 ± 0.001", "0.018–0.022", "1979.2", "held: no Bass curve: because\n", "fine: one; two\n"} {
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
