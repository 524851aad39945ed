package society

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/parley-network/parley/sim/outcome"
	"github.com/parley-network/parley/sim/scenario"
)

// hall is a medium in which everybody hears everybody at once: a market hall.
// It keeps to the contract that society states of media.
type hall struct {
	inside map[int32]Agent
	cast   int
	linked int
	loses  func(person, vendor int32) bool
}

func newHall() *hall { return &hall{inside: map[int32]Agent{}} }

func (h *hall) Join(_ context.Context, agents []Agent) error {
	for _, a := range agents {
		h.inside[a.ID] = a
	}
	return nil
}

func (h *hall) Leave(_ context.Context, agents []int32) error {
	for _, a := range agents {
		delete(h.inside, a)
	}
	return nil
}

func (h *hall) Trade(_ context.Context, _ int, intents []Intent) ([]Fate, error) {
	h.cast += len(intents)
	fates := make([]Fate, len(intents))
	for i, in := range intents {
		for id, a := range h.inside {
			if !a.Vendor || !slices.Contains(a.Categories, in.Category) || !slices.Contains(a.Places, in.Place) {
				continue
			}
			if h.loses != nil && h.loses(in.Person, id) {
				continue
			}
			fates[i].Heard++
			fates[i].Delays = append(fates[i].Delays, 50*time.Millisecond)
			// The answers' order is the vendors' numbers'.
			fates[i].Offers = append(fates[i].Offers, Offer{Vendor: id, Price: a.Price, After: time.Duration(id) * time.Millisecond})
		}
		fates[i].Linked = h.linked
	}
	return fates, nil
}

func (h *hall) Costs() Costs { return Costs{} }

// town is a scenario in which all take part: three hundred people who want
// five kinds of thing, and forty vendors.
func town() scenario.Scenario {
	s := scenario.Default()
	s.Clock.Steps = 20
	s.People.Count, s.People.Intents, s.People.Categories, s.People.Places = 300, 0.5, 5, 2
	s.Vendors.Count, s.Vendors.Categories = 40, 2
	s.Adoption.Rule, s.Adoption.Seeds = "everyone", 0
	return s
}

func live(t testing.TB, s scenario.Scenario, seed uint64, m Medium) map[string]float64 {
	t.Helper()
	out, err := Live(t.Context(), s, seed, m, nil)
	if err != nil {
		t.Fatal(err)
	}
	return byName(out)
}

func byName(out outcome.Outcome) map[string]float64 {
	all := map[string]float64{}
	for _, v := range out.Values {
		all[v.Name] = v.Number
	}
	return all
}

func seriesOf(t interface{ Fatalf(string, ...any) }, out outcome.Outcome, name string) []float64 {
	for _, s := range out.Series {
		if s.Name == name {
			return s.At
		}
	}
	t.Fatalf("no series %s", name)
	return nil
}
