package society

import "github.com/parley-network/parley/sim/outcome"

// outcome is what the run found.
func (w *world) outcome(seed uint64) outcome.Outcome {
	out := outcome.Outcome{Values: w.values(), Series: series(w.s.Record, w.rows)}
	for _, h := range []struct {
		name string
		of   *histogram
	}{{"delay_seconds", &w.delay}, {"answer_seconds", &w.answer}, {"price_network", &w.paid}} {
		if h.of.count > 0 {
			out.Samples = append(out.Samples, h.of.sample(h.name))
		}
	}
	if w.s.Record.Spread > 0 {
		out.Spread = w.spread(seed)
	}
	return out
}

// alive counts the places in which, at the end, at least a tenth of the people
// take part and at least one intent could be served.
func (w *world) alive() int {
	people, inside := make([]int, w.p.sellers.places), make([]int, w.p.sellers.places)
	for a, at := range w.p.Place[:w.p.People] {
		people[at]++
		if w.crowd.In[a] {
			inside[at]++
		}
	}
	served := make([]bool, len(people))
	for v := range w.p.Vendors {
		if w.crowd.In[w.p.People+v] {
			for _, at := range w.p.places[v] {
				served[at] = true
			}
		}
	}
	n := 0
	for at := range people {
		if people[at] > 0 && served[at] && 10*inside[at] >= people[at] {
			n++
		}
	}
	return n
}

// peopleSteps and vendorSteps add up how many took part in each step since one.
func (w *world) peopleSteps(since int) float64 {
	n := 0
	for _, a := range w.rows[since:] {
		n += a.people
	}
	return float64(n)
}

func (w *world) vendorSteps(since int) float64 {
	n := 0
	for _, a := range w.rows[since:] {
		n += a.vendors
	}
	return float64(n)
}
