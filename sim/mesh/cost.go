package mesh

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/parley-network/parley/sim/random"
	"github.com/parley-network/parley/sim/scenario"
)

// Cost is what one step's intents cost those who take part.
type Cost struct {
	People, Vendors int
	// Casts is how many intents there were, Topics on how many topics, Heard how
	// many of them were heard by a vendor who could serve them.
	Casts, Topics, Heard int64
	// Followers is how many nodes an intent reaches, on average; Each what it
	// costs each of those, and All what it costs all together, in bytes sent.
	Followers, Each, All float64
	// Vendor and Person are what a node sends in the step for all intents that
	// reach it, without what connections cost that stand idle.
	Vendor, Person Load
	// Idle is what those cost in the step.
	Idle float64
	// Delay is the time until a follower has an intent, in µs, quantiles i/100,
	// each topic counted by its deliveries.
	Delay [101]float64
}

// Load is a distribution over nodes, in bytes: its mean, median, what 99 of a
// hundred do not exceed, and the most.
type Load struct{ Mean, P50, P99, Max float64 }

// topics is the present step, by topic: intents and followers. A topic is a
// category in a place, or everything if intents are not sharded.
type topics struct {
	casts, vendors []uint32
	places         int
	sharded        bool
	everybody      int
}

func (t *topics) of(category, place int) int {
	if !t.sharded {
		return 0
	}
	return category*t.places + place
}

// size is how many follow a topic: its vendors, and people while their own
// intent lives there, which is a step.
func (t *topics) size(i int) float64 {
	if !t.sharded {
		return float64(t.everybody)
	}
	return float64(t.vendors[i]) + float64(t.casts[i])
}

// customers is how many people there are to a vendor where a scenario names no
// vendors.
const customers = 20

// CostOf draws everybody who takes part in a step of the scenario, one after
// another and nobody kept: what memory it takes grows with the topics, not with
// the people. Each agent is drawn twice, to the same result: first to count
// topics, then to add up what each node pays. Meshes are read from a profile.
func CostOf(ctx context.Context, s scenario.Scenario, f *Profile, c Calibration, seed uint64, done func(float64)) (Cost, error) {
	if s.Vendors.Count == 0 {
		s.Vendors.Count = s.People.Count / customers
	}
	w, err := newDraw(s, seed)
	if err != nil {
		return Cost{}, fmt.Errorf("cost of an intent: %w", err)
	}
	t := w.topics()
	total := 2 * (s.People.Count + s.Vendors.Count)
	gone := 0
	tick := func() error { // now and then
		if gone++; gone&(1<<20-1) != 0 {
			return nil
		}
		if done != nil {
			done(float64(gone) / float64(total))
		}
		return ctx.Err()
	}
	if err := w.count(t, tick); err != nil {
		return Cost{}, fmt.Errorf("cost of an intent: %w", err)
	}
	cost := Cost{People: s.People.Count, Vendors: s.Vendors.Count}
	price := t.price(f, &cost)
	if err := w.charge(t, price, &cost, tick); err != nil {
		return Cost{}, fmt.Errorf("cost of an intent: %w", err)
	}
	cost.Idle = float64(c.Idle * unitSeconds(s.Clock.Unit))
	return cost, nil
}

// price is what the step's intents on each topic cost one of its followers; it
// adds up what is the same for all.
func (t *topics) price(f *Profile, cost *Cost) []float32 {
	price := make([]float32, len(t.casts))
	deliveries := 0.0
	for i, casts := range t.casts {
		if casts == 0 {
			continue
		}
		n := t.size(i)
		pt := f.At(n)
		if t.vendors[i] == 0 && n < 2 {
			pt.Bytes = 0 // nobody to tell
		}
		price[i] = float32(float64(pt.Bytes * float64(casts)))
		reached := float64(casts) * math.Max(n-1, 0)
		deliveries += reached
		cost.Casts, cost.Topics = cost.Casts+int64(casts), cost.Topics+1
		if t.vendors[i] > 0 {
			cost.Heard += int64(casts)
		}
		cost.Followers += float64(n * float64(casts))
		cost.All += float64(float64(pt.Bytes*float64(casts)) * n)
		for q := range pt.Delay {
			cost.Delay[q] += float64(pt.Delay[q] * reached)
		}
	}
	if cost.Casts > 0 {
		cost.Each = cost.All / cost.Followers
		cost.Followers /= float64(cost.Casts)
		cost.All /= float64(cost.Casts)
	}
	for q := range cost.Delay {
		cost.Delay[q] /= math.Max(deliveries, 1)
	}
	return price
}

// draw makes agents from their numbers.
type draw struct {
	s                    scenario.Scenario
	seed                 uint64
	pcg                  rand.PCG
	r                    *rand.Rand
	place, category      *random.Alias
	nPlaces, nCategories int
}

func newDraw(s scenario.Scenario, seed uint64) (*draw, error) {
	w := &draw{s: s, seed: seed, nPlaces: max(s.People.Places, 1), nCategories: max(s.People.Categories, 1)}
	var err error
	if w.place, err = random.NewAlias(random.Zipf(w.nPlaces, s.People.PlaceSkew)); err != nil {
		return nil, fmt.Errorf("places: %w", err)
	}
	if w.category, err = random.NewAlias(random.Zipf(w.nCategories, s.People.CategorySkew)); err != nil {
		return nil, fmt.Errorf("categories: %w", err)
	}
	w.r = rand.New(&w.pcg)
	return w, nil
}

func (w *draw) topics() *topics {
	n := 1
	if w.s.Protocol.Sharded {
		n = w.nPlaces * w.nCategories
	}
	return &topics{casts: make([]uint32, n), vendors: make([]uint32, n), places: w.nPlaces, sharded: w.s.Protocol.Sharded,
		everybody: w.s.People.Count + w.s.Vendors.Count}
}

// person calls fn with the topic of each intent that a person has in the step.
func (w *draw) person(t *topics, id int, fn func(topic int)) {
	w.pcg.Seed(w.seed, uint64(id))
	n := random.Poisson(w.r, w.s.People.Intents)
	if n == 0 {
		return
	}
	place := w.place.Draw(w.r)
	for range n {
		fn(t.of(w.category.Draw(w.r), place))
	}
}

// vendor calls fn with each topic that a vendor follows.
func (w *draw) vendor(t *topics, id int, fn func(topic int)) {
	w.pcg.Seed(^w.seed, uint64(id))
	if !t.sharded {
		fn(0)
		return
	}
	places, categories := max(w.s.Vendors.Places, 1), max(w.s.Vendors.Categories, 1)
	var in [64]int
	at := in[:min(places, len(in))]
	for i := range at {
		at[i] = w.place.Draw(w.r)
	}
	for range categories {
		category := w.category.Draw(w.r)
		for _, place := range at {
			fn(t.of(category, place))
		}
	}
}

func (w *draw) count(t *topics, tick func() error) error {
	for id := range w.s.People.Count {
		w.person(t, id, func(i int) { t.casts[i]++ })
		if err := tick(); err != nil {
			return err
		}
	}
	for id := range w.s.Vendors.Count {
		w.vendor(t, id, func(i int) { t.vendors[i]++ })
		if err := tick(); err != nil {
			return err
		}
	}
	return nil
}

// charge adds up what each node pays. Where nothing is sharded, everybody
// follows the one topic all the time.
func (w *draw) charge(t *topics, price []float32, cost *Cost, tick func() error) error {
	var people, vendors pile
	for id := range w.s.People.Count {
		sum := float32(0)
		if t.sharded {
			w.person(t, id, func(i int) { sum += price[i] })
		} else {
			sum = price[0]
		}
		people.add(sum)
		if err := tick(); err != nil {
			return err
		}
	}
	for id := range w.s.Vendors.Count {
		sum := float32(0)
		w.vendor(t, id, func(i int) { sum += price[i] })
		vendors.add(sum)
		if err := tick(); err != nil {
			return err
		}
	}
	cost.Person, cost.Vendor = people.load(), vendors.load()
	return nil
}
