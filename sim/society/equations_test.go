package society

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/parley-network/parley/sim/scenario"
)

// simpson is the integral of f from a to b by Simpson's rule.
func simpson(f func(float64) float64, a, b float64) float64 {
	const n = 4000
	h, sum := (b-a)/n, f(a)+f(b)
	for i := 1; i < n; i++ {
		sum += float64(2+2*(i%2)) * f(a+float64(i)*h)
	}
	return sum * h / 3
}

func density(z float64) float64 { return math.Exp(-z*z/2) / math.Sqrt(2*math.Pi) }
func beyond(z float64) float64  { return math.Erfc(z/math.Sqrt2) / 2 }

// keeps is E[(W − price)⁺] of a Normal worth, in closed form.
func keeps(worth, spread, price float64) float64 {
	z := (price - worth) / spread
	return spread*density(z) - (price-worth)*beyond(z)
}

// The least of k: its mean and the chance of one more below are those of order
// statistics, by integrals of the Normal itself (docs/ODD.md, 7.4). The logistic
// that stands for the Normal is 0.0002 off at most, which far in the tail moves
// the least of many by a hundredth of a deviation.
func TestRivalsAreOrderStatistics(t *testing.T) {
	for _, k := range []int{1, 2, 3, 7, 20, most} {
		n := float64(k)
		least := simpson(func(z float64) float64 { return z * n * density(z) * math.Pow(beyond(z), n-1) }, -9, 9)
		mean, chance := leastOf(k)
		if math.Abs(mean-least) > 0.01 {
			t.Errorf("the least of %d is %.4f on average, want %.4f", k, mean, least)
		}
		if want := 1 / (n + 1); math.Abs(chance-want) > 0.002*want+2e-4 {
			t.Errorf("one is below %d others with %.5f, want %.5f", k, chance, want)
		}
	}
	if mean, chance := leastOf(0); mean != 0 || chance != 1 {
		t.Errorf("of nobody the least is %v, and one is below with %v", mean, chance)
	}
}

// What is left of a wish at a price has a closed form; where worth has no
// spread it is the difference.
func TestLeftInClosedForm(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		worth, spread := rapid.Float64Range(10, 300).Draw(t, "worth"), rapid.Float64Range(1, 80).Draw(t, "spread")
		price := worth + rapid.Float64Range(-7, 7).Draw(t, "deviations")*spread
		x := &prospects{s: scenario.Scenario{People: scenario.People{Worth: worth, Spread: spread}}}
		if got, want := x.left(price), keeps(worth, spread, price); math.Abs(got-want) > 0.002*spread {
			t.Fatalf("of a wish worth %v ± %v at %v there is %v left, want %v", worth, spread, price, got, want)
		}
		x.s.People.Spread = 0
		if got, want := x.left(price), math.Max(worth-price, 0); got != want {
			t.Fatalf("of a wish worth %v at %v there is %v left, want %v", worth, price, got, want)
		}
	})
}

// What k vendors are worth to one wish beside an incumbent, and the orders a
// vendor reckons with, are the equations of docs/ODD.md, 7.4; prices to the
// hundredth of a deviation that the least of many is known to.
func TestExpectationsAreThoseOfODD(t *testing.T) {
	s := town()
	s.People.Places, s.People.PlaceSkew, s.People.CategorySkew = 2, 0, 1
	s.Vendors.Places, s.Market.Incumbent, s.Market.Fee = 1, 0.4, 0.2
	s.Vendors.Capacity = 3
	p, err := NewPopulation(s, 11)
	if err != nil {
		t.Fatal(err)
	}
	x := newProspects(p, s)
	for k := 1; k <= most; k += 9 {
		n := float64(k)
		least := simpson(func(z float64) float64 { return z * n * density(z) * math.Pow(beyond(z), n-1) }, -9, 9)
		best := keeps(s.People.Worth, s.People.Spread, s.Vendors.Price+s.Vendors.Spread*least)
		alone := keeps(s.People.Worth, s.People.Spread, s.Vendors.Price/(1-s.Market.Fee))
		want := (1-s.Market.Incumbent)*best + s.Market.Incumbent*(math.Max(best, alone)-alone)
		if math.Abs(x.worth[k]-want) > 0.01*s.Vendors.Spread {
			t.Errorf("%d vendors are worth %.3f to a wish, want %.3f", k, x.worth[k], want)
		}
	}

	// Zipf's law of exponent 1 over five categories: 1/c over the fifth harmonic number.
	harmonic := 1 + 1./2 + 1./3 + 1./4 + 1./5
	order := func(c int32) float64 { return s.People.Intents / float64(c+1) / harmonic }
	for a := range int32(p.People) {
		if a%3 > 0 {
			x.change(a, 1)
		}
	}
	for v := range int32(p.Vendors) {
		if v%4 > 0 {
			x.change(int32(p.People)+v, 1)
		}
	}
	rivals := func(c, at, but int32) (k int) { // those inside who sell it there
		for _, v := range p.sellers.in(c, at) {
			if v%4 > 0 && v != but {
				k++
			}
		}
		return k
	}
	for at := range int32(2) {
		want := 0.0
		for c := range int32(5) {
			want += order(c) * x.worth[rivals(c, at, -1)]
		}
		if got := x.person(at); math.Abs(got-want) > 1e-9 {
			t.Errorf("in town %d a person reckons with %v, want %v", at, got, want)
		}
	}
	limited := 0
	for v := range int32(p.Vendors) {
		orders, at := 0.0, p.places[v][0]
		members := 0
		for a := range p.People {
			if a%3 > 0 && p.Place[a] == at {
				members++
			}
		}
		for _, c := range p.categories[v] {
			orders += float64(members) * order(c) * x.alone[rivals(c, at, v)]
		}
		if orders > 3 {
			orders, limited = 3, limited+1
		}
		price := math.Max(p.level[v], s.Vendors.Price/10)
		want := orders * price * s.Vendors.Margin * above((price-s.People.Worth)/s.People.Spread)
		if got := x.vendor(v, v%4 > 0); math.Abs(got-want) > 1e-9*want+1e-12 {
			t.Errorf("vendor %d, inside %v, reckons with %v, want %v", v, v%4 > 0, got, want)
		}
	}
	if limited == 0 || limited == p.Vendors {
		t.Errorf("%d of %d vendors are at their capacity: this tells nothing", limited, p.Vendors)
	}
}

// Hearsay is forgotten by a tenth a step and weighs what was had against what
// was reckoned with, between nothing and twice (docs/ODD.md, 7.4).
func TestHearsay(t *testing.T) {
	var w word
	if got := w.credit(50); got != 1 {
		t.Errorf("before anybody tells, %v is believed", got)
	}
	w.hear(100, 40)
	w.hear(100, 40)
	if math.Abs(w.expected-190) > 1e-12 || math.Abs(w.had-76) > 1e-12 {
		t.Errorf("after two steps %+v, want 190 and 76", w)
	}
	if got, want := w.credit(10), 86./200; math.Abs(got-want) > 1e-12 {
		t.Errorf("%v is believed, want %v", got, want)
	}
	if got := (&word{expected: 1, had: 1000}).credit(1); got != 2 {
		t.Errorf("of riches %v is believed, want twice", got)
	}
	if got := (&word{expected: 10, had: -1000}).credit(1); got != 0 {
		t.Errorf("of ruin %v is believed, want nothing", got)
	}
}

// One outside expects what it reckons with by the word of its own side, one
// inside what it had, and both the subsidy.
func TestExpect(t *testing.T) {
	s := town()
	p, err := NewPopulation(s, 3)
	if err != nil {
		t.Fatal(err)
	}
	x := newProspects(p, s)
	n := p.People + p.Vendors
	in, had := make([]bool, n), make([]float64, n)
	peopleHad, vendorsHad, peopleReckoned, vendorsReckoned := 0.0, 0.0, 0.0, 0.0
	for a := range n {
		if a%2 == 0 {
			in[a], had[a] = true, float64(a%7)
			x.change(int32(a), 1)
		}
	}
	for a := 0; a < n; a += 2 {
		if a < p.People {
			peopleHad, peopleReckoned = peopleHad+had[a], peopleReckoned+x.person(p.Place[a])
		} else {
			vendorsHad, vendorsReckoned = vendorsHad+had[a], vendorsReckoned+x.vendor(int32(a-p.People), true)
		}
	}
	x.hear(in, had)
	priorPeople, priorVendors := 10*s.People.Worth*s.People.Intents, 10*s.Vendors.Price
	gain := x.expect(in, had, 0.75)
	for a := range n {
		want := had[a]
		if !in[a] && a < p.People {
			want = x.person(p.Place[a]) * (peopleHad + priorPeople) / (peopleReckoned + priorPeople)
		} else if !in[a] {
			want = x.vendor(int32(a-p.People), false) * math.Min((vendorsHad+priorVendors)/(vendorsReckoned+priorVendors), 2)
		}
		if want += 0.75; math.Abs(gain[a]-want) > 1e-9*math.Abs(want) {
			t.Fatalf("agent %d, inside %v, expects %v, want %v", a, in[a], gain[a], want)
		}
	}
}

// A cartel's price leaves it the most of what any price would, by a fine search
// with the Normal itself, to the hundredth of the mean that it is sought by.
func TestCartelsPrice(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := scenario.Default()
		s.Vendors.Price, s.Vendors.Margin = rapid.Float64Range(20, 120).Draw(t, "price"), rapid.Float64Range(0.05, 0.9).Draw(t, "margin")
		s.People.Worth, s.People.Spread = s.Vendors.Price*rapid.Float64Range(0.8, 2).Draw(t, "worth"), rapid.Float64Range(5, 60).Draw(t, "spread")
		cost := s.Vendors.Price * (1 - s.Vendors.Margin)
		won := func(p float64) float64 { return (p - cost) * beyond((p-s.People.Worth)/s.People.Spread) }
		most := 0.0
		for p := cost; p < 6*s.Vendors.Price; p += s.Vendors.Price / 500 {
			most = math.Max(most, won(p))
		}
		got := cartelPrice(s)
		if won(got) < 0.995*most-0.01 {
			t.Fatalf("a cartel asks %v and wins %v, it could win %v", got, won(got), most)
		}
	})
	// Where all wishes are worth the same, it is that worth; where none is worth
	// the cost there is no better price than any.
	s := scenario.Default()
	s.Vendors.Price, s.Vendors.Margin, s.People.Worth, s.People.Spread = 80, 0.25, 100, 0
	if got := cartelPrice(s); got != 100 {
		t.Errorf("all wishes are worth 100, and a cartel asks %v", got)
	}
	s.People.Worth = 50
	if got := cartelPrice(s); got != 80 {
		t.Errorf("nothing can be won, and a cartel asks %v, not the mean price", got)
	}
}
