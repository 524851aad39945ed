package stack

import (
	"testing"
	"time"
)

// A besieged town, with three sybils to a node where they just withhold, hears
// what is cast, if not at once.
func TestSieges(t *testing.T) {
	for kind, sybils := range map[string]int{withhold: 42, coldBoot: 14, censor: 14, eclipseOne: 14, dawn: 28, eclipseAll: 28, colocation: 28, degradation: 14} {
		t.Run(kind, func(t *testing.T) {
			s := small()
			s.Attack.Kind, s.Attack.Sybils = kind, sybils
			fates, _ := play(t, s, intentsOf(2)...)
			for i, f := range fates {
				if f.Heard < 7 {
					t.Errorf("intent %d: %d of 8 vendors heard", i, f.Heard)
				}
				for _, d := range f.Delays {
					if d > 20*time.Second {
						t.Errorf("intent %d: heard after %s", i, d)
					}
				}
			}
		})
	}
}

// Spam is well-formed intents of nobody: some are taken, and counted as such,
// and those of people still get through.
func TestSpamIsCounted(t *testing.T) {
	s := small()
	s.Attack.Kind, s.Attack.Sybils, s.Attack.Rate = spam, 4, 1
	fates, costs := play(t, s, intentsOf(2)...)
	if costs.Forged == 0 {
		t.Errorf("costs %+v: no spam was taken", costs)
	}
	for i, f := range fates {
		if f.Heard != 8 {
			t.Errorf("intent %d: %d of 8 vendors heard", i, f.Heard)
		}
	}
}
