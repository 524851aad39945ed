package society

import (
	"math"
	"math/rand/v2"

	"github.com/parley-network/parley/sim/random"
	"github.com/parley-network/parley/sim/scenario"
)

// prices are what vendors ask. The scenario's spread is half between vendors
// and half between one vendor's jobs (in variance), since no two intents are
// the same work: so the cheapest vendor does not win them all.
type prices struct {
	level         []float64
	colludes, lie []bool
	mean, each    float64 // of all, and the deviation of one vendor's jobs
	margin        float64
	raised        float64 // what a cartel asks
}

// ask is a vendor's for one job: what it says first, what it takes, and what
// the job costs it.
type ask struct{ quote, price, cost float64 }

func drawPrices(s scenario.Scenario, r *rand.Rand) prices {
	v, n := s.Vendors, s.Vendors.Count
	x := prices{
		level: make([]float64, n), colludes: make([]bool, n), lie: make([]bool, n),
		mean: v.Price, each: v.Spread / math.Sqrt2, margin: v.Margin, raised: cartelPrice(s),
	}
	for i := range n {
		x.level[i] = random.Normal(r, v.Price, x.each)
		bad := r.Float64() < s.Attack.Share
		x.colludes[i] = bad && s.Attack.Kind == "collude"
		x.lie[i] = bad && s.Attack.Kind == "lie"
	}
	return x
}

// ask is what a vendor, from 0, asks for a job that is so much more work than
// its usual. An honest price is at least a tenth of the mean, and leaves the
// margin. One who colludes asks no less than one seller of everything would;
// one who lies says half of an honest price, and takes what a cartel would.
func (x *prices) ask(vendor int32, more float64) ask {
	fair := max(x.level[vendor]+more, x.mean/10)
	a := ask{quote: fair, price: fair, cost: float64(fair * (1 - x.margin))}
	switch {
	case x.colludes[vendor]:
		a.price = max(fair, x.raised)
		a.quote = a.price
	case x.lie[vendor]:
		a.quote, a.price = fair/2, max(fair, x.raised)
	}
	return a
}

// cartelPrice is what one seller of everything would ask: the price p with the
// greatest (p − cost)·P(worth ≥ p), where worth is Normal and cost what a mean
// price leaves beside its margin. It is found to a hundredth of the mean price.
func cartelPrice(s scenario.Scenario) float64 {
	mean := s.Vendors.Price
	cost := float64(mean * (1 - s.Vendors.Margin))
	best, most := mean, 0.0
	for k := 1; k <= 500; k++ {
		price := float64(mean*float64(k)) / 100
		if won := float64((price - cost) * willing(s.People, price)); won > most {
			best, most = price, won
		}
	}
	return best
}

// willing is the share of intents worth at least a price.
func willing(p scenario.People, price float64) float64 {
	if p.Spread > 0 {
		return above((price - p.Worth) / p.Spread)
	}
	if price <= p.Worth {
		return 1
	}
	return 0
}

// above is the share of a standard Normal above z, by the logistic curve that
// lies within 0.0002 of it (Bowling and others, "A logistic approximation to
// the cumulative normal distribution", 2009).
func above(z float64) float64 {
	cube := float64(float64(z*z) * z)
	return 1 / (1 + random.Exp(float64(0.07056*cube)+float64(1.5976*z)))
}

// jobs tells how much more than usual a job is to a vendor, the same whenever
// it is asked.
type jobs struct {
	seed      uint64
	deviation float64
	source    rand.PCG
	draw      *rand.Rand
}

func newJobs(seed uint64, deviation float64) *jobs {
	j := &jobs{seed: random.Seed(seed, "society/jobs"), deviation: deviation}
	j.draw = rand.New(&j.source)
	return j
}

func (j *jobs) more(step, intent int, vendor int32) float64 {
	if !(j.deviation > 0) {
		return 0
	}
	j.source.Seed(j.seed^uint64(step)<<32^uint64(vendor), j.seed+uint64(intent))
	j.draw.Uint64() // neighbouring seeds' first numbers are alike
	return random.Normal(j.draw, 0, j.deviation)
}
