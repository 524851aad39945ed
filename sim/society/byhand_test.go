package society

import (
	"context"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/parley-network/parley/sim/scenario"
)

// village is a scenario in which nothing is left to chance but how many wishes
// there are: each is worth 120, each vendor asks 80 and keeps a quarter, all
// sell the one thing in the one town.
func village(people, vendors int) scenario.Scenario {
	s := scenario.Default()
	s.Clock.Steps = 8
	s.People = scenario.People{Count: people, Places: 1, Categories: 1, Intents: 0.5, Worth: 120, Effort: 2}
	s.Vendors = scenario.Vendors{Count: vendors, Categories: 1, Places: 1, Price: 80, Margin: 0.25, Cost: 3}
	s.Adoption = scenario.Adoption{Rule: "everyone"}
	s.Market = scenario.Market{}
	return s
}

// priced is a hall that takes its toll: seven copies, five first deliveries and
// a thousand bytes for each intent.
type priced struct {
	*hall
	last int
}

func (p *priced) Costs() Costs {
	n := int64(p.cast - p.last)
	p.last = p.cast
	return Costs{Delivered: 5 * n, Copies: 7 * n, Bytes: 1000 * n, Forged: 2 * n, Refused: 3 * n}
}

// differ lists what was found beside what was worked out.
func differ(t *testing.T, what string, got, want map[string]float64) {
	t.Helper()
	for _, name := range slices.Sorted(maps.Keys(want)) {
		if x, ok := got[name]; !ok || math.Abs(x-want[name]) > 1e-9*max(1, math.Abs(want[name])) {
			t.Errorf("%s: %s is %v (found: %v), want %v", what, name, x, ok, want[name])
		}
	}
}

// Everybody is in the network, and no incumbent is: each of the n wishes is
// bought for 80, and what is found follows from n.
func TestAVillageByHand(t *testing.T) {
	s := village(40, 3)
	h := newHall()
	h.linked = 2
	out, err := Live(t.Context(), s, 5, &priced{hall: h}, nil)
	if err != nil {
		t.Fatal(err)
	}
	n := float64(h.cast)
	if mean := 40 * 0.5 * 8.; math.Abs(n-mean) > 4*math.Sqrt(mean) {
		t.Errorf("%v wishes, want %v", n, mean)
	}
	late := 0.0 // of the last two of eight steps
	intents := seriesOf(t, out, "intents")
	for _, k := range intents[6:] {
		late += k
	}
	differ(t, "values", byName(out), map[string]float64{
		"participants": 43, "people_share": 1, "vendors_share": 1, "peak_share": 1, "peak_step": 0, "joined": 43, "left": 0, "places_alive": 1,
		"intents": n, "filled_network": n, "filled_incumbent": 0, "unfilled": 0, "fill_network": 1, "fill_incumbent": 0, "fill_none": 0,
		"sold_share": 1, "fill_members": 1, "served_share": 1, "answered_share": 1, "heard_mean": 3, "offers_mean": 3, "misled_share": 0,
		"end_fill_network": 1, "end_fill_members": 1, "price_network": 80, "surplus": 40,
		"worth_total": 120 * n, "paid_total": 80 * n, "surplus_total": 40 * n, "vendors_total": 80 * n, "fees_total": 0, "subsidy_total": 0,
		"gain_person": late*40/(2*40) - 2, "gain_vendor": late*20/(2*3) - 3,
		"linked_mean": 2, "known": 2, "known_incumbent": 0,
		"messages_each": 7 * n / (43 * 8), "bytes_each": 1000 * n / (43 * 8), "copies": 7. / 5, "forged": 2 * n, "refused": 3 * n,
	})
	for name, of := range map[string]func(k float64) float64{
		"participants": func(float64) float64 { return 43 }, "people": func(float64) float64 { return 40 }, "vendors": func(float64) float64 { return 3 },
		"fill_network": func(float64) float64 { return 1 }, "fill_none": func(float64) float64 { return 0 },
		"price_network": func(float64) float64 { return 80 }, "surplus": func(float64) float64 { return 40 },
		"gain_person":   func(k float64) float64 { return k*40/40 - 2 },
		"gain_vendor":   func(k float64) float64 { return k*20/3 - 3 },
		"messages_each": func(k float64) float64 { return 7 * k / 43 }, "bytes_each": func(k float64) float64 { return 1000 * k / 43 },
		"known": func(float64) float64 { return 2 }, "served_share": func(float64) float64 { return 1 }, "answered_share": func(float64) float64 { return 1 },
	} {
		for step, got := range seriesOf(t, out, name) {
			if want := of(intents[step]); math.Abs(got-want) > 1e-9 {
				t.Errorf("%s of step %d, with %v wishes, is %v, want %v", name, step, intents[step], got, want)
			}
		}
	}
	// The first vendor by number answers first, 40 ms after the cast; all hear after 50.
	differ(t, "delays", rounded(byName(out)), map[string]float64{
		"delay_p50_seconds": 50, "delay_p90_seconds": 50, "delay_p99_seconds": 50, "answer_p50_seconds": 40, "answer_p99_seconds": 40,
	})
}

// rounded has values in thousandths, to whole ones.
func rounded(v map[string]float64) map[string]float64 {
	out := map[string]float64{}
	for name, x := range v {
		out[name] = math.Round(x * 1000)
	}
	return out
}

// Twelve people and one of two vendors are in the network, the incumbent has a
// lead for every wish and takes a fifth: 100 against 80. Who is inside saves 20
// by the network; who is outside pays the fee.
func TestAnIncumbentByHand(t *testing.T) {
	for _, vendors := range []int{1, 2} {
		s := village(30, vendors)
		s.Market = scenario.Market{Incumbent: 1, Fee: 0.2, Subsidy: 1.5, SubsidySteps: 3}
		s.Adoption = scenario.Adoption{Rule: "bass", Seeds: 30 + vendors} // all: whom seeds leave out is left to chance
		h := newHall()
		s.Vendors.Capacity = 0
		out, err := Live(t.Context(), s, 9, h, nil)
		if err != nil {
			t.Fatal(err)
		}
		n, late := float64(h.cast), 0.0
		for _, k := range seriesOf(t, out, "intents")[6:] {
			late += k
		}
		// One vendor alone would have had the order anyway, by the incumbent; of two
		// the first would have lost it to the second.
		won := late * 20
		if vendors == 1 {
			won = 0
		}
		differ(t, "all inside", byName(out), map[string]float64{
			"growth": 1, "filled_network": n, "filled_incumbent": 0, "price_network": 80, "surplus": 40, "fees_total": 0,
			"known": 0, "known_incumbent": 0, "gain_person": late*20/(2*30) - 2, "gain_vendor": won/float64(2*vendors) - 3,
			"subsidy_total": 1.5 * 3 * float64(30+vendors),
		})

		s.Adoption.Seeds = 0
		out, err = Live(t.Context(), s, 9, newHall(), nil)
		if err != nil {
			t.Fatal(err)
		}
		got := byName(out)
		differ(t, "nobody inside", got, map[string]float64{
			"participants": 0, "intents": n, "filled_incumbent": n, "price_incumbent": 100, "surplus": 20, "worth_total": 120 * n, "paid_total": 100 * n,
			"vendors_total": 80 * n, "fees_total": 20 * n, "known": 1, "known_incumbent": 1, "sold_share": 1, "subsidy_total": 0, "places_alive": 0,
		})
		for _, name := range []string{"growth", "gain_person", "gain_vendor", "price_network", "messages_each", "copies", "fill_members", "linked_mean", "delay_p50_seconds"} {
			if x, ok := got[name]; ok {
				t.Errorf("of nothing there is a %s of %v", name, x)
			}
		}
	}
}

// Wishes that nobody can fulfil are counted as such, whoever is at fault: there
// is no vendor, it does not hear, it asks too much.
func TestUnfilledByHand(t *testing.T) {
	none := func(int32, int32) bool { return true }
	for name, c := range map[string]struct {
		vendors                   int
		price                     float64
		loses                     func(int32, int32) bool
		sold, served, heard, paid float64
	}{
		"no vendor":             {vendors: 0, price: 80},
		"none that hears":       {vendors: 2, price: 80, loses: none, sold: 1, served: 1},
		"none that is worth it": {vendors: 2, price: 121, sold: 1, served: 1, heard: 2},
	} {
		s := village(20, c.vendors)
		s.Vendors.Price = c.price
		h := newHall()
		h.loses = c.loses
		v := live(t, s, 2, h)
		answered := math.Min(c.heard, 1)
		differ(t, name, v, map[string]float64{
			"unfilled": float64(h.cast), "fill_none": 1, "fill_network": 0, "fill_members": 0, "sold_share": c.sold, "served_share": c.served,
			"heard_mean": c.heard, "offers_mean": c.heard, "answered_share": answered, "paid_total": 0, "worth_total": 0, "surplus": 0,
			"gain_person": -2, "places_alive": math.Min(float64(c.vendors), 1),
		})
	}
}

// What a medium sees of an intent is the budget: three deviations of one
// vendor's jobs above what the person pays at most.
func TestTheBudgetShown(t *testing.T) {
	s := village(30, 1)
	s.Vendors.Spread = 14
	m := &noting{hall: newHall()}
	if _, err := Live(t.Context(), s, 4, m, nil); err != nil {
		t.Fatal(err)
	}
	want := 120 + 3*14/math.Sqrt2
	for _, in := range m.seen {
		if math.Abs(in.Most-want) > 1e-9 || in.Category != 0 || in.Place != 0 || in.Person < 0 || in.Person >= 30 {
			t.Fatalf("a medium sees %+v, want a budget of %v", in, want)
		}
	}
	if len(m.seen) == 0 {
		t.Error("nothing was cast")
	}
}

// noting is a hall that keeps what it was asked to cast.
type noting struct {
	*hall
	seen []Intent
}

func (n *noting) Trade(ctx context.Context, step int, intents []Intent) ([]Fate, error) {
	n.seen = append(n.seen, intents...)
	return n.hall.Trade(ctx, step, intents)
}

// short is a medium that loses a fate.
type short struct{ *hall }

func (short) Trade(_ context.Context, _ int, intents []Intent) ([]Fate, error) {
	return make([]Fate, len(intents)-1), nil
}

func TestAFateForEachIntent(t *testing.T) {
	if _, err := Live(t.Context(), village(30, 1), 1, short{newHall()}, nil); err == nil || !strings.Contains(err.Error(), "intents were cast and") {
		t.Errorf("a medium that loses a fate: %v", err)
	}
}
