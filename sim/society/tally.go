package society

// row is what one step, or a stretch of steps, added up to.
type row struct {
	step            int
	people, vendors int // taking part, after joining and leaving
	joined, left    int

	// Of all intents.
	intents, sold                     int
	ended                             [3]int // by way
	misled                            int
	worth, paid, fees, surplus        float64
	networkPaid, incumbentPaid, taken float64
	known, knownIncumbent             int
	// Of those cast in the network.
	cast, served, answered    int
	heard, offers, linked     int
	personWon, vendorWon      float64
	effort, upkeep, subsidies float64
	costs                     Costs
}

// add makes of two stretches one; who takes part is the later one's.
func (a *row) add(b *row) {
	a.step, a.people, a.vendors = b.step, b.people, b.vendors
	a.joined += b.joined
	a.left += b.left
	a.intents += b.intents
	a.sold += b.sold
	for i := range a.ended {
		a.ended[i] += b.ended[i]
	}
	a.misled += b.misled
	a.worth += b.worth
	a.paid += b.paid
	a.fees += b.fees
	a.surplus += b.surplus
	a.networkPaid += b.networkPaid
	a.incumbentPaid += b.incumbentPaid
	a.taken += b.taken
	a.known += b.known
	a.knownIncumbent += b.knownIncumbent
	a.cast += b.cast
	a.served += b.served
	a.answered += b.answered
	a.heard += b.heard
	a.offers += b.offers
	a.linked += b.linked
	a.personWon += b.personWon
	a.vendorWon += b.vendorWon
	a.effort += b.effort
	a.upkeep += b.upkeep
	a.subsidies += b.subsidies
	a.costs.Delivered += b.costs.Delivered
	a.costs.Copies += b.costs.Copies
	a.costs.Bytes += b.costs.Bytes
	a.costs.Forged += b.costs.Forged
	a.costs.Refused += b.costs.Refused
}

// settled notes how an intent ended.
func (a *row) settled(in Intent, d deal) {
	a.intents++
	a.ended[d.way]++
	if d.misled {
		a.misled++
	}
	if d.way == unfilled {
		return
	}
	a.worth += in.Most
	a.paid += d.price
	a.fees += d.fee
	a.taken += d.price - d.fee
	a.surplus += in.Most - d.price
	if d.way == byNetwork {
		a.networkPaid += d.price
	} else {
		a.incumbentPaid += d.price
	}
}

// ratio is a/b, and 0 where there is nothing to divide by.
func ratio(a, b float64) float64 {
	if b == 0 {
		return 0
	}
	return a / b
}

func share(a, b int) float64 { return ratio(float64(a), float64(b)) }
