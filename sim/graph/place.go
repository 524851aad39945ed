package graph

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/parley-network/parley/sim/random"
)

// Block returns a stochastic block model with a town as a block (Holland,
// Laskey and Leinhardt, Social Networks 5, 1983): of edges with a mean of
// degree a node, the share within joins two of one town. Two of one town are
// an edge with a probability that gives each town's people the same mean; two
// of different towns, all with the same. In a town too small for that everybody
// knows each other, and the edges it lacks go to those between towns.
func Block(places []int32, degree, within float64, r *rand.Rand) (*Graph, error) {
	n := len(places)
	switch {
	case !(degree >= 0):
		return nil, fmt.Errorf("block of degree %v: want 0 or more", degree)
	case !(within >= 0 && within <= 1):
		return nil, fmt.Errorf("block with a share within of %v: want 0 to 1", within)
	case float64(n)*degree/2 > 0.99*Most:
		return nil, tooMany(float64(n) * degree / 2)
	}
	order, ends := towns(places)
	pairs := 0.0 // of different towns
	lacking := float64(float64(n)*degree) * (1 - within) / 2
	from := 0
	for _, end := range ends {
		size := float64(end - from)
		pairs += float64(size * float64(from))
		lacking += float64(size*max(float64(degree*within)-(size-1), 0)) / 2
		from = end
	}
	if lacking > pairs*(1+1e-9) {
		return nil, fmt.Errorf("block of degree %v, %v within: the %d towns have %.0f pairs of people between them, for %.0f edges",
			degree, within, len(ends), pairs, lacking)
	}
	between := random.NewSkip(min(lacking/max(pairs, 1), 1))
	var a, b []int32
	from = 0
	for _, end := range ends {
		size := int64(end - from)
		inside := random.NewSkip(min(degree*within/max(float64(size-1), 1), 1))
		for v, w := int64(1), inside.Next(r); v < size; v++ {
			for ; w < v; w = after(w, inside.Next(r)) {
				a, b = append(a, order[int64(from)+v]), append(b, order[int64(from)+w])
			}
			w -= v
		}
		for i, all := between.Next(r), size*int64(from); i < all; i = after(i, between.Next(r)) {
			a, b = append(a, order[int64(from)+i/int64(from)]), append(b, order[i%int64(from)])
		}
		from = end
	}
	return fromEdges(n, a, b), nil
}

// towns returns the agents by town, and where each town ends among them.
func towns(places []int32) (order []int32, ends []int) {
	order = make([]int32, len(places))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortStableFunc(order, func(a, b int32) int { return cmp.Compare(places[a], places[b]) })
	for i := range order {
		if i+1 == len(order) || places[order[i]] != places[order[i+1]] {
			ends = append(ends, i+1)
		}
	}
	return order, ends
}

// Geographic returns a random geometric network (Gilbert, Journal of the SIAM
// 9, 1961): nodes anywhere in a square of side 1, all alike, and two know each
// other within the distance that gives the mean degree. X and Y are where they
// are. The people of a town live together, on a stretch of Hilbert's curve
// through the square, in an area proportional to their number.
func Geographic(places []int32, degree float64, r *rand.Rand) (*Graph, error) {
	n := len(places)
	reach, err := reachOf(n, degree)
	if err != nil {
		return nil, err
	}
	order, _ := towns(places)
	points := make([]point, n)
	for i := range points {
		points[i] = newPoint(r.Float64(), r.Float64())
	}
	slices.SortFunc(points, func(a, b point) int { return cmp.Compare(a.along, b.along) })
	x, y := make([]float32, n), make([]float32, n)
	for i, p := range points {
		x[order[i]], y[order[i]] = p.x, p.y
	}
	a, b := near(x, y, reach)
	g := fromEdges(n, a, b)
	g.X, g.Y = x, y
	return g, nil
}

// reachOf solves (n−1)·P(reach) = degree, where two points of the unit square
// are within reach ≤ 1 with probability P = πr² − 8r³/3 + r⁴/2 (Philip, 2007).
func reachOf(n int, degree float64) (float64, error) {
	share := func(d float64) float64 {
		return float64(float64(d*d) * (math.Pi - float64(d*(8.0/3-float64(d/2)))))
	}
	switch {
	case !(degree >= 0) || degree > float64(n-1)*share(1):
		return 0, fmt.Errorf("geographic of %d with degree %v: want at most %.0f", n, degree, float64(n-1)*share(1))
	case float64(n)*degree/2 > 0.9*Most:
		return 0, tooMany(float64(n) * degree / 2)
	}
	low, high := 0.0, 1.0
	for range 60 {
		if mid := (low + high) / 2; float64(float64(n-1)*share(mid)) < degree {
			low = mid
		} else {
			high = mid
		}
	}
	return high, nil
}

// near returns the pairs within reach, looking only from a cell of that side to
// those around it.
func near(x, y []float32, reach float64) (a, b []int32) {
	n := len(x)
	side := int(min(max(math.Floor(1/max(reach, 1e-9)), 1), math.Sqrt(float64(n))+1))
	cell := func(i int) (int, int) {
		return min(int(float64(x[i])*float64(side)), side-1), min(int(float64(y[i])*float64(side)), side-1)
	}
	first, next := make([]int32, side*side), make([]int32, n)
	for i := range first {
		first[i] = -1
	}
	for i := range n {
		cx, cy := cell(i)
		// Those before i are in the cells already: each pair is met once.
		for dx := max(cx-1, 0); dx <= min(cx+1, side-1); dx++ {
			for dy := max(cy-1, 0); dy <= min(cy+1, side-1); dy++ {
				for j := first[dx*side+dy]; j >= 0; j = next[j] {
					ex, ey := float64(x[i])-float64(x[j]), float64(y[i])-float64(y[j])
					if float64(ex*ex)+float64(ey*ey) <= float64(reach*reach) {
						a, b = append(a, int32(i)), append(b, j)
					}
				}
			}
		}
		next[i], first[cx*side+cy] = first[cx*side+cy], int32(i)
	}
	return a, b
}

type point struct {
	x, y  float32
	along uint64 // Hilbert's curve
}

func newPoint(x, y float64) point {
	const side = 1 << 24
	px, py := uint64(float64(x*side)), uint64(float64(y*side))
	p := point{x: float32(px) / side, y: float32(py) / side}
	for s := uint64(side / 2); s > 0; s /= 2 {
		rx, ry := px&s != 0, py&s != 0
		switch {
		case rx && ry:
			p.along += 2 * s * s
		case rx:
			p.along += 3 * s * s
		case ry:
			p.along += s * s
		}
		if !ry {
			if rx {
				px, py = side-1-px, side-1-py
			}
			px, py = py, px
		}
	}
	return p
}
