package stack

import (
	"fmt"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/parley-network/parley/gossip/admission"
	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/sim/scenario"
)

// An attacker spends what its budget brings, works ahead for an hour and no
// longer, and does the work that is asked for everywhere.
func TestPurse(t *testing.T) {
	start := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	cast := castOf(t)
	p := purse{budget: 1 << 10, least: 10}
	if _, ok, err := p.stamp("topic", cast, 1, start); ok || err != nil {
		t.Errorf("a stamp before anything was earned: %v, %v", ok, err)
	}
	if _, ok, _ := p.stamp("topic", cast, 1, start.Add(500*time.Millisecond)); ok {
		t.Error("a stamp for half of its price")
	}
	stamped, ok, err := p.stamp("topic", cast, 1, start.Add(time.Second))
	if err != nil || !ok {
		t.Fatalf("no stamp for its price: %v, %v", ok, err)
	}
	s, err := admission.ParseStamp(stamped.Work)
	if err != nil || s.Bits != 10 || !s.Done(admission.ForCast("topic", cast.ID)) {
		t.Errorf("stamp %+v, %v", s, err)
	}
	if got, want := p.tries, float64(1<<10)-float64(s.Nonce); got != want {
		t.Errorf("%v tries are left, want %v", got, want)
	}
	p.affords(0, start.Add(100*time.Hour))
	if p.tries != 3600<<10 {
		t.Errorf("%v tries after days, want an hour's", p.tries)
	}
}

// A stamp's price is what two neighbours ask, as for anybody; and an attacker
// without computing power sends without stamps.
func TestPurseHeedsNeighbours(t *testing.T) {
	p := purse{budget: 1}
	for i, bits := range []uint64{20, 18, 12} {
		p.heed(peer.ID(fmt.Sprint(i)), admission.Notice{Needs: []admission.Need{{Topic: "topic", Bits: bits}}})
	}
	if got := p.bits("topic"); got != 18 {
		t.Errorf("believes %d bits, want 18", got)
	}
	if got := p.bits("another"); got != 0 {
		t.Errorf("believes %d bits where nobody asks", got)
	}
	p.heed("0", admission.Notice{Needs: []admission.Need{{Topic: "topic"}}})
	p.heed("1", admission.Notice{Needs: []admission.Need{{Topic: "topic"}}})
	if got := p.bits("topic"); got != 12 {
		t.Errorf("believes %d bits when all but one ask for none, want 12", got)
	}
	p.budget = 0
	if c, ok, err := p.stamp("topic", castOf(t), 1, time.Time{}); err != nil || !ok || c.Work != nil {
		t.Errorf("without a budget: %v, %v", ok, err)
	}
}

func castOf(t *testing.T) *intentcast.Cast {
	t.Helper()
	c, err := (&crowd{}).sign(1)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Where work is asked for, spam without it is turned away, and with it comes
// through as far as the budget goes; people's intents come through later, by
// what a phone takes for them.
func TestAdmissionOnRealNodes(t *testing.T) {
	// A phone works for a second on average. How many stamps a budget pays for is
	// Poisson's: of 20 none is one case in 500 million, and 60 are rarer still.
	const work, stamps = 20, 20
	lived := func(budget float64) (forged, refused int64, latest time.Duration) {
		s := small()
		s.Attack.Kind, s.Attack.Sybils, s.Attack.Rate, s.Attack.Budget, s.Protocol.Work = spam, 4, 1, budget, work
		fates, costs := play(t, s, intentsOf(6)...)
		for i, f := range fates {
			if f.Heard != 8 {
				t.Errorf("budget %v, intent %d: %d of 8 vendors heard", budget, i, f.Heard)
			}
			for _, d := range f.Delays {
				latest = max(latest, d)
			}
		}
		return costs.Forged, costs.Refused, latest
	}
	none, turnedAway, latest := lived(0)
	if none != 0 || turnedAway == 0 {
		t.Errorf("without a budget %d of the spam was taken in and %d turned away", none, turnedAway)
	}
	if latest < 300*time.Millisecond {
		t.Errorf("all six intents were there after %s, as if nobody had worked for them", latest)
	}
	// The window's budget pays for so many stamps on average, each heard by 8 vendors.
	some, _, _ := lived(stamps / small().Clock.Window.Std().Seconds() * (1 << work))
	if some == 0 || some > 3*stamps*8 {
		t.Errorf("%d of the spam taken in by a budget for %d", some, stamps)
	}
}

// What real nodes ask for by the scenario is what stands in it, up to what they
// ask for at most.
func TestWorkIsTaken(t *testing.T) {
	s := scenario.Default()
	s.Protocol.Work = admission.MaxBits
	s.Attack.Kind, s.Attack.Sybils, s.Attack.Rate, s.Attack.Budget = spam, 3, 1, 1e6
	if err := New(nil).Check(s); err != nil {
		t.Error(err)
	}
}
