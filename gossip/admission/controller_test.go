package admission_test

import (
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/parley-network/parley/gossip/admission"
)

var start = time.Date(2026, 3, 16, 9, 0, 0, 0, time.UTC)

func TestDifficultyFollowsTheLoad(t *testing.T) {
	for _, tt := range []struct {
		load admission.Load
		want int
	}{
		{admission.Load{}, 0},
		{admission.Load{Rate: 1, Queue: .9, CPU: .5, Store: 1}, 0}, // all that we are willing to bear
		{admission.Load{Rate: 1.01}, 10},
		{admission.Load{CPU: 2}, 12},
		{admission.Load{Store: 4}, 14},
		{admission.Load{Queue: 16, Rate: 2}, 18},
		{admission.Load{Rate: 50}, 21},
		{admission.Load{Rate: 1e9}, 22},
		{admission.Load{Rate: math.Inf(1)}, 22},
		{admission.Load{Rate: math.NaN()}, 0},
		{admission.Load{Rate: -1}, 0},
	} {
		var c admission.Controller
		if got := c.Update(tt.load, start); got != tt.want || c.Bits() != got {
			t.Errorf("%+v: %d bits, want %d", tt.load, got, tt.want)
		}
	}
}

// After a flood the price comes down bit by bit, in six and a half minutes from
// the cap; and not at all while the load is where it was.
func TestDifficultyComesDown(t *testing.T) {
	var c admission.Controller
	c.Update(admission.Load{Rate: 1000}, start)
	now := start
	for c.Bits() > 0 {
		was := c.Bits()
		now = now.Add(time.Second)
		if got := c.Update(admission.Load{Rate: .4}, now); got > was || (got < was-1 && got != 0) {
			t.Fatalf("from %d to %d bits", was, got)
		}
		if now.Sub(start) > time.Hour {
			t.Fatalf("%d bits after an hour", c.Bits())
		}
	}
	if took := now.Sub(start); took < 6*time.Minute || took > 8*time.Minute {
		t.Errorf("took %v", took)
	}
	c.Update(admission.Load{Rate: 3}, now)
	high := c.Bits()
	for range 600 {
		now = now.Add(time.Second)
		c.Update(admission.Load{Rate: 2}, now)
	}
	if c.Bits() != high {
		t.Errorf("%d bits under a load hardly less, want still %d", c.Bits(), high)
	}
}

// A load that swings does not make the difficulty swing.
func TestDifficultyHolds(t *testing.T) {
	var c admission.Controller
	changes, was := 0, 0
	for i := range 600 {
		load := admission.Load{Rate: float64(3 * (i / 10 % 2))} // ten seconds of it, ten without
		if got := c.Update(load, start.Add(time.Duration(i)*time.Second)); got != was {
			changes, was = changes+1, got
		}
	}
	if changes != 1 {
		t.Errorf("changed %d times in ten minutes, want once", changes)
	}
}

// Of two nodes of which one always has at least the load of the other, that
// one always asks for at least as much; and both stay within bounds.
func TestDifficultyIsMonotone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var less, more admission.Controller
		now := start
		for range rapid.IntRange(1, 400).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.IntRange(-5, 45).Draw(t, "seconds")) * time.Second)
			low := rapid.Float64Range(0, 40).Draw(t, "low")
			high := low * rapid.Float64Range(1, 3).Draw(t, "times")
			a, b := less.Update(admission.Load{Rate: low}, now), more.Update(admission.Load{Rate: high}, now)
			if a > b {
				t.Fatalf("%d bits under %.2f, %d under %.2f", a, low, b, high)
			}
			for _, bits := range []int{a, b} {
				if bits != 0 && (bits < admission.MinBits || bits > admission.MaxBits) {
					t.Fatalf("%d bits", bits)
				}
			}
		}
	})
}

func TestMeter(t *testing.T) {
	var m admission.Meter
	now := start
	if m.PerSecond(now) != 0 {
		t.Error("a rate of nothing")
	}
	for range 600 {
		now = now.Add(100 * time.Millisecond)
		m.Add(2, now)
	}
	if r := m.PerSecond(now); r < 19 || r > 21 {
		t.Errorf("20 a second measure as %.1f", r)
	}
	if r := m.PerSecond(now.Add(-time.Hour)); r < 19 || r > 21 {
		t.Errorf("with the clock set back %.1f", r)
	}
	if r := m.PerSecond(now.Add(-time.Hour + time.Minute)); r > .1 {
		t.Errorf("a minute after that %.1f", r)
	}
}
