package graph

import "slices"

// A half is a network as it is generated: of each node in turn, those of its
// neighbours with a lower number, ascending. It takes half the memory of the
// graph, and makes it with every row in ascending order without sorting.
type half struct {
	start []int32
	lower []int32
}

func newHalf(n, edges int) *half {
	return &half{start: make([]int32, 1, n+1), lower: make([]int32, 0, edges)}
}

// end closes the current node's row.
func (h *half) end() { h.start = append(h.start, int32(len(h.lower))) }

// graph writes each edge at both its ends. A row gets its lower neighbours when
// its own turn comes, and then the higher ones as theirs do: ascending.
func (h *half) graph() *Graph {
	n := len(h.start) - 1
	g := &Graph{Start: make([]int32, n+1), To: make([]int32, 2*len(h.lower))}
	for v := range n {
		g.Start[v+1] += h.start[v+1] - h.start[v]
	}
	for _, w := range h.lower {
		g.Start[w+1]++
	}
	for v := range n {
		g.Start[v+1] += g.Start[v]
	}
	at := slices.Clone(g.Start[:n])
	for v := range n {
		row := h.lower[h.start[v]:h.start[v+1]]
		at[v] += int32(copy(g.To[at[v]:], row))
		for _, w := range row {
			g.To[at[w]] = int32(v)
			at[w]++
		}
	}
	return g
}

// fromEdges makes a graph of edges in any order, leaving out self loops and
// all but one of the same, and counts both.
func fromEdges(n int, a, b []int32) *Graph {
	loops, twice := 0, 0
	start := make([]int32, n+2)
	for i := range a {
		if a[i] != b[i] {
			start[max(a[i], b[i])+2]++
		}
	}
	for v := range n {
		start[v+2] += start[v+1]
	}
	lower := make([]int32, start[n+1])
	for i := range a {
		if a[i] == b[i] {
			loops++
			continue
		}
		v := max(a[i], b[i]) + 1
		lower[start[v]] = min(a[i], b[i])
		start[v]++
	}
	h := &half{start: make([]int32, 1, n+1), lower: lower[:0]}
	from := int32(0)
	for v := range n {
		row := lower[from:start[v+1]]
		from = start[v+1]
		slices.Sort(row)
		once := slices.Compact(row)
		twice += len(row) - len(once)
		h.lower = append(h.lower, once...)
		h.end()
	}
	g := h.graph()
	g.Loops, g.Twice = loops, twice
	return g
}
