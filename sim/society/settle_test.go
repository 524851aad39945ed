package society

import (
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// stall is a desk for one person and some vendors, with no chance in prices.
func stall(levels []float64, change func(*prices)) *desk {
	p := &Population{People: 2, Vendors: len(levels), Fourth: make([]bool, 2)}
	p.prices = prices{
		level: levels, colludes: make([]bool, len(levels)), lie: make([]bool, len(levels)),
		mean: 80, margin: 0.25, raised: 100,
	}
	if change != nil {
		change(&p.prices)
	}
	return &desk{p: p, jobs: newJobs(1, 0), load: make([]int32, len(levels)), fee: 0.2, shunned: map[int32][]int32{}}
}

// asked is an intent worth so much to which the vendors of those numbers
// answer, one a second.
func asked(worth float64, lead int32, vendors ...int32) wish {
	w := wish{Intent: Intent{Most: worth}, lead: lead}
	for i, v := range vendors {
		w.offers = append(w.offers, Offer{Vendor: 2 + v, After: time.Duration(i+1) * time.Second})
	}
	return w
}

func TestSettle(t *testing.T) {
	levels := []float64{80, 60, 120}
	for _, c := range []struct {
		name   string
		desk   func(*desk)
		prices func(*prices)
		wish   wish
		want   deal
	}{
		{name: "nobody answers", wish: asked(100, -1), want: deal{vendor: -1}},
		{name: "the best price", wish: asked(100, -1, 0, 1),
			want: deal{way: byNetwork, vendor: 1, price: 60, after: 2 * time.Second, personWon: 40, vendorWon: 15}},
		{name: "nothing is worth it", wish: asked(50, -1, 0, 1, 2), want: deal{vendor: -1}},
		{name: "only the incumbent, who adds its fee", wish: asked(100, 0),
			want: deal{way: byIncumbent, vendor: 0, price: 100, fee: 20}},
		{name: "the incumbent with its fee is too dear", wish: asked(99, 0), want: deal{vendor: -1}},
		{name: "the network is cheaper", wish: asked(110, 0, 0),
			want: deal{way: byNetwork, vendor: 0, price: 80, after: time.Second, personWon: 20}},
		{name: "the incumbent is cheaper", wish: asked(200, 1, 0, 2), want: deal{way: byIncumbent, vendor: 1, price: 75, fee: 15}},
		{name: "the first answer is taken", desk: func(d *desk) { d.hasty = []bool{true, true} }, wish: asked(100, -1, 0, 1),
			want: deal{way: byNetwork, vendor: 0, price: 80, after: time.Second, personWon: 20, vendorWon: 20}},
		{name: "but not by a fourth party", wish: asked(100, -1, 0, 1),
			desk: func(d *desk) { d.hasty, d.p.Fourth = []bool{true, true}, []bool{true, true} },
			want: deal{way: byNetwork, vendor: 1, price: 60, after: 2 * time.Second, personWon: 40, vendorWon: 15}},
		{name: "who is full sells no more", desk: func(d *desk) { d.capacity, d.load[1] = 2, 2 }, wish: asked(100, 1, 1, 0),
			want: deal{way: byNetwork, vendor: 0, price: 80, after: 2 * time.Second, personWon: 20, vendorWon: 20}},
		{name: "one who colludes asks a cartel's price", prices: func(p *prices) { p.colludes[1] = true }, wish: asked(100, -1, 1),
			want: deal{way: byNetwork, vendor: 1, price: 100, after: time.Second, vendorWon: 55}},
		{name: "an honest one wins against it", prices: func(p *prices) { p.colludes[1] = true }, wish: asked(100, -1, 1, 0),
			want: deal{way: byNetwork, vendor: 0, price: 80, after: 2 * time.Second, personWon: 20, vendorWon: 20}},
		{name: "one who lies wins, and takes more", prices: func(p *prices) { p.lie[0] = true }, wish: asked(110, -1, 0, 1),
			want: deal{way: byNetwork, vendor: 0, price: 100, after: time.Second, misled: true, personWon: 10, vendorWon: 40}},
		{name: "or is sent away", prices: func(p *prices) { p.lie[0] = true }, wish: asked(90, -1, 0, 1), want: deal{vendor: -1, misled: true}},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := stall(levels, c.prices)
			if c.desk != nil {
				c.desk(d)
			}
			if got := d.settle(c.wish); got != c.want {
				t.Errorf("got  %+v\nwant %+v", got, c.want)
			}
		})
	}
}

// Who was misled deals with that vendor no more; a fourth party's clients all.
func TestMisledOnce(t *testing.T) {
	for _, fourth := range []bool{false, true} {
		d := stall([]float64{80, 60}, func(p *prices) { p.lie[0] = true })
		d.p.Fourth = []bool{fourth, fourth}
		first := asked(200, -1, 0, 1)
		if got := d.settle(first); !got.misled {
			t.Fatalf("half of 80 beats 60: %+v", got)
		}
		if got := d.settle(first); got.misled || got.vendor != 1 {
			t.Errorf("misled again: %+v", got)
		}
		other := first
		other.Person = 1
		if got := d.settle(other); got.misled == fourth {
			t.Errorf("fourth party %v: another person: %+v", fourth, got)
		}
	}
}

// One honest offer more never leaves a person worse off, and none is made
// worse off by being in the network.
func TestMoreOffersNeverHurt(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		levels := rapid.SliceOfN(rapid.Float64Range(10, 200), 1, 8).Draw(t, "levels")
		lead := rapid.Int32Range(-1, int32(len(levels)-1)).Draw(t, "lead")
		worth := rapid.Float64Range(0, 250).Draw(t, "worth")
		last := -1.0
		for k := 0; k <= len(levels); k++ {
			w := asked(worth, lead)
			for v := range int32(k) {
				w.offers = append(w.offers, Offer{Vendor: 2 + v})
			}
			got := stall(levels, nil).settle(w)
			won := 0.0
			if got.way != unfilled {
				won = worth - got.price
			}
			if won < last || won < 0 || got.personWon < 0 {
				t.Fatalf("%d offers leave %v, one less left %v: %+v", k, won, last, got)
			}
			last = won
		}
	})
}

func TestLeastOf(t *testing.T) {
	// Means of the least of k standard Normals (Harter, Biometrika 48, 1961).
	for k, want := range map[int]float64{0: 0, 1: 0, 2: -0.56419, 3: -0.84628, 5: -1.16296, 10: -1.53875} {
		mean, chance := leastOf(k)
		if math.Abs(mean-want) > 0.01 {
			t.Errorf("least of %d: %v, want %v", k, mean, want)
		}
		if math.Abs(chance-1/float64(k+1)) > 0.01 {
			t.Errorf("below %d others: %v, want %v", k, chance, 1/float64(k+1))
		}
	}
}

func TestProspects(t *testing.T) {
	s := town()
	s.Market.Incumbent, s.Market.Fee = 0.5, 0.2
	p, err := NewPopulation(s, 1)
	if err != nil {
		t.Fatal(err)
	}
	x := newProspects(p, s)
	for k := 1; k <= most; k++ {
		if x.worth[k] < x.worth[k-1] || x.alone[k] > x.alone[k-1] {
			t.Fatalf("with %d vendors a person expects %v, a vendor's chance is %v", k, x.worth[k], x.alone[k])
		}
	}
	if got := x.person(0); got != 0 {
		t.Errorf("with nobody inside one expects %v", got)
	}
	before := 0.0
	for v := range int32(p.Vendors) {
		x.change(int32(p.People)+v, 1)
		if got := x.person(0) + x.person(1); got < before {
			t.Errorf("with vendor %d persons expect %v, before %v", v, got, before)
		} else {
			before = got
		}
	}
	if got := x.vendor(0, true); got != 0 {
		t.Errorf("a vendor expects %v of nobody", got)
	}
	for a := range int32(p.People) {
		x.change(a, 1)
	}
	if got := x.vendor(0, true); got <= 0 {
		t.Errorf("a vendor expects %v of all", got)
	}
	// The incumbent takes from what the network is worth.
	s.Market.Incumbent = 0
	if alone := newProspects(p, s); alone.worth[3] <= x.worth[3] {
		t.Errorf("without an incumbent three vendors are worth %v, with one %v", alone.worth[3], x.worth[3])
	}
}

// What is reckoned to be left of a wish is the mean over wishes drawn.
func TestLeft(t *testing.T) {
	s := town()
	x := &prospects{s: s}
	p, err := NewPopulation(s, 1)
	if err != nil {
		t.Fatal(err)
	}
	s.People.Intents = 1000
	intents := p.demand(s.People, newJobs(3, 1).draw)
	for _, price := range []float64{-50, 20, 80, 100, 140} {
		sum := 0.0
		for _, in := range intents {
			sum += max(in.Most-price, 0)
		}
		if got, want := x.left(price), sum/float64(len(intents)); math.Abs(got-want) > 0.2 {
			t.Errorf("left at %v: %v, drawn %v", price, got, want)
		}
	}
}

func TestWord(t *testing.T) {
	var w word
	if w.credit(10) != 1 {
		t.Error("nothing was heard, and the reckoning is not believed")
	}
	for range 100 {
		w.hear(50, 0)
	}
	if c := w.credit(10); c > 0.05 {
		t.Errorf("all tell of nothing, credit %v", c)
	}
}

func TestCartelPrice(t *testing.T) {
	s := town()
	price := cartelPrice(s)
	if price <= s.Vendors.Price*(1-s.Vendors.Margin) || price > s.People.Worth+2*s.People.Spread {
		t.Errorf("a cartel asks %v", price)
	}
	s.People.Spread = 0
	if got := cartelPrice(s); math.Abs(got-s.People.Worth) > s.Vendors.Price/100 {
		t.Errorf("where all pay %v, a cartel asks %v", s.People.Worth, got)
	}
}
