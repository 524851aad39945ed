package fit

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// told is what parley-sim fit --json says of a series.
type told struct {
	Series      string
	P, Q, M, R2 *float64
	Describes   bool
	Guess       bool
	Why         string
	Notes       []string
}

// fitted runs a file through [Run], as the command does.
func fitted(t *testing.T, csv string) map[string]told {
	t.Helper()
	name := filepath.Join(t.TempDir(), "series.csv")
	if err := os.WriteFile(name, []byte(csv), 0o600); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := Run(&out, name, Options{JSON: true}); err != nil {
		t.Fatal(err)
	}
	var got struct{ Series []told }
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	by := map[string]told{}
	for _, s := range got.Series {
		by[s.Series] = s
	}
	return by
}

// TestRecovers: known curves, written down as people do, with noise of 1% of
// the market and years left out, are found again. The tolerance is what such
// noise does to a least-squares fit of these curves: the largest standard errors
// told are 12% of p, 4.3% of q and 0.9% of m; three of each.
func TestRecovers(t *testing.T) {
	for _, known := range []Bass{{0.03, 0.38, 100, 1980}, {0.005, 0.5, 100, 1980}, {0.02, 0.25, 62, 1980}, {0.01, 0.9, 97, 1980}} {
		for seed := range uint64(5) {
			r := rand.New(rand.NewPCG(seed, 5))
			at := func(y int) float64 { return known.At(float64(y)) + 0.01*known.M*r.NormFloat64() }
			var long, wide, across, values strings.Builder
			long.WriteString("series,year,percent\n")
			wide.WriteString("year;x (%);empty\n")
			across.WriteString("name")
			values.WriteString("\nx")
			for y := 1981; y <= 1981+int(1.8*(known.Peak()-1980)+8); y++ {
				v := at(y)
				if y%7 != 2 {
					fmt.Fprintf(&long, "x,%d,%.3f\n", y, v)
				}
				fmt.Fprintf(&wide, "%d;%s;\n", y, strings.Replace(fmt.Sprintf("%.3f", v), ".", ",", 1))
				fmt.Fprintf(&across, ",%d", y)
				fmt.Fprintf(&values, ",\"%.0f\"", 1e6*math.Abs(v))
			}
			for shape, csv := range map[string]string{"long": long.String(), "wide": wide.String(), "across": across.String() + values.String() + "\n"} {
				m := known.M
				if shape == "across" {
					m *= 1e6
				}
				for name, got := range fitted(t, csv) {
					if name == "empty" {
						if got.Describes || got.P != nil || got.Why != "too few points: 0, and at least 6 are needed" {
							t.Errorf("%+v", got)
						}
						continue
					}
					if !got.Describes || got.P == nil || *got.R2 < 0.97 {
						t.Errorf("%v, seed %d, %s: %+v", known, seed, shape, got)
						continue
					}
					near(t, fmt.Sprint(known, seed, shape, " p"), *got.P, known.P, 0.36)
					near(t, fmt.Sprint(known, seed, shape, " q"), *got.Q, known.Q, 0.13)
					near(t, fmt.Sprint(known, seed, shape, " m"), *got.M, m, 0.027)
				}
			}
		}
	}
}

// TestSaysWhereThereIsNone: what is no Bass curve says so, and gives no numbers
// that mean nothing; one cut off too early gives its guess, and says that it is
// one.
func TestSaysWhereThereIsNone(t *testing.T) {
	var b strings.Builder
	b.WriteString("series,year,value\n")
	r := rand.New(rand.NewPCG(1, 2))
	curve := Bass{0.01, 0.3, 1000, 1980} // its peak is in 1991
	for y := 1981; y <= 2010; y++ {
		n := float64(y - 1981)
		row := func(name string, v float64) { fmt.Fprintf(&b, "%s,%d,%.2f\n", name, y, v) }
		if y <= 1988 {
			row("cut off", curve.At(float64(y)))
		}
		if y <= 1984 {
			row("short", curve.At(float64(y)))
		}
		row("flat", 7)
		row("noise", 500+400*math.Abs(r.NormFloat64()))
		row("falling", 900-25*n)
		row("of each year", curve.At(float64(y))-curve.At(float64(y-1)))
		row("straight", 10+30*n)
		row("steps", 100*math.Floor(n/10)*math.Floor(n/10))
	}
	got := fitted(t, b.String())
	for name, c := range map[string]struct {
		why    string
		guess  bool
		nought bool // not even an R²
	}{
		"cut off":      {"no inflection", true, false},
		"short":        {"too few points: 4", false, true},
		"flat":         {"flat: it is 7 throughout", false, true},
		"noise":        {"", false, false},
		"falling":      {"declines: from 900 in 1981", false, false},
		"of each year": {"(if these are the new ones of each year, add them up", false, false},
		"straight":     {"no inflection", true, false},
		"steps":        {"", false, false},
	} {
		s, ok := got[name]
		switch {
		case !ok || s.Describes || s.Why == "" || !strings.Contains(s.Why, c.why):
			t.Errorf("%s: %+v, want %q", name, s, c.why)
		case s.Guess != c.guess || (s.P != nil) != c.guess || (s.M != nil) != c.guess:
			t.Errorf("%s: a guess %v, p %v", name, s.Guess, s.P)
		case (s.R2 == nil) != c.nought:
			t.Errorf("%s: R² %v", name, s.R2)
		}
	}
	if s := got["cut off"]; s.P != nil {
		near(t, "p of what is cut off", *s.P, curve.P, 0.05)
		near(t, "q of what is cut off", *s.Q, curve.Q, 0.05)
	}
}
