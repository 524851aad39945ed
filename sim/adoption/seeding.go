package adoption

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/parley-network/parley/sim/graph"
)

// Traits are what a seeding goes by: each agent's town, and the category that
// it wants or serves most. Either may be nil where no seeding asks for it.
type Traits struct {
	Place, Category []int32
}

// Seeds returns who begins, count agents in ascending order. By is how:
//
//	random       spread thin: any, all alike
//	place        one town first: the largest, then the next, each at random
//	category     one category first, likewise
//	influential  those with the most acquaintances; among equals, at random
//
// It refuses another way, and more seeds than there are agents.
func Seeds(by string, count int, g *graph.Graph, t Traits, r *rand.Rand) ([]int32, error) {
	n := g.Len()
	if count < 0 || count > n {
		return nil, fmt.Errorf("adoption.seeds is %d: there are %d agents", count, n)
	}
	var rank func(a int32) int
	switch by {
	case "random", "":
		return sample(n, count, r), nil
	case "influential":
		rank = func(a int32) int { return -g.Degree(a) }
	case "place":
		rank = bySize(t.Place)
	case "category":
		rank = bySize(t.Category)
	default:
		return nil, fmt.Errorf("adoption.seeding %q: want random, place, category or influential", by)
	}
	if rank == nil {
		return nil, fmt.Errorf("adoption.seeding %q: agents have none", by)
	}
	order := make([]int32, n)
	for i := range order {
		order[i] = int32(i)
	}
	r.Shuffle(n, func(i, j int) { order[i], order[j] = order[j], order[i] })
	slices.SortStableFunc(order, func(a, b int32) int { return cmp.Compare(rank(a), rank(b)) })
	seeds := order[:count:count]
	slices.Sort(seeds)
	return seeds, nil
}

// bySize ranks an agent by how large its group is, the largest first; an agent
// of no group (below zero) comes last.
func bySize(group []int32) func(a int32) int {
	if group == nil {
		return nil
	}
	sizes := make([]int, slices.Max(append([]int32{0}, group...))+1)
	for _, x := range group {
		if x >= 0 {
			sizes[x]++
		}
	}
	largest := make([]int, len(sizes))
	for i := range largest {
		largest[i] = i
	}
	slices.SortStableFunc(largest, func(a, b int) int { return cmp.Compare(sizes[b], sizes[a]) })
	rank := make([]int, len(sizes))
	for i, x := range largest {
		rank[x] = i
	}
	return func(a int32) int {
		if group[a] < 0 {
			return len(rank)
		}
		return rank[group[a]]
	}
}

// sample returns count of n numbers, any set as likely as another, in ascending
// order: Floyd's algorithm (Bentley and Floyd, 1987).
func sample(n, count int, r *rand.Rand) []int32 {
	taken := make([]bool, n)
	for j := n - count; j < n; j++ {
		if i := r.IntN(j + 1); !taken[i] {
			taken[i] = true
		} else {
			taken[j] = true
		}
	}
	chosen := make([]int32, 0, count)
	for i, t := range taken {
		if t {
			chosen = append(chosen, int32(i))
		}
	}
	return chosen
}
