package society

import (
	"math"
	"testing"

	"github.com/parley-network/parley/sim/scenario"
)

// The more vendors collude, the more is paid; an honest few hold prices down.
func TestCollusionRaisesPrices(t *testing.T) {
	last := 0.0
	for _, share := range []float64{0, 0.5, 0.9, 1} {
		s := town()
		s.Attack = scenario.Attack{Kind: "collude", Share: share}
		v := live(t, s, 4, newHall())
		if v["price_network"] < last {
			t.Errorf("with %v colluding %v is paid, with fewer %v", share, v["price_network"], last)
		}
		last = v["price_network"]
	}
	s := town()
	if last < cartelPrice(s)-1 {
		t.Errorf("all collude, and %v is paid: a cartel would ask %v", last, cartelPrice(s))
	}
}

// People who were misled learn: most of the harm is done early.
func TestPeopleLearnOfLiars(t *testing.T) {
	s := town()
	s.Attack = scenario.Attack{Kind: "lie", Share: 0.3}
	s.People.Intents = 2
	short, long := s, s
	short.Clock.Steps, long.Clock.Steps = 5, 60
	early, all := live(t, short, 1, newHall()), live(t, long, 1, newHall())
	if early["misled_share"] < 0.3 || all["misled_share"] > early["misled_share"]/2 {
		t.Errorf("misled: %v of the first casts, %v of all", early["misled_share"], all["misled_share"])
	}
}

// The first answer is dearer than the best, by share of those who take it.
func TestFirstAnswer(t *testing.T) {
	last := 0.0
	for _, share := range []float64{0, 0.5, 1} {
		s := town()
		s.Attack = scenario.Attack{Kind: "first-answer", Share: share}
		if v := live(t, s, 2, newHall()); v["price_network"] <= last {
			t.Errorf("with %v hasty %v is paid, with fewer %v", share, v["price_network"], last)
		} else {
			last = v["price_network"]
		}
	}
}

// Where all vendors are full, what they can't serve goes unfilled.
func TestCapacity(t *testing.T) {
	s := town()
	s.Vendors.Capacity, s.People.Intents = 1, 5
	v := live(t, s, 1, newHall())
	if got, most := v["filled_network"], float64(s.Vendors.Count*s.Clock.Steps); got > most || got < 0.95*most {
		t.Errorf("%v orders filled of the %v that vendors can serve", got, most)
	}
}

// Without a market Adopt is Live for every rule that has no fast path.
func TestAdoptIsLive(t *testing.T) {
	for _, rule := range []string{"everyone", "bass", "threshold", "fraction", "complex"} {
		s := town()
		s.People.Intents = 0
		s.Network.Kind, s.Network.Degree = "erdos-renyi", 6
		s.Adoption = scenario.Adoption{Rule: rule, P: 0.01, Q: 0.3, Threshold: 1, Seeds: 30, Seeding: "random"}
		if rule == "fraction" {
			s.Adoption.Threshold = 0.2
		}
		slow := live(t, s, 5, newHall())
		out, err := Adopt(t.Context(), s, 5, nil)
		if err != nil {
			t.Fatal(err)
		}
		for name, x := range byName(out) {
			if slow[name] != x {
				t.Errorf("%s: %s is %v without a medium, %v with one", rule, name, x, slow[name])
			}
		}
		if slow["participants"] < 30 || slow["intents"] != 0 {
			t.Errorf("%s: %v take part, %v intents", rule, slow["participants"], slow["intents"])
		}
	}
}

// Each seeding begins with as many as it is told to, where it is told to.
func TestSeedings(t *testing.T) {
	for _, by := range []string{"random", "place", "category", "influential"} {
		s := town()
		s.Network.Kind, s.Network.Attach = "barabasi-albert", 3
		s.Adoption = scenario.Adoption{Rule: "bass", Seeds: 40, Seeding: by}
		s.Record.Spread = 1000
		w, first, err := settle(s, 1, newHall())
		if err != nil {
			t.Fatal(err)
		}
		towns, kinds, degree := map[int32]bool{}, map[int32]bool{}, 0.0
		for _, a := range first {
			towns[w.p.Place[a]], kinds[w.p.Kind[a]] = true, true
			degree += float64(w.crowd.Graph.Degree(a)) / 40
		}
		ok := map[string]bool{"random": len(towns) == 2 && len(kinds) == 5, "place": len(towns) == 1, "category": len(kinds) == 1, "influential": degree > 12}[by]
		if len(first) != 40 || !ok {
			t.Errorf("%s: %d begin in %d towns, of %d kinds, with %.1f acquaintances", by, len(first), len(towns), len(kinds), degree)
		}
	}
}

// A sunflower's seeds lie within the plane, and no two together.
func TestSunflower(t *testing.T) {
	at := sunflower(200)
	for i, a := range at {
		if a[0] < 0 || a[0] > 1 || a[1] < 0 || a[1] > 1 {
			t.Fatalf("seed %d at %v", i, a)
		}
		for _, b := range at[:i] {
			if math.Hypot(a[0]-b[0], a[1]-b[1]) < 0.03 {
				t.Fatalf("seed %d at %v, another at %v", i, a, b)
			}
		}
	}
}
