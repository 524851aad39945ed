package model

import (
	"maps"
	"reflect"
	"slices"
	"testing"

	"github.com/parley-network/parley/sim/outcome"
	"github.com/parley-network/parley/sim/scenario"
)

// worlds are small scenarios of each kind, in which nearly everything that can
// matter does.
func worlds() map[string]scenario.Scenario {
	small := func(set map[string]any) scenario.Scenario {
		s := scenario.Default()
		all := map[string]any{
			"clock.unit": "hour", "clock.steps": 6, "people.count": 60, "people.places": 4, "people.place_skew": 0.5, "people.intents": 0.4,
			"people.categories": 3, "vendors.count": 16, "vendors.categories": 2, "vendors.places": 2, "vendors.capacity": 1,
			"people.fourth_party": 0.3, "market.incumbent": 0.5, "market.fee": 0.1, "market.subsidy": 2.0, "market.subsidy_steps": 2,
			"adoption.rule": "utility", "adoption.p": 0.05, "adoption.q": 0.2, "adoption.per_edge": true, "adoption.seeds": 20,
			"adoption.patience": 2, "network.kind": "block", "protocol.sharded": true, "protocol.loss": 0.02,
			"protocol.latency": "20ms-80ms", "faults.churn": 0.2, "faults.asleep": 0.2, "faults.nat": 0.5,
			"faults.partition": 2, "faults.from": 2, "faults.to": 4,
		}
		for field, value := range set {
			all[field] = value
		}
		for field, value := range all {
			if err := s.Set(field, value); err != nil {
				panic(err)
			}
		}
		return s
	}
	return map[string]scenario.Scenario{
		"market":               small(nil),
		"everyone":             small(map[string]any{"adoption.rule": "everyone"}),
		"all have heard":       small(map[string]any{"adoption.p": 0.0, "adoption.q": 0.0, "adoption.per_edge": false}),
		"bass":                 small(map[string]any{"adoption.rule": "bass", "adoption.per_edge": false, "network.kind": "barabasi-albert"}),
		"influential":          small(map[string]any{"adoption.rule": "bass", "adoption.per_edge": false, "network.kind": "barabasi-albert", "adoption.seeding": "influential"}),
		"threshold":            small(map[string]any{"adoption.rule": "threshold", "adoption.threshold": 3.0, "adoption.spread": 1.0, "network.kind": "erdos-renyi"}),
		"fraction":             small(map[string]any{"adoption.rule": "fraction", "adoption.threshold": 0.3, "adoption.spread": 0.1, "network.kind": "geographic"}),
		"complex":              small(map[string]any{"adoption.rule": "complex", "adoption.threshold": 2.0, "adoption.spread": 1.0, "network.kind": "watts-strogatz"}),
		"no trade":             small(map[string]any{"people.intents": 0.0, "adoption.rule": "bass", "network.kind": "watts-strogatz"}),
		"no trade, no edges":   small(map[string]any{"people.intents": 0.0, "adoption.rule": "bass", "network.kind": "none", "adoption.per_edge": false}),
		"utility without gain": small(map[string]any{"people.intents": 0.0}),
		"no vendors":           small(map[string]any{"vendors.count": 0, "adoption.rule": "everyone"}),
		"no incumbent":         small(map[string]any{"market.incumbent": 0.0, "market.subsidy": 0.0, "adoption.seeds": 0}),
		"one of each":          small(map[string]any{"people.places": 1, "people.categories": 1, "vendors.categories": 1, "vendors.places": 1, "network.within": 1.0}),
		"a cut of no time":     small(map[string]any{"faults.from": 0, "faults.to": 0}),
		"spam":                 small(map[string]any{"attack.kind": "spam", "attack.sybils": 40, "attack.rate": 2.0, "attack.budget": 1e5, "protocol.work": 16, "protocol.quota": 3.0}),
		"eclipse by nobody":    small(map[string]any{"attack.kind": "eclipse-all"}),
		"lie":                  small(map[string]any{"attack.kind": "lie", "attack.share": 0.5, "attack.sybils": 3}),
		"first answer":         small(map[string]any{"attack.kind": "first-answer", "attack.share": 0.5}),
		"lie of nobody":        small(map[string]any{"attack.kind": "lie"}),
	}
}

// others are values that a field might have instead.
var others = map[string][]any{
	"clock.unit": {"day"}, "clock.steps": {9, 2}, "clock.window": {"20s"}, "people.count": {55}, "people.places": {5}, "people.place_skew": {2.0},
	"people.intents": {1.0}, "people.categories": {4}, "people.category_skew": {3.0}, "people.worth": {300.0}, "people.spread": {90.0},
	"people.effort": {9.0}, "people.fourth_party": {0.9}, "vendors.count": {12}, "vendors.categories": {1, 3}, "vendors.places": {1, 3},
	"vendors.price": {20.0}, "vendors.spread": {60.0}, "vendors.margin": {0.9}, "vendors.cost": {9.0}, "vendors.capacity": {3}, "vendors.think": {"30s"},
	"network.kind": {"geographic"}, "network.degree": {4.0}, "network.attach": {2}, "network.rewire": {0.9}, "network.within": {0.2},
	"adoption.rule": {"everyone", "threshold"}, "adoption.p": {0.5}, "adoption.q": {0.9}, "adoption.per_edge": {false, true}, "adoption.threshold": {0.9, 6.0},
	"adoption.spread": {0.3, 2.0}, "adoption.seeds": {10}, "adoption.seeding": {"place", "category"}, "adoption.patience": {1, 4},
	"market.incumbent": {1.0}, "market.fee": {0.5}, "market.subsidy": {50.0}, "market.subsidy_steps": {6},
	"protocol.d": {5}, "protocol.low": {3}, "protocol.high": {6}, "protocol.lazy": {1}, "protocol.heartbeat": {"1s"}, "protocol.peers": {6},
	"protocol.latency": {"100ms-400ms"}, "protocol.loss": {0.3}, "protocol.bandwidth": {200000.0}, "protocol.size": {8000}, "protocol.sharded": {false, true},
	"protocol.work": {14, 22}, "protocol.quota": {0.1}, "faults.churn": {0.9}, "faults.asleep": {0.7}, "faults.nat": {1.0}, "faults.partition": {3, 4},
	"faults.from": {1}, "faults.to": {7}, "attack.kind": {"none"}, "attack.sybils": {90}, "attack.rate": {20.0}, "attack.budget": {1e9}, "attack.share": {1.0},
}

// TestIdle: what is said to have no effect has none, on any number that is
// found; and each field has one in some of the worlds.
func TestIdle(t *testing.T) {
	felt, all := map[string]bool{}, worlds()
	for _, name := range slices.Sorted(maps.Keys(all)) {
		s := all[name]
		if err := s.Validate(); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		before := found(t, s)
		for _, p := range scenario.Parameters() {
			for _, value := range others[p.Path] {
				changed := s
				if err := changed.Set(p.Path, value); err != nil {
					t.Fatal(err)
				}
				// Both are asked: a change may bring in what was idle.
				idle := s.Idle(p.Path) != "" && changed.Idle(p.Path) != ""
				if felt[p.Path] && !idle || changed.Validate() != nil {
					continue
				}
				same := reflect.DeepEqual(before, found(t, changed))
				if !same && idle {
					t.Errorf("%s: %s = %v has an effect, though %s", name, p.Path, value, s.Idle(p.Path))
				}
				felt[p.Path] = felt[p.Path] || !same
			}
		}
	}
	for field := range others {
		if !felt[field] {
			t.Errorf("%s never has an effect", field)
		}
	}
}

func found(t *testing.T, s scenario.Scenario) outcome.Outcome {
	t.Helper()
	out, err := New().Run(t.Context(), s, 7, nil)
	if err != nil {
		t.Fatal(err)
	}
	out.Spread = nil
	return out
}
