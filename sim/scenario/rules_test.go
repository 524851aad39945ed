package scenario_test

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/parley-network/parley/sim/scenario"
)

// impossible has, for each field, values that are refused by it, and values at
// the edge of what is possible.
var impossible = []struct {
	field    string
	bad, can []any
}{
	{"replicates", []any{0, -1, scenario.MaxCells + 1}, []any{1, scenario.MaxCells}},
	{"engine", []any{"", "real"}, []any{"stack"}},
	{"clock.unit", []any{"", "fortnight"}, []any{"hour", "year"}},
	{"clock.steps", []any{0, scenario.MaxSteps + 1}, []any{1}},
	{"clock.window", []any{"0s", "-1s", "9000h"}, []any{"1h"}},
	{"people.count", []any{-1, 0, scenario.MaxAgents + 1}, []any{1}},
	{"people.places", []any{0}, []any{1}},
	{"people.place_skew", []any{-0.1, math.Inf(1)}, []any{0.0}},
	{"people.intents", []any{-1}, []any{0}},
	{"people.categories", []any{0}, []any{1}},
	{"people.fourth_party", []any{-0.1, 1.1}, []any{0, 1}},
	{"people.effort", []any{-1}, []any{0}},
	{"vendors.count", []any{-1}, []any{0}},
	{"vendors.categories", []any{0, 11}, []any{10}},
	{"vendors.places", []any{0, 2}, []any{1}},
	{"vendors.margin", []any{1.5}, []any{1}},
	{"vendors.capacity", []any{-1}, []any{0}},
	{"vendors.think", []any{"-1s"}, []any{"0s"}},
	{"network.kind", []any{"", "random", "ErdosRenyi"}, []any{"complete", "erdos-renyi"}},
	{"network.rewire", []any{2}, []any{1}},
	{"network.within", []any{-1}, []any{0}},
	{"adoption.rule", []any{"", "viral"}, []any{"utility", "complex"}},
	{"adoption.p", []any{-0.01, 1.01}, []any{0, 1}},
	{"adoption.q", []any{-0.01, 1.01}, []any{0, 1}},
	{"adoption.threshold", []any{-1, 2e9}, []any{0}},
	{"adoption.spread", []any{-1, 2e9}, []any{0}},
	{"adoption.seeds", []any{-1}, []any{0}},
	{"adoption.seeding", []any{"", "rich"}, []any{"place", "category", "influential"}},
	{"adoption.patience", []any{-1}, []any{0}},
	{"market.incumbent", []any{1.1}, []any{1}},
	{"market.fee", []any{-0.1}, []any{0}},
	{"market.subsidy", []any{-5}, []any{5}},
	{"market.subsidy_steps", []any{-1}, []any{3}},
	{"protocol.d", []any{0}, []any{4, 7}},
	{"protocol.low", []any{-1, 0, 20}, []any{1}},
	{"protocol.high", []any{1}, []any{12}},
	{"protocol.lazy", []any{-1}, []any{0}},
	{"protocol.heartbeat", []any{"0s"}, []any{"1ms"}},
	{"protocol.peers", []any{0}, []any{1}},
	{"protocol.latency", []any{"5ms-1ms", "-1ms", "1s-61s"}, []any{"0s", "1ms-1s", "1m"}},
	{"protocol.loss", []any{1, -0.1}, []any{0, 0.99}},
	{"protocol.bandwidth", []any{-1}, []any{0}},
	{"protocol.size", []any{0, 8193}, []any{1, 8192}},
	{"protocol.work", []any{-1, 41}, []any{0, 22}},
	{"protocol.quota", []any{-1}, []any{0}},
	{"faults.churn", []any{1.1}, []any{1}},
	{"faults.asleep", []any{-0.1}, []any{0}},
	{"faults.nat", []any{7}, []any{0.5}},
	{"faults.partition", []any{-1}, []any{0, 2}},
	{"attack.kind", []any{"", "ddos"}, []any{"eclipse-publishers", "first-answer"}},
	{"attack.sybils", []any{-1}, []any{0}},
	{"attack.share", []any{1.5}, []any{1}},
	{"record.every", []any{0}, []any{1}},
	{"record.spread", []any{-1, 1_000_001}, []any{0}},
}

func TestRules(t *testing.T) {
	for _, rule := range impossible {
		for _, value := range rule.bad {
			s := scenario.Default()
			if err := s.Set(rule.field, value); err != nil {
				continue // infinite, for one, is no value at all
			}
			var problems scenario.Problems
			if err := s.Validate(); !errors.As(err, &problems) {
				t.Errorf("%s = %v is taken", rule.field, value)
				continue
			}
			// Where a field has to go with another, either may be told.
			part, _, _ := strings.Cut(rule.field, ".")
			if !slices.ContainsFunc(problems, func(p scenario.Problem) bool { return strings.HasPrefix(p.Field, part) && p.Reason != "" }) {
				t.Errorf("%s = %v: %v", rule.field, value, problems)
			}
		}
		for _, value := range rule.can {
			s := scenario.Default()
			if err := s.Set(rule.field, value); err != nil {
				t.Error(err)
			} else if err := s.Validate(); err != nil {
				t.Errorf("%s = %v is refused: %v", rule.field, value, err)
			}
		}
	}
}

// TestRulesOfNetworks: what a kind of network needs is asked of it alone.
func TestRulesOfNetworks(t *testing.T) {
	for _, c := range []struct {
		kind   string
		people int
		degree float64
		attach int
		field  string // refused; none: possible
	}{
		{"erdos-renyi", 10, 9, 0, ""},
		{"erdos-renyi", 10, 9.5, 0, "network.degree"},
		{"erdos-renyi", 10, -1, 0, "network.degree"},
		{"block", 10, math.NaN(), 0, "network.degree"},
		{"watts-strogatz", 10, 4, 0, ""},
		{"watts-strogatz", 10, 3, 0, "network.degree"},
		{"barabasi-albert", 10, -1, 9, ""},
		{"barabasi-albert", 10, 8, 10, "network.attach"},
		{"barabasi-albert", 10, 8, 0, "network.attach"},
		{"none", 10, -1, -1, ""},
		{"complete", 10, 99, 99, ""},
	} {
		s := scenario.Default()
		s.People.Count, s.Vendors.Count = c.people, 0
		s.Network.Kind, s.Network.Degree, s.Network.Attach = c.kind, c.degree, c.attach
		err := s.Validate()
		if c.field == "" && err != nil || c.field != "" && (err == nil || !strings.HasPrefix(err.Error(), c.field+":")) {
			t.Errorf("%+v: %v", c, err)
		}
	}
	s := scenario.Default()
	s.Network.File = "edges.txt"
	if err := s.Validate(); err == nil || !strings.Contains(err.Error(), `network.file: is read only where network.kind is "file"`) {
		t.Errorf("a file that nobody reads: %v", err)
	}
}

// TestRulesOfCombinations: what is possible by itself and not together.
func TestRulesOfCombinations(t *testing.T) {
	for name, c := range map[string]struct {
		set   map[string]any
		field string
	}{
		"nobody":                {map[string]any{"people.count": 0, "vendors.count": 0}, "people.count"},
		"too many together":     {map[string]any{"people.count": scenario.MaxAgents, "vendors.count": 1}, "people.count"},
		"more seeds than there": {map[string]any{"people.count": 10, "vendors.count": 0, "adoption.rule": "bass", "adoption.seeds": 11}, "adoption.seeds"},
		"a share above 1":       {map[string]any{"adoption.rule": "fraction", "adoption.threshold": 1.5}, "adoption.threshold"},
		"elsewhere in one town": {map[string]any{"network.kind": "block"}, "network.within"},
		"a ring that is whole":  {map[string]any{"people.count": 9, "vendors.count": 0, "network.kind": "watts-strogatz", "network.degree": 8}, "network.degree"},
		"ends before it begins": {map[string]any{"faults.partition": 2, "faults.from": 5, "faults.to": 4}, "faults.to"},
	} {
		s := scenario.Default()
		for field, value := range c.set {
			if err := s.Set(field, value); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.Validate(); err == nil || !strings.HasPrefix(err.Error(), c.field+":") {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, set := range map[string]map[string]any{
		"all in one town":       {"network.within": 1},
		"in two":                {"people.places": 2},
		"nobody knows anybody":  {"network.degree": 0},
		"each a town and alone": {"people.places": 1000, "network.within": 0},
	} {
		s := scenario.Default()
		s.Network.Kind = "block"
		for field, value := range set {
			if err := s.Set(field, value); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.Validate(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
