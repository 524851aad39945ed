package society

import (
	"slices"
	"time"
)

// way is how an intent ended: in exactly one of these.
type way uint8

const (
	unfilled way = iota
	byNetwork
	byIncumbent
)

// deal is how one intent ended, in money.
type deal struct {
	way    way
	vendor int32 // from 0; -1: none
	price  float64
	fee    float64 // what the incumbent kept of the price
	after  time.Duration
	misled bool // by a vendor that promised what it did not hold to
	// PersonWon and vendorWon are what the network was worth to each, over what
	// the incumbent alone would have given.
	personWon, vendorWon float64
}

// bid is an offer as the person weighs it.
type bid struct {
	vendor int32
	after  time.Duration
	ask
}

// desk settles a step's intents: who buys of whom, by which way.
type desk struct {
	p        *Population
	jobs     *jobs
	capacity int32     // orders a vendor serves in a step; 0: any number
	load     []int32   // orders of this step
	costs    []float64 // what a step takes of each agent that takes part
	hasty    []bool    // people who take the first answer; nil: nobody
	fee      float64
	shunned  map[int32][]int32 // vendors a person was misled by
	common   []int32           // those the fourth parties know of
}

// wish is an intent and what came of it, as far as the desk must know.
type wish struct {
	Intent
	step, number int
	offers       []Offer
	lead         int32 // the vendor that the incumbent sells the lead to; -1: none
}

func (d *desk) free(vendor int32) bool {
	return d.capacity == 0 || d.load[vendor] < d.capacity
}

// settle ends an intent. The person takes whichever costs less, at most what
// the thing is worth to it. Who takes the first answer looks no further.
func (d *desk) settle(w wish) deal {
	lead := bid{vendor: -1}
	alone := 0.0 // what the person would gain without the network
	if w.lead >= 0 && d.free(w.lead) {
		a := d.p.ask(w.lead, d.jobs.more(w.step, w.number, w.lead))
		if a.quote = a.price / (1 - d.fee); a.quote <= w.Most {
			lead = bid{vendor: w.lead, ask: a}
			alone = w.Most - a.quote
		}
	}
	first, next := d.best(w)
	switch {
	case first.vendor >= 0 && (d.first(w.Person) || lead.vendor < 0 || first.quote <= lead.quote):
		return d.buy(w.Intent, first, next, lead, alone)
	case lead.vendor >= 0:
		d.load[lead.vendor]++
		return deal{way: byIncumbent, vendor: lead.vendor, price: lead.quote, fee: lead.quote - lead.price}
	}
	return deal{vendor: -1}
}

// buy settles with b; next would have been the next. One who lied names the
// true price only now, when the others' answers have lapsed; the person pays it
// if the thing is worth that, and has learned.
func (d *desk) buy(in Intent, b, next, lead bid, alone float64) deal {
	out := deal{way: byNetwork, vendor: b.vendor, price: b.price, after: b.after}
	if b.price > b.quote {
		d.shun(in.Person, b.vendor)
		out.misled = true
		if b.price > in.Most {
			return deal{vendor: -1, misled: true, personWon: -alone}
		}
	}
	d.load[b.vendor]++
	out.personWon = in.Most - b.price - alone
	// Had it not been in the network, the incumbent might have sold it the lead.
	anyway := lead.vendor == b.vendor && (next.vendor < 0 || lead.quote < next.quote)
	if !anyway {
		out.vendorWon = b.price - b.cost
	}
	return out
}

// best are the bids that the person would take first and next, of those it may
// take: by price, or by time if it takes the first. Without one, vendor is -1.
func (d *desk) best(w wish) (first, next bid) {
	first.vendor, next.vendor = -1, -1
	hasty := d.first(w.Person)
	for _, o := range w.offers {
		v := o.Vendor - int32(d.p.People)
		if !d.free(v) || d.shuns(w.Person, v) {
			continue
		}
		b := bid{v, o.After, d.p.ask(v, d.jobs.more(w.step, w.number, v))}
		switch {
		case b.quote > w.Most:
		case b.before(first, hasty):
			first, next = b, first
		case b.before(next, hasty):
			next = b
		}
	}
	return first, next
}

// before tells whether a person would rather take b than c.
func (b bid) before(c bid, hasty bool) bool {
	switch {
	case c.vendor < 0:
		return true
	case !hasty && b.quote != c.quote:
		return b.quote < c.quote
	case b.after != c.after:
		return b.after < c.after
	}
	return b.vendor < c.vendor
}

// first tells whether the person takes the first answer; a fourth party never
// does.
func (d *desk) first(person int32) bool {
	return d.hasty != nil && d.hasty[person] && !d.p.Fourth[person]
}

// shun has a person, or all fourth parties together, deal no more with one who
// misled it.
func (d *desk) shun(person, vendor int32) {
	if d.p.Fourth[person] {
		d.common = append(d.common, vendor)
		return
	}
	d.shunned[person] = append(d.shunned[person], vendor)
}

func (d *desk) shuns(person, vendor int32) bool {
	if d.p.Fourth[person] {
		return slices.Contains(d.common, vendor)
	}
	return len(d.shunned) > 0 && slices.Contains(d.shunned[person], vendor)
}
