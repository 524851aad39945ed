package society

import (
	"math"

	"github.com/parley-network/parley/sim/outcome"
	"github.com/parley-network/parley/sim/random"
)

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

// spread picks agents, draws them around their towns, and tells when each
// joined and left. The towns lie as the seeds of a sunflower do, and the agents
// of one within its share of the plane.
func (w *world) spread(seed uint64) *outcome.Spread {
	picked := w.pick()
	number := make(map[int32]int32, len(picked))
	out := &outcome.Spread{}
	r := random.New(seed, "society/plane")
	towns, around := sunflower(w.p.sellers.places), sunflower(1000)
	size := 0.8 / math.Sqrt(float64(len(towns)))
	for i, a := range picked {
		number[a] = int32(i)
		town, at := towns[w.p.Place[a]], around[r.IntN(len(around))]
		out.X = append(out.X, float32(inside(town[0]+float64(size*(at[0]-0.5)))))
		out.Y = append(out.Y, float32(inside(town[1]+float64(size*(at[1]-0.5)))))
		out.Joined = append(out.Joined, int(w.joined[a]))
		out.Left = append(out.Left, int(w.left[a]))
		out.Vendor = append(out.Vendor, int(a) >= w.p.People)
	}
	for i, a := range picked {
		for _, b := range w.crowd.Graph.Neighbours(a) {
			if j, ok := number[b]; ok && int32(i) < j {
				out.Edges = append(out.Edges, [2]int32{int32(i), j})
			}
		}
	}
	return out
}

func inside(x float64) float64 { return min(max(x, 0), 1) }

// sunflower places n points evenly on a disc within the unit square: Vogel, "A
// better way to construct the sunflower head" (1979). Each is the one before
// turned by the golden angle.
func sunflower(n int) [][2]float64 {
	const cos, sin = -0.7373688780783197, 0.6754902942615238
	out := make([][2]float64, n)
	x, y := 1.0, 0.0
	for k := range out {
		r := 0.48 * math.Sqrt((float64(k)+0.5)/float64(n))
		out[k] = [2]float64{0.5 + float64(r*x), 0.5 + float64(r*y)}
		x, y = float64(x*cos)-float64(y*sin), float64(x*sin)+float64(y*cos)
	}
	return out
}

// pick chooses as many agents as are recorded: all, or those nearest in the
// network to who began, so that the edges among them are many.
func (w *world) pick() []int32 {
	n, want := len(w.joined), min(w.s.Record.Spread, len(w.joined))
	seen := make([]bool, n)
	var out []int32
	take := func(a int32) {
		if !seen[a] && len(out) < want {
			seen[a] = true
			out = append(out, a)
		}
	}
	next := 0
	grow := func() {
		for ; next < len(out) && len(out) < want; next++ {
			for _, b := range w.crowd.Graph.Neighbours(out[next]) {
				take(b)
			}
		}
	}
	if !w.crowd.Graph.Whole {
		for a, at := range w.joined {
			if at == 0 && len(out) < max(1, want/10) {
				take(int32(a))
			}
		}
		grow()
	}
	stride := max(1, n/want)
	for from := range stride {
		for a := from; a < n && len(out) < want; a += stride {
			take(int32(a))
			grow()
		}
	}
	return out
}
