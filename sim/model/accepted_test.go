package model

import (
	"context"
	"testing"

	"pgregory.net/rapid"

	"github.com/parley-network/parley/sim/scenario"
)

// edges are values at the sides of what fields can be.
var edges = map[string][]any{
	"clock.unit": {"hour", "year"}, "clock.steps": {1, 3}, "clock.window": {"1ns", "1s", "1m"},
	"people.count": {1, 2, 30}, "people.places": {1, 7}, "people.place_skew": {0.0, 3.0, 400.0}, "people.intents": {0.0, 0.3, 3.0},
	"people.categories": {1, 5}, "people.category_skew": {0.0, 50.0}, "people.worth": {0.0, 100.0}, "people.spread": {0.0, 1e6},
	"people.effort": {0.0, 1e9}, "people.fourth_party": {0.0, 1.0},
	"vendors.count": {0, 1, 20}, "vendors.categories": {1, 3}, "vendors.places": {1, 4}, "vendors.price": {0.0, 80.0}, "vendors.spread": {0.0, 500.0},
	"vendors.margin": {0.0, 1.0}, "vendors.cost": {0.0}, "vendors.capacity": {0, 1}, "vendors.think": {"0s", "1h"},
	"network.kind":   {"none", "complete", "erdos-renyi", "watts-strogatz", "barabasi-albert", "block", "geographic"},
	"network.degree": {0.0, 2.0, 4.0, 20.0}, "network.attach": {1, 4}, "network.rewire": {0.0, 1.0}, "network.within": {0.0, 1.0},
	"adoption.rule": {"everyone", "bass", "threshold", "fraction", "complex", "utility"}, "adoption.p": {0.0, 1.0}, "adoption.q": {0.0, 1.0},
	"adoption.per_edge": {true, false}, "adoption.threshold": {0.0, 1.0, 1e9}, "adoption.spread": {0.0, 1e9}, "adoption.seeds": {0, 1},
	"adoption.seeding": {"random", "place", "category", "influential"}, "adoption.patience": {0, 1},
	"market.incumbent": {0.0, 1.0}, "market.fee": {0.0, 1.0}, "market.subsidy": {0.0, 1e9}, "market.subsidy_steps": {0, 9},
	"protocol.d": {1, 4}, "protocol.low": {1, 4}, "protocol.high": {4, 60}, "protocol.lazy": {0, 60}, "protocol.heartbeat": {"300ms", "1h"},
	"protocol.peers": {1, 60}, "protocol.latency": {"0s", "1ms-1m"}, "protocol.loss": {0.0, 0.9}, "protocol.bandwidth": {0.0, 1.0, 1e9},
	"protocol.size": {1, 8192}, "protocol.sharded": {true, false}, "protocol.work": {0, 40}, "protocol.quota": {0.0, 1e-6},
	"faults.churn": {0.0, 1.0}, "faults.asleep": {0.0, 1.0}, "faults.nat": {0.0, 1.0}, "faults.partition": {0, 1, 50}, "faults.from": {0, 1},
	"faults.to": {0, 9}, "attack.kind": {"none", "spam", "collude", "lie", "first-answer"}, "attack.sybils": {0, 1, 40}, "attack.rate": {0.0, 1e6},
	"attack.budget": {0.0, 1e15}, "attack.share": {0.0, 1.0}, "record.spread": {0, 5, 1000}, "record.every": {1, 1000},
}

// TestWhatIsAcceptedRuns: a scenario that is refused is refused before anything
// runs. None that passes fails in its first cell, however odd it is.
func TestWhatIsAcceptedRuns(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := scenario.Default()
		s.People.Count, s.Vendors.Count, s.Clock.Steps = 30, 10, 2
		for _, p := range scenario.Parameters() {
			if of := edges[p.Path]; of != nil && rapid.IntRange(0, 9).Draw(t, "change "+p.Path) == 0 {
				if err := s.Set(p.Path, rapid.SampledFrom(of).Draw(t, p.Path)); err != nil {
					t.Fatal(err)
				}
			}
		}
		e := New()
		if s.Validate() != nil || e.Check(s) != nil {
			return
		}
		if _, err := e.Run(context.Background(), s, 1, nil); err != nil {
			t.Fatal(err)
		}
	})
}
