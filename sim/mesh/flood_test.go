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

// A few cores fill the ledgers for a week: at the highest price too, if slower.
// That is what the study of admission finds, and what work can't help.
func TestAFewCoresFillLedgers(t *testing.T) {
	f := shop()
	f.Sybils, f.Rate, f.Budget = 100, 10, 8e6
	if l := f.Live(seeded(1)); l.Lost < .9 || l.Full < .9 {
		t.Errorf("lost %v, full %v", l.Lost, l.Full)
	}
	f.Quota, f.Sybils = .1, 10 // what helps: few identities, and few intents of each
	if l := f.Live(seeded(1)); l.Lost != 0 || l.Full != 0 {
		t.Errorf("with a quota: lost %v, full %v", l.Lost, l.Full)
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

// What expires makes room again.
func TestExpiryMakesRoom(t *testing.T) {
	f := shop()
	f.Sybils, f.Rate, f.SpamLife, f.Life = 10, 1, time.Hour, time.Hour
	f.Budget, f.Hours = 1e9, 3
	l := f.Live(seeded(1))
	if l.Spam*1 > ledgerSize*1.01 || l.Honest < 1 {
		t.Errorf("%v spam and %v intents an hour", l.Spam, l.Honest)
	}
}
