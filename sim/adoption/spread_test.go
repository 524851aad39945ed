package adoption_test

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/parley-network/parley/sim/adoption"
	"github.com/parley-network/parley/sim/graph"
	"github.com/parley-network/parley/sim/random"
)

// The fast path is the synchronous rule's law: over 40 runs of each on one
// network, the means at every step differ by less than 4.5 standard errors of
// their difference, and their spreads by less than a factor of two. (Of two
// samples of 40 the ratio of variances leaves 1/3.4 to 3.4 once in 5,000 times;
// the steps of one run hang together.)
func TestSpreadIsTheSynchronousRulesLaw(t *testing.T) {
	const runs, steps = 40, 50
	for _, k := range []struct {
		name   string
		agents int
		p, q   float64
		seeds  []int32
	}{
		{"the figure's", 20_000, .002, .01, nil},
		{"few drops and seeds", 3_000, 0, .02, []int32{7, 1500, 2999}},
		{"heavy rain", 3_000, .03, .6, nil},
		{"downpour", 3_000, .3, .97, []int32{5}},
	} {
		g, err := graph.BarabasiAlbert(k.agents, 4, random.New(1, "network"))
		if err != nil {
			t.Fatal(err)
		}
		fast, err := adoption.NewSpread(g)
		if err != nil {
			t.Fatal(err)
		}
		a, b := make([][]float64, steps+1), make([][]float64, steps+1)
		for seed := range uint64(runs) {
			course, err := fast.Run(k.p, k.q, steps, k.seeds, false, random.New(seed, "fast"))
			if err != nil {
				t.Fatal(err)
			}
			c := adoption.NewCrowd(g)
			c.Join(k.seeds)
			slow := live(c, adoption.NewBass(k.p, k.q, true, random.New(seed, "slow")), steps)
			for s := range a {
				a[s], b[s] = append(a[s], float64(course.Count[s])), append(b[s], float64(slow[s]))
			}
		}
		for s := 1; s <= steps; s++ {
			fast, e := meanError(a[s])
			slow, f := meanError(b[s])
			if math.Abs(fast-slow) > 4.5*math.Hypot(e, f) {
				t.Errorf("%s, step %d: %.1f ± %.1f inside, the rule has %.1f ± %.1f", k.name, s, fast, e, slow, f)
			}
			// Where all but a few are inside there is no spread to compare.
			if e > 1 && f > 1 && (e/f > 2 || f/e > 2) {
				t.Errorf("%s, step %d: a run strays by %.1f, the rule's by %.1f", k.name, s, e*math.Sqrt(runs), f*math.Sqrt(runs))
			}
		}
	}
}

// With q one and p zero an agent joins as many steps after the seed as it is
// away from it.
func TestSpreadOfCertainEdgesIsDistance(t *testing.T) {
	g, err := graph.WattsStrogatz(3000, 6, 0.05, random.New(1, "net"))
	if err != nil {
		t.Fatal(err)
	}
	fast, err := adoption.NewSpread(g)
	if err != nil {
		t.Fatal(err)
	}
	for _, first := range []int32{0, 1234} {
		c, err := fast.Run(0, 1, 100, []int32{first}, true, random.New(1, "x"))
		if err != nil || !slices.Equal(c.When, graph.Distances(g, first)) {
			t.Errorf("from %d: joined at other steps than the distances (%v)", first, err)
		}
	}
	if c, err := fast.Run(1, 0, 1, nil, false, random.New(1, "x")); err != nil || !slices.Equal(c.Count, []int{0, 3000}) {
		t.Errorf("p of one: %v, %v", c.Count, err)
	}
}

func TestSpreadTellsWhoJoinedWhen(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 3000).Draw(t, "agents")
		p := rapid.Float64Range(0, 1).Draw(t, "p")
		q := rapid.Float64Range(0, 1).Draw(t, "q")
		steps := rapid.IntRange(0, 8).Draw(t, "steps")
		seed := rapid.Uint64().Draw(t, "seed")
		g, err := graph.ErdosRenyi(n, min(4/float64(n), 1), random.New(seed, "net"))
		if err != nil {
			t.Fatal(err)
		}
		s, err := adoption.NewSpread(g)
		if err != nil {
			t.Fatal(err)
		}
		seeds := []int32{0, int32(n - 1), 0}
		c, err := s.Run(p, q, steps, seeds, true, random.New(seed, "x"))
		if err != nil {
			t.Fatal(err)
		}
		if len(c.Count) != steps+1 || c.Count[0] != 2 {
			t.Fatalf("%v after %d steps", c.Count, steps)
		}
		count := make([]int, steps+1)
		for _, w := range c.When {
			for s := max(w, 0); w >= 0 && s <= int32(steps); s++ {
				count[s]++
			}
		}
		if !slices.Equal(count, c.Count) {
			t.Fatalf("by when they joined %v are inside, told are %v", count, c.Count)
		}
		again, err := s.Run(p, q, steps, seeds, true, random.New(seed, "x"))
		if err != nil || !slices.Equal(again.When, c.When) {
			t.Fatalf("a second run of the same seed differs (%v)", err)
		}
	})
}

func TestSpreadRefuses(t *testing.T) {
	if _, err := adoption.NewSpread(graph.Whole(10)); err == nil {
		t.Error("a network with no edges stored was taken")
	}
	g, _ := graph.ErdosRenyi(10, 0.5, random.New(1, "net"))
	s, err := adoption.NewSpread(g)
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range []struct {
		p, q  float64
		steps int
		seeds []int32
	}{{-.1, 0, 1, nil}, {0, 1.1, 1, nil}, {math.NaN(), 0, 1, nil}, {0, 0, -1, nil}, {0, 0, 1, []int32{10}}, {0, 0, 1, []int32{-1}}} {
		if _, err := s.Run(bad.p, bad.q, bad.steps, bad.seeds, false, random.New(1, "x")); err == nil {
			t.Errorf("%+v was taken", bad)
		}
	}
}
