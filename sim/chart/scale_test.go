package chart

import (
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestScale: whatever the values, an axis holds them all, has a few ticks that
// rise, no two of them written alike, and puts what is larger further along.
func TestScale(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		number := rapid.Float64Range(-1e12, 1e12)
		log := rapid.Bool().Draw(t, "log")
		if log {
			number = rapid.Float64Range(1e-9, 1e12)
		}
		values := rapid.SliceOfN(number, 1, 30).Draw(t, "values")
		for i, v := range values {
			if math.Abs(v) < 1e-90 {
				values[i] = 0 // an axis knows no smaller number, see smallest
			}
		}
		snap := rapid.Bool().Draw(t, "snap")
		s := newScale(values, log, rapid.Bool().Draw(t, "from zero"), snap, rapid.IntRange(2, 10).Draw(t, "around"))
		s.from, s.to = 0, 100
		low, high := slices.Min(values), slices.Max(values)
		if room := 1e-8 * (high - low); !log && !(s.low <= low+room && s.high >= high-room) || log && !(s.low <= low*(1+1e-9) && s.high >= high*(1-1e-9)) {
			t.Fatalf("from %v to %v for values from %v to %v", s.low, s.high, low, high)
		}
		if len(s.ticks) > 50 || !slices.IsSorted(s.ticks) {
			t.Fatalf("ticks %v", s.ticks)
		}
		if written := labels(s.ticks); len(slices.Compact(slices.Clone(written))) != len(written) {
			t.Fatalf("two of %q are alike", written)
		}
		for _, v := range append(s.ticks, values...) {
			if at := s.at(v); !(at >= -1e-6 && at <= 100+1e-6) {
				t.Fatalf("%v is put at %v of 100", v, at)
			}
		}
		if high > low && s.at(high) < s.at(low) {
			t.Fatalf("%v is before %v", high, low)
		}
	})
}

// TestShort: three digits say a number to half a percent, and no word of Go's.
func TestShort(t *testing.T) {
	for v, want := range map[float64]string{
		0: "0", 7: "7", 0.5: "0.5", 0.12345: "0.123", 1234: "1234", 12345: "12.3 k", 1e6: "1 M", 2.5e9: "2.5 G", -3e12: "-3 T",
		1e-7: "1e-07", -0.000001: "-1e-06", math.Inf(1): "+∞", math.Inf(-1): "-∞",
	} {
		if got := Short(v); got != want {
			t.Errorf("%v is written %q, want %q", v, got, want)
		}
	}
	if Short(math.NaN()) != "–" {
		t.Error("no number is written " + Short(math.NaN()))
	}
}

// TestExtent: no text is reckoned narrower than it is in DejaVu Sans, the widest
// that readers commonly have (its advances, in thousandths of an em).
func TestExtent(t *testing.T) {
	advances := map[rune]float64{'a': 613, 'e': 615, 'g': 635, 'm': 974, 'n': 634, 'o': 612, 'r': 411, 's': 521, 't': 392, 'i': 278, 'l': 278,
		'w': 818, ' ': 318, '.': 318, ',': 318, '0': 636, '1': 636, '9': 636, '=': 838, '%': 950, 'A': 684, 'M': 863, 'W': 989, '(': 390, '-': 361}
	for _, s := range []string{"seeding = random", "people taking part", "Members' intents", "1000", "0.000123", "10 k", "rewire = 0.1, work = 14"} {
		real := 0.0
		for _, r := range s {
			a, ok := advances[r]
			if !ok {
				a = 635
			}
			real += a / 1000 * textSize
		}
		if got := extent(s, textSize); got < real || got > 1.35*real {
			t.Errorf("%q takes %.1f and is reckoned at %.1f", s, real, got)
		}
	}
}

// TestLegendKeepsApart: entries of a legend follow each other with room between,
// and begin a new row rather than leave the drawing.
func TestLegendKeepsApart(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := Plot{}
		for range rapid.IntRange(2, 8).Draw(t, "lines") {
			p.Lines = append(p.Lines, Line{Name: strings.Repeat("w", rapid.IntRange(1, 12).Draw(t, "letters"))})
		}
		width := rapid.Float64Range(120, 960).Draw(t, "width")
		end, last := 0.0, 0
		rows := p.place(width, func(l Line, x float64, row int) {
			if row == last && x > 0 && x < end+10 || row < last {
				t.Fatalf("%q begins at %v of row %d, and the one before ends at %v", l.Name, x, row, end)
			}
			end, last = x+swatch+6+extent(l.Name, textSize), row
			if end > width+1 && x > 0 {
				t.Fatalf("%q ends at %v of %v", l.Name, end, width)
			}
		})
		if rows != last+1 || p.legendHeight(width) <= 0 {
			t.Fatalf("%d rows, %v high", rows, p.legendHeight(width))
		}
	})
}
