package model

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"math"
	"runtime"
	"strings"
	"testing"

	"github.com/parley-network/parley/sim/outcome"
	"github.com/parley-network/parley/sim/scenario"
	"github.com/parley-network/parley/sim/sweep"
)

var _ sweep.Engine = New()

// market is a scenario of a region: eight towns, people who know each other,
// vendors, an incumbent, and a network that grows by what it is worth.
func market() scenario.Scenario {
	s := scenario.Default()
	s.Clock.Steps = 30
	s.People.Count, s.People.Places, s.People.Intents = 2000, 8, 0.3
	s.Vendors.Count, s.Vendors.Categories, s.Vendors.Places = 200, 2, 1
	s.Market.Incumbent, s.Market.Fee = 0.5, 0.15
	s.Network.Kind, s.Network.Degree = "block", 8
	s.Adoption = scenario.Adoption{Rule: "utility", P: 0.001, Q: 0.05, PerEdge: true, Seeds: 400, Seeding: "random", Patience: 8}
	s.Protocol.Sharded = true
	return s
}

func run(t testing.TB, s scenario.Scenario, seed uint64) outcome.Outcome {
	t.Helper()
	out, err := New().Run(t.Context(), s, seed, nil)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func values(t testing.TB, s scenario.Scenario, seed uint64) map[string]float64 {
	t.Helper()
	all := map[string]float64{}
	for _, v := range run(t, s, seed).Values {
		all[v.Name] = v.Number
	}
	return all
}

// For one seed the outcome is the same to the bit, whether one processor works
// at it or several.
func TestBitIdentical(t *testing.T) {
	unsharded, faulty, sieged, grown := market(), market(), market(), market()
	unsharded.Protocol.Sharded, unsharded.Clock.Steps = false, 12
	faulty.Faults = scenario.Faults{Churn: 0.3, Asleep: 0.3, NAT: 0.5, Partition: 2, From: 5, To: 9}
	faulty.Attack = scenario.Attack{Kind: "lie", Share: 0.3}
	faulty.Record.Spread = 100
	sieged.Attack = scenario.Attack{Kind: "withhold", Sybils: 2000}
	sieged.Clock.Steps, sieged.Adoption.Seeds = 4, 200
	grown.People.Intents, grown.Adoption.Rule = 0, "bass"
	for name, s := range map[string]scenario.Scenario{"sharded": market(), "unsharded": unsharded, "faulty": faulty, "sieged": sieged, "no market": grown} {
		t.Run(name, func(t *testing.T) {
			before := runtime.GOMAXPROCS(0)
			defer runtime.GOMAXPROCS(before)
			var first []byte
			for _, processors := range []int{1, 2, 7, 1} {
				runtime.GOMAXPROCS(processors)
				b, err := json.Marshal(run(t, s, 42))
				if err != nil {
					t.Fatal(err)
				}
				if first == nil {
					first = b
				}
				if !bytes.Equal(first, b) {
					t.Fatalf("with %d processors something else was found", processors)
				}
			}
		})
	}
}

// A local market has a critical mass: begun with too few it dies out, with
// enough it goes on to take in most of the region, whatever the seed.
func TestCriticalMass(t *testing.T) {
	s := market()
	s.Clock.Steps = 60
	s.People.Effort, s.Vendors.Cost, s.Adoption.P = 3, 12, 0
	s.Adoption.Patience = 6
	for _, c := range []struct {
		seeds     int
		low, high float64
	}{{4, 0, 0.15}, {1200, 0.6, 1}} {
		s.Adoption.Seeds = c.seeds
		for seed := range uint64(6) {
			v := values(t, s, seed)
			if got := v["people_share"]; got < c.low || got > c.high {
				t.Errorf("%d begin, seed %d: %.3f of the people take part at the end, want %.2f to %.2f", c.seeds, seed, got, c.low, c.high)
			}
		}
	}
}

// What goes wrong makes it worse for people, never better.
func TestFaultsAreFelt(t *testing.T) {
	s := market()
	s.Adoption = scenario.Adoption{Rule: "everyone"}
	s.Clock.Steps = 8
	calm := values(t, s, 3)
	for name, c := range map[string]struct {
		change func(*scenario.Scenario)
		worse  func(v map[string]float64) bool
	}{
		"asleep":    {func(s *scenario.Scenario) { s.Faults.Asleep = 0.5 }, func(v map[string]float64) bool { return v["heard_mean"] < 0.6*calm["heard_mean"] }},
		"churn":     {func(s *scenario.Scenario) { s.Faults.Churn = 1 }, func(v map[string]float64) bool { return v["delay_p99_seconds"] > 1 }},
		"nat":       {func(s *scenario.Scenario) { s.Faults.NAT = 1 }, func(v map[string]float64) bool { return v["answer_p50_seconds"] > calm["answer_p50_seconds"]+0.1 }},
		"partition": {func(s *scenario.Scenario) { s.Faults.Partition, s.Faults.To = 4, 8 }, func(v map[string]float64) bool { return v["heard_mean"] < 0.4*calm["heard_mean"] }},
		"withhold":  {func(s *scenario.Scenario) { s.Attack.Kind, s.Attack.Sybils = "withhold", 8000 }, func(v map[string]float64) bool { return v["linked_mean"] > 0 && v["known"] > calm["known"] }},
		"collude":   {func(s *scenario.Scenario) { s.Attack.Kind, s.Attack.Share = "collude", 1 }, func(v map[string]float64) bool { return v["price_network"] > calm["price_network"]+5 }},
		"lie":       {func(s *scenario.Scenario) { s.Attack.Kind, s.Attack.Share = "lie", 0.5 }, func(v map[string]float64) bool { return v["misled_share"] > 0.05 && v["surplus"] < calm["surplus"] }},
		"first":     {func(s *scenario.Scenario) { s.Attack.Kind, s.Attack.Share = "first-answer", 1 }, func(v map[string]float64) bool { return v["price_network"] > calm["price_network"]+5 }},
		"spam": {func(s *scenario.Scenario) { s.Attack.Kind, s.Attack.Sybils, s.Attack.Rate = "spam", 10, 1 }, func(v map[string]float64) bool {
			return v["forged"] > 0 && v["refused"] > 0 && v["bytes_each"] > calm["bytes_each"]
		}},
		"slow": {func(s *scenario.Scenario) { s.Clock.Window = scenario.Duration(2e9) }, func(v map[string]float64) bool { return v["answered_share"] < calm["answered_share"] }},
	} {
		x := s
		c.change(&x)
		if v := values(t, x, 3); !c.worse(v) {
			t.Errorf("%s is not felt: %v, in calm %v", name, v, calm)
		}
	}
}

// Sharding spares nodes what does not concern them, and takes nothing from
// those who want something.
func TestSharding(t *testing.T) {
	s := market()
	s.Adoption = scenario.Adoption{Rule: "everyone"}
	s.Clock.Steps = 5
	sharded := values(t, s, 1)
	s.Protocol.Sharded = false
	whole := values(t, s, 1)
	if sharded["bytes_each"]*10 > whole["bytes_each"] || sharded["fill_network"] < whole["fill_network"]-0.01 {
		t.Errorf("sharded %v bytes and %v filled, whole %v and %v", sharded["bytes_each"], sharded["fill_network"], whole["bytes_each"], whole["fill_network"])
	}
}

// A fourth party is the only one that learns who asks, and an incumbent that is
// not needed learns nothing.
func TestPrivacy(t *testing.T) {
	s := market()
	s.Adoption = scenario.Adoption{Rule: "everyone"}
	s.Clock.Steps = 5
	with := values(t, s, 1)
	if got, want := with["known_incumbent"], 1-with["fill_network"]; math.Abs(got-want) > 1e-9 {
		t.Errorf("the incumbent learned of %v, want what the network did not fill: %v", got, want)
	}
	s.Market.Incumbent = 0
	if v := values(t, s, 1); v["known"] != 0 {
		t.Errorf("nobody listens, and %v learned", v["known"])
	}
	s.People.FourthParty = 1
	s.Attack.Kind, s.Attack.Sybils = "withhold", 500
	if v := values(t, s, 1); v["known"] != 1 {
		t.Errorf("the fourth party alone, but %v learned", v["known"])
	}
}

func TestRunFails(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := New().Run(ctx, market(), 1, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("a context that ended: %v", err)
	}
	s := market()
	s.Protocol.D = 0
	if _, err := New().Run(t.Context(), s, 1, nil); err == nil || !strings.Contains(err.Error(), "degree") {
		t.Errorf("a mesh of no degree: %v", err)
	}
}

// What the model can't run is refused by its field, before anything runs.
func TestCheck(t *testing.T) {
	for field, change := range map[string]func(*scenario.Scenario){
		"record.series[1]": func(s *scenario.Scenario) { s.Record.Series = []string{"people", "peple"} },
		"attack.kind":      func(s *scenario.Scenario) { s.Study, s.Attack.Kind = "siege", "spam" },
	} {
		s := market()
		change(&s)
		var problems scenario.Problems
		if err := New().Check(s); !errors.As(err, &problems) || problems[0].Field != field || problems[0].Reason == "" {
			t.Errorf("%s: %v", field, err)
		}
	}
	if err := New().Check(market()); err != nil {
		t.Error(err)
	}
}
