package sim

import (
	"errors"
	"math/rand/v2"
	"net/netip"
	"strings"
	"testing"
	"time"
)

// Play needs no test: it returns what went wrong instead of failing one.
func TestPlay(t *testing.T) {
	var passed time.Duration
	if err := Play(1, func(w *World) error {
		time.Sleep(time.Hour)
		passed = w.Elapsed()
		return nil
	}); err != nil || passed != time.Hour {
		t.Errorf("an hour took %s: %v", passed, err)
	}
	broken := errors.New("broken")
	if err := Play(1, func(*World) error { return broken }); !errors.Is(err, broken) {
		t.Errorf("a scenario that errs: %v", err)
	}
	if err := Play(1, func(w *World) error { w.T.Fatal("no"); return nil }); err == nil {
		t.Error("a scenario that fails its test is in order")
	}
	err := Play(1, func(w *World) error {
		w.Defer("gate", func() error { return broken })
		return nil
	})
	if err == nil || !strings.Contains(err.Error(), "gate") {
		t.Errorf("a part that does not close: %v", err)
	}
}

func TestSpreadIsEvenAndTheSameBothWays(t *testing.T) {
	c := climate{spread: true, least: 20 * time.Millisecond, width: 60 * time.Millisecond}
	var sum time.Duration
	const pairs = 2000
	for i := range pairs {
		a, b := netip.AddrFrom4([4]byte{1, 0, byte(i >> 8), byte(i)}), netip.AddrFrom4([4]byte{1, 1, byte(i), byte(i >> 8)})
		d, ok := c.lag(1, a, b)
		back, _ := c.lag(1, b, a)
		if !ok || d != back || d < 20*time.Millisecond || d > 80*time.Millisecond {
			t.Fatalf("pair %d: %s one way, %s the other", i, d, back)
		}
		sum += d
	}
	if mean := sum / pairs; mean < 48*time.Millisecond || mean > 52*time.Millisecond {
		t.Errorf("the mean is %s, want 50ms", mean)
	}
}

func TestPartsAndNATs(t *testing.T) {
	a, b, c := ip(1), ip(2), ip(3)
	cut := climate{part: map[netip.Addr]int{a: 0, b: 1, c: 0}}
	if cut.lets(a, b, nil) || !cut.lets(a, c, nil) {
		t.Error("a cut network is not cut where it should be")
	}
	now := time.Now()
	nat := climate{behindNAT: map[netip.Addr]map[netip.Addr]time.Time{b: {}}}
	for _, step := range []struct {
		from, to netip.Addr
		at       time.Duration
		passes   bool
	}{
		{a, b, 0, false},               // nobody asked for it
		{b, a, time.Second, true},      // it asks
		{a, b, 2 * time.Second, true},  // and is answered
		{c, b, 2 * time.Second, false}, // by nobody else
		{a, b, natMemory + 2*time.Second, false},
		{a, c, 0, true},
	} {
		if got := nat.translated(step.from, step.to, now.Add(step.at)); got != step.passes {
			t.Errorf("from %s to %s after %s: %t, want %t", step.from, step.to, step.at, got, step.passes)
		}
	}
}

func TestLossEverywhere(t *testing.T) {
	c, r, lost := climate{loss: 0.25}, rand.New(rand.NewPCG(1, 2)), 0
	for range 10_000 {
		if !c.lets(ip(1), ip(2), r) {
			lost++
		}
	}
	if lost < 2350 || lost > 2650 {
		t.Errorf("%d of 10,000 lost, want 2,500", lost)
	}
}
