package chart

import (
	"math"
	"slices"
	"strconv"
	"strings"
)

// scale maps values to the paper.
type scale struct {
	low, high float64 // of values
	from, to  float64 // on the paper
	log       bool
	ticks     []float64
}

func (s scale) at(v float64) float64 {
	low, high := s.low, s.high
	if s.log {
		low, high, v = math.Log10(low), math.Log10(high), math.Log10(v)
	}
	share := (v - low) / (high - low)
	if !(share >= -1 && share <= 2) { // NaN too: a drawing has no such place
		share = 0
	}
	return s.from + share*(s.to-s.from)
}

// Sizes beyond which no axis goes: what is larger, or on a logarithm smaller,
// is a gap, so that differences and ratios stay numbers.
const (
	largest  = 1e100
	smallest = 1e-100
)

// holds tells whether a value can be shown.
func (s scale) holds(v float64) bool {
	return math.Abs(v) <= largest && (!s.log || v >= smallest)
}

// newScale spans the values, widened to whole ticks where snap says so.
func newScale(values []float64, log, fromZero, snap bool, around int) scale {
	s := scale{log: log, low: math.Inf(1), high: math.Inf(-1)}
	for _, v := range values {
		if s.holds(v) {
			s.low, s.high = min(s.low, v), max(s.high, v)
		}
	}
	if s.low > s.high {
		s.low, s.high = 0, 1
		if log {
			s.low, s.high = 1, 10
		}
	}
	if fromZero && !log {
		s.low, s.high = min(s.low, 0), max(s.high, 0)
	}
	if s.high-s.low <= 1e-12*math.Max(math.Abs(s.low), math.Abs(s.high)) || s.high-s.low < smallest {
		s.low, s.high = apart(s.low, log)
	}
	if log {
		s.logTicks(snap)
		return s
	}
	step := nice((s.high - s.low) / float64(max(around, 2)))
	if snap {
		s.low, s.high = math.Floor(s.low/step+1e-9)*step, math.Ceil(s.high/step-1e-9)*step
	}
	for k := math.Ceil(s.low/step - 1e-9); k*step <= s.high+1e-9*step && len(s.ticks) < 50; k++ {
		s.ticks = append(s.ticks, k*step)
	}
	return s
}

// apart gives a single value room.
func apart(v float64, log bool) (float64, float64) {
	if log {
		return v / 2, v * 2
	}
	if math.Abs(v) < smallest {
		return 0, 1
	}
	d := math.Abs(v) / 2
	return v - d, v + d
}

func (s *scale) logTicks(snap bool) {
	if snap {
		s.low, s.high = floorNice(s.low), ceilNice(s.high)
	}
	decades := math.Log10(s.high / s.low)
	factors := []float64{1}
	every := 1.0
	switch {
	case decades < 2.2:
		factors = []float64{1, 2, 5}
	case decades > 7:
		every = math.Ceil(decades / 6)
	}
	for e := math.Floor(math.Log10(s.low)); e <= math.Ceil(math.Log10(s.high)); e += every {
		for _, f := range factors {
			if v := f * math.Pow(10, e); v >= s.low*(1-1e-9) && v <= s.high*(1+1e-9) {
				s.ticks = append(s.ticks, v)
			}
		}
	}
}

// floorNice and ceilNice move to the next of 1, 2, 5 times a power of ten.
func floorNice(v float64) float64 {
	base := math.Pow(10, math.Floor(math.Log10(v)+1e-12))
	for _, f := range []float64{5, 2} {
		if v >= f*base*(1-1e-12) {
			return f * base
		}
	}
	return base
}

func ceilNice(v float64) float64 {
	base := math.Pow(10, math.Floor(math.Log10(v)+1e-12))
	for _, f := range []float64{1, 2, 5} {
		if v <= f*base*(1+1e-12) {
			return f * base
		}
	}
	return 10 * base
}

// nice is the next of 1, 2, 5 times a power of ten.
func nice(v float64) float64 {
	if !(v > 0) || math.IsInf(v, 0) {
		return 1
	}
	return ceilNice(v)
}

// Short writes a number as an axis does: three digits, thousands as k, M, G.
func Short(v float64) string {
	a := math.Abs(v)
	switch {
	case math.IsNaN(v):
		return "–"
	case math.IsInf(v, 0):
		return strings.Replace(strconv.FormatFloat(v, 'g', -1, 64), "Inf", "∞", 1)
	case a >= 1e15 || a > 0 && a < 1e-4:
		return strconv.FormatFloat(v, 'g', 3, 64)
	}
	for _, u := range []struct {
		from, by float64
		unit     string
	}{{1e12, 1e12, "T"}, {1e9, 1e9, "G"}, {1e6, 1e6, "M"}, {1e4, 1e3, "k"}} {
		if a >= u.from {
			return digits(v/u.by) + " " + u.unit
		}
	}
	return digits(v)
}

func digits(v float64) string {
	decimals := 0
	if a := math.Abs(v); a > 0 && a < 100 {
		decimals = min(max(2-int(math.Floor(math.Log10(a))), 0), 6)
	}
	s := strconv.FormatFloat(v, 'f', decimals, 64)
	if strings.Contains(s, ".") {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	if s == "-0" {
		s = "0"
	}
	return s
}

// labels writes ticks, with as many digits as tell them apart.
func labels(ticks []float64) []string {
	out := make([]string, len(ticks))
	for i, v := range ticks {
		out[i] = Short(v)
	}
	if len(slices.Compact(slices.Clone(out))) < len(out) {
		for i, v := range ticks {
			out[i] = strconv.FormatFloat(v, 'g', 8, 64)
		}
	}
	return out
}
