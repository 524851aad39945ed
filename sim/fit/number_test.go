package fit

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// Numbers as they are written where the point is decimal, and where the comma is.
func TestNumbersAsPeopleWriteThem(t *testing.T) {
	for _, c := range []struct {
		text         string
		point, comma float64 // NaN: refused
	}{
		{"12", 12, 12}, {" 12 ", 12, 12}, {"+3", 3, 3}, {"-0.5", -0.5, -0.5}, {"1e3", 1000, 1000}, {".5", .5, .5}, {"5.", 5, 5},
		{"12.5", 12.5, 12.5}, {"12,5", math.NaN(), 12.5}, {"-12,5", math.NaN(), -12.5},
		{"0,123", math.NaN(), 0.123}, {"0.123", 0.123, 0.123}, {"0,123,456", math.NaN(), math.NaN()}, {"1,234", 1234, 1.234}, {"1.234", 1.234, 1234}, {"1,234.5", 1234.5, math.NaN()}, {"1.234,5", math.NaN(), 1234.5},
		{"1,234,567", 1234567, math.NaN()}, {"1.234.567", math.NaN(), 1234567}, {"1,23,456", math.NaN(), math.NaN()},
		{"12,34", math.NaN(), 12.34}, {"1234,567", math.NaN(), 1234.567},
		{"1 234 567", 1234567, 1234567}, {"1\u00a0234,5", math.NaN(), 1234.5}, {"1\u202f234.5", 1234.5, 1234.5}, {"1'234", 1234, 1234}, {"1’234", 1234, 1234},
		{"1_234", 1234, 1234}, {"1 23", math.NaN(), math.NaN()}, {"12 345 6", math.NaN(), math.NaN()},
		{"", math.NaN(), math.NaN()}, {"0x10", math.NaN(), math.NaN()}, {"Inf", math.NaN(), math.NaN()}, {"nan", math.NaN(), math.NaN()},
		{"1e400", math.NaN(), math.NaN()}, {"1e15", 1e15, 1e15}, {"1.1e15", math.NaN(), math.NaN()}, {"-2e15", math.NaN(), math.NaN()},
		{"1-2", math.NaN(), math.NaN()}, {"5 %", math.NaN(), math.NaN()}, {"€5", math.NaN(), math.NaN()}, {"1e", math.NaN(), math.NaN()},
	} {
		for st, want := range map[style]float64{{}: c.point, {decimalComma: true}: c.comma} {
			got, err := st.number(c.text)
			if math.IsNaN(want) != (err != nil) || err == nil && got != want {
				t.Errorf("%q with a decimal comma %v: %v, %v; want %v", c.text, st.decimalComma, got, err, want)
			}
		}
	}
}

// thousands writes a whole number with something between thousands.
func thousands(n int64, between string) string {
	s := strconv.FormatInt(n, 10)
	for at := len(s) - 3; at > 0; at -= 3 {
		s = s[:at] + between + s[at:]
	}
	return s
}

// Whatever a number is and however its thousands are parted, it reads as itself
// in the style that it was written in.
func TestNumbersReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		whole, cents := rapid.Int64Range(0, 1e12).Draw(t, "whole"), rapid.IntRange(0, 99).Draw(t, "cents")
		want, err := strconv.ParseFloat(fmt.Sprintf("%d.%02d", whole, cents), 64)
		if err != nil {
			t.Fatal(err)
		}
		for _, between := range []string{"", " ", "\u00a0", "\u202f", "'", "’", "_", ",", "."} {
			for _, decimal := range []string{".", ","} {
				if between == decimal {
					continue
				}
				text := thousands(whole, between) + decimal + fmt.Sprintf("%02d", cents)
				got, err := style{decimalComma: decimal == ","}.number(text)
				if err != nil || got != want {
					t.Fatalf("%q is %v, %v; want %v", text, got, err, want)
				}
			}
		}
	})
}

// Years are years, dates, months and quarters, each where it begins.
func TestYearsAsPeopleWriteThem(t *testing.T) {
	for text, want := range map[string]float64{
		"1999": 1999, "1999.5": 1999.5, " 2001 ": 2001, "-44": -44, "10000": 10000,
		"2005-01-01": 2005, "2005-07-02": 2005 + 182./365, "2004-12-31": 2004 + 365./366, "2005-07": 2005 + 181./365, "2005-01": 2005,
		"2005-01-01T00:00:00Z": 2005, "2005-12-31 12:00:00": 2005 + 364.5/365,
		"2005Q1": 2005, "2005Q3": 2005.5, "2005 q4": 2005.75, "2005-Q2": 2005.25,
	} {
		if got, _, err := (style{}).year(text); err != nil || math.Abs(got-want) > 1e-9 {
			t.Errorf("%q is %v, %v; want %v", text, got, err, want)
		}
	}
	if got, _, err := (style{decimalComma: true}).year("1999,5"); err != nil || got != 1999.5 {
		t.Errorf("1999,5 is %v, %v", got, err)
	}
	for text, want := range map[string]string{
		"": "empty", "  ": "empty", "10001": "10001 is not a year", "-10000.5": "is not a year", "2005Q5": "not a number", "2005Q0": "not a number",
		"2005-13": "not a number", "2005-02-30": "not a number", "soon": `"soon" is not a number`, "1999,5": "not a number",
		strings.Repeat("x", 60): strings.Repeat("x", 40) + "…",
	} {
		if got, _, err := (style{}).year(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is the year %v, %v; want %s", text, got, err, want)
		}
	}
}

// Names are short and can be printed: they go into tables, plots and pages.
func TestNames(t *testing.T) {
	for text, want := range map[string]string{" tv ": "tv", "Fernsehgeräte (%)": "Fernsehgeräte (%)", strings.Repeat("n", maxName): strings.Repeat("n", maxName)} {
		if got, err := label(text); err != nil || got != want {
			t.Errorf("%q is called %q, %v", text, got, err)
		}
	}
	for text, want := range map[string]string{
		"": "is empty", " \t": "is empty", strings.Repeat("n", maxName+1): "longer than", "a\xff": "not UTF-8", "a\x1b[31m": "can't be printed",
		"a\nb": "can't be printed", "a\u202eb": "can't be printed",
	} {
		if _, err := label(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

// What files write where nothing was measured is no number, and no number is that.
func TestNothingMeasured(t *testing.T) {
	for _, text := range []string{"", " ", "NA", "n/a", "N.A.", "null", "None", "-", "–", "—", "..", "...", ":"} {
		if !missing(text) {
			t.Errorf("%q is taken for a value", text)
		}
	}
	for _, text := range []string{"0", "-1", "0.0", "NaN", "inf", "na 3", ".", "- -"} {
		if missing(text) {
			t.Errorf("%q is taken for nothing", text)
		}
	}
}

// What can't be fitted says why, the first point that is wrong by its number.
func TestUnfit(t *testing.T) {
	years := []float64{1, 2, 3, 4, 5, 6, 7}
	with := func(at int, year, value float64) Series {
		s := Series{Year: append([]float64{}, years...), Value: []float64{1, 2, 3, 4, 5, 6, 7}}
		s.Year[at], s.Value[at] = year, value
		return s
	}
	for _, c := range []struct {
		s    Series
		want string
	}{
		{with(0, 1, 1), ""}, {with(6, 6.5, 0), ""},
		{Series{Year: years[:5], Value: years[:5]}, "too few points: 5, and at least 6"},
		{Series{Year: years, Value: make([]float64, 7)}, "flat: it is zero throughout"},
		{Series{Year: years, Value: []float64{-1, -1, -2, -1, -1, -1, -1}}, "flat: it is zero throughout"},
		{Series{Year: years, Value: []float64{12, 12, 12, 12, 12, 12, 12}}, "flat: it is 12 throughout"},
		{with(2, 2, 3), "point 3 is not a finite value in a later year"}, {with(2, 1.5, 3), "point 3 is not"},
		{with(4, 5, math.NaN()), "point 5 is not"}, {with(6, math.Inf(1), 3), "point 7 is not"},
	} {
		if got := unfit(c.s); (got == "") != (c.want == "") || !strings.HasPrefix(got, c.want) {
			t.Errorf("%v: %q, want %q", c.s, got, c.want)
		}
	}
}

// Numbers are told with as many digits as a reader needs.
func TestShortNumbers(t *testing.T) {
	for v, want := range map[float64]string{
		0: "0", 0.012345: "0.0123", 1.5: "1.5", 99.99: "100", 100: "100", 123.456: "123.5", 999.94: "999.9", 1000: "1000", 1983.4: "1983",
		-1983.6: "-1984", 14226: "14,226", 9_999_999: "9,999,999", 123456789: "123,456,789", 3e15: "3e+15", -0.5: "-0.5", 4e-7: "4e-07",
	} {
		if got := short(v); got != want {
			t.Errorf("%v is told as %s, want %s", v, got, want)
		}
	}
}
