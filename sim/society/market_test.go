package society

import (
	"math"
	"testing"

	"github.com/parley-network/parley/sim/scenario"
)

// The more vendors take part, the more is filled, the less is paid and the more
// people have left; each figure is the mean of a few seeds.
func TestMoreVendorsAreBetter(t *testing.T) {
	last := map[string]float64{"price_network": math.Inf(1)}
	for _, vendors := range []int{5, 20, 80, 320} {
		s := town()
		s.Vendors.Count, s.Clock.Steps = vendors, 10
		mean := map[string]float64{}
		for seed := range uint64(4) {
			v := live(t, s, seed, newHall())
			for _, name := range []string{"fill_network", "price_network", "surplus", "served_share"} {
				mean[name] += v[name] / 4
			}
		}
		if mean["fill_network"] < last["fill_network"] || mean["served_share"] < last["served_share"] ||
			mean["surplus"] < last["surplus"] || mean["price_network"] > last["price_network"] {
			t.Errorf("with %d vendors %v, with fewer %v", vendors, mean, last)
		}
		last = mean
	}
}

// Both ways beside each other fill more than either, and the one who sells
// leads raises what is paid by its fee.
func TestMultiHoming(t *testing.T) {
	s := town()
	lossy := func() *hall {
		h := newHall()
		h.loses = func(person, vendor int32) bool { return (person+vendor)%10 > 0 }
		return h
	}
	alone := live(t, s, 1, lossy())
	s.Market.Incumbent, s.Market.Fee = 0.7, 0.2
	both := live(t, s, 1, lossy())
	s.Adoption.Rule, s.Adoption.P, s.Adoption.Q = "bass", 0, 0
	none := live(t, s, 1, newHall())
	if !(both["fill_none"] < alone["fill_none"] && both["fill_none"] < none["fill_none"]) {
		t.Errorf("unfilled: by both ways %v, by the network %v, by the incumbent %v", both["fill_none"], alone["fill_none"], none["fill_none"])
	}
	if none["filled_network"] > 0 || none["known_incumbent"] != 1 || none["fees_total"] <= 0 {
		t.Errorf("with nobody in the network: %v", none)
	}
	if both["price_network"] >= none["price_incumbent"] {
		t.Errorf("prices in the network %v, through the incumbent %v", both["price_network"], none["price_incumbent"])
	}
}

// A fourth party spares its people what it has learned of vendors, and their
// names.
func TestFourthParty(t *testing.T) {
	s := town()
	s.Attack = scenario.Attack{Kind: "lie", Share: 0.4}
	h := newHall()
	h.linked = 3
	without := live(t, s, 1, h)
	s.People.FourthParty = 1
	h = newHall()
	h.linked = 3
	with := live(t, s, 1, h)
	if with["misled_share"] > without["misled_share"]/3 {
		t.Errorf("misled: %v with fourth parties, %v without", with["misled_share"], without["misled_share"])
	}
	if without["known"] != 3 || with["known"] != 1 {
		t.Errorf("known to %v parties without a fourth party and %v with, want 3 and 1", without["known"], with["known"])
	}
}

// Who is given something for taking part stays as long as it is given.
func TestSubsidy(t *testing.T) {
	s := town()
	s.Vendors.Count, s.Market.Subsidy, s.Market.SubsidySteps = 0, 5, 10
	s.Adoption = scenario.Adoption{Rule: "utility", Seeds: 50, Patience: 3, Seeding: "random"}
	out, err := Live(t.Context(), s, 1, newHall(), nil)
	if err != nil {
		t.Fatal(err)
	}
	people := seriesOf(t, out, "people")
	if people[9] != 300 || people[19] != 0 {
		t.Errorf("without a vendor in the world, people inside %v", people)
	}
	sum := 0.0
	for _, n := range people[:10] {
		sum += 5 * n
	}
	if got := byName(out)["subsidy_total"]; got != sum {
		t.Errorf("given %v, want %v", got, sum)
	}
}

// One who gains nothing leaves after its patience; vendors whom people need
// bring people, and people vendors.
func TestCrossSide(t *testing.T) {
	s := town()
	s.Adoption = scenario.Adoption{Rule: "utility", Seeds: 20, Patience: 4, Seeding: "random"}
	s.Clock.Steps = 40
	lone := s
	lone.Vendors.Count = 0
	if v := live(t, lone, 2, newHall()); v["participants"] != 0 || v["left"] != v["joined"] {
		t.Errorf("people alone stay: %v", v)
	}
	if v := live(t, s, 2, newHall()); v["people_share"] < 0.8 || v["vendors_share"] < 0.8 {
		t.Errorf("both sides together: %v of the people and %v of the vendors", v["people_share"], v["vendors_share"])
	}
}
