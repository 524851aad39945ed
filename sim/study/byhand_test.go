package study

import (
	"bytes"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/parley-network/parley/sim/mesh"
	"github.com/parley-network/parley/sim/scenario"
)

// Of samples of any two lengths the distances are those of their distribution
// functions, looked at at every point and, for the area between, repeated until
// they are of one length.
func TestDistancesAgainstEveryPoint(t *testing.T) {
	value := rapid.OneOf(rapid.Float64Range(-5, 5), rapid.SampledFrom([]float64{0, 1, 1, 2}))
	rapid.Check(t, func(t *rapid.T) {
		a, b := sorted(rapid.SliceOfN(value, 1, 7).Draw(t, "a")), sorted(rapid.SliceOfN(value, 1, 7).Draw(t, "b"))
		below := func(v []float64, x float64) float64 {
			n := 0
			for _, y := range v {
				if y <= x {
					n++
				}
			}
			return float64(n) / float64(len(v))
		}
		most := 0.0
		for _, x := range slices.Concat(a, b) {
			most = max(most, math.Abs(below(a, x)-below(b, x)))
		}
		if got := KolmogorovSmirnov(a, b); math.Abs(got-most) > 1e-12 {
			t.Fatalf("Kolmogorov-Smirnov of %v and %v is %v, want %v", a, b, got, most)
		}
		n, moved := len(a)*len(b), 0.0
		for i := range n {
			moved += math.Abs(a[i/len(b)]-b[i/len(a)]) / float64(n)
		}
		if got := Wasserstein(a, b); math.Abs(got-moved) > 1e-9 {
			t.Fatalf("Wasserstein of %v and %v is %v, want %v", a, b, got, moved)
		}
	})
}

// Sums become means of what was owed, cast and delivered.
func TestFinishByHand(t *testing.T) {
	m := Measured{Casts: 4, Delays: []float64{3, 1, 2, 4, 5, 9, 8, 7, 6, 10}}
	m.finish(45, 8000, 10, 12, 2*time.Second)
	if m.P50 != 5 || m.P99 != 10 || m.Most != 10 || math.Abs(m.Missed-1./6) > 1e-12 || m.Copies != 3.75 || m.Bytes != 2000 || m.Rate != 5 || m.Wall.Std() != 2*time.Second || !slices.IsSorted(m.Delays) {
		t.Errorf("%+v", m)
	}
	m = Measured{Casts: 1}
	if m.finish(0, 0, 0, 3, 0); m.Missed != 1 || m.Rate != 0 || m.P50 != 0 {
		t.Errorf("nobody got it: %+v", m)
	}
}

// What is near in delays and copies is within, to just what was asked.
func TestWithin(t *testing.T) {
	near := Apart{P50: 1.1, P99: 0.9, Copies: 0.95}
	for want, a := range map[string]Apart{"": near, "p50": {P50: 1.101, P99: 1, Copies: 1}, "p99": {P50: 1, P99: 0.899, Copies: 1}, "copies": {P50: 1, P99: 1, Copies: 0.949}, "no number": {P50: math.NaN(), P99: 1, Copies: 1}} {
		if a.Within(0.1000001, 0.0500001) != (want == "") {
			t.Errorf("%+v: %q", a, want)
		}
	}
	m, s := Measured{P50: 2, P99: 3, Copies: 4, Bytes: 5, Missed: 0.5, Rate: 1000, Delays: []float64{1}}, Measured{P50: 1, P99: 6, Copies: 4, Bytes: 10, Missed: 0.2, Rate: 10, Delays: []float64{3}}
	if got, want := Between(m, s), (Apart{KS: 1, Wasserstein: 2, P50: 2, P99: 0.5, Copies: 1, Bytes: 0.5, Missed: 0.3, Rate: 100}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	var table bytes.Buffer
	m.Nodes = 77
	if err := WriteTable(&table, []Pair{{m, s, Between(m, s)}}); err != nil {
		t.Fatal(err)
	}
	rows := strings.Split(strings.TrimSpace(table.String()), "\n")
	if got, want := strings.Join(strings.Fields(rows[1]), " "), "77 2000.0 1000.0 2.000 3000.0 6000.0 0.500 4.00 4.00 1.000 5 10 0.500 1.000 2000.00 100×"; len(rows) != 2 || got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
}

// More seeds of few are all others, and the same again.
func TestMoreSeeds(t *testing.T) {
	got := more([]uint64{1, 2, 7}, 10)
	if seen := slices.Compact(slices.Sorted(slices.Values(got))); len(got) != 30 || len(seen) != 30 || !slices.Equal(got, more([]uint64{1, 2, 7}, 10)) {
		t.Errorf("%v", got)
	}
}

// Casts in the model: of two nodes on a link of 50 ms each comes after a hold and
// the link, and the publisher sends its copy.
func TestModelOfTwoByHand(t *testing.T) {
	p, c := scenario.Default().Protocol, mesh.Default()
	c.Line = 0
	m, err := Model(2, 5, p, c, []uint64{1, 2})
	if err != nil {
		t.Fatal(err)
	}
	want := (c.Hold.Std() + c.Process.Std() + 50*time.Millisecond).Seconds()
	if m.Casts != 10 || m.Nodes != 2 || len(m.Delays) != 10 || m.P50 != want || m.Most != want || m.Copies != 1 || m.Missed != 0 || m.Degree != 1 || m.Idle != c.Idle || m.Engine != scenario.Model {
		t.Errorf("%+v, want delays of %v", m, want)
	}
	// A copy for each cast; who has just one peer has nobody else to tell.
	if each := float64(p.Size+c.Copy) / 2; m.Bytes != each {
		t.Errorf("a node sends %v bytes for a cast, want %v", m.Bytes, each)
	}
}

// Constants say what they were measured on: those of repair with what was lost,
// the plan's own loss if it has one; and what was said of others stays. The
// machine's speed is no part of it.
func TestConstantsSayWhatTheyAreOf(t *testing.T) {
	p := plan(50, 150)
	said := func(loss float64, wall time.Duration) map[string]string {
		c := Calibration{Constants: mesh.Calibration{Measured: map[string]string{"hold": "as shipped", "process": "of old"}}}
		m := []Measured{{P50: 0.1, Wall: scenario.Duration(wall), Rate: 1 / wall.Seconds(), size: 2375}}
		c.name(p, loss, m, m)
		return c.Constants.Measured
	}
	got := said(0.02, time.Second)
	const begins = "parley-sim calibrate, format 1: [50 150] nodes, seeds [1], 5 casts each, links of 50ms to 50ms, 2375 bytes; measurements sha256:"
	for _, k := range []string{"process", "copy_bytes", "idle_bytes_per_second", "again_round_trips", "again_after"} {
		if !strings.HasPrefix(got[k], begins) || strings.HasSuffix(got[k], ", 2% of packets lost") != strings.HasPrefix(k, "again") {
			t.Errorf("%s is of %q", k, got[k])
		}
	}
	if got["hold"] != "as shipped" || len(got) != 6 || said(0.02, time.Minute)["process"] != got["process"] {
		t.Errorf("%q", got)
	}
	if other := said(0.125, time.Second)["again_after"]; !strings.HasSuffix(other, ", 12.5% of packets lost") {
		t.Errorf("with an eighth lost: %q", other)
	}
}

// A fit goes no further than it must: each knob to within what is asked of it,
// in a number of trials that the golden section gives.
func TestFitsTrials(t *testing.T) {
	for _, least := range []float64{0, 0.3, 0.777, 1} {
		trials := 0
		got, loss, err := Fit([]Knob{{Name: "x", Low: 0, High: 1, Exact: 0.001, At: 0.5}}, 1, func(at []Knob) (float64, error) {
			trials++
			if at[0].At < 0 || at[0].At > 1 {
				t.Fatalf("tried at %v", at[0].At)
			}
			return math.Abs(at[0].At - least), nil
		})
		// log(0.001)/log(0.618) is 14.4: where it stands, the first two, and 15 more.
		if err != nil || math.Abs(got[0].At-least) > 0.001 || math.Abs(loss-math.Abs(got[0].At-least)) > 1e-12 || trials > 18 {
			t.Errorf("the least at %v is found at %v in %d trials (%v)", least, got[0].At, trials, err)
		}
	}
}
