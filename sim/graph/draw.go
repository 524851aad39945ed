package graph

import (
	"math"
	"math/rand/v2"
	"slices"
)

// Sample chooses up to most nodes to draw, and the edges among them, as indexes
// into the nodes: a snowball from one node at random, so that what is drawn
// hangs together, and from another where that ends. Each node brings in at most
// eight others, so that no hub fills the picture.
func Sample(g *Graph, most int, r *rand.Rand) (nodes []int32, edges [][2]int32) {
	most = min(most, g.Len())
	at := make(map[int32]int32, most) // looked up only, never gone through
	add := func(v int32) bool {
		if _, there := at[v]; there || len(nodes) == most {
			return false
		}
		at[v] = int32(len(nodes))
		nodes = append(nodes, v)
		return true
	}
	for next := 0; len(nodes) < most; {
		if next == len(nodes) {
			add(int32(r.IntN(g.Len())))
			continue
		}
		row := g.Neighbours(nodes[next])
		next++
		for i, brought := range r.Perm(len(row)) {
			if i >= 8 {
				break
			}
			add(row[brought])
		}
	}
	slices.Sort(nodes)
	for i, v := range nodes {
		at[v] = int32(i)
	}
	for i, v := range nodes {
		for _, w := range g.Neighbours(v) {
			if j, there := at[w]; there && int(j) > i {
				edges = append(edges, [2]int32{int32(i), j})
			}
		}
	}
	return nodes, edges
}

// Layout places n nodes in a square of side 1 so that those with an edge are
// near each other: springs and repulsion that cool down (Fruchterman and
// Reingold, Software: Practice and Experience 21, 1991), with repulsion only
// from the cells around. A thousand nodes take some tenths of a second.
func Layout(n int, edges [][2]int32, r *rand.Rand) (x, y []float32) {
	p := make([][2]float64, n)
	for i := range p {
		p[i] = [2]float64{r.Float64(), r.Float64()}
	}
	ideal := math.Sqrt(1 / float64(max(n, 1)))
	const rounds = 100
	for round := range rounds {
		push := repel(p, ideal)
		for _, e := range edges {
			dx, dy, d := between(p[e[0]], p[e[1]])
			pull := d / ideal
			dx, dy = float64(dx*pull), float64(dy*pull)
			push[e[0]][0], push[e[0]][1] = push[e[0]][0]-dx, push[e[0]][1]-dy
			push[e[1]][0], push[e[1]][1] = push[e[1]][0]+dx, push[e[1]][1]+dy
		}
		heat := 0.1 * float64(rounds-round) / rounds
		for i := range p {
			length := math.Sqrt(float64(push[i][0]*push[i][0]) + float64(push[i][1]*push[i][1]))
			scale := min(length, heat) / max(length, 1e-12)
			for k := range 2 {
				p[i][k] = min(max(p[i][k]+float64(push[i][k]*scale), 0), 1)
			}
		}
	}
	x, y = make([]float32, n), make([]float32, n)
	for i := range p {
		x[i], y[i] = float32(p[i][0]), float32(p[i][1])
	}
	return x, y
}

func between(a, b [2]float64) (dx, dy, d float64) {
	dx, dy = a[0]-b[0], a[1]-b[1]
	return dx, dy, math.Sqrt(float64(dx*dx) + float64(dy*dy))
}

// repel is the push on each node of those nearer than twice the ideal.
func repel(p [][2]float64, ideal float64) [][2]float64 {
	push := make([][2]float64, len(p))
	side := max(int(1/(2*ideal)), 1)
	cell := func(v float64) int { return min(int(float64(v*float64(side))), side-1) }
	cells := make([][]int32, side*side)
	for i := range p {
		c := cell(p[i][0])*side + cell(p[i][1])
		cells[c] = append(cells[c], int32(i))
	}
	for i := range p {
		cx, cy := cell(p[i][0]), cell(p[i][1])
		for a := max(cx-1, 0); a <= min(cx+1, side-1); a++ {
			for b := max(cy-1, 0); b <= min(cy+1, side-1); b++ {
				for _, j := range cells[a*side+b] {
					dx, dy, d := between(p[i], p[j])
					if d > 2*ideal || d == 0 {
						continue
					}
					force := float64(ideal*ideal) / float64(d*d)
					push[i][0] += float64(dx * force)
					push[i][1] += float64(dy * force)
				}
			}
		}
	}
	return push
}
