package event_test

import (
	"math"
	"testing"

	"github.com/parley-network/parley/sim/event"
	"github.com/parley-network/parley/sim/random"
)

// caught is what happens to person who: an infected one meets somebody, or
// recovers.
type caught struct {
	who     int32
	recover bool
}

// epidemic lives the Markov epidemic SIR in a whole population: an infected one
// meets c others in the mean time it takes to recover, and infects whom it
// meets. It returns the share that ever caught it.
func epidemic(t *testing.T, n int, c float64, first int, seed uint64) float64 {
	t.Helper()
	var e event.Engine[float64, caught]
	r := random.New(seed, "epidemic")
	const (
		well = iota
		ill
		immune
	)
	state, ever := make([]byte, n), 0
	infect := func(who int32) {
		state[who] = ill
		ever++
		e.After(random.Exponential(r, 1), caught{who, true})
		e.After(random.Exponential(r, 1/c), caught{who, false})
	}
	for i := range first {
		infect(int32(i))
	}
	err := e.Run(t.Context(), math.MaxFloat64, func(ev caught) {
		switch {
		case ev.recover:
			state[ev.who] = immune
		case state[ev.who] == ill:
			e.After(random.Exponential(r, 1/c), ev)
			if whom := int32(r.IntN(n)); state[whom] == well {
				infect(whom)
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return float64(ever) / float64(n)
}

// finalSize solves z = 1 − s·e^{−cz}, where the share s was well at first.
func finalSize(c, s float64) float64 {
	z := 1.0
	for range 10_000 {
		z = 1 - s*math.Exp(-c*z)
	}
	return z
}

// The known values are those of an infinite population. Ten of 10,000 begin,
// which enters the equation; runs that die out at once are left out. The mean
// of 16 runs is held to four of its own standard errors.
func TestFinalSizeOfAnEpidemic(t *testing.T) {
	const n, first = 10_000, 10
	for _, k := range []struct{ c, z float64 }{{1.5, .5828}, {2, .7968}, {3, .9405}, {1.2, .3137}} {
		if z := finalSize(k.c, 1); math.Abs(z-k.z) > 6e-5 {
			t.Errorf("c = %v: the equation gives %.4f, known is %.4f", k.c, z, k.z)
		}
		var sizes []float64
		for seed := range uint64(16) {
			if z := epidemic(t, n, k.c, first, seed); z > 0.1 {
				sizes = append(sizes, z)
			}
		}
		if len(sizes) < 10 {
			t.Errorf("c = %v: only %d of 16 epidemics took off", k.c, len(sizes))
			continue
		}
		mean, e := meanError(sizes)
		if want := finalSize(k.c, 1-first/float64(n)); math.Abs(mean-want) > 4*e || e > 0.02 {
			t.Errorf("c = %v: %.4f ± %.4f caught it, want %.4f", k.c, mean, e, want)
		}
	}
	// Below the threshold c = 1 ten infect 10/(1−c) in all, on average.
	var sizes []float64
	for seed := range uint64(16) {
		sizes = append(sizes, n*epidemic(t, n, 0.5, first, seed))
	}
	if mean, e := meanError(sizes); math.Abs(mean-20) > 4*e {
		t.Errorf("c = 0.5: ten became %.1f ± %.1f, want 20", mean, e)
	}
}
