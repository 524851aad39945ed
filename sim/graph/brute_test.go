package graph

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/parley-network/parley/sim/random"
)

// drawn is a small network of edges in any order, some twice and some to
// oneself, and who knows whom in it as a matrix.
func drawn(t *rapid.T) (*Graph, [][]bool) {
	n := rapid.IntRange(1, 14).Draw(t, "nodes")
	knows := make([][]bool, n)
	for v := range knows {
		knows[v] = make([]bool, n)
	}
	var a, b []int32
	loops, twice := 0, 0
	for range rapid.IntRange(0, 40).Draw(t, "edges") {
		v, w := rapid.IntRange(0, n-1).Draw(t, "v"), rapid.IntRange(0, n-1).Draw(t, "w")
		a, b = append(a, int32(v)), append(b, int32(w))
		switch {
		case v == w:
			loops++
		case knows[v][w]:
			twice++
		default:
			knows[v][w], knows[w][v] = true, true
		}
	}
	g := fromEdges(n, a, b)
	if g.Loops != loops || g.Twice != twice {
		t.Fatalf("%d loops and %d twice, want %d and %d", g.Loops, g.Twice, loops, twice)
	}
	return g, knows
}

// Whatever is measured of a network is what a look at every pair and every three
// finds.
func TestMeasuresAgainstEveryPair(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g, knows := drawn(t)
		n := len(knows)
		far := make([][]int, n) // Floyd and Warshall
		edges := 0
		for v := range n {
			far[v] = make([]int, n)
			var row []int32
			for w := range n {
				switch far[v][w] = 1 << 20; {
				case v == w:
					far[v][w] = 0
				case knows[v][w]:
					far[v][w] = 1
					row = append(row, int32(w))
					edges++
				}
			}
			if !slices.Equal(g.Neighbours(int32(v)), row) || g.Degree(int32(v)) != len(row) {
				t.Fatalf("%d knows %v, want %v", v, g.Neighbours(int32(v)), row)
			}
		}
		if g.Len() != n || 2*g.Edges() != edges {
			t.Fatalf("%d nodes and %d edges, want %d and %d", g.Len(), g.Edges(), n, edges/2)
		}
		for k := range n {
			for v := range n {
				for w := range n {
					far[v][w] = min(far[v][w], far[v][k]+far[k][w])
				}
			}
		}
		giant, clustering := 0, 0.0
		for v := range n {
			component, pairs, degree := 0, 0, g.Degree(int32(v))
			for w := range n {
				if far[v][w] < 1<<20 {
					component++
				}
				for x := range w {
					if knows[v][w] && knows[v][x] && knows[w][x] {
						pairs++
					}
				}
			}
			giant = max(giant, component)
			if got := Triangles(g)[v]; int(got) != pairs {
				t.Fatalf("%d pairs of %d's neighbours know each other, want %d", got, v, pairs)
			}
			if degree > 1 {
				clustering += float64(pairs) / float64(degree*(degree-1)/2) / float64(n)
			}
			for w, d := range Distances(g, int32(v)) {
				want := far[v][w]
				if want >= 1<<20 {
					want = -1
				}
				if int(d) != want {
					t.Fatalf("from %d to %d it is %d, want %d", v, w, d, want)
				}
			}
		}
		if Giant(g) != giant || math.Abs(Clustering(g)-clustering) > 1e-12 {
			t.Fatalf("the largest component has %d, want %d; clustering %v, want %v", Giant(g), giant, Clustering(g), clustering)
		}
	})
	whole := Whole(5)
	if Giant(whole) != 5 || Clustering(whole) != 1 || Triangles(whole) != nil || !slices.Equal(Distances(whole, 2), []int32{1, 1, 0, 1, 1}) || whole.Degree(3) != 4 {
		t.Error("where everybody knows everybody")
	}
}

// What is drawn of a network has every edge among its nodes, once, and follows
// them where they lead: within one component no node is alone.
func TestSampleHasItsEdges(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g, knows := drawn(t)
		most := rapid.IntRange(0, 16).Draw(t, "most")
		nodes, edges := Sample(g, most, random.New(rapid.Uint64().Draw(t, "seed"), "sample"))
		if len(nodes) != min(most, len(knows)) || !slices.IsSorted(nodes) || len(slices.Compact(slices.Clone(nodes))) != len(nodes) {
			t.Fatalf("%d of %d nodes: %v", most, len(knows), nodes)
		}
		want := 0
		for i, v := range nodes {
			for _, w := range nodes[:i] {
				if knows[v][w] {
					want++
				}
			}
		}
		seen := map[[2]int32]bool{}
		for _, e := range edges {
			if e[0] >= e[1] || seen[e] || !knows[nodes[e[0]]][nodes[e[1]]] {
				t.Fatalf("edge %v of %v", e, nodes)
			}
			seen[e] = true
		}
		if len(edges) != want {
			t.Fatalf("%d edges among %v, want %d", len(edges), nodes, want)
		}
	})
	// A hub brings in eight; the rest is found from there.
	star := &Graph{Start: []int32{0, 30}}
	for v := range int32(30) {
		star.To = append(star.To, v+1)
		star.Start = append(star.Start, 31+v)
	}
	star.To = append(star.To, make([]int32, 30)...)
	for seed := range uint64(20) {
		nodes, edges := Sample(star, 5, random.New(seed, "sample"))
		if len(nodes) != 5 || len(edges) != 4 && nodes[0] == 0 {
			t.Errorf("of a star %v with %d edges", nodes, len(edges))
		}
	}
}

// Pairs within reach are those that a look at every pair finds, whatever the
// reach is against the square.
func TestNearAgainstEveryPair(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 60).Draw(t, "nodes")
		reach := rapid.SampledFrom([]float64{0, 0.01, 0.1, 0.25, 0.34, 0.5, 0.99, 1, 1.5}).Draw(t, "reach")
		at := rapid.OneOf(rapid.Float32Range(0, 1), rapid.SampledFrom([]float32{0, 0.25, 0.5, 1}))
		x, y := make([]float32, n), make([]float32, n)
		for i := range n {
			x[i], y[i] = at.Draw(t, "x"), at.Draw(t, "y")
		}
		a, b := near(x, y, reach)
		got := map[[2]int32]int{}
		for i := range a {
			got[[2]int32{min(a[i], b[i]), max(a[i], b[i])}]++
		}
		for i := range int32(n) {
			for j := range i {
				dx, dy := float64(x[i])-float64(x[j]), float64(y[i])-float64(y[j])
				want := 0
				if dx*dx+dy*dy <= reach*reach {
					want = 1
				}
				if got[[2]int32{j, i}] != want {
					t.Fatalf("%d at %v, %v and %d at %v, %v are met %d times, want %d", i, x[i], y[i], j, x[j], y[j], got[[2]int32{j, i}], want)
				}
			}
		}
	})
}

// The reach that gives a degree does: of points at random, as many pairs lie
// within it, to four standard errors.
func TestReachGivesTheDegree(t *testing.T) {
	r := random.New(9, "reach")
	for _, share := range []float64{0.001, 0.05, 0.3, 0.7, 0.97} {
		const n = 1001
		reach, err := reachOf(n, share*(n-1))
		if err != nil {
			t.Fatal(err)
		}
		const pairs = 200_000
		within := 0.0
		for range pairs {
			if math.Hypot(r.Float64()-r.Float64(), r.Float64()-r.Float64()) <= reach {
				within++
			}
		}
		if math.Abs(within/pairs-share) > 4*math.Sqrt(share*(1-share)/pairs) {
			t.Errorf("within %v are %.5f of the pairs, want %v", reach, within/pairs, share)
		}
	}
	// Two of the unit square are within 1 with π − 13/6.
	if _, err := reachOf(101, 100*(math.Pi-13./6)-1e-9); err != nil {
		t.Error(err)
	}
	for _, degree := range []float64{100*(math.Pi-13./6) + 1e-6, -1, math.NaN()} {
		if _, err := reachOf(101, degree); err == nil {
			t.Errorf("a degree of %v was taken", degree)
		}
	}
}

// Hilbert's curve meets every cell once and goes from each to the one beside it.
func TestHilbertsCurve(t *testing.T) {
	const side = 16
	cells := make([]point, 0, side*side)
	for x := range side {
		for y := range side {
			cells = append(cells, newPoint((float64(x)+0.5)/side, (float64(y)+0.5)/side))
		}
	}
	slices.SortFunc(cells, func(a, b point) int {
		if a.along < b.along {
			return -1
		}
		return 1
	})
	for i := 1; i < len(cells); i++ {
		dx, dy := cells[i].x-cells[i-1].x, cells[i].y-cells[i-1].y
		if math.Abs(math.Abs(float64(dx))+math.Abs(float64(dy))-1./side) > 1e-6 || cells[i].along == cells[i-1].along {
			t.Fatalf("step %d goes from %+v to %+v", i, cells[i-1], cells[i])
		}
	}
}

// Nodes push each other away by the square of what would be ideal over their
// distance, up to twice that, and against each other.
func TestRepelByHand(t *testing.T) {
	p := [][2]float64{{0.1, 0.1}, {0.2, 0.1}, {0.1, 0.5}, {0.9, 0.9}, {0.9, 0.9}}
	push := repel(p, 0.1)
	want := [][2]float64{{-0.1, 0}, {0.1, 0}, {0, 0}, {0, 0}, {0, 0}}
	for i := range p {
		for k := range 2 {
			if math.Abs(push[i][k]-want[i][k]) > 1e-12 {
				t.Errorf("node %d is pushed %v, want %v", i, push[i], want[i])
			}
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		ideal := rapid.Float64Range(0.02, 0.9).Draw(t, "ideal")
		p := make([][2]float64, rapid.IntRange(0, 30).Draw(t, "nodes"))
		for i := range p {
			p[i] = [2]float64{float64(rapid.IntRange(0, 999).Draw(t, "x")) / 999, float64(rapid.IntRange(0, 999).Draw(t, "y")) / 999}
		}
		got := repel(p, ideal)
		for i := range p {
			var want [2]float64
			for j := range p {
				dx, dy := p[i][0]-p[j][0], p[i][1]-p[j][1]
				if d := math.Hypot(dx, dy); d > 0 && d <= 2*ideal-1e-12 {
					want[0], want[1] = want[0]+dx*ideal*ideal/d/d, want[1]+dy*ideal*ideal/d/d
				} else if d > 0 && d <= 2*ideal+1e-12 {
					return // on the edge
				}
			}
			if math.Abs(got[i][0]-want[0]) > 1e-6*(1+math.Abs(want[0])) || math.Abs(got[i][1]-want[1]) > 1e-6*(1+math.Abs(want[1])) {
				t.Fatalf("node %d of %v is pushed %v, want %v", i, p, got[i], want)
			}
		}
	})
}

// Blocks by their law: each town's people have the mean degree within, and those
// between towns are one with all others alike, in the share asked for.
func TestBlockByItsLaw(t *testing.T) {
	places := make([]int32, 3000)
	for i := range places {
		places[i] = int32(i % 6 / 3) // 1,500 each
		if i%6 == 5 {
			places[i] = 2 // 500 of the second
		}
	}
	size := [3]float64{1500, 1000, 500}
	const degree, within = 20.0, 0.6
	g, err := Block(places, degree, within, random.New(2, "block"))
	if err != nil {
		t.Fatal(err)
	}
	var count [3][3]float64
	for v := range int32(g.Len()) {
		for _, w := range g.Neighbours(v) {
			if w > v {
				count[min(places[v], places[w])][max(places[v], places[w])]++
			}
		}
	}
	between := size[0]*size[1] + size[0]*size[2] + size[1]*size[2]
	for a := range 3 {
		for b := a; b < 3; b++ {
			want := size[a] * degree * within / 2
			if a != b {
				want = 3000 * degree * (1 - within) / 2 * size[a] * size[b] / between
			}
			if math.Abs(count[a][b]-want) > 4*math.Sqrt(want) {
				t.Errorf("%v edges of towns %d and %d, want %.0f", count[a][b], a, b, want)
			}
		}
	}
}

// A ring of what can't be is refused, and what just can is made.
func TestRingsThatCanBe(t *testing.T) {
	for _, c := range []struct {
		n, degree int
		rewire    float64
		ok        bool
	}{
		{1, 0, 0, true}, {2, 0, 1, true}, {4, 2, 0.5, true}, {3, 2, 0, false}, {6, 4, 1, true}, {5, 4, 0, false}, {9, 3, 0, false}, {9, -2, 0, false},
		{9, 4, -1e-9, false}, {9, 4, 1.000001, false}, {9, 4, math.NaN(), false},
	} {
		g, err := WattsStrogatz(c.n, c.degree, c.rewire, random.New(1, "ring"))
		if (err == nil) != c.ok || c.ok && g.Edges() != c.n*c.degree/2 {
			t.Errorf("%+v: %v", c, err)
		}
	}
}
