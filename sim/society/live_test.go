package society

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"math"
	"os"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/parley-network/parley/sim/scenario"
)

// drawn is a small scenario of any kind.
func drawn(t *rapid.T) scenario.Scenario {
	s := town()
	s.Clock.Steps = 8
	s.People.Count = rapid.IntRange(1, 80).Draw(t, "people")
	s.People.Places = rapid.IntRange(1, 4).Draw(t, "places")
	s.People.Intents = rapid.Float64Range(0.1, 2).Draw(t, "intents")
	s.People.FourthParty = rapid.Float64Range(0, 1).Draw(t, "fourth")
	s.Vendors.Count = rapid.IntRange(0, 20).Draw(t, "vendors")
	s.Vendors.Categories = rapid.IntRange(1, 7).Draw(t, "categories")
	s.Vendors.Capacity = rapid.IntRange(0, 3).Draw(t, "capacity")
	s.Market.Incumbent = rapid.Float64Range(0, 1).Draw(t, "incumbent")
	s.Market.Fee = rapid.Float64Range(0, 0.9).Draw(t, "fee")
	s.Market.Subsidy, s.Market.SubsidySteps = rapid.Float64Range(0, 5).Draw(t, "subsidy"), rapid.IntRange(0, 8).Draw(t, "subsidised")
	s.Attack.Kind = rapid.SampledFrom([]string{"none", "collude", "lie", "first-answer"}).Draw(t, "attack")
	s.Attack.Share = rapid.Float64Range(0, 1).Draw(t, "share")
	s.Adoption.Rule = rapid.SampledFrom([]string{"everyone", "bass", "utility"}).Draw(t, "rule")
	s.Adoption.Seeds = rapid.IntRange(0, s.People.Count+s.Vendors.Count).Draw(t, "seeds")
	s.Adoption.Patience = rapid.IntRange(0, 4).Draw(t, "patience")
	return s
}

// Every intent ends in exactly one way, nobody sells more than it can, and
// money is neither made nor lost.
func TestConservation(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawn(t)
		out, err := Live(context.Background(), s, rapid.Uint64().Draw(t, "seed"), newHall(), nil)
		if err != nil {
			t.Fatal(err)
		}
		v := byName(out)
		equal := func(what string, a, b float64) {
			t.Helper()
			if math.Abs(a-b) > 1e-9*max(1, math.Abs(a)) {
				t.Fatalf("%s: %v is not %v", what, a, b)
			}
		}
		equal("ends", v["filled_network"]+v["filled_incumbent"]+v["unfilled"], v["intents"])
		equal("worth", v["worth_total"], v["paid_total"]+v["surplus_total"])
		equal("paid", v["paid_total"], v["vendors_total"]+v["fees_total"])
		equal("fees", v["fees_total"], v["price_incumbent"]*v["filled_incumbent"]*s.Market.Fee)
		equal("prices", v["paid_total"], v["price_incumbent"]*v["filled_incumbent"]+v["price_network"]*v["filled_network"])
		equal("inside", v["participants"], v["joined"]-v["left"])
		if limit := s.Vendors.Capacity; limit > 0 {
			if filled := v["filled_network"] + v["filled_incumbent"]; filled > float64(limit*s.Vendors.Count*s.Clock.Steps) {
				t.Fatalf("%v orders by %d vendors that serve %d in each of %d steps", filled, s.Vendors.Count, limit, s.Clock.Steps)
			}
		}
		if v["surplus_total"] < 0 {
			t.Fatalf("people paid more than things were worth: %v", v["surplus_total"])
		}
		participants := seriesOf(t, out, "participants")
		people, vendors := seriesOf(t, out, "people"), seriesOf(t, out, "vendors")
		joined, left := seriesOf(t, out, "joined"), seriesOf(t, out, "left")
		inside := 0.0
		for i := range participants {
			inside += joined[i] - left[i]
			equal("participants", participants[i], inside)
			equal("both sides", participants[i], people[i]+vendors[i])
		}
	})
}

func TestSameSeedSameBits(t *testing.T) {
	s := town()
	s.Attack.Kind, s.Attack.Share, s.Market.Incumbent = "lie", 0.3, 0.5
	s.Adoption.Rule, s.Adoption.Seeds, s.Adoption.Patience, s.Record.Spread = "utility", 30, 5, 50
	run := func(seed uint64) []byte {
		// The hall names vendors in the order of a map: the desk must not mind.
		out, err := Live(t.Context(), s, seed, newHall(), nil)
		if err != nil {
			t.Fatal(err)
		}
		b, err := json.Marshal(out)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	a := run(1)
	for range 3 {
		if !bytes.Equal(a, run(1)) {
			t.Fatal("the same seed found something else")
		}
	}
	if bytes.Equal(a, run(2)) {
		t.Fatal("another seed found the same")
	}
}

// Without a market, Bass's rule is Bass's curve. The band is four deviations of
// the share inside: each of n agents is inside or not, and as what they draw
// hangs together, up to twice a binomial's deviation is seen.
func TestNoMarketIsBass(t *testing.T) {
	s := town()
	s.People.Count, s.Vendors.Count, s.People.Intents = 19000, 1000, 0
	s.Adoption.Rule, s.Adoption.P, s.Adoption.Q, s.Adoption.Seeds = "bass", 0.01, 0.4, 0
	s.Clock.Steps = 30
	out, err := Live(t.Context(), s, 7, newHall(), nil)
	if err != nil {
		t.Fatal(err)
	}
	n := 20000.0
	for step, inside := range seriesOf(t, out, "participants") {
		e := math.Exp(-(s.Adoption.P + s.Adoption.Q) * float64(step+1))
		want := (1 - e) / (1 + s.Adoption.Q/s.Adoption.P*e)
		if band := 4 * 2 * math.Sqrt(want*(1-want)/n); math.Abs(inside/n-want) > band {
			t.Errorf("step %d: %.4f inside, Bass has %.4f ± %.4f", step, inside/n, want, band)
		}
	}
}

// The fast path is another way to draw the same law: over replicates, the mean
// curves differ by no more than four standard errors.
func TestAdoptFastPath(t *testing.T) {
	s := town()
	s.People.Count, s.Vendors.Count, s.People.Intents = 1900, 100, 0
	s.Network.Kind, s.Network.Attach = "barabasi-albert", 4
	s.Adoption = scenario.Adoption{Rule: "bass", P: 0.002, Q: 0.02, PerEdge: true, Seeds: 20}
	s.Clock.Steps = 30
	const runs = 24
	var mean, square [2][30]float64
	for seed := range uint64(runs) {
		for way, run := range []func() ([]float64, error){
			func() ([]float64, error) {
				out, err := Live(t.Context(), s, seed, newHall(), nil)
				return seriesOf(t, out, "participants"), err
			},
			func() ([]float64, error) {
				out, err := Adopt(t.Context(), s, seed, nil)
				return seriesOf(t, out, "participants"), err
			},
		} {
			at, err := run()
			if err != nil {
				t.Fatal(err)
			}
			for i, x := range at {
				mean[way][i] += x / runs
				square[way][i] += x * x / runs
			}
		}
	}
	for i := range mean[0] {
		variance := (square[0][i] - mean[0][i]*mean[0][i] + square[1][i] - mean[1][i]*mean[1][i]) / (runs - 1)
		if d := mean[0][i] - mean[1][i]; math.Abs(d) > 4*math.Sqrt(variance)+1e-9 {
			t.Errorf("step %d: %.1f by the rule, %.1f by the fast path, standard error %.1f", i, mean[0][i], mean[1][i], math.Sqrt(variance))
		}
	}
}

func TestSeedsAreThereFromTheStart(t *testing.T) {
	s := town()
	s.Adoption.Rule, s.Adoption.Seeds, s.Adoption.P, s.Adoption.Q = "bass", 17, 0, 0
	v := live(t, s, 1, newHall())
	if v["participants"] != 17 || v["joined"] != 17 || v["growth"] != 1 || v["peak_step"] != 0 {
		t.Fatalf("seventeen began and nobody heard of it: %v", v)
	}
}

// broken is a medium that fails.
type broken struct{ *hall }

var errDown = errors.New("the wire is down")

func (broken) Trade(context.Context, int, []Intent) ([]Fate, error) { return nil, errDown }

func TestLiveFails(t *testing.T) {
	if _, err := Live(t.Context(), town(), 1, broken{newHall()}, nil); !errors.Is(err, errDown) || !strings.Contains(err.Error(), "week 0") {
		t.Errorf("a medium that fails: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Live(ctx, town(), 1, newHall(), nil); !errors.Is(err, context.Canceled) {
		t.Errorf("a context that ended: %v", err)
	}
	for name, change := range map[string]func(*scenario.Scenario){
		"adoption.rule":  func(s *scenario.Scenario) { s.Adoption.Rule = "osmosis" },
		"adoption.seeds": func(s *scenario.Scenario) { s.Adoption.Rule, s.Adoption.Seeds = "bass", 1000 },
		"network.kind":   func(s *scenario.Scenario) { s.Network.Kind = "fishing" },
		"people":         func(s *scenario.Scenario) { s.People.Count = 0 },
	} {
		s := town()
		change(&s)
		if _, err := Live(t.Context(), s, 1, newHall(), nil); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestProgress(t *testing.T) {
	var last float64
	if _, err := Live(t.Context(), town(), 1, newHall(), func(x float64) {
		if x <= last || x > 1 {
			t.Errorf("progress from %v to %v", last, x)
		}
		last = x
	}); err != nil || last != 1 {
		t.Fatalf("ended at %v: %v", last, err)
	}
}

func TestRecord(t *testing.T) {
	s := town()
	s.Record = scenario.Record{Series: []string{"people", "known"}, Every: 8, Spread: 40}
	s.Network.Kind, s.Network.Degree = "block", 6
	out, err := Live(t.Context(), s, 1, newHall(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(out.Series) != 2 || out.Series[0].Name != "people" || out.Series[1].Name != "known" {
		t.Errorf("series %v", out.Series)
	}
	if got := out.Series[0].Step; len(got) != 4 || got[1] != 8 || got[3] != 19 {
		t.Errorf("steps %v, want each eighth and the last", got)
	}
	if p := out.Spread; len(p.X) != 40 || len(p.Joined) != 40 || len(p.Vendor) != 40 || len(p.Edges) < 20 {
		t.Errorf("spread of %d agents and %d edges", len(p.X), len(p.Edges))
	}
	for i, x := range out.Spread.X {
		if x < 0 || x > 1 || out.Spread.Y[i] < 0 || out.Spread.Y[i] > 1 || out.Spread.Joined[i] != 0 {
			t.Errorf("agent at %v, %v joined in %d", x, out.Spread.Y[i], out.Spread.Joined[i])
		}
	}
}

// TestSpreadTellsEveryTurn: who comes and goes several times is shown so, and
// at each step as many of those drawn take part as there are; people and
// vendors are drawn in proportion, whatever the network.
func TestSpreadTellsEveryTurn(t *testing.T) {
	for _, kind := range []string{"none", "block"} {
		s := town()
		s.Clock.Steps, s.Network.Kind, s.Network.Degree, s.Network.Within = 60, kind, 6, 1
		s.Adoption.Rule, s.Adoption.Patience, s.Adoption.Seeds, s.People.Effort = "utility", 2, 30, 15
		n := s.People.Count + s.Vendors.Count
		s.Record.Spread = n
		out, err := Live(t.Context(), s, 3, newHall(), nil)
		if err != nil {
			t.Fatal(err)
		}
		p, inside := out.Spread, seriesOf(t, out, "participants")
		several := 0
		for step := range s.Clock.Steps {
			in := 0
			for i := range p.X {
				turns := 0
				for _, at := range p.TurnsOf(i) {
					if int(at) <= step {
						turns++
					}
				}
				in += turns % 2
				if turns > 2 && step == s.Clock.Steps-1 {
					several++
				}
			}
			if float64(in) != inside[step] {
				t.Fatalf("%s, step %d: %d of those drawn take part, and %v of all", kind, step, in, inside[step])
			}
		}
		if several == 0 {
			t.Errorf("%s: nobody came back", kind)
		}

		s.Record.Spread = n / 4
		if out, err = Live(t.Context(), s, 3, newHall(), nil); err != nil {
			t.Fatal(err)
		}
		vendors := 0
		for _, v := range out.Spread.Vendor {
			if v {
				vendors++
			}
		}
		want := float64(n/4) * float64(s.Vendors.Count) / float64(n)
		if len(out.Spread.X) != n/4 || math.Abs(float64(vendors)-want) > 1 {
			t.Errorf("%s: %d vendors of %d drawn, want %.1f", kind, vendors, len(out.Spread.X), want)
		}
	}
}

// The table in the package's comment tells every name that is found.
func TestNamesAreDocumented(t *testing.T) {
	doc, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	s := town()
	s.Market.Incumbent, s.Adoption.Seeds = 0.5, 10
	out, err := Live(t.Context(), s, 1, newHall(), nil)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, v := range out.Values {
		names = append(names, v.Name)
	}
	for _, x := range out.Samples {
		names = append(names, x.Name)
	}
	for _, name := range append(names, SeriesNames()...) {
		short := name
		for _, q := range []string{"_p90_seconds", "_p99_seconds"} {
			short = strings.TrimSuffix(short, q)
		}
		if !strings.Contains(string(doc), short) {
			t.Errorf("%s is found and not documented", name)
		}
	}
}
