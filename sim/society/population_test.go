package society

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/parley-network/parley/sim/random"
)

// Towns and categories have the sizes that Zipf's law gives them.
func TestPopulationIsZipf(t *testing.T) {
	s := town()
	s.People.Count, s.People.Places, s.People.PlaceSkew = 60000, 6, 1
	p, err := NewPopulation(s, 5)
	if err != nil {
		t.Fatal(err)
	}
	weights, sum := random.Zipf(6, 1), 0.0
	for _, w := range weights {
		sum += w
	}
	got := make([]float64, 6)
	for _, at := range p.Place[:p.People] {
		got[at]++
	}
	for k, n := range got {
		want := weights[k] / sum
		if band := 4 * math.Sqrt(want*(1-want)/60000); math.Abs(n/60000-want) > band {
			t.Errorf("town %d has %.4f of the people, want %.4f ± %.4f", k, n/60000, want, band)
		}
	}
}

// The index of sellers is what a look at every vendor finds.
func TestSellers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawn(t)
		s.Vendors.Places = rapid.IntRange(1, 5).Draw(t, "served")
		p, err := NewPopulation(s, rapid.Uint64().Draw(t, "seed"))
		if err != nil {
			t.Fatal(err)
		}
		for c := range int32(s.People.Categories) {
			for at := range int32(s.People.Places) {
				var want []int32
				for v := range p.Vendors {
					if slices.Contains(p.categories[v], c) && slices.Contains(p.places[v], at) {
						want = append(want, int32(v))
					}
				}
				if got := p.sellers.in(c, at); !slices.Equal(got, want) {
					t.Fatalf("category %d in town %d: %v sell it, the index has %v", c, at, want, got)
				}
			}
		}
		for v := range p.Vendors {
			if len(p.categories[v]) != min(s.Vendors.Categories, s.People.Categories) || len(p.places[v]) != min(s.Vendors.Places, s.People.Places) {
				t.Fatalf("vendor %d serves %v in %v", v, p.categories[v], p.places[v])
			}
			a := p.agent(int32(p.People + v))
			if !a.Vendor || a.Place != a.Places[0] || a.Price <= 0 {
				t.Fatalf("vendor %d as a medium sees it: %+v", v, a)
			}
		}
	})
}

// A skew so steep that one thing is all there is still gives a vendor others.
func TestSomeOfSteep(t *testing.T) {
	by, err := random.NewAlias(random.Zipf(4, 60))
	if err != nil {
		t.Fatal(err)
	}
	if got := some(3, 4, by, random.New(1, "")); !slices.Equal(got, []int32{0, 1, 2}) {
		t.Errorf("three of four: %v", got)
	}
	if got := some(9, 4, by, random.New(1, "")); len(got) != 4 {
		t.Errorf("nine of four: %v", got)
	}
}

// Prices have the spread that the scenario says: half between vendors, half
// between one vendor's jobs.
func TestPrices(t *testing.T) {
	s := town()
	s.Vendors.Count = 20000
	x := drawPrices(s, random.New(1, "prices"))
	j := newJobs(1, x.each)
	var sum, square float64
	for v := range int32(20000) {
		a := x.ask(v, j.more(3, int(v), v))
		sum += a.price
		square += a.price * a.price
		if math.Abs(a.price-a.cost-a.price*s.Vendors.Margin) > 1e-9 || a.quote != a.price {
			t.Fatalf("an honest vendor says what it takes and keeps its margin: %+v", a)
		}
	}
	mean := sum / 20000
	if deviation := math.Sqrt(square/20000 - mean*mean); math.Abs(mean-s.Vendors.Price) > 1 || math.Abs(deviation-s.Vendors.Spread) > 1 {
		t.Errorf("prices of %.1f ± %.1f, want %v ± %v", mean, deviation, s.Vendors.Price, s.Vendors.Spread)
	}
	if j.more(3, 7, 1) != j.more(3, 7, 1) || j.more(3, 7, 1) == j.more(3, 8, 1) || j.more(3, 7, 1) == j.more(4, 7, 1) {
		t.Error("a job's work is its own, and stays")
	}
}

func TestHistogram(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		xs := rapid.SliceOfN(rapid.Float64Range(1e-6, 1e6), 1, 200).Draw(t, "xs")
		var h, backward histogram
		for i, x := range xs {
			h.add(x)
			backward.add(xs[len(xs)-1-i])
		}
		slices.Sort(xs)
		s := h.sample("x")
		if s.Count != len(xs) || len(s.Of) != 101 || !slices.Equal(s.Of, backward.sample("x").Of) {
			t.Fatalf("sample %+v", s)
		}
		for i, got := range s.Of {
			if want := xs[i*(len(xs)-1)/100]; math.Abs(got/want-1) > 0.005 {
				t.Fatalf("quantile %d of %v: %v, want %v", i, xs, got, want)
			}
		}
		if got, want := h.quantile(.5), xs[(len(xs)-1)/2]; math.Abs(got/want-1) > 0.005 {
			t.Fatalf("median of %v: %v", xs, got)
		}
	})
	var none histogram
	if none.quantile(.5) != 0 || none.sample("x").Of != nil {
		t.Error("nothing has no quantiles")
	}
	none.add(0)
	if none.quantile(.5) != 0 {
		t.Error("zero is zero")
	}
}

// The incumbent has a lead for its share of intents, to any one of those who
// sell the thing in the place alike, inside the network or not.
func TestLeadsAreTheIncumbentsShare(t *testing.T) {
	s := town()
	s.People.Intents = 200
	p, err := NewPopulation(s, 3)
	if err != nil {
		t.Fatal(err)
	}
	intents := p.demand(s.People, random.New(1, "demand"))
	n := float64(len(intents))
	for _, share := range []float64{0, 0.3, 1} {
		s.Market.Incumbent = share
		led, given, due := 0.0, make([]float64, p.Vendors), make([]float64, p.Vendors)
		for i, v := range p.platform(s.Market, intents, random.New(2, "leads")) {
			all := p.sellers.in(intents[i].Category, intents[i].Place)
			for _, one := range all {
				due[one] += share / float64(len(all))
			}
			if v < 0 {
				continue
			}
			led++
			given[v]++
			if !slices.Contains(all, v) {
				t.Fatalf("vendor %d has a lead for what it does not sell: %+v", v, intents[i])
			}
		}
		if band := 4 * math.Sqrt(share*(1-share)/n); math.Abs(led/n-share) > band {
			t.Errorf("with a share of %v there are leads for %.4f of %v intents, want within %.4f", share, led/n, n, band)
		}
		for v := range given {
			if math.Abs(given[v]-due[v]) > 5*math.Sqrt(due[v])+1e-9 {
				t.Errorf("with a share of %v vendor %d has %v leads, want %.0f", share, v, given[v], due[v])
			}
		}
	}
}

// People's wishes are Poisson in all, of authors alike, by Zipf's law of their
// categories, in their authors' towns, and worth nothing rather than less.
func TestDemand(t *testing.T) {
	s := town()
	s.People.Intents, s.People.Worth, s.People.Spread = 100, 10, 20
	p, err := NewPopulation(s, 3)
	if err != nil {
		t.Fatal(err)
	}
	r, mean := random.New(4, "demand"), 300*100.
	intents := p.demand(s.People, r)
	if n := float64(len(intents)); math.Abs(n-mean) > 4*math.Sqrt(mean) {
		t.Errorf("%v wishes, want %v", n, mean)
	}
	authors, kinds, worthless, sum := make([]float64, 300), make([]float64, 5), 0.0, 0.0
	for _, in := range intents {
		authors[in.Person]++
		kinds[in.Category]++
		if in.Place != p.Place[in.Person] || in.Most < 0 {
			t.Fatalf("wish %+v of one in town %d", in, p.Place[in.Person])
		}
		if sum += in.Most; in.Most == 0 {
			worthless++
		}
	}
	n := float64(len(intents))
	for a, k := range authors {
		if math.Abs(k-n/300) > 5*math.Sqrt(n/300) {
			t.Errorf("person %d has %v wishes, want %.0f", a, k, n/300)
		}
	}
	for c, k := range kinds { // 1/c over the fifth harmonic number
		if want := n / float64(c+1) / (137. / 60); math.Abs(k-want) > 4*math.Sqrt(want) {
			t.Errorf("%v wishes of category %d, want %.0f", k, c, want)
		}
	}
	// A Normal of 10 ± 20 is below 0 with Φ(−1/2), and (x)⁺ has the mean 10·Φ(1/2) + 20·φ(1/2).
	if want := n * beyond(0.5); math.Abs(worthless-want) > 4*math.Sqrt(want) {
		t.Errorf("%v are worth nothing, want %.0f", worthless, want)
	}
	if want := 10*beyond(-0.5) + 20*density(0.5); math.Abs(sum/n-want) > 4*20/math.Sqrt(n) {
		t.Errorf("they are worth %.3f, want %.3f", sum/n, want)
	}
}
