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
		came := a.joined // who began did not come in a step
		if i == 0 {
			came -= w.seeds
		}
		if came > most {
			most, peakAt = came, a.step
		}
	}
	since := len(w.rows) * 3 / 4
	var v values
	v.per("peak_share", float64(peak), float64(w.p.People+w.p.Vendors))
	v.tell("peak_step", float64(peakAt))
	w.takingPart(&v, &all)
	bought(&v, &all, &end)
	paid(&v, &all)
	v.per("gain_person", end.personWon-end.effort, w.peopleSteps(since))
	v.per("gain_vendor", end.vendorWon-end.upkeep, w.vendorSteps(since))
	v.per("linked_mean", float64(all.linked), float64(all.cast))
	v.per("known", float64(all.known), float64(all.intents))
	v.per("known_incumbent", float64(all.knownIncumbent), float64(all.intents))
	v.per("messages_each", float64(all.costs.Copies), nodeSteps)
	v.per("bytes_each", float64(all.costs.Bytes), nodeSteps)
	v.per("copies", float64(all.costs.Copies), float64(all.costs.Delivered))
	v.tell("forged", float64(all.costs.Forged))
	v.tell("refused", float64(all.costs.Refused))
	w.delays(&v)
	return v
}

// takingPart is who is inside at the end, and who came and went.
func (w *world) takingPart(v *values, all *row) {
	v.tell("participants", float64(all.people+all.vendors))
	v.per("people_share", float64(all.people), float64(w.p.People))
	v.per("vendors_share", float64(all.vendors), float64(w.p.Vendors))
	v.tell("joined", float64(all.joined))
	v.tell("left", float64(all.left))
	v.per("growth", float64(all.people+all.vendors), float64(w.seeds))
	v.tell("places_alive", float64(w.alive()))
}

// bought is how intents ended.
func bought(v *values, all, end *row) {
	v.tell("intents", float64(all.intents))
	v.tell("filled_network", float64(all.ended[byNetwork]))
	v.tell("filled_incumbent", float64(all.ended[byIncumbent]))
	v.tell("unfilled", float64(all.ended[unfilled]))
	intents, cast := float64(all.intents), float64(all.cast)
	v.per("fill_network", float64(all.ended[byNetwork]), intents)
	v.per("fill_incumbent", float64(all.ended[byIncumbent]), intents)
	v.per("fill_none", float64(all.ended[unfilled]), intents)
	v.per("sold_share", float64(all.sold), intents)
	v.per("fill_members", float64(all.ended[byNetwork]), cast)
	v.per("served_share", float64(all.served), cast)
	v.per("answered_share", float64(all.answered), cast)
	v.per("heard_mean", float64(all.heard), cast)
	v.per("offers_mean", float64(all.offers), cast)
	v.per("misled_share", float64(all.misled), cast)
	v.per("end_fill_network", float64(end.ended[byNetwork]), float64(end.intents))
	v.per("end_fill_members", float64(end.ended[byNetwork]), float64(end.cast))
}

// paid is who had what of the money.
func paid(v *values, all *row) {
	v.per("price_network", all.networkPaid, float64(all.ended[byNetwork]))
	v.per("price_incumbent", all.incumbentPaid, float64(all.ended[byIncumbent]))
	v.per("surplus", all.surplus, float64(all.intents))
	v.tell("worth_total", all.worth)
	v.tell("paid_total", all.paid)
	v.tell("surplus_total", all.surplus)
	v.tell("vendors_total", all.taken)
	v.tell("fees_total", all.fees)
	v.tell("subsidy_total", all.subsidies)
}

// values are told in order; a ratio of nothing to nothing is left out.
type values []outcome.Value

func (v *values) tell(name string, x float64) {
	*v = append(*v, outcome.Value{Name: name, Number: x})
}

func (v *values) per(name string, a, b float64) {
	if b != 0 {
		v.tell(name, a/b)
	}
}

// delays are quantiles, where there is anything of which.
func (w *world) delays(v *values) {
	for _, q := range []struct {
		name string
		of   *histogram
		at   float64
	}{
		{"delay_p50_seconds", &w.delay, .5}, {"delay_p90_seconds", &w.delay, .9}, {"delay_p99_seconds", &w.delay, .99},
		{"answer_p50_seconds", &w.answer, .5}, {"answer_p99_seconds", &w.answer, .99},
	} {
		if q.of.count > 0 {
			v.tell(q.name, q.of.quantile(q.at))
		}
	}
}
