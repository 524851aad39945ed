// Package graph is who knows whom: undirected networks in compressed rows,
// their generators, and edge lists. Pure: a generator draws from the stream it
// is given, and the network is the same to the bit for a seed.
package graph

import (
	"fmt"
	"math"
)

// Graph is an undirected network of nodes 0 to Len()−1 in compressed sparse
// rows: the neighbours of v are To[Start[v]:Start[v+1]]. Each edge is there
// twice, once from either end. There are no self loops and no edge twice.
type Graph struct {
	Start []int32 // one more than there are nodes
	To    []int32
	// X and Y are where the nodes are in a square of side 1, of a network that
	// has places; nil of others.
	X, Y []float32
	// Loops and Twice count the edges that an edge list had and the graph has
	// not: of a node to itself, and those that were there already, in either
	// direction.
	Loops, Twice int
	// Whole says that everybody knows everybody, and no edge is stored.
	Whole bool
}

// Most is how many edges a graph can have: twice as many fit an int32.
const Most = math.MaxInt32 / 2

// Len returns the number of nodes.
func (g *Graph) Len() int { return len(g.Start) - 1 }

// Edges returns the number of undirected edges stored.
func (g *Graph) Edges() int { return len(g.To) / 2 }

// Degree returns how many neighbours v has; of a Whole graph, all others.
func (g *Graph) Degree(v int32) int {
	if g.Whole {
		return g.Len() - 1
	}
	return int(g.Start[v+1] - g.Start[v])
}

// Neighbours returns v's neighbours, nil of a Whole graph. The slice is the
// graph's own.
func (g *Graph) Neighbours(v int32) []int32 {
	if g.Whole {
		return nil
	}
	return g.To[g.Start[v]:g.Start[v+1]]
}

// Bytes returns the memory that the graph holds.
func (g *Graph) Bytes() int64 { return 4 * int64(len(g.Start)+len(g.To)+len(g.X)+len(g.Y)) }

// Whole returns the graph of n nodes in which everybody knows everybody,
// storing no edge.
func Whole(n int) *Graph { return &Graph{Start: make([]int32, n+1), Whole: true} }

func tooMany(edges float64) error {
	return fmt.Errorf("%.3g edges: a network holds at most %d", edges, Most)
}
