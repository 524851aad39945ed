package adoption_test

import (
	"math"
	"slices"
	"testing"

	"github.com/parley-network/parley/sim/adoption"
	"github.com/parley-network/parley/sim/graph"
	"github.com/parley-network/parley/sim/random"
)

// Granovetter's two crowds: with thresholds 0, 1, 2 … 99 all hundred riot; with
// the one of 1 made a 2, a single one does.
func TestGranovettersRiot(t *testing.T) {
	at := make([]float64, 100)
	for i := range at {
		at[i] = float64(i)
	}
	if curve := live(adoption.NewCrowd(graph.Whole(100)), adoption.NewThreshold(at), 200); curve[200] != 100 {
		t.Errorf("%d riot, want 100", curve[200])
	}
	at[1] = 2
	if curve := live(adoption.NewCrowd(graph.Whole(100)), adoption.NewThreshold(at), 200); curve[200] != 1 {
		t.Errorf("%d riot, want 1", curve[200])
	}
}

// Watts (2002): on a Poisson random graph one agent may set off a global
// cascade for mean degrees between the two, and not outside.
var window = []struct{ phi, low, high float64 }{
	{.10, 1.00, 13.66}, {.15, 1.00, 7.48}, {.18, 1.02, 5.76}, {.20, 1.02, 5.76}, {.25, 1.12, 3.86},
}

// The window's ends are where those who join for one acquaintance just hang
// together: Σ k(k−1) P(k) = z over k ≤ 1/φ.
func TestWattsWindowIsTheEquations(t *testing.T) {
	vulnerable := func(phi, z float64) bool {
		sum, p := 0.0, math.Exp(-z)
		for k := 0.0; k*phi <= 1+1e-9; k++ {
			sum += k * (k - 1) * p
			p *= z / (k + 1)
		}
		return sum > z
	}
	for _, w := range window {
		for _, end := range []struct {
			z  float64
			in bool
		}{{w.low - .011, false}, {w.low + .011, true}, {w.high - .011, true}, {w.high + .011, false}} {
			if vulnerable(w.phi, end.z) != end.in {
				t.Errorf("φ = %v, z = %.3f: want inside %v", w.phi, end.z, end.in)
			}
		}
	}
}

// Within the window at least one of 150 single agents sets off a cascade over
// a tenth of the network, outside none does. At the upper end a cascade is rare
// and takes all (one agent must hit a vulnerable cluster, whose size vanishes
// there), and just below z = 1 a component of 10,000 can still have hundreds:
// so z is taken a step of a tenth or two inside and outside the ends.
func TestWattsCascadeWindow(t *testing.T) {
	const agents, tries = 10_000, 150
	for _, w := range window {
		for _, z := range []struct {
			degree float64
			want   bool
		}{{0.8 * w.low, false}, {1.25 * w.low, true}, {(w.low + w.high) / 2, true}, {0.85 * w.high, true}, {1.2 * w.high, false}} {
			g, err := graph.ErdosRenyi(agents, z.degree/(agents-1), random.New(2, "watts"))
			if err != nil {
				t.Fatal(err)
			}
			rule := adoption.NewFraction(slices.Repeat([]float64{w.phi}, agents))
			largest, r := 0, random.New(3, "first")
			for range tries {
				largest = max(largest, cascade(g, rule, int32(r.IntN(agents))))
				if z.want && largest > agents/10 {
					break
				}
			}
			if (largest > agents/10) != z.want {
				t.Errorf("φ = %v, z = %.2f: the largest cascade has %d of %d, want it global: %v", w.phi, z.degree, largest, agents, z.want)
			}
		}
	}
}

// cascade returns how many join after one has, until nobody does.
func cascade(g *graph.Graph, rule adoption.Rule, first int32) int {
	c := adoption.NewCrowd(g)
	join := []int32{first}
	for len(join) > 0 {
		c.Join(join)
		join, _ = rule.Step(c, adoption.Experience{})
	}
	return c.Size
}

// One who knows nobody is moved by nobody, unless it needs none.
func TestFractionOfNobody(t *testing.T) {
	g, err := graph.ErdosRenyi(3, 0, nil)
	if err != nil {
		t.Fatal(err)
	}
	join, _ := adoption.NewFraction([]float64{.1, 0, -1}).Step(adoption.NewCrowd(g), adoption.Experience{})
	if !slices.Equal(join, []int32{1, 2}) {
		t.Errorf("%v join, want 1 and 2", join)
	}
}

// Centola and Macy: where two sources are needed, the clustered ring carries
// the contagion all the way, and long ties, by which one source is enough for a
// faster spread, stop it.
func TestComplexContagionNeedsWideBridges(t *testing.T) {
	const agents = 2000
	spread := func(rewire float64, rule adoption.Rule) int {
		g, err := graph.WattsStrogatz(agents, 8, rewire, random.New(1, "ring"))
		if err != nil {
			t.Fatal(err)
		}
		c := adoption.NewCrowd(g)
		c.Join(append([]int32{1000}, g.Neighbours(1000)...)) // one and all it knows
		curve := live(c, rule, 1000)
		return curve[1000]
	}
	two := slices.Repeat([]float64{2}, agents)
	for name, rule := range map[string]adoption.Rule{
		"certain": adoption.NewComplex(two, 1, nil),
		"likely":  adoption.NewComplex(two, 0.5, random.New(1, "complex")),
	} {
		if n := spread(0, rule); n != agents {
			t.Errorf("%s, ring: %d join, want all", name, n)
		}
		if n := spread(1, rule); n > agents/10 {
			t.Errorf("%s, all ties long: %d join", name, n)
		}
	}
	if n := spread(1, adoption.NewThreshold(slices.Repeat([]float64{1}, agents))); n < agents*99/100 {
		t.Errorf("simple contagion over long ties: %d join, want all", n)
	}
}

// The chance beyond the threshold: two of three sources count where two are
// needed, each convincing a half of those who are left.
func TestComplexChance(t *testing.T) {
	const leaves = 40_000
	c := adoption.NewCrowd(star(3, leaves))
	c.Join([]int32{0, 1, 2})
	join, _ := adoption.NewComplex(slices.Repeat([]float64{1.5}, leaves+3), 0.5, random.New(1, "x")).Step(c, adoption.Experience{})
	if got := float64(len(join)) / leaves; math.Abs(got-0.75) > 5*math.Sqrt(.75*.25/leaves) {
		t.Errorf("share %.4f, want 0.75", got)
	}
}
