package yardstick

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A yardstick that is not on the machine is named as skipped, and what stands
// in has another name.
func TestWhatIsNotHereIsTold(t *testing.T) {
	s, err := newSubject(2000)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	absent := func(context.Context, string) (program, error) { return nil, errors.New("no such program here") }
	if _, err := compare(t.Context(), &out, t.TempDir(), s, other{"sundial", 1, 2, absent}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"sim-spread-sundial SKIPPED: no such program here", "figure sim-spread-against-published-sundial got "} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("printed %q, want %q in it", out.String(), want)
		}
	}
}

// One that is there is given the network, and its curve is held against the
// band: its own runs lie within, a curve of another law does not.
func TestCurvesAreHeldAgainstTheBand(t *testing.T) {
	s, err := newSubject(5000)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		of   func([]int) []int
		ok   bool
	}{
		{"the same law", func(c []int) []int { return c }, true},
		{"one half as quick", func(c []int) []int {
			for i := range c {
				c[i] /= 2
			}
			return c
		}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			var out bytes.Buffer
			run := func(_ context.Context, edges string, agents int) (said, error) {
				if info, err := os.Stat(edges); err != nil || info.Size() != int64(8*s.g.Edges()) || agents != 5000 {
					t.Errorf("edges %v, %v; %d agents", info, err, agents)
				}
				curve, err := s.run()
				return said{Wall: 1000, Processor: 1000, Curve: c.of(curve)}, err
			}
			y := other{"itself", 1, 1, func(context.Context, string) (program, error) { return run, nil }}
			ok, err := compare(t.Context(), &out, t.TempDir(), s, y)
			if err != nil || ok != c.ok {
				t.Errorf("%v, %v: want %v\n%s", ok, err, c.ok, out.String())
			}
		})
	}
}

// What a program prints is not believed as it is.
func TestMeasureRefusesNonsense(t *testing.T) {
	for _, prints := range []string{"", "{}", `{"wall":1,"processor":1,"curve":[1,2]}`, `{"wall":0,"processor":1}`} {
		file := filepath.Join(t.TempDir(), "said")
		if err := os.WriteFile(file, []byte(prints), 0o600); err != nil {
			t.Fatal(err)
		}
		if s, err := measure(t.Context(), 10, "cat", file); err == nil {
			t.Errorf("%q is taken: %+v", prints, s)
		}
	}
}

// Against the real ones; see Spread.
func BenchmarkFigureSimSpread(b *testing.B) {
	for b.Loop() {
		if _, err := Spread(b.Context(), os.Stdout, 1_000_000, 100_000); err != nil {
			b.Fatal(err)
		}
	}
}

// Ten million agents in one run.
func BenchmarkFigureSimSize(b *testing.B) {
	for b.Loop() {
		if _, err := Size(os.Stdout, 10_000_000); err != nil {
			b.Fatal(err)
		}
	}
}
