package society

import (
	"math"
	"testing"

	"github.com/parley-network/parley/sim/random"
)

// One outside expects more of a place with more vendors, up to what all that it
// wants is worth; a vendor expects less with every rival. This is the two-sided
// draw that makes a critical mass.
func TestProspectsGrowWithTheOtherSide(t *testing.T) {
	s := town()
	s.People.Count, s.People.Places, s.Vendors.Count, s.Vendors.Places = 60, 1, 30, 1
	s.Vendors.Capacity = 0
	p, err := NewPopulation(s, 1)
	if err != nil {
		t.Fatal(err)
	}
	x := newProspects(p, s)
	if x.person(0) != 0 || x.vendor(0, false) != 0 {
		t.Errorf("an empty place promises %v to a person and %v to a vendor", x.person(0), x.vendor(0, false))
	}
	last := 0.0
	for v := range int32(p.Vendors) {
		x.change(int32(p.People)+v, 1)
		if now := x.person(0); now <= last {
			t.Errorf("with %d vendors a person expects %v, with one less %v", v+1, now, last)
		} else {
			last = now
		}
	}
	if all := s.People.Intents * s.People.Worth; last > all {
		t.Errorf("it expects %v of wishes worth %v", last, all)
	}
	for a := range int32(p.People) {
		x.change(a, 1)
	}
	crowded := x.vendor(0, true)
	for v := int32(1); v < int32(p.Vendors); v++ {
		x.change(int32(p.People)+v, -1)
	}
	alone := x.vendor(0, true)
	if !(alone > crowded && crowded > 0) {
		t.Errorf("alone a vendor expects %v, among thirty %v", alone, crowded)
	}
	x.s.Vendors.Capacity = 1
	if limited := x.vendor(0, true); limited >= alone || limited <= 0 {
		t.Errorf("one order a step promises %v", limited)
	}
}

// Towns of a picture lie within it, each where it always is, and their people
// within their town.
func TestPicture(t *testing.T) {
	for _, n := range []int{1, 2, 5, 50} {
		size := 0.8 / math.Sqrt(float64(n))
		r := random.New(1, "picture")
		for _, town := range sunflower(n) {
			for range 50 {
				for _, at := range []float64{0, 1, r.Float64()} {
					if x := beside(town[0], at, size); x < 0 || x > 1 {
						t.Fatalf("of %d towns, one at %v has somebody at %v", n, town[0], x)
					}
				}
			}
		}
	}
	// Of two towns far apart, none overlaps the other.
	towns, size := sunflower(5), 0.8/math.Sqrt(5)
	if near := math.Hypot(beside(towns[0][0], .5, size)-beside(towns[4][0], .5, size), beside(towns[0][1], .5, size)-beside(towns[4][1], .5, size)); near < 0.1 {
		t.Errorf("the first and the last town are %v apart", near)
	}
}
