package sim

import (
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestTopologies(t *testing.T) {
	r := func() *rand.Rand { return rand.New(rand.NewPCG(1, 2)) }
	for _, c := range []struct {
		name  string
		edges []Edge
		want  int
	}{
		{"ring of none", Ring(0), 0},
		{"ring of one", Ring(1), 0},
		{"ring of two", Ring(2), 1},
		{"ring of five", Ring(5), 5},
		{"full of four", Full(4), 6},
		{"random of none", Random(r(), 0, 3), 0},
		{"random with all", Random(r(), 4, 99), 6},
	} {
		if len(c.edges) != c.want {
			t.Errorf("%s has %d edges %v, want %d", c.name, len(c.edges), c.edges, c.want)
		}
	}
	if !slices.Equal(Random(r(), 30, 4), Random(r(), 30, 4)) {
		t.Error("same draws gave other edges")
	}
}

// A random topology is connected, simple, and nobody has fewer than k
// neighbours.
func TestRandomTopology(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n, k := rapid.IntRange(1, 60).Draw(t, "n"), rapid.IntRange(1, 8).Draw(t, "k")
		edges := Random(rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0)), n, k)
		neighbours := make([][]int, n)
		seen := map[Edge]bool{}
		for _, e := range edges {
			if e.A >= e.B || e.A < 0 || e.B >= n || seen[e] {
				t.Fatalf("edge %v is a loop, out of range, reversed or twice there", e)
			}
			seen[e] = true
			neighbours[e.A] = append(neighbours[e.A], e.B)
			neighbours[e.B] = append(neighbours[e.B], e.A)
		}
		for i, ns := range neighbours {
			if len(ns) < min(k, n-1) {
				t.Fatalf("host %d of %d has %d neighbours, want at least %d", i, n, len(ns), k)
			}
		}
		reached := map[int]bool{0: true}
		for queue := []int{0}; len(queue) > 0; queue = queue[1:] {
			for _, j := range neighbours[queue[0]] {
				if !reached[j] {
					reached[j] = true
					queue = append(queue, j)
				}
			}
		}
		if len(reached) != n {
			t.Fatalf("%d of %d hosts are connected", len(reached), n)
		}
	})
}
