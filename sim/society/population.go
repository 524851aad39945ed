package society

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/parley-network/parley/sim/random"
	"github.com/parley-network/parley/sim/scenario"
)

// Population is who there is in a scenario, whether they take part or not, and
// what sets each apart. It does not change while the scenario is lived.
type Population struct {
	// People and Vendors are how many; the agents are people from 0 and vendors
	// after them.
	People, Vendors int
	// Place is each agent's town: a vendor's is the first that it serves.
	Place []int32
	// Kind is what each agent is most about: a vendor's first category, and for
	// a person one category drawn as its intents are. It is what a campaign of
	// one category goes by, and shapes no intent.
	Kind []int32
	// Fourth are the people whose own agent asks and chooses for them.
	Fourth []bool

	// Of the vendors, by their number less People.
	categories, places [][]int32
	prices

	sellers sellers
	wants   *random.Alias // categories as they are wanted
}

// NewPopulation draws who there is. It refuses a scenario without people,
// places or categories; a vendor that should serve more of them than there are
// serves all.
func NewPopulation(s scenario.Scenario, seed uint64) (*Population, error) {
	if s.People.Count < 1 || s.Vendors.Count < 0 {
		return nil, fmt.Errorf("population of %d people and %d vendors: want at least one person", s.People.Count, s.Vendors.Count)
	}
	towns, err := random.NewAlias(random.Zipf(max(1, s.People.Places), s.People.PlaceSkew))
	if err != nil {
		return nil, fmt.Errorf("spread people over %d places: %w", s.People.Places, err)
	}
	wants, err := random.NewAlias(random.Zipf(max(1, s.People.Categories), s.People.CategorySkew))
	if err != nil {
		return nil, fmt.Errorf("spread intents over %d categories: %w", s.People.Categories, err)
	}
	p := &Population{People: s.People.Count, Vendors: s.Vendors.Count, wants: wants}
	n := p.People + p.Vendors
	p.Place, p.Kind, p.Fourth = make([]int32, n), make([]int32, n), make([]bool, p.People)
	r := random.New(seed, "society/people")
	for i := range p.People {
		p.Place[i], p.Kind[i] = int32(towns.Draw(r)), int32(wants.Draw(r))
		p.Fourth[i] = r.Float64() < s.People.FourthParty
	}
	p.drawVendors(s, towns, random.New(seed, "society/vendors"))
	p.sellers = indexSellers(p, max(1, s.People.Categories), max(1, s.People.Places))
	return p, nil
}

// drawVendors has vendors settle where people are and sell what they want.
func (p *Population) drawVendors(s scenario.Scenario, towns *random.Alias, r *rand.Rand) {
	v := s.Vendors
	p.categories, p.places = make([][]int32, p.Vendors), make([][]int32, p.Vendors)
	for i := range p.Vendors {
		p.categories[i] = some(v.Categories, max(1, s.People.Categories), p.wants, r)
		p.places[i] = some(v.Places, max(1, s.People.Places), towns, r)
		p.Place[p.People+i], p.Kind[p.People+i] = p.places[i][0], p.categories[i][0]
	}
	p.prices = drawPrices(s, r)
}

// some draws n different things of those there are by their weights; all where
// n is as many, at least one. After a thousand draws in vain, as a steep skew
// can have it, the rest are the commonest.
func some(n, of int, by *random.Alias, r *rand.Rand) []int32 {
	n = min(max(1, n), of)
	out := make([]int32, 0, n)
	for tries := 0; len(out) < n && tries < 1000; tries++ {
		if k := int32(by.Draw(r)); !slices.Contains(out, k) {
			out = append(out, k)
		}
	}
	for k := int32(0); len(out) < n; k++ {
		if !slices.Contains(out, k) {
			out = append(out, k)
		}
	}
	return out
}

// agent is an agent as a medium takes it, without its friends.
func (p *Population) agent(id int32) Agent {
	a := Agent{ID: id, Place: p.Place[id]}
	if v := int(id) - p.People; v >= 0 {
		a.Vendor, a.Categories, a.Places, a.Price = true, p.categories[v], p.places[v], p.ask(int32(v), 0).quote
	}
	return a
}

// sellers are the vendors of each category in each place, as one array.
type sellers struct {
	places int
	start  []int32
	of     []int32 // numbers of vendors, from 0
}

func indexSellers(p *Population, categories, places int) sellers {
	x := sellers{places: places, start: make([]int32, categories*places+1)}
	x.each(p, func(_ int32, cell int) { x.start[cell+1]++ })
	for i := range categories * places {
		x.start[i+1] += x.start[i]
	}
	x.of = make([]int32, x.start[len(x.start)-1])
	next := slices.Clone(x.start)
	x.each(p, func(v int32, cell int) {
		x.of[next[cell]] = v
		next[cell]++
	})
	return x
}

func (x sellers) each(p *Population, do func(v int32, cell int)) {
	for v := range p.Vendors {
		for _, c := range p.categories[v] {
			for _, at := range p.places[v] {
				do(int32(v), x.cell(c, at))
			}
		}
	}
}

func (x sellers) cell(category, place int32) int { return int(category)*x.places + int(place) }

// in lists the vendors, by number from 0, of a category in a place.
func (x sellers) in(category, place int32) []int32 {
	c := x.cell(category, place)
	return x.of[x.start[c]:x.start[c+1]]
}
