package society

import (
	"math/rand/v2"

	"github.com/parley-network/parley/sim/random"
	"github.com/parley-network/parley/sim/scenario"
)

// demand draws what all people, in the network or not, want in one step. A
// person's intents are Poisson, which is the same as drawing how many there are
// in all and then an author for each; so their order favours nobody.
func (p *Population) demand(s scenario.People, r *rand.Rand) []Intent {
	intents := make([]Intent, random.Poisson(r, float64(float64(p.People)*s.Intents)))
	for i := range intents {
		person := int32(r.IntN(p.People))
		intents[i] = Intent{
			Person: person, Category: int32(p.wants.Draw(r)), Place: p.Place[person],
			Most: max(0, random.Normal(r, s.Worth, s.Spread)),
		}
	}
	return intents
}

// platform draws for each intent the vendor that the incumbent sells the lead
// to: with its share's probability any one of those who sell the thing in the
// place, whether they take part in the network or not; -1 where there is none.
func (p *Population) platform(m scenario.Market, intents []Intent, r *rand.Rand) []int32 {
	leads := make([]int32, len(intents))
	for i, in := range intents {
		leads[i] = -1
		if !(m.Incumbent > 0) || r.Float64() >= m.Incumbent {
			continue
		}
		if all := p.sellers.in(in.Category, in.Place); len(all) > 0 {
			leads[i] = all[r.IntN(len(all))]
		}
	}
	return leads
}
