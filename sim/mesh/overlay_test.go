package mesh

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

// Each connection has an entry at both ends that name each other, at one delay
// within bounds, dialled by one of the two; no two nodes are connected twice.
func TestConnections(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 50).Draw(t, "nodes")
		var dials []dial
		for range rapid.IntRange(0, 200).Draw(t, "dials") {
			a, b := int32(rapid.IntRange(0, n-1).Draw(t, "a")), int32(rapid.IntRange(0, n-1).Draw(t, "b"))
			if a != b {
				dials = append(dials, dial{a, b})
			}
		}
		k, err := connect(n, dials, shipped(20*ms, 80*ms), seeded(1))
		if err != nil {
			t.Fatal(err)
		}
		met := make(map[dial]bool)
		for v := range int32(n) {
			for e := k.start[v]; e < k.start[v+1]; e++ {
				w, r := k.to[e], k.rev[e]
				if w == v { // left over
					if k.flag[e] != 0 {
						t.Fatalf("%d is connected with itself", v)
					}
					continue
				}
				if k.to[r] != v || k.rev[r] != e || k.delay[r] != k.delay[e] || k.delay[e] < 20_000 || k.delay[e] > 80_000 {
					t.Fatalf("the two ends of %d and %d don't agree", v, w)
				}
				if (k.flag[e]|k.flag[r])&dialled == 0 || k.flag[e]&k.flag[r]&dialled != 0 {
					t.Fatalf("of %d and %d not one dialled", v, w)
				}
				if met[dial{v, w}] {
					t.Fatalf("%d and %d are connected twice", v, w)
				}
				met[dial{v, w}] = true
			}
		}
		for _, d := range dials {
			if !met[d] || !met[dial{d.b, d.a}] {
				t.Fatalf("%v is missing", d)
			}
		}
	})
}

// Dialling at random connects everybody with as many peers as asked for, more or
// less.
func TestDiallingAtRandom(t *testing.T) {
	const n = 2000
	dials := atRandom(n, 10, seeded(1))
	seen := []int32{0}
	next := make(map[int32][]int32)
	for _, d := range dials {
		next[d.a], next[d.b] = append(next[d.a], d.b), append(next[d.b], d.a)
	}
	reached := map[int32]bool{0: true}
	for len(seen) > 0 {
		v := seen[0]
		seen = seen[1:]
		for _, w := range next[v] {
			if !reached[w] {
				reached[w] = true
				seen = append(seen, w)
			}
		}
	}
	if mean := 2 * float64(len(dials)) / n; len(reached) != n || math.Abs(mean-10) > .1 {
		t.Errorf("%d of %d connected, %v peers each", len(reached), n, mean)
	}
}
