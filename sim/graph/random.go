package graph

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/parley-network/parley/sim/random"
)

// ErdosRenyi returns G(n, p), in which each pair is an edge with probability p
// (Gilbert, Annals of Mathematical Statistics 30, 1959), in a time proportional
// to the edges (Batagelj and Brandes, Physical Review E 71, 2005).
func ErdosRenyi(n int, p float64, r *rand.Rand) (*Graph, error) {
	if !(p >= 0 && p <= 1) {
		return nil, fmt.Errorf("erdos-renyi of probability %v: want 0 to 1", p)
	}
	expected := float64(n) / 2 * float64(n-1) * p
	if expected > 0.99*Most {
		return nil, tooMany(expected)
	}
	h := newHalf(n, int(expected+float64(4*math.Sqrt(expected))))
	skip := random.NewSkip(p)
	w := skip.Next(r)
	for v := range int64(n) {
		for ; w < v; w = after(w, skip.Next(r)) {
			h.lower = append(h.lower, int32(w))
		}
		w -= v
		h.end()
	}
	return h.graph(), nil
}

// after is the trial that follows w and so many failures, with no overflow.
func after(w, failures int64) int64 {
	if failures > math.MaxInt64/2 {
		return math.MaxInt64
	}
	return w + failures + 1
}

// BarabasiAlbert returns a network that grows by preferential attachment: each
// newcomer knows m different nodes, chosen with a probability proportional to
// how many they know already (Barabási and Albert, Science 286, 1999). It
// begins with m+1 who all know each other. A node of n knows m or more.
func BarabasiAlbert(n, m int, r *rand.Rand) (*Graph, error) {
	if m < 1 || n <= m {
		return nil, fmt.Errorf("barabasi-albert with %d of %d: want 1 to fewer than all", m, n)
	}
	edges := float64(n)*float64(m) - float64(m)*float64(m+1)/2
	if edges > Most {
		return nil, tooMany(edges)
	}
	h := newHalf(n, int(edges))
	var first []int32 // who came with each edge of the beginning
	for v := range m + 1 {
		for w := range v {
			h.lower, first = append(h.lower, int32(w)), append(first, int32(v))
		}
		h.end()
	}
	for v := m + 1; v < n; v++ {
		from := len(h.lower)
		ends := uint64(2 * from)
		for len(h.lower) < from+m {
			// An end of any edge, all alike, is a node by its degree.
			e := r.Uint64N(ends)
			var w int32
			switch edge := int(e / 2); {
			case e%2 == 0:
				w = h.lower[edge]
			case edge < len(first):
				w = first[edge]
			default:
				w = int32(m + 1 + (edge-len(first))/m)
			}
			if !slices.Contains(h.lower[from:], w) {
				h.lower = append(h.lower, w)
			}
		}
		slices.Sort(h.lower[from:])
		h.end()
	}
	return h.graph(), nil
}

// WattsStrogatz returns a small world: a ring in which each node knows the
// degree/2 nearest on each side, and each edge's far end is moved with
// probability rewire to a node drawn at random, never to itself nor to one that
// it knows (Watts and Strogatz, Nature 393, 1998). Degree is even and less than
// n−1.
func WattsStrogatz(n, degree int, rewire float64, r *rand.Rand) (*Graph, error) {
	switch {
	case degree < 0 || degree%2 != 0 || degree > 0 && degree >= n-1:
		return nil, fmt.Errorf("watts-strogatz of %d with degree %d: want an even number below %d", n, degree, n-1)
	case !(rewire >= 0 && rewire <= 1):
		return nil, fmt.Errorf("watts-strogatz with a share rewired of %v: want 0 to 1", rewire)
	case float64(n)*float64(degree)/2 > Most:
		return nil, tooMany(float64(n) * float64(degree) / 2)
	}
	k := degree / 2
	from, to := make([]int32, n*k), make([]int32, n*k)
	for v := range n {
		for j := range k {
			from[v*k+j], to[v*k+j] = int32(v), int32((v+j+1)%n)
		}
	}
	knows := func(v, w int32) bool {
		return slices.Contains(to[int(v)*k:int(v+1)*k], w) || slices.Contains(to[int(w)*k:int(w+1)*k], v)
	}
	// The nearest neighbours of all first, then the second: as in the paper.
	for j := range k {
		for v := range int32(n) {
			if r.Float64() >= rewire {
				continue
			}
			w := int32(r.IntN(n))
			for w == v || knows(v, w) {
				w = int32(r.IntN(n))
			}
			to[int(v)*k+j] = w
		}
	}
	return fromEdges(n, from, to), nil
}
