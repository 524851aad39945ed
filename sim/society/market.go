package society

import (
	"context"
	"fmt"

	"github.com/parley-network/parley/sim/random"
	"github.com/parley-network/parley/sim/scenario"
)

func newDesk(p *Population, s scenario.Scenario, seed uint64) desk {
	d := desk{
		p: p, jobs: newJobs(seed, p.each), fee: s.Market.Fee,
		capacity: int32(s.Vendors.Capacity), load: make([]int32, p.Vendors),
		shunned: map[int32][]int32{}, costs: make([]float64, p.People+p.Vendors),
	}
	for a := range d.costs {
		d.costs[a] = s.Vendors.Cost
		if a < p.People {
			d.costs[a] = s.People.Effort
		}
	}
	if s.Attack.Kind == "first-answer" {
		d.hasty = make([]bool, p.People)
		r := random.New(seed, "society/hasty")
		for i := range d.hasty {
			d.hasty[i] = r.Float64() < s.Attack.Share
		}
	}
	return d
}

// budgetMargin is how much wider the budget that an intent shows is than what
// the person would pay, in deviations of one vendor's jobs: so that one who
// usually asks more, and for this job less, still answers.
const budgetMargin = 3

// market is one step's: all intents are drawn, those of who takes part are cast
// in the network, and each is settled.
func (w *world) market(ctx context.Context, step int, now *row) error {
	intents := w.p.demand(w.s.People, w.streams.demand)
	leads := w.p.platform(w.s.Market, intents, w.streams.platform)
	var cast []Intent
	for _, in := range intents {
		if w.crowd.In[in.Person] {
			in.Most += float64(budgetMargin * w.p.each)
			cast = append(cast, in)
		}
	}
	var fates []Fate
	if len(cast) > 0 {
		var err error
		if fates, err = w.medium.Trade(ctx, step, cast); err != nil {
			return fmt.Errorf("trade: %w", err)
		}
		if len(fates) != len(cast) {
			return fmt.Errorf("trade: %d intents were cast and %d have a fate", len(cast), len(fates))
		}
	}
	clear(w.desk.load)
	for i, in := range intents {
		x := wish{Intent: in, step: step, number: i, lead: leads[i]}
		var fate *Fate
		if w.crowd.In[in.Person] {
			fate, fates = &fates[0], fates[1:]
			x.offers = fate.Offers
			w.heard(in, fate, now)
		}
		w.end(x, w.desk.settle(x), fate, now)
	}
	return nil
}

// heard notes how far an intent came in the network.
func (w *world) heard(in Intent, f *Fate, now *row) {
	now.cast++
	if w.reckon.here[w.p.sellers.cell(in.Category, in.Place)] > 0 {
		now.served++
	}
	if len(f.Offers) > 0 {
		now.answered++
	}
	now.heard += f.Heard
	now.offers += len(f.Offers)
	now.linked += f.Linked
	for _, d := range f.Delays {
		w.delay.add(d.Seconds())
	}
}

// end notes how an intent ended, and who has learned whose it was beside the
// vendor that it was settled with: of those in the network, who could link it
// to its author's node, or of a fourth party's clients only the fourth party;
// and the incumbent, unless the network was enough.
func (w *world) end(x wish, d deal, fate *Fate, now *row) {
	now.settled(x.Intent, d)
	if len(w.p.sellers.in(x.Category, x.Place)) > 0 {
		now.sold++
	}
	switch {
	case fate == nil:
	case w.p.Fourth[x.Person]:
		now.known++
	default:
		now.known += fate.Linked
	}
	if w.s.Market.Incumbent > 0 && d.way != byNetwork {
		now.known++
		now.knownIncumbent++
	}
	if fate == nil {
		return
	}
	now.personWon += d.personWon
	now.vendorWon += d.vendorWon
	w.had[x.Person] += d.personWon
	if d.way == byNetwork {
		w.had[int(d.vendor)+w.p.People] += d.vendorWon
		w.answer.add(d.after.Seconds())
		w.paid.add(d.price)
	}
}
