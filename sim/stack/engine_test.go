package stack

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/sim/outcome"
	"github.com/parley-network/parley/sim/scenario"
	"github.com/parley-network/parley/sim/society"
	"github.com/parley-network/parley/sim/sweep"
)

var (
	_ sweep.Engine   = (*Engine)(nil)
	_ sweep.Checker  = (*Engine)(nil)
	_ society.Medium = (*Medium)(nil)
)

// A scenario of the file, lived on real nodes: the same values as the model's.
func TestRunLivesAScenario(t *testing.T) {
	s := scenario.Default()
	s.Name, s.Engine = "village", scenario.Stack
	s.Clock.Steps, s.Clock.Window = 2, scenario.Duration(20*time.Second)
	s.People.Count, s.People.Places, s.People.Categories, s.People.Intents, s.People.Worth = 8, 1, 2, 0.5, 100
	s.Vendors.Count, s.Vendors.Price, s.Vendors.Spread = 6, 80, 5
	s.Adoption = scenario.Adoption{Rule: "everyone"}
	s.Network = scenario.Network{Kind: "complete"}
	var progress []float64
	out, err := New(society.Live).Run(t.Context(), s, 3, func(p float64) { progress = append(progress, p) })
	if err != nil {
		t.Fatal(err)
	}
	v := values(out)
	if v["delay_p50_seconds"] < 0.05 || v["delay_p50_seconds"] > 1 || v["copies"] < 1 || len(progress) != 2 {
		t.Errorf("values %v, progress %v", v, progress)
	}
}

func values(out outcome.Outcome) map[string]float64 {
	v := make(map[string]float64, len(out.Values))
	for _, one := range out.Values {
		v[one.Name] = one.Number
	}
	return v
}

func TestRunEndsWithItsContext(t *testing.T) {
	s := small()
	s.Clock.Window = scenario.Duration(time.Hour)
	ctx, cancel := context.WithCancel(t.Context())
	_, err := New(func(ctx context.Context, s scenario.Scenario, _ uint64, m society.Medium, _ func(float64)) (outcome.Outcome, error) {
		cancel()
		return outcome.Outcome{}, m.Join(ctx, agentsOf(s))
	}).Run(ctx, s, 1, nil)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestWhatRealNodesCantDoIsRefused(t *testing.T) {
	for field, change := range map[string]func(*scenario.Scenario){
		"people.count":       func(s *scenario.Scenario) { s.People.Count = 1_000_000 },
		"clock.window":       func(s *scenario.Scenario) { s.Clock.Window = 0 },
		"protocol.quota":     func(s *scenario.Scenario) { s.Protocol.Quota = 3 },
		"protocol.work":      func(s *scenario.Scenario) { s.Protocol.Work = 23 },
		"protocol.loss":      func(s *scenario.Scenario) { s.Protocol.Loss = 0.9 },
		"protocol.size":      func(s *scenario.Scenario) { s.Protocol.Size = 8000 },
		"protocol.bandwidth": func(s *scenario.Scenario) { s.Protocol.Bandwidth = 10 },
		"protocol.latency":   func(s *scenario.Scenario) { s.Protocol.Latency[0] = s.Protocol.Latency[1] + 1 },
		"protocol.d":         func(s *scenario.Scenario) { s.Protocol.Low = 9 },
		"attack.kind":        func(s *scenario.Scenario) { s.Attack.Kind = "hypnosis" },
		"protocol.sharded": func(s *scenario.Scenario) {
			s.Protocol.Sharded, s.People.Places, s.People.Categories = true, 4000, 500
			s.Vendors.Places, s.Vendors.Categories = 100, 100
		},
	} {
		s := scenario.Default()
		change(&s)
		_, err := New(society.Live).Run(t.Context(), s, 1, nil)
		if err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("%s: %v", field, err)
		}
	}
	if err := New(nil).Check(scenario.Default()); err != nil {
		t.Errorf("the default scenario: %v", err)
	}
	// All is told at once, each by its field, so that who asks can say the line.
	s := scenario.Default()
	s.Protocol.Quota, s.Protocol.Work, s.Protocol.Heartbeat, s.Record.Series = 5, 40, 1, []string{"people", "peple"}
	var all scenario.Problems
	var fields []string
	if err := New(nil).Check(s); !errors.As(err, &all) {
		t.Fatalf("%v", err)
	}
	for _, p := range all {
		fields = append(fields, p.Field)
	}
	if got, want := strings.Join(fields, " "), "protocol.quota protocol.work protocol.heartbeat record.series[1]"; got != want {
		t.Errorf("%s are refused, want %s", got, want)
	}
}

// Work is really done, by people for each intent and by an attacker as far as its
// budget goes or is of use; plan says so beforehand.
func TestExpectCountsWork(t *testing.T) {
	s := small()
	free, _ := New(nil).Expect(s)
	s.Protocol.Work = 22
	asked, _ := New(nil).Expect(s)
	if got, want := asked-free, 6*(1<<22)*120*time.Nanosecond; got != want {
		t.Errorf("six intents of 22 bits take %s more, want %s", got, want)
	}
	s.Attack.Kind, s.Attack.Sybils, s.Attack.Rate, s.Attack.Budget = spam, 1, 0.1, 1e5
	with, _ := New(nil).Expect(s)
	s.Attack.Budget = 1e12
	most, _ := New(nil).Expect(s)
	if with <= asked || most <= with || most-with > 7*(1<<22)*120*time.Nanosecond {
		t.Errorf("%s without an attacker, %s with a small one, %s with one that has no use for all it has", asked, with, most)
	}
}

func TestExpectGrows(t *testing.T) {
	e := New(nil)
	s := small()
	took, memory := e.Expect(s)
	s.People.Count *= 10
	more, larger := e.Expect(s)
	if took <= 0 || memory <= 0 || more <= took || larger <= memory {
		t.Errorf("%s and %d bytes, then %s and %d", took, memory, more, larger)
	}
}

// Every place has a name of its own in both forms, which intents take; places of
// a sharded network are no neighbours.
func TestPlacesAreApart(t *testing.T) {
	for _, sharded := range []bool{false, true} {
		g, seen := goods{sharded}, map[string]bool{}
		for p := range int32(maxCells) {
			place := g.place(p)
			key := place.Geohash + place.Region
			if seen[key] {
				t.Fatalf("place %d: %q is another's", p, key)
			}
			seen[key] = true
		}
		shards, err := intentcast.ShardsFor([]intentcast.Category{g.category(1)}, []intentcast.Place{*g.place(777)})
		if sharded && (err != nil || len(shards) > 10) {
			t.Errorf("a vendor of one thing in one place follows %d topics: %v", len(shards), err)
		}
		for p := range int32(maxCells) {
			for _, shard := range shards {
				if sharded && p != 777 && intentcast.Shard(g.category(1), g.place(p)) == shard {
					t.Fatalf("the vendor of place 777 hears place %d", p)
				}
			}
		}
	}
}
