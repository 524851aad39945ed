package study

import (
	"bytes"
	"math"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/parley-network/parley/sim/figure"
	"github.com/parley-network/parley/sim/mesh"
	"github.com/parley-network/parley/sim/scenario"
)

func TestDistances(t *testing.T) {
	for _, c := range []struct {
		name    string
		a, b    []float64
		ks, was float64
	}{
		{"the same", []float64{1, 2, 3}, []float64{1, 2, 3}, 0, 0},
		{"of other lengths", []float64{1, 2}, []float64{1, 1, 2, 2}, 0, 0},
		{"moved by one", []float64{1, 2, 3}, []float64{2, 3, 4}, 1. / 3, 1},
		{"apart", []float64{0, 0}, []float64{5}, 1, 5},
		{"one outlier", []float64{0, 0, 0, 0}, []float64{0, 0, 0, 8}, 0.25, 2},
		{"none", nil, nil, 0, 0},
		{"one of none", nil, []float64{1}, 1, math.Inf(1)},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := KolmogorovSmirnov(c.a, c.b); math.Abs(got-c.ks) > 1e-12 {
				t.Errorf("Kolmogorov-Smirnov %v, want %v", got, c.ks)
			}
			if got := Wasserstein(c.a, c.b); got != c.was && math.Abs(got-c.was) > 1e-12 {
				t.Errorf("Wasserstein %v, want %v", got, c.was)
			}
		})
	}
}

// Of samples of one length the Wasserstein distance is the mean of the
// differences in order; both distances are symmetric.
func TestDistancesAreMetrics(t *testing.T) {
	values := rapid.SliceOfN(rapid.Float64Range(-100, 100), 5, 5)
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := sorted(values.Draw(t, "a")), sorted(values.Draw(t, "b")), sorted(values.Draw(t, "c"))
		want := 0.0
		for i := range a {
			want += math.Abs(a[i]-b[i]) / 5
		}
		if got := Wasserstein(a, b); math.Abs(got-want) > 1e-9 {
			t.Fatalf("Wasserstein %v, want %v", got, want)
		}
		for name, d := range map[string]func(a, b []float64) float64{"KS": KolmogorovSmirnov, "Wasserstein": Wasserstein} {
			if math.Abs(d(a, b)-d(b, a)) > 1e-9 || d(a, a) != 0 || d(a, c) > d(a, b)+d(b, c)+1e-9 {
				t.Fatalf("%s is no metric on %v, %v, %v", name, a, b, c)
			}
		}
	})
}

func TestQuantile(t *testing.T) {
	v := []float64{1, 2, 3, 4}
	for q, want := range map[float64]float64{0: 1, .25: 1, .26: 2, .5: 2, .99: 4, 1: 4} {
		if got := Quantile(v, q); got != want {
			t.Errorf("quantile %v is %v, want %v", q, got, want)
		}
	}
}

func TestFitFindsTheValley(t *testing.T) {
	knobs := []Knob{{Name: "x", Low: -10, High: 10, Exact: 1e-4}, {Name: "y", Low: 0, High: 5, Exact: 1e-4, At: 5}}
	got, least, err := Fit(knobs, 20, func(at []Knob) (float64, error) {
		x, y := at[0].At, at[1].At
		return (x-3)*(x-3) + (y-1)*(y-1) + 0.5*(x-3)*(y-1) + 7, nil
	})
	if err != nil || math.Abs(got[0].At-3) > 0.01 || math.Abs(got[1].At-1) > 0.01 || math.Abs(least-7) > 0.001 {
		t.Errorf("found %+v, %v, %v", got, least, err)
	}
	if knobs[1].At != 5 {
		t.Error("the knobs given were turned")
	}
}

func TestFitNeverMakesItWorse(t *testing.T) {
	got, least, err := Fit([]Knob{{Name: "x", Low: 0, High: 1, Exact: 0.01, At: 0.123}}, 3, func(at []Knob) (float64, error) {
		if at[0].At == 0.123 {
			return 0, nil
		}
		return 1, nil
	})
	if err != nil || least != 0 || got[0].At != 0.123 {
		t.Errorf("found %+v, %v, %v", got, least, err)
	}
}

func TestFitRefuses(t *testing.T) {
	if _, _, err := Fit([]Knob{{Name: "x", Low: 1, High: 2, Exact: 1, At: 3}}, 1, nil); err == nil || !strings.Contains(err.Error(), "x") {
		t.Errorf("a knob out of its bounds: %v", err)
	}
	if _, _, err := Fit([]Knob{{Name: "x", High: 1, Exact: 1}}, 1, func([]Knob) (float64, error) { return math.NaN(), nil }); err == nil {
		t.Error("a loss that is no number was taken")
	}
}

// plan is gossip as the node ships it, on even links.
func plan(sizes ...int) Plan {
	return Plan{Sizes: sizes, Seeds: []uint64{1}, Casts: 5, Protocol: scenario.Default().Protocol}
}

func TestPlansAreRefused(t *testing.T) {
	bad := plan()
	if _, err := Compare(t.Context(), bad, mesh.Default()); err == nil {
		t.Error("a comparison of no size was taken")
	}
	if _, err := Calibrate(t.Context(), bad, mesh.Default()); err == nil {
		t.Error("a calibration at no size was taken")
	}
}

// At a size that is quick to play, model and real nodes are near each other; how
// near from 100 to 1,000 nodes BenchmarkFigureSimCompare tells.
func TestModelIsNearRealNodes(t *testing.T) {
	p := plan(40)
	pairs, err := Compare(t.Context(), p, mesh.Default())
	if err != nil {
		t.Fatal(err)
	}
	a := pairs[0].Apart
	if !a.Within(0.34, 0.15) || a.Missed != 0 { // one hop of three
		t.Errorf("apart %+v", a)
	}
	var table bytes.Buffer
	if err := WriteTable(&table, pairs); err != nil || !strings.Contains(table.String(), "40") {
		t.Errorf("table %q, %v", &table, err)
	}
}

func TestWithTurnsKnobs(t *testing.T) {
	c := with(mesh.Default(), []Knob{{Name: "process", At: 0.0012}, {Name: "again_after", At: 0.03}, {Name: "again_round_trips", At: 1.504}})
	if c.Process.Std() != 1200*time.Microsecond || c.AgainAfter.Std() != 30*time.Millisecond || c.Again != 1.5 {
		t.Errorf("constants %+v", c)
	}
	if err := c.Check(); err != nil {
		t.Error(err)
	}
}

// BenchmarkFigureSimCompare compares at PARLEY_COMPARE_NODES nodes, by default
// 100, 300 and 1,000.
func BenchmarkFigureSimCompare(b *testing.B) {
	p := plan()
	p.Protocol, p.Casts = Spread(), 10
	for size := range strings.SplitSeq(or(os.Getenv("PARLEY_COMPARE_NODES"), "100,300,1000"), ",") {
		n, err := strconv.Atoi(size)
		if err != nil {
			b.Fatalf("PARLEY_COMPARE_NODES: %v", err)
		}
		p.Sizes = append(p.Sizes, n)
	}
	pairs, err := Compare(b.Context(), p, mesh.Default())
	if err != nil {
		b.Fatal(err)
	}
	if err := WriteTable(os.Stdout, pairs); err != nil {
		b.Fatal(err)
	}
	for _, pair := range pairs {
		name, a := "sim-compare-"+strconv.Itoa(pair.Model.Nodes)+"-", pair.Apart
		figure.AtMost(os.Stdout, name+"p50-off", math.Abs(a.P50-1), 0.10)
		figure.AtMost(os.Stdout, name+"p99-off", math.Abs(a.P99-1), 0.10)
		figure.AtMost(os.Stdout, name+"copies-off", math.Abs(a.Copies-1), 0.05)
		figure.AtLeast(os.Stdout, name+"deliveries-per-wall-second-ratio", a.Rate, 1000)
	}
}

func or(v, otherwise string) string {
	if v == "" {
		return otherwise
	}
	return v
}
