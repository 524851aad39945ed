package stack

import (
	"context"
	"math"
	"testing"
	"time"

	"github.com/parley-network/parley/sim"
	"github.com/parley-network/parley/sim/scenario"
	"github.com/parley-network/parley/sim/society"
)

// small is a town whose vendors all sell one thing.
func small() scenario.Scenario {
	s := scenario.Scenario{Name: "small"}
	s.Clock = scenario.Clock{Unit: "day", Steps: 1, Window: scenario.Duration(30 * time.Second)}
	s.People = scenario.People{Count: 6, Places: 1, Categories: 1, Intents: 1, Worth: 50}
	s.Vendors = scenario.Vendors{Count: 8, Categories: 1, Places: 1, Price: 20}
	s.Protocol.Peers = 8
	return s
}

// agentsOf are people who want and vendors who sell thing 0 in place 0, at 21,
// 22 and so on.
func agentsOf(s scenario.Scenario) []society.Agent {
	var out []society.Agent
	for i := range int32(s.People.Count) {
		out = append(out, society.Agent{ID: i})
	}
	for i := range int32(s.Vendors.Count) {
		out = append(out, society.Agent{ID: int32(s.People.Count) + i, Vendor: true, Categories: []int32{0}, Places: []int32{0}, Price: 21 + float64(i)})
	}
	return out
}

// town is a scenario's network with everybody in it.
func town(t *testing.T, s scenario.Scenario, then func(m *Medium) error) {
	t.Helper()
	if err := New(nil).Check(s); err != nil {
		t.Fatal(err)
	}
	if err := sim.Play(1, func(w *sim.World) error {
		m, err := NewMedium(w, s)
		if err != nil {
			return err
		}
		if err := m.Join(w.T.Context(), agentsOf(s)); err != nil {
			return err
		}
		m.Costs()
		return then(m)
	}); err != nil {
		t.Fatal(err)
	}
}

// play has all agents of a scenario join, and one step traded.
func play(t *testing.T, s scenario.Scenario, intents ...society.Intent) (fates []society.Fate, costs society.Costs) {
	t.Helper()
	town(t, s, func(m *Medium) (err error) {
		fates, err = m.Trade(context.Background(), 0, intents)
		costs = m.Costs()
		return err
	})
	return fates, costs
}

func TestIntentsAreHeardAndAnswered(t *testing.T) {
	s := small()
	fates, costs := play(t, s,
		society.Intent{Person: 0, Most: 50},
		society.Intent{Person: 1, Most: 24.5}, // four sell it for less
		society.Intent{Person: 2, Category: 7, Most: 50},
		society.Intent{Person: 3, Place: 5, Most: 50})
	for i, want := range []int{8, 4, 0, 0} {
		f := fates[i]
		if f.Heard != 8 || len(f.Delays) != 8 || len(f.Offers) != want {
			t.Errorf("intent %d: heard by %d of 8 vendors, %d offers, want %d", i, f.Heard, len(f.Offers), want)
		}
		for k, d := range f.Delays {
			if d < 50*time.Millisecond || d > time.Second {
				t.Errorf("intent %d: heard after %s", i, d)
			}
			if k < len(f.Offers) && (f.Offers[k].After < 100*time.Millisecond || math.Abs(f.Offers[k].Price-(21+float64(f.Offers[k].Vendor-6))) > 0.001) {
				t.Errorf("intent %d: offer %+v", i, f.Offers[k])
			}
		}
		if f.Linked != 0 {
			t.Errorf("intent %d: somebody guessed, and nobody guesses", i)
		}
	}
	if costs.Delivered < 4*8 || costs.Copies < costs.Delivered || costs.Bytes < 4*8*2000 {
		t.Errorf("costs %+v", costs)
	}
}
