package sim

import (
	"math/rand/v2"
	"sync"

	"github.com/libp2p/go-libp2p/core/host"
)

// Edge joins the hosts at two indices, A < B.
type Edge struct{ A, B int }

// Ring joins n hosts in a circle.
func Ring(n int) []Edge {
	var g graph
	for i := range n {
		g.add(i, (i+1)%n)
	}
	return g.edges
}

// Full joins every host with every other.
func Full(n int) []Edge {
	var g graph
	for i := range n {
		for j := range i {
			g.add(j, i)
		}
	}
	return g.edges
}

// Random joins n hosts so that all are connected and each chose k others, or
// all there are; a host has about 2k neighbours. Same draws, same edges.
func Random(r *rand.Rand, n, k int) []Edge {
	var g graph
	for i := range n {
		chosen := 0
		if i > 0 { // one that is already connected
			g.add(r.IntN(i), i)
			chosen++
		}
		for _, j := range r.Perm(n) {
			if chosen >= k {
				break
			}
			if j != i && g.add(i, j) {
				chosen++
			}
		}
	}
	return g.edges
}

// graph collects edges once each, in the order they were added.
type graph struct {
	edges []Edge
	has   map[Edge]bool
}

// add reports whether the edge is new.
func (g *graph) add(a, b int) bool {
	e := Edge{min(a, b), max(a, b)}
	if a == b || g.has[e] {
		return false
	}
	if g.has == nil {
		g.has = make(map[Edge]bool)
	}
	g.has[e] = true
	g.edges = append(g.edges, e)
	return true
}

// Wire connects hosts along edges, A dialling B, all at the same time: one
// after the other, a thousand hosts would age by minutes, and every heartbeat
// of every host in them costs real time. It fails the test if one fails.
func (w *World) Wire(hosts []host.Host, edges []Edge) {
	w.T.Helper()
	errs := make([]error, len(edges))
	var wg sync.WaitGroup
	for i, e := range edges {
		wg.Go(func() { errs[i] = w.Dial(hosts[e.A], hosts[e.B]) })
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			w.T.Fatal(err)
		}
	}
}
