package society

import (
	"math"
	"testing"

	"github.com/parley-network/parley/sim/random"
	"github.com/parley-network/parley/sim/scenario"
)

// sells is a scenario whose vendors behave in a way.
func sells(kind string, share float64) scenario.Scenario {
	s := scenario.Default()
	s.People.Count, s.Vendors.Count = 10, 400
	s.Attack.Kind, s.Attack.Share = kind, share
	return s
}

// The honest say and take one price, which leaves their margin; a cartel takes
// more than it would have; who lies says half and takes the cartel's.
func TestAsks(t *testing.T) {
	for kind, want := range map[string]func(fair, raised float64) (quote, price float64){
		"none":    func(fair, _ float64) (float64, float64) { return fair, fair },
		"collude": func(fair, raised float64) (float64, float64) { return max(fair, raised), max(fair, raised) },
		"lie":     func(fair, raised float64) (float64, float64) { return fair / 2, max(fair, raised) },
	} {
		s := sells(kind, 1)
		x := drawPrices(s, random.New(1, "prices"))
		for v := range int32(s.Vendors.Count) {
			for _, more := range []float64{-500, -5, 0, 30} {
				fair := max(x.level[v]+more, s.Vendors.Price/10)
				quote, price := want(fair, x.raised)
				if a := x.ask(v, more); a.quote != quote || a.price != price || math.Abs(a.cost-fair*(1-s.Vendors.Margin)) > 1e-9 {
					t.Fatalf("%s: vendor %d, %v more: %+v, want %v and %v", kind, v, more, a, quote, price)
				}
			}
		}
	}
}

// As many misbehave as attack.share says, and of the variance of prices half is
// between vendors.
func TestDrawnPrices(t *testing.T) {
	s := sells("lie", 0.3)
	s.Vendors.Count = 20_000
	x := drawPrices(s, random.New(2, "prices"))
	liars, sum, square := 0, 0.0, 0.0
	for v, level := range x.level {
		if x.lie[v] {
			liars++
		}
		if x.colludes[v] {
			t.Fatal("one colludes where they lie")
		}
		sum += level
		square += level * level
	}
	n := float64(s.Vendors.Count)
	mean := sum / n
	sd := math.Sqrt(square/n - mean*mean)
	// Three standard errors of a share, of a mean and of a deviation.
	if got := float64(liars) / n; math.Abs(got-0.3) > 3*math.Sqrt(0.3*0.7/n) {
		t.Errorf("%v lie", got)
	}
	if want := s.Vendors.Spread / math.Sqrt2; math.Abs(mean-s.Vendors.Price) > 3*want/math.Sqrt(n) || math.Abs(sd-want) > 3*want/math.Sqrt(2*n) {
		t.Errorf("levels of %v ± %v", mean, sd)
	}
	if x.each != s.Vendors.Spread/math.Sqrt2 {
		t.Errorf("jobs differ by %v", x.each)
	}
}

// What a job takes more than usual is the same whenever it is asked, Normal, and
// of neighbouring jobs independent.
func TestJobs(t *testing.T) {
	j := newJobs(5, 10)
	const n = 40_000
	sum, square, along := 0.0, 0.0, 0.0
	last := 0.0
	for i := range n {
		x := j.more(i%50, i, int32(i%7))
		if x != j.more(i%50, i, int32(i%7)) {
			t.Fatal("not the same again")
		}
		sum, square, along = sum+x, square+x*x, along+x*last
		last = x
	}
	mean, sd := sum/n, math.Sqrt(square/n)
	if math.Abs(mean) > 3*10/math.Sqrt(n) || math.Abs(sd-10) > 3*10/math.Sqrt(2*n) || math.Abs(along/n/100) > 3/math.Sqrt(n) {
		t.Errorf("mean %v, deviation %v, correlation of neighbours %v", mean, sd, along/n/100)
	}
	if newJobs(5, 0).more(1, 2, 3) != 0 {
		t.Error("without a deviation a job takes more")
	}
}

// The logistic stands for the Normal within its 0.0002.
func TestAbove(t *testing.T) {
	for z := -6.0; z <= 6; z += 0.01 {
		if want := 0.5 * math.Erfc(z/math.Sqrt2); math.Abs(above(z)-want) > 2e-4 {
			t.Fatalf("above %v: %v, not %v", z, above(z), want)
		}
	}
}
