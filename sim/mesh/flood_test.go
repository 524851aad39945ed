package mesh

import (
	"testing"
	"time"
)

// shop is a topic of a hundred intents an hour.
func shop() Flood {
	return Flood{Honest: .03, Life: 24 * time.Hour, Patience: 30 * time.Second, Phone: 1e6, SpamLife: 7 * 24 * time.Hour, Hours: 24}
}

// Without an attacker nobody works and nothing is lost.
func TestPeaceIsFree(t *testing.T) {
	l := shop().Live(seeded(1))
	if l.Lost != 0 || l.Wait[100] != 0 || l.Bits != 0 || l.Spam != 0 || l.Honest < 90 || l.Honest > 125 {
		t.Errorf("%+v", l)
	}
}

// Who has no computing power is stopped by the price, at next to no cost to
// people.
func TestThePriceStopsThePoor(t *testing.T) {
	f := shop()
	f.Sybils, f.Rate = 100, 10
	l := f.Live(seeded(1))
	if l.Lost != 0 || l.Full != 0 || l.Wait[99] > 100*time.Millisecond || l.Spam > 1000 {
		t.Errorf("lost %v, full %v, wait %v, spam %v an hour", l.Lost, l.Full, l.Wait[99], l.Spam)
	}
}

// A laptop's core shuts nobody out, whatever it does; before ledgers turned out
// what did least, it took three minutes to do so for a week. `go test -v` prints
// what each way of attacking costs people.
func TestNobodyIsShutOut(t *testing.T) {
	day, week := 24*time.Hour, 7*24*time.Hour
	for _, tt := range []struct {
		name   string
		budget float64
		life   time.Duration
		hoard  bool
		work   time.Duration // of a phone for an intent, at most
		kept   float64       // at least
	}{
		{"no computing power", 0, day, false, 4 * time.Second, .95},
		{"a laptop's core, lives of a day", 8e6, day, false, 4 * time.Second, .95},
		{"a laptop's core, of a week", 8e6, week, false, 4 * time.Second, .95},
		{"a laptop's core, of an hour", 8e6, time.Hour, false, 4 * time.Second, .95},
		{"a laptop's core, all the work there is", 8e6, day, true, 6 * time.Second, .08},
		{"a tenth of it", 8e5, day, true, 6 * time.Second, .7},
		{"a rack", 1e9, day, false, 6 * time.Second, 0},
	} {
		f := shop()
		f.Sybils, f.Rate, f.Budget, f.SpamLife, f.Hoard, f.Hours = 100, 10, tt.budget, tt.life, tt.hoard, 72
		l := f.Live(seeded(1))
		t.Logf("%s: lost %.2f%%, wait %s and %s, worked %s, kept %.0f%%, %.1f bits; spam %.0f an hour, %.0f%%, %.2g tries each", tt.name, 100*l.Lost,
			l.Wait[50], l.Wait[99], l.Work, 100*l.Kept, l.Bits, l.Spam, 100*l.Share, l.Tries)
		if l.Lost > .005 || l.Work > tt.work || l.Kept < tt.kept {
			t.Errorf("%s: lost %v, worked %s, kept %v", tt.name, l.Lost, l.Work, l.Kept)
		}
	}
}

// A quota bounds what each sybil brings, whatever it can compute.
func TestQuotaBoundsSybils(t *testing.T) {
	f := shop()
	f.Sybils, f.Rate, f.Budget, f.Quota, f.Hours = 10, 10, 1e12, 1, 1
	if l := f.Live(seeded(1)); l.Spam > 10*61 || l.Spam < 10*55 {
		t.Errorf("%v intents in an hour of ten identities that may cast one a minute", l.Spam)
	}
}

// What expires makes room again, and nothing need be turned out.
func TestExpiryMakesRoom(t *testing.T) {
	f := shop()
	f.Sybils, f.Rate, f.SpamLife, f.Life = 10, .4, time.Hour, time.Hour
	f.Budget, f.Hours = 1e9, 3
	l := f.Live(seeded(1))
	if l.Full > 0 || l.Kept < 1 || l.Lost > 0 || l.Spam < 12_000 {
		t.Errorf("%v spam an hour, full %v, kept %v, lost %v", l.Spam, l.Full, l.Kept, l.Lost)
	}
}
