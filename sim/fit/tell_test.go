package fit

import (
	"math"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// An estimate and its error end at the same place, whatever their size.
func TestEstimatesWithTheirErrors(t *testing.T) {
	for _, c := range []struct {
		value, error float64
		want         string
	}{
		{0.058333, 0.00213, "0.0583 ± 0.0021"}, {14226, 770, "14,226 ± 770"}, {14226.4, 773.9, "14,226 ± 770"},
		{21937, 8.1, "21,937.0 ± 8.1"}, {1234.5, 99.6, "1234 ± 100"}, {9876, 9.96, "9876 ± 10"},
		{0.02, 0.0012, "0.0200 ± 0.0012"}, {0.02, 1.3, "0.020 ± 1.3"}, {0.5, 12, "0.50 ± 12"},
		{1000001344, 2000, "1,000,001,344 ± 2000"}, {1000001344, 21000, "1,000,001,344 ± 21,000"}, {1e9, 0.02, "1,000,000,000 ± <1"},
		{0.03, 1e-12, "0.030000 ± <0.000001"}, {0.03, 0, "0.030000 ± <0.000001"}, {99.9, 0.0001, "99.900 ± <0.001"},
		{2.9765e-5, 2.5e-8, "(2.9765 ± 0.0025)e-5"}, {3e-7, 1e-8, "(3.00 ± 0.10)e-7"}, {3e-7, math.NaN(), "3e-07 ± ?"},
		{0.38, math.NaN(), "0.38 ± ?"}, {math.NaN(), 1, "–"}, {math.Inf(1), 1, "–"}, {0, 0.5, "0.00 ± 0.50"}, {-12.3, 0.4, "-12.30 ± 0.40"},
	} {
		if got := (Estimate{Value: c.value, Error: c.error}).withError(); got != c.want {
			t.Errorf("%v with %v is told as %s, want %s", c.value, c.error, got, c.want)
		}
	}
}

// What is told is within half of its last place of what was found, and an error
// that is told as less than something is.
func TestEstimatesAreToldTruly(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := math.Pow(10, rapid.Float64Range(-4, 14).Draw(t, "magnitude"))
		e := v * math.Pow(10, rapid.Float64Range(-9, 1).Draw(t, "relative error"))
		text := Estimate{Value: v, Error: e}.withError()
		value, errorText, ok := strings.Cut(strings.ReplaceAll(text, ",", ""), " ± ")
		if !ok || strings.Contains(text, "e+") {
			t.Fatal(text)
		}
		bound, below := strings.CutPrefix(errorText, "<")
		got, err := strconv.ParseFloat(value, 64)
		if err != nil || math.Abs(got-v) > math.Max(e, v*1e-4) {
			t.Fatalf("%v ± %v is told as %s", v, e, text)
		}
		told, err := strconv.ParseFloat(bound, 64)
		if err != nil || below && e >= told || !below && math.Abs(told-e) > 0.051*e {
			t.Fatalf("the error %v is told as %s", e, errorText)
		}
	})
}

func TestTimesAndCounts(t *testing.T) {
	for v, want := range map[float64]string{1967: "1967", 1967.04: "1967", 1978.25: "1978.2", -44: "-44", 0.5: "0.5", math.Inf(1): "–"} {
		if got := year(v); got != want {
			t.Errorf("%v is the year %s, want %s", v, got, want)
		}
	}
	for e, want := range map[Estimate]string{{Value: 1963.72, Error: 0.89}: "1963.7 ± 0.9", {Value: 1979, Error: 0.004}: "1979.00 ± 0.00", {Value: 1979, Error: 0.05}: "1979.0 ± 0.1"} {
		if got := e.time(); got != want {
			t.Errorf("%v is told as %s, want %s", e, got, want)
		}
	}
	for n, want := range map[int]string{0: "0 fields", 1: "1 field", 2: "2 fields", 12345: "12,345 fields"} {
		if got := counted(n, "field", "fields"); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}
