package society

import (
	"slices"

	"github.com/parley-network/parley/sim/outcome"
	"github.com/parley-network/parley/sim/scenario"
)

// measure is one quantity that is kept by step.
type measure struct {
	name string
	of   func(a *row) float64
}

// measures are the series, in the order they are kept. What they mean is told
// in the package's comment.
var measures = []measure{
	{"participants", func(a *row) float64 { return float64(a.people + a.vendors) }},
	{"people", func(a *row) float64 { return float64(a.people) }},
	{"vendors", func(a *row) float64 { return float64(a.vendors) }},
	{"joined", func(a *row) float64 { return float64(a.joined) }},
	{"left", func(a *row) float64 { return float64(a.left) }},
	{"intents", func(a *row) float64 { return float64(a.intents) }},
	{"fill_network", func(a *row) float64 { return share(a.ended[byNetwork], a.intents) }},
	{"fill_incumbent", func(a *row) float64 { return share(a.ended[byIncumbent], a.intents) }},
	{"fill_none", func(a *row) float64 { return share(a.ended[unfilled], a.intents) }},
	{"fill_members", func(a *row) float64 { return share(a.ended[byNetwork], a.cast) }},
	{"served_share", func(a *row) float64 { return share(a.served, a.cast) }},
	{"answered_share", func(a *row) float64 { return share(a.answered, a.cast) }},
	{"price_network", func(a *row) float64 { return ratio(a.networkPaid, float64(a.ended[byNetwork])) }},
	{"price_incumbent", func(a *row) float64 { return ratio(a.incumbentPaid, float64(a.ended[byIncumbent])) }},
	{"surplus", func(a *row) float64 { return ratio(a.surplus, float64(a.intents)) }},
	{"gain_person", func(a *row) float64 { return ratio(a.personWon-a.effort, float64(a.people)) }},
	{"gain_vendor", func(a *row) float64 { return ratio(a.vendorWon-a.upkeep, float64(a.vendors)) }},
	{"known", func(a *row) float64 { return share(a.known, a.intents) }},
	{"known_incumbent", func(a *row) float64 { return share(a.knownIncumbent, a.intents) }},
	{"messages_each", func(a *row) float64 { return ratio(float64(a.costs.Copies), float64(a.people+a.vendors)) }},
	{"bytes_each", func(a *row) float64 { return ratio(float64(a.costs.Bytes), float64(a.people+a.vendors)) }},
}

// SeriesNames are the series that can be recorded, in order.
func SeriesNames() []string {
	out := make([]string, len(measures))
	for i, m := range measures {
		out[i] = m.name
	}
	return out
}

// series draws those asked for out of the steps, each so many.
func series(rec scenario.Record, rows []row) []outcome.Series {
	every := max(1, rec.Every)
	var out []outcome.Series
	for _, m := range measures {
		if len(rec.Series) > 0 && !slices.Contains(rec.Series, m.name) {
			continue
		}
		s := outcome.Series{Name: m.name}
		for i := range rows {
			if i%every == 0 || i == len(rows)-1 {
				s.Step, s.At = append(s.Step, rows[i].step), append(s.At, m.of(&rows[i]))
			}
		}
		out = append(out, s)
	}
	return out
}

// values are the run's row: of all steps, and what must be of the end, of the
// last quarter.
func (w *world) values() []outcome.Value {
	var all, end row
	nodeSteps, peak, peakAt, most := 0.0, 0, 0, 0
	for i := range w.rows {
		a := &w.rows[i]
		all.add(a)
		if i >= len(w.rows)*3/4 {
			end.add(a)
		}
		nodeSteps += float64(a.people + a.vendors)
		peak = max(peak, a.people+a.vendors)
		if a.joined > most {
			most, peakAt = a.joined, a.step
		}
	}
	agents := float64(w.p.People + w.p.Vendors)
	cast := float64(all.cast)
	out := []outcome.Value{
		{Name: "participants", Number: float64(all.people + all.vendors)},
		{Name: "people_share", Number: share(all.people, w.p.People)},
		{Name: "vendors_share", Number: share(all.vendors, w.p.Vendors)},
		{Name: "peak_share", Number: float64(peak) / agents},
		{Name: "peak_step", Number: float64(peakAt)},
		{Name: "joined", Number: float64(all.joined)},
		{Name: "left", Number: float64(all.left)},
		{Name: "growth", Number: ratio(float64(all.people+all.vendors), float64(w.seeds))},
		{Name: "places_alive", Number: float64(w.alive())},
		{Name: "intents", Number: float64(all.intents)},
		{Name: "filled_network", Number: float64(all.ended[byNetwork])},
		{Name: "filled_incumbent", Number: float64(all.ended[byIncumbent])},
		{Name: "unfilled", Number: float64(all.ended[unfilled])},
		{Name: "fill_network", Number: share(all.ended[byNetwork], all.intents)},
		{Name: "fill_incumbent", Number: share(all.ended[byIncumbent], all.intents)},
		{Name: "fill_none", Number: share(all.ended[unfilled], all.intents)},
		{Name: "sold_share", Number: share(all.sold, all.intents)},
		{Name: "fill_members", Number: share(all.ended[byNetwork], all.cast)},
		{Name: "served_share", Number: share(all.served, all.cast)},
		{Name: "answered_share", Number: share(all.answered, all.cast)},
		{Name: "heard_mean", Number: ratio(float64(all.heard), cast)},
		{Name: "offers_mean", Number: ratio(float64(all.offers), cast)},
		{Name: "misled_share", Number: share(all.misled, all.cast)},
		{Name: "end_fill_network", Number: share(end.ended[byNetwork], end.intents)},
		{Name: "end_fill_members", Number: share(end.ended[byNetwork], end.cast)},
		{Name: "price_network", Number: ratio(all.networkPaid, float64(all.ended[byNetwork]))},
		{Name: "price_incumbent", Number: ratio(all.incumbentPaid, float64(all.ended[byIncumbent]))},
		{Name: "surplus", Number: ratio(all.surplus, float64(all.intents))},
		{Name: "worth_total", Number: all.worth},
		{Name: "paid_total", Number: all.paid},
		{Name: "surplus_total", Number: all.surplus},
		{Name: "vendors_total", Number: all.taken},
		{Name: "fees_total", Number: all.fees},
		{Name: "subsidy_total", Number: all.subsidies},
		{Name: "gain_person", Number: ratio(end.personWon-end.effort, w.peopleSteps(len(w.rows)*3/4))},
		{Name: "gain_vendor", Number: ratio(end.vendorWon-end.upkeep, w.vendorSteps(len(w.rows)*3/4))},
		{Name: "linked_mean", Number: ratio(float64(all.linked), cast)},
		{Name: "known", Number: share(all.known, all.intents)},
		{Name: "known_incumbent", Number: share(all.knownIncumbent, all.intents)},
		{Name: "messages_each", Number: ratio(float64(all.costs.Copies), nodeSteps)},
		{Name: "bytes_each", Number: ratio(float64(all.costs.Bytes), nodeSteps)},
		{Name: "copies", Number: ratio(float64(all.costs.Copies), float64(all.costs.Delivered))},
		{Name: "forged", Number: float64(all.costs.Forged)},
		{Name: "refused", Number: float64(all.costs.Refused)},
	}
	return append(out, w.delays()...)
}

// delays are quantiles, where there is anything of which.
func (w *world) delays() []outcome.Value {
	var out []outcome.Value
	for _, q := range []struct {
		name string
		of   *histogram
		at   float64
	}{
		{"delay_p50_seconds", &w.delay, .5}, {"delay_p90_seconds", &w.delay, .9}, {"delay_p99_seconds", &w.delay, .99},
		{"answer_p50_seconds", &w.answer, .5}, {"answer_p99_seconds", &w.answer, .99},
	} {
		if q.of.count > 0 {
			out = append(out, outcome.Value{Name: q.name, Number: q.of.quantile(q.at)})
		}
	}
	return out
}
