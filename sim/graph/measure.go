package graph

// Giant returns how many nodes the largest component has.
func Giant(g *Graph) int {
	if g.Whole {
		return g.Len()
	}
	seen := make([]bool, g.Len())
	var queue []int32
	largest := 0
	for v := range seen {
		if seen[v] {
			continue
		}
		seen[v] = true
		queue = append(queue[:0], int32(v))
		for i := 0; i < len(queue); i++ {
			for _, w := range g.Neighbours(queue[i]) {
				if !seen[w] {
					seen[w] = true
					queue = append(queue, w)
				}
			}
		}
		largest = max(largest, len(queue))
	}
	return largest
}

// Triangles returns, for each node, how many pairs of its neighbours know each
// other; the sum is three times the number of triangles. Of a Whole graph it is
// nil.
func Triangles(g *Graph) []int32 {
	if g.Whole {
		return nil
	}
	of := make([]int32, g.Len())
	for v := range int32(g.Len()) {
		for _, w := range g.Neighbours(v) {
			if w > v {
				common(g.Neighbours(v), g.Neighbours(w), w, func(x int32) {
					of[v]++
					of[w]++
					of[x]++
				})
			}
		}
	}
	return of
}

// common calls each with what both rows have above low.
func common(a, b []int32, low int32, each func(int32)) {
	for i, j := 0, 0; i < len(a) && j < len(b); {
		switch {
		case a[i] < b[j]:
			i++
		case a[i] > b[j]:
			j++
		default:
			if a[i] > low {
				each(a[i])
			}
			i, j = i+1, j+1
		}
	}
}

// Clustering returns the mean over all nodes of the share of pairs of a node's
// neighbours who know each other, zero of one with fewer than two (Watts and
// Strogatz, Nature 393, 1998).
func Clustering(g *Graph) float64 {
	if g.Whole {
		return 1
	}
	sum := 0.0
	for v, pairs := range Triangles(g) {
		if k := float64(g.Degree(int32(v))); pairs > 0 {
			sum += 2 * float64(pairs) / float64(k*(k-1))
		}
	}
	return sum / float64(max(g.Len(), 1))
}

// Distances returns how many steps each node is from one, −1 where there is no
// way.
func Distances(g *Graph, from int32) []int32 {
	d := make([]int32, g.Len())
	for v := range d {
		d[v] = -1
		if g.Whole {
			d[v] = 1
		}
	}
	d[from] = 0
	queue := []int32{from}
	for i := 0; i < len(queue); i++ {
		for _, w := range g.Neighbours(queue[i]) {
			if d[w] < 0 {
				d[w] = d[queue[i]] + 1
				queue = append(queue, w)
			}
		}
	}
	return d
}
