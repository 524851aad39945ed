package graph_test

import (
	"math"
	"testing"

	"github.com/parley-network/parley/sim/graph"
	"github.com/parley-network/parley/sim/random"
)

// meanError returns the mean and its standard error.
func meanError(x []float64) (mean, e float64) {
	for _, v := range x {
		mean += v / float64(len(x))
	}
	for _, v := range x {
		e += (v - mean) * (v - mean)
	}
	return mean, math.Sqrt(e / float64(len(x)-1) / float64(len(x)))
}

// The giant component of G(n, c/n) is the share z = 1 − e^{−cz}. The mean of 12
// networks is held to four of its own standard errors; the values are known to
// half a unit in the fourth digit.
func TestGiantComponent(t *testing.T) {
	const n = 50_000
	for _, k := range []struct{ c, z float64 }{{1.2, .3137}, {1.5, .5828}, {2, .7968}, {3, .9405}} {
		var sizes []float64
		for seed := range uint64(12) {
			g, err := graph.ErdosRenyi(n, k.c/n, random.New(seed, "giant"))
			if err != nil {
				t.Fatal(err)
			}
			sizes = append(sizes, float64(graph.Giant(g))/n)
		}
		mean, e := meanError(sizes)
		if math.Abs(mean-k.z) > 4*e+5e-5 || e > 0.01 {
			t.Errorf("c = %v: %.4f ± %.4f, want %.4f", k.c, mean, e, k.z)
		}
	}
	g, err := graph.ErdosRenyi(n, 0.8/n, random.New(1, "giant"))
	if z := float64(graph.Giant(g)) / n; err != nil || z > 0.01 {
		t.Errorf("below the threshold the largest has %.4f (%v)", z, err)
	}
}

// Degrees of G(n, p) are binomial: mean (n−1)p, variance (n−1)p(1−p).
func TestErdosRenyiDegrees(t *testing.T) {
	for _, p := range []float64{0, 1, 0.3} {
		const n = 400
		g, err := graph.ErdosRenyi(n, p, random.New(1, "degrees"))
		if err != nil {
			t.Fatal(err)
		}
		sound(t, g)
		pairs := n * (n - 1) / 2.0
		if math.Abs(float64(g.Edges())-p*pairs) > 5*math.Sqrt(p*(1-p)*pairs) {
			t.Errorf("p = %v: %d edges", p, g.Edges())
		}
	}
}

// P(k) = 2m(m+1)/[k(k+1)(k+2)] (Bollobás, Riordan, Spencer and Tusnády, Random
// Structures and Algorithms 18, 2001; Dorogovtsev, Mendes and Samukhin, 2000).
// Each share is held to five standard errors of 10 networks.
func TestBarabasiAlbertDegreeLaw(t *testing.T) {
	const n, m, runs, tail = 50_000, 4, 10, 30
	law := func(k float64) float64 { return 2 * m * (m + 1) / (k * (k + 1) * (k + 2)) }
	shares := make([][]float64, 25)
	var exponents []float64
	for seed := range uint64(runs) {
		g, err := graph.BarabasiAlbert(n, m, random.New(seed, "law"))
		if err != nil {
			t.Fatal(err)
		}
		if want := m*n - m*(m+1)/2; g.Edges() != want {
			t.Fatalf("%d edges, want %d", g.Edges(), want)
		}
		count := make([]float64, n)
		logs, above := 0.0, 0.0
		for v := range int32(n) {
			k := g.Degree(v)
			count[k]++
			if k >= tail {
				logs, above = logs+math.Log(float64(k)/(tail-0.5)), above+1
			}
		}
		for k := range shares {
			shares[k] = append(shares[k], count[k]/n)
		}
		exponents = append(exponents, 1+above/logs)
	}
	for k := m; k < len(shares); k++ {
		mean, e := meanError(shares[k])
		if math.Abs(mean-law(float64(k))) > 5*e+2.0/n {
			t.Errorf("degree %d: share %.5f ± %.5f, want %.5f", k, mean, e, law(float64(k)))
		}
	}
	for k := range m {
		if mean, _ := meanError(shares[k]); mean != 0 {
			t.Errorf("degree %d: share %.5f, want none", k, mean)
		}
	}
	// Hill's estimate of the tail; the law's own, from degree 30 on, is within
	// 0.03 of 3, and a network of this size ends its tail at about √n·m.
	if mean, e := meanError(exponents); math.Abs(mean-3) > 0.05+4*e {
		t.Errorf("tail exponent %.3f ± %.3f, want 3", mean, e)
	}
}

// On the ring, clustering is 3(k−2)/4(k−1) and the mean distance about n/2k. A
// triangle lasts if none of its edges is moved: (1−β)³ of them (Barrat and
// Weigt, European Physical Journal B 13, 2000). Moving all leaves a random
// network's distance, ln n/ln k. A tenth moved is the small world: short ways
// and still clustered.
func TestWattsStrogatz(t *testing.T) {
	const n, k = 5000, 10
	build := func(beta float64, seed uint64) *graph.Graph {
		g, err := graph.WattsStrogatz(n, k, beta, random.New(seed, "small world"))
		if err != nil {
			t.Fatal(err)
		}
		if g.Edges() != n*k/2 {
			t.Fatalf("β = %v: %d edges", beta, g.Edges())
		}
		return g
	}
	ring := build(0, 1)
	if c := graph.Clustering(ring); math.Abs(c-3.0*(k-2)/(4*(k-1))) > 1e-9 {
		t.Errorf("the ring's clustering is %v", c)
	}
	if d := distance(ring); math.Abs(d-n/(2.0*k)) > 1 {
		t.Errorf("the ring's mean distance is %.2f, want %.1f", d, n/(2.0*k))
	}
	for _, beta := range []float64{0.01, 0.1, 0.3} {
		var ratios []float64
		for seed := range uint64(8) {
			ratios = append(ratios, triangles(build(beta, seed))/triangles(ring))
		}
		mean, e := meanError(ratios)
		// By chance a moved edge closes about k²/n new ones in each k·n/2.
		if math.Abs(mean-math.Pow(1-beta, 3)) > 4*e+2.0*k*beta/n {
			t.Errorf("β = %v: %.4f ± %.4f of the triangles last, want %.4f", beta, mean, e, math.Pow(1-beta, 3))
		}
	}
	if d := distance(build(0.1, 1)); d > 7 {
		t.Errorf("a tenth moved: mean distance %.2f, the ring's is 250", d)
	}
	if d := distance(build(1, 1)); math.Abs(d-math.Log(n)/math.Log(k)) > 0.5 {
		t.Errorf("all moved: mean distance %.2f, want %.2f", d, math.Log(n)/math.Log(k))
	}
}

func triangles(g *graph.Graph) (sum float64) {
	for _, x := range graph.Triangles(g) {
		sum += float64(x) / 3
	}
	return sum
}

// distance is the mean from 20 nodes to all others.
func distance(g *graph.Graph) float64 {
	sum, count := 0.0, 0.0
	for i := range 20 {
		for _, d := range graph.Distances(g, int32(i*g.Len()/20)) {
			if d > 0 {
				sum, count = sum+float64(d), count+1
			}
		}
	}
	return sum / count
}

// The share of edges within a town is held to four standard errors of E draws.
func TestBlockStaysWithin(t *testing.T) {
	places := towns(30_000, 10)
	for _, within := range []float64{0, 0.3, 0.9, 1} {
		g, err := graph.Block(places, 12, within, random.New(4, "block"))
		if err != nil {
			t.Fatal(err)
		}
		sound(t, g)
		if got := withinShare(g, places); math.Abs(got-within) > 4*math.Sqrt(within*(1-within)/float64(g.Edges())) {
			t.Errorf("%.4f of the edges stay within, want %.1f", got, within)
		}
	}
	// Two towns of three people and one of 3,000: the small ones are complete,
	// and what they lack lies between.
	small := make([]int32, 3006)
	for i := range 6 {
		small[i] = int32(1 + i/3)
	}
	g, err := graph.Block(small, 10, 0.9, random.New(4, "block"))
	if err != nil {
		t.Fatal(err)
	}
	for _, pair := range [][2]int32{{0, 1}, {0, 2}, {1, 2}, {3, 4}, {3, 5}, {4, 5}} {
		if graph.Distances(g, pair[0])[pair[1]] != 1 {
			t.Errorf("%v of a small town don't know each other", pair)
		}
	}
}

func withinShare(g *graph.Graph, places []int32) float64 {
	in := 0
	for v := range int32(g.Len()) {
		for _, w := range g.Neighbours(v) {
			if places[v] == places[w] {
				in++
			}
		}
	}
	return float64(in) / float64(len(g.To))
}

// Every pair within reach is an edge and no other is, wherever the towns are;
// and the people of a town live together.
func TestGeographic(t *testing.T) {
	places := towns(2000, 5)
	g, err := graph.Geographic(places, 10, random.New(4, "geo"))
	if err != nil {
		t.Fatal(err)
	}
	longest, shortest := 0.0, math.Inf(1)
	for v := range int32(g.Len()) {
		near := map[int32]bool{v: true}
		for _, w := range g.Neighbours(v) {
			near[w] = true
			longest = max(longest, math.Hypot(float64(g.X[v]-g.X[w]), float64(g.Y[v]-g.Y[w])))
		}
		for w := range int32(g.Len()) {
			if !near[w] {
				shortest = min(shortest, math.Hypot(float64(g.X[v]-g.X[w]), float64(g.Y[v]-g.Y[w])))
			}
		}
	}
	if longest > shortest {
		t.Errorf("an edge of %.5f, and none over %.5f", longest, shortest)
	}
	if share := withinShare(g, places); share < 0.8 {
		t.Errorf("%.2f of the edges stay within a town", share)
	}
	if _, err := graph.Geographic(places, 3000, random.New(4, "geo")); err == nil {
		t.Error("a degree above all was taken")
	}
}

func TestDrawing(t *testing.T) {
	g, err := graph.BarabasiAlbert(5000, 3, random.New(1, "net"))
	if err != nil {
		t.Fatal(err)
	}
	nodes, edges := graph.Sample(g, 300, random.New(1, "sample"))
	if len(nodes) != 300 || len(edges) < 299 {
		t.Fatalf("%d nodes, %d edges", len(nodes), len(edges))
	}
	x, y := graph.Layout(len(nodes), edges, random.New(1, "layout"))
	var joined, any float64
	for i, e := range edges {
		joined += math.Hypot(float64(x[e[0]]-x[e[1]]), float64(y[e[0]]-y[e[1]])) / float64(len(edges))
		a, b := i%300, i*7%300
		any += math.Hypot(float64(x[a]-x[b]), float64(y[a]-y[b])) / float64(len(edges))
	}
	for i := range x {
		if x[i] < 0 || x[i] > 1 || y[i] < 0 || y[i] > 1 {
			t.Fatalf("node %d is at %v, %v", i, x[i], y[i])
		}
	}
	if joined > 0.8*any {
		t.Errorf("those with an edge are %.3f apart, any two %.3f", joined, any)
	}
	all, none := graph.Sample(graph.Whole(20), 50, random.New(1, "sample"))
	if len(all) != 20 || len(none) != 0 {
		t.Errorf("of a whole graph of 20: %d nodes, %d edges", len(all), len(none))
	}
}
