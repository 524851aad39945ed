package society

import (
	"math"

	"github.com/parley-network/parley/sim/random"
	"github.com/parley-network/parley/sim/scenario"
)

// prospects are what one outside would expect to gain in a step if it joined.
// Who takes part in its place and sells what is public, so it reckons with
// that: the best of k prices against what the incumbent offers, or the chance
// to be the best of k against as many orders as people there would place. What
// those inside tell makes it more or less: the reckoning is multiplied by what
// they really gained over what they might have reckoned with.
type prospects struct {
	p      *Population
	s      scenario.Scenario
	weight []float64 // of each category among what is wanted

	here    []int32   // vendors taking part, by cell
	members []int32   // people taking part, by place
	worth   []float64 // of k vendors to one who wants what they sell, by k
	alone   []float64 // a vendor's chance to be the best among k others, by k
	orders  []float64 // orders to expect from a person, by category

	told [2]word // of people, of vendors
	gain []float64
}

// word is what those inside tell, forgetting a tenth in each step. It starts
// as if they had reckoned well.
type word struct{ expected, had float64 }

func (w *word) hear(expected, had float64) {
	w.expected = float64(w.expected*0.9) + expected
	w.had = float64(w.had*0.9) + had
}

// credit is between nothing and twice what is reckoned.
func (w *word) credit(prior float64) float64 {
	return min(max((w.had+prior)/(w.expected+prior), 0), 2)
}

func newProspects(p *Population, s scenario.Scenario) *prospects {
	x := &prospects{p: p, s: s, weight: random.Zipf(max(1, s.People.Categories), s.People.CategorySkew)}
	sum := 0.0
	for _, w := range x.weight {
		sum += w
	}
	x.orders = make([]float64, len(x.weight))
	for i := range x.weight {
		x.weight[i] /= sum
		x.orders[i] = float64(s.People.Intents * x.weight[i])
	}
	x.here = make([]int32, len(p.sellers.start)-1)
	x.members = make([]int32, p.sellers.places)
	x.gain = make([]float64, p.People+p.Vendors)
	x.tabulate()
	return x
}

// most is how many rivals are told apart; more are as these.
const most = 64

// tabulate works out what k vendors are worth to a person, and what chance one
// has among k others, with prices Normal and independent.
func (x *prospects) tabulate() {
	m, price, spread := x.s.Market, x.s.Vendors.Price, x.s.Vendors.Spread
	platform := x.left(price / (1 - min(m.Fee, 0.99)))
	for k := range most + 1 {
		least, chance := leastOf(k)
		x.alone = append(x.alone, chance)
		if k == 0 {
			x.worth = append(x.worth, 0)
			continue
		}
		got := x.left(price + float64(spread*least))
		x.worth = append(x.worth, float64((1-m.Incumbent)*got)+float64(m.Incumbent*(max(got, platform)-platform)))
	}
}

// left is what is left of a wish's worth at a price: E[(W − price)⁺], the area
// under the share of wishes that are worth more.
func (x *prospects) left(price float64) float64 {
	w := x.s.People
	if !(w.Spread > 0) {
		return max(w.Worth-price, 0)
	}
	sum, step := 0.0, w.Spread/20
	for i := range 160 { // to eight deviations above the price
		sum += willing(w, price+float64((float64(i)+0.5)*step))
	}
	if below := w.Worth - float64(4*w.Spread) - price; below > 0 {
		return w.Worth - price // all are worth more
	}
	return float64(sum * step)
}

// leastOf returns the mean of the least of k standard Normals, and the chance
// of one more to be below them all, by the midpoint rule: k = 0 gives 0 and 1.
func leastOf(k int) (mean, chance float64) {
	const step = 0.05
	before := 1.0 // all k above
	for z := -6.0; z < 6; z += step {
		after := random.Pow(max(above(z+step), 1e-300), float64(k))
		mean += float64((z + step/2) * (before - after))
		middle := random.Pow(max(above(z+step/2), 1e-300), float64(k))
		chance += float64(middle * (above(z) - above(z+step)))
		before = after
	}
	if k == 0 {
		return 0, 1
	}
	return mean, chance
}

// change notes that an agent joined (+1) or left (−1).
func (x *prospects) change(agent, by int32) {
	v := int(agent) - x.p.People
	if v < 0 {
		x.members[x.p.Place[agent]] += by
		return
	}
	for _, c := range x.p.categories[v] {
		for _, at := range x.p.places[v] {
			x.here[x.p.sellers.cell(c, at)] += by
		}
	}
}

// person is what a person in a place reckons with, in a step.
func (x *prospects) person(place int32) float64 {
	sum := 0.0
	for c, orders := range x.orders {
		k := min(x.here[x.p.sellers.cell(int32(c), place)], most)
		sum += float64(orders * x.worth[k])
	}
	return sum
}

// vendor is what a vendor, from 0, reckons with, beside the others that are
// inside, itself not counted.
func (x *prospects) vendor(v int32, inside bool) float64 {
	a := x.p.ask(v, 0)
	paid := float64((a.price - a.cost) * willing(x.s.People, a.price))
	sum := 0.0
	for _, c := range x.p.categories[v] {
		for _, at := range x.p.places[v] {
			k := x.here[x.p.sellers.cell(c, at)]
			if inside {
				k--
			}
			sum += float64(float64(float64(x.members[at])*x.orders[c]) * x.alone[min(k, most)])
		}
	}
	if limit := float64(x.s.Vendors.Capacity); limit > 0 {
		sum = min(sum, limit)
	}
	return float64(sum * paid)
}

// hear takes what those inside had in the last step, by agent.
func (x *prospects) hear(in []bool, had []float64) {
	reckoned := x.byPlace()
	var people, vendors word
	for a, is := range in {
		if v := a - x.p.People; !is {
			continue
		} else if v < 0 {
			people.expected += reckoned[x.p.Place[a]]
			people.had += had[a]
		} else {
			vendors.expected += x.vendor(int32(v), true)
			vendors.had += had[a]
		}
	}
	x.told[0].hear(people.expected, people.had)
	x.told[1].hear(vendors.expected, vendors.had)
}

func (x *prospects) byPlace() []float64 {
	out := make([]float64, len(x.members))
	for at := range out {
		out[at] = x.person(int32(at))
	}
	return out
}

// expect returns by agent what each had, if inside, or reckons with; both with
// the subsidy. The slice is good until the next call.
func (x *prospects) expect(in []bool, had []float64, subsidy float64) []float64 {
	reckoned := x.byPlace()
	// As much hearsay as ten steps of one agent of each side weighs as much as
	// the reckoning itself.
	people := x.told[0].credit(10 * x.s.People.Worth * x.s.People.Intents)
	vendors := x.told[1].credit(10 * math.Max(x.s.Vendors.Price, 1))
	for a, is := range in {
		switch v := a - x.p.People; {
		case is:
			x.gain[a] = had[a]
		case v < 0:
			x.gain[a] = float64(reckoned[x.p.Place[a]] * people)
		default:
			x.gain[a] = float64(x.vendor(int32(v), false) * vendors)
		}
		x.gain[a] += subsidy
	}
	return x.gain
}
