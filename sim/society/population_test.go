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
