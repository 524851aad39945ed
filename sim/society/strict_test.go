package society

import (
	"context"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/parley-network/parley/sim/scenario"
)

// strict is a hall that holds society to what it promises a medium: nobody
// joins who is there or leaves who is not, friends are others who take part,
// and intents come from people inside.
type strict struct {
	*hall
	t      *rapid.T
	whole  bool
	people int
	turns  map[int32]int
}

func (s *strict) Join(ctx context.Context, agents []Agent) error {
	for _, a := range agents {
		if _, is := s.inside[a.ID]; is {
			s.t.Fatalf("agent %d joins twice", a.ID)
		}
		if a.Vendor != (int(a.ID) >= s.people) || a.Vendor != (len(a.Categories) > 0) || a.Vendor != (a.Price > 0) {
			s.t.Fatalf("agent %d of %d people: %+v", a.ID, s.people, a)
		}
		limit := friendsMost
		if s.whole {
			limit = friendsMost / 2
		}
		if len(a.Friends) > limit {
			s.t.Fatalf("agent %d is told of %d friends", a.ID, len(a.Friends))
		}
		for _, b := range a.Friends {
			if _, is := s.inside[b]; !is || b == a.ID {
				s.t.Fatalf("agent %d is told of %d, who is not there", a.ID, b)
			}
		}
		s.turns[a.ID]++
	}
	return s.hall.Join(ctx, agents)
}

func (s *strict) Leave(ctx context.Context, agents []int32) error {
	for _, a := range agents {
		if _, is := s.inside[a]; !is {
			s.t.Fatalf("agent %d leaves and is not there", a)
		}
		s.turns[a]++
	}
	return s.hall.Leave(ctx, agents)
}

func (s *strict) Trade(ctx context.Context, step int, intents []Intent) ([]Fate, error) {
	for _, in := range intents {
		if a, is := s.inside[in.Person]; !is || a.Vendor || a.Place != in.Place {
			s.t.Fatalf("an intent of %+v, by one who is not there: %+v", in, a)
		}
	}
	return s.hall.Trade(ctx, step, intents)
}

// Whatever the rule, nobody joins twice; what is counted is who the medium was
// told of, and a picture of all shows each of their turns.
func TestNobodyJoinsTwice(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawn(t)
		s.Network.Kind = rapid.SampledFrom([]string{"none", "erdos-renyi"}).Draw(t, "network")
		s.Network.Degree = rapid.Float64Range(0, float64(min(30, s.People.Count+s.Vendors.Count-1))).Draw(t, "degree")
		if rapid.Bool().Draw(t, "hurried") {
			s.Adoption.Rule, s.Adoption.Patience, s.People.Effort = "utility", 1, 10
		}
		s.Record.Spread = s.People.Count + s.Vendors.Count
		m := &strict{hall: newHall(), t: t, whole: s.Network.Kind == "none", people: s.People.Count, turns: map[int32]int{}}
		out, err := Live(context.Background(), s, rapid.Uint64().Draw(t, "seed"), m, nil)
		if err != nil {
			t.Fatal(err)
		}
		v, turns := byName(out), 0
		for _, n := range m.turns {
			turns += n
		}
		if float64(turns) != v["joined"]+v["left"] || float64(len(m.inside)) != v["participants"] {
			t.Fatalf("a medium saw %d turns and has %d nodes; told are %v that joined, %v that left, %v inside", turns, len(m.inside),
				v["joined"], v["left"], v["participants"])
		}
		shown := 0
		for i := range out.Spread.X {
			all := out.Spread.TurnsOf(i)
			shown += len(all)
			joined, left := -1, -1 // first came, and went for good
			if len(all) > 0 {
				joined = int(all[0])
			}
			if len(all) > 0 && len(all)%2 == 0 {
				left = int(all[len(all)-1])
			}
			if out.Spread.Joined[i] != joined || out.Spread.Left[i] != left {
				t.Fatalf("one with turns %v is said to have joined in %d and left in %d", all, out.Spread.Joined[i], out.Spread.Left[i])
			}
		}
		if len(out.Spread.X) != s.Record.Spread || shown != turns {
			t.Fatalf("%d agents with %d turns are shown, of %d with %d", len(out.Spread.X), shown, s.Record.Spread, turns)
		}
	})
}

// The order in which answers are handed over does not matter, and of equals the
// one that came first is taken, then the lower number.
func TestOffersInAnyOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		levels := rapid.SliceOfN(rapid.SampledFrom([]float64{40, 60, 60, 80}), 2, 9).Draw(t, "levels")
		hasty := rapid.Bool().Draw(t, "hasty")
		w := asked(100, rapid.Int32Range(-1, 1).Draw(t, "lead"))
		for v := range int32(len(levels)) {
			w.offers = append(w.offers, Offer{Vendor: 2 + v, After: time.Duration(rapid.IntRange(1, 3).Draw(t, "after")) * time.Second})
		}
		sold := func() deal {
			d := stall(levels, nil)
			if hasty {
				d.hasty = []bool{true, true}
			}
			return d.settle(w)
		}
		got := sold()
		best := w.offers[0]
		for _, o := range w.offers[1:] {
			cheaper := levels[o.Vendor-2] - levels[best.Vendor-2]
			if hasty {
				cheaper = 0
			}
			if cheaper < 0 || cheaper == 0 && (o.After < best.After || o.After == best.After && o.Vendor < best.Vendor) {
				best = o
			}
		}
		if got.way == byNetwork && got.vendor != best.Vendor-2 {
			t.Fatalf("of %v at %v, hasty %v, vendor %d is taken, not %d", w.offers, levels, hasty, got.vendor, best.Vendor-2)
		}
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "shuffle"), 1))
		r.Shuffle(len(w.offers), func(i, j int) { w.offers[i], w.offers[j] = w.offers[j], w.offers[i] })
		if again := sold(); again != got {
			t.Fatalf("in another order %+v, not %+v", again, got)
		}
	})
}

// A newcomer hears of acquaintances who take part, as many as help; where
// everybody knows everybody, of half as many, any.
func TestFriends(t *testing.T) {
	for _, kind := range []string{"none", "erdos-renyi"} {
		s := town()
		s.People.Intents, s.Network.Kind, s.Network.Degree = 0, kind, 60
		s.Adoption.Rule, s.Adoption.Seeds = "bass", 0
		w, _, err := settle(s, 1, newHall())
		if err != nil {
			t.Fatal(err)
		}
		if got := w.friends(5); len(got) != 0 {
			t.Errorf("%s: with nobody inside one has friends %v", kind, got)
		}
		for a := range w.crowd.In {
			w.crowd.In[a] = a%2 == 0
		}
		got := w.friends(5)
		want := map[string]int{"none": friendsMost / 2, "erdos-renyi": friendsMost}[kind]
		if len(got) != want || slices.ContainsFunc(got, func(b int32) bool { return b%2 > 0 }) {
			t.Errorf("%s: half are inside, and one has friends %v, want %d of them", kind, got, want)
		}
		clear(w.crowd.In)
		w.crowd.In[5] = true
		if got := w.friends(5); len(got) != 0 {
			t.Errorf("%s: one is its own friend: %v", kind, got)
		}
	}
}

// Under any rule, who gains nothing for as many steps as its patience leaves,
// and comes back by none but the two-sided one (docs/ODD.md, 7.1). Those who
// have no patience to lose stay.
func TestPatienceUnderAnyRule(t *testing.T) {
	for _, rule := range []string{"bass", "threshold", "fraction", "complex"} {
		s := village(30, 0)
		s.Adoption = scenario.Adoption{Rule: rule, Seeds: 30, Patience: 3, Threshold: 1}
		out, err := Live(t.Context(), s, 1, newHall(), nil)
		if err != nil {
			t.Fatal(err)
		}
		// The account of a step is known in the next, and for those who begin there
		// is one before the first, in which they gained nothing (docs/ODD.md, 7.1).
		if got := seriesOf(t, out, "people"); !slices.Equal(got, []float64{30, 30, 0, 0, 0, 0, 0, 0}) {
			t.Errorf("%s: with a patience of three people stay so: %v", rule, got)
		}
		s.Adoption.Patience = 0
		if v := live(t, s, 1, newHall()); v["participants"] != 30 || v["left"] != 0 {
			t.Errorf("%s: without, %v are left", rule, v["participants"])
		}
	}
	// Who comes in a step has all of its patience: three steps, and no more.
	s := village(30, 0)
	s.Adoption = scenario.Adoption{Rule: "everyone", Patience: 3}
	out, err := Live(t.Context(), s, 1, newHall(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := seriesOf(t, out, "people"); !slices.Equal(got, []float64{30, 30, 30, 0, 0, 0, 0, 0}) {
		t.Errorf("of those who come in the first step, with a patience of three: %v", got)
	}
}
