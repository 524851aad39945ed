package chart

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestTicksAreRoundAndInOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		log := rapid.Bool().Draw(t, "log")
		least := -1e9
		if log {
			least = 1e-9
		}
		values := rapid.SliceOfN(rapid.Float64Range(least, 1e9), 1, 20).Draw(t, "values")
		s := newScale(values, log, rapid.Bool().Draw(t, "zero"), rapid.Bool().Draw(t, "snap"), rapid.IntRange(1, 12).Draw(t, "around"))
		slack := 1e-8 * (math.Abs(s.low) + math.Abs(s.high)) // whole ticks to within rounding
		if s.low > slices.Min(values)+slack || s.high < slices.Max(values)-slack {
			t.Fatalf("[%v, %v] leaves out some of %v", s.low, s.high, values)
		}
		if !slices.IsSorted(s.ticks) || len(s.ticks) > 50 {
			t.Fatalf("ticks %v", s.ticks)
		}
		for _, v := range s.ticks {
			if v < s.low-slack || v > s.high+slack {
				t.Fatalf("tick %v outside [%v, %v]", v, s.low, s.high)
			}
		}
		names := labels(s.ticks)
		if len(slices.Compact(slices.Sorted(slices.Values(names)))) != len(names) {
			t.Fatalf("two ticks are both called so: %v, of %v", names, s.ticks)
		}
	})
}

func TestAxisReadsAsPeopleWouldWriteIt(t *testing.T) {
	for _, c := range []struct {
		values []float64
		log    bool
		want   []string
	}{
		{[]float64{0, 97}, false, []string{"0", "20", "40", "60", "80", "100"}},
		{[]float64{1966, 2005}, false, []string{"1960", "1970", "1980", "1990", "2000", "2010"}},
		{[]float64{0, 0.31}, false, []string{"0", "0.1", "0.2", "0.3", "0.4"}},
		{[]float64{0, 2_400_000}, false, []string{"0", "500 k", "1 M", "1.5 M", "2 M", "2.5 M"}},
		{[]float64{-3, 4}, false, []string{"-4", "-2", "0", "2", "4"}},
		{[]float64{1, 80}, true, []string{"1", "2", "5", "10", "20", "50", "100"}},
		{[]float64{0.001, 900}, true, []string{"0.001", "0.01", "0.1", "1", "10", "100", "1000"}},
		{[]float64{5}, false, []string{"2", "3", "4", "5", "6", "7", "8"}},
	} {
		if got := labels(newScale(c.values, c.log, false, true, 5).ticks); !slices.Equal(got, c.want) {
			t.Errorf("%v: %v, want %v", c.values, got, c.want)
		}
	}
}

func TestShortKeepsThreeDigits(t *testing.T) {
	for v, want := range map[float64]string{
		0: "0", 1: "1", 1.5: "1.5", 0.12345: "0.123", 0.00012345: "0.000123", 0.000012: "1.2e-05", 99.95: "100", 123.4: "123", 9999: "9999",
		12345: "12.3 k", 1234567: "1.23 M", 5e9: "5 G", 2e12: "2 T", 1e20: "1e+20", -12345: "-12.3 k", -0.5: "-0.5", math.Inf(1): "+∞",
	} {
		if got := Short(v); got != want {
			t.Errorf("%v: %q, want %q", v, got, want)
		}
	}
	if Short(math.NaN()) != "–" {
		t.Error("NaN")
	}
}
