package adoption_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/parley-network/parley/sim/adoption"
	"github.com/parley-network/parley/sim/graph"
	"github.com/parley-network/parley/sim/random"
	"github.com/parley-network/parley/sim/scenario"
)

// rohlfs lives a service that is worth k·n·(1−x) a step to one of type x when a
// share n takes part, at a price, with the eagerest share begin inside; it
// returns the share inside in the end.
func rohlfs(t *testing.T, agents int, begin, k, price float64, r *rand.Rand) float64 {
	t.Helper()
	rule, err := adoption.New(scenario.Adoption{Rule: "utility", Patience: 1}, agents, r)
	if err != nil {
		t.Fatal(err)
	}
	kind, e := make([]float64, agents), adoption.Experience{Gain: make([]float64, agents), Cost: make([]float64, agents)}
	c := adoption.NewCrowd(graph.Whole(agents))
	for a := range kind {
		kind[a], e.Cost[a] = r.Float64(), price
		if kind[a] < begin {
			c.Join([]int32{int32(a)})
		}
	}
	for range 400 {
		n := float64(c.Size) / float64(agents)
		for a := range kind {
			e.Gain[a] = k * n * (1 - kind[a])
		}
		join, leave := rule.Step(c, e)
		c.Join(join)
		c.Leave(leave)
		if len(join)+len(leave) == 0 {
			break
		}
	}
	return float64(c.Size) / float64(agents)
}

// n(1−n)k = price: at k = 1 and a price of 0.16 the roots are 0.2, the critical
// mass, and 0.8. Types are drawn, so the share of the best z of them strays by
// √(z(1−z)/agents); n follows from z by n ↦ 1 − price/(kn), whose slope at the
// lower root is price/(kn²) = 4, so the root strays by a third of that, and what
// begins by all of it: a start is put six times 4/3 of it to either side.
func TestRohlfsTippingPoint(t *testing.T) {
	const agents, k, price, low, high = 20_000, 1.0, 0.16, 0.2, 0.8
	stray := 4.0 / 3 * math.Sqrt(low*(1-low)/agents)
	var above []float64
	for seed := range uint64(10) {
		if n := rohlfs(t, agents, low-6*stray, k, price, random.New(seed, "rohlfs")); n != 0 {
			t.Errorf("begun with %.3f it ends at %.3f, want none", low-6*stray, n)
		}
		above = append(above, rohlfs(t, agents, low+6*stray, k, price, random.New(seed, "rohlfs")))
	}
	if mean, e := meanError(above); math.Abs(mean-high) > 4*e || e > 0.005 {
		t.Errorf("begun with %.3f it ends at %.4f ± %.4f, want %.1f", low+6*stray, mean, e, high)
	}
	// Dearer than k/4 no share pays for itself.
	if n := rohlfs(t, agents, 1, k, 0.26, random.New(1, "dear")); n != 0 {
		t.Errorf("at a price of 0.26 %.3f stay, want none", n)
	}
}

// The word comes as Bass has it; who hears joins only if it expects a gain.
func TestUtilityNeedsTheWordAndAGain(t *testing.T) {
	const agents, p = 40_000, 0.1
	e := adoption.Experience{Gain: make([]float64, agents)}
	for a := range agents / 2 {
		e.Gain[a] = 1
	}
	for name, rule := range map[string]adoption.Rule{
		"all":      adoption.NewUtility(p, 0, false, 0, random.New(1, "word")),
		"per edge": adoption.NewUtility(1-math.Exp(-p), 0, true, 0, random.New(1, "word")),
	} {
		c := adoption.NewCrowd(graph.Whole(agents))
		join, leave := rule.Step(c, e)
		heard := 1 - math.Exp(-p)
		if got := float64(len(join)) / (agents / 2); math.Abs(got-heard) > 5*math.Sqrt(heard*(1-heard)/(agents/2)) || len(leave) != 0 {
			t.Errorf("%s: %.4f of those who would gain join, want %.4f", name, got, heard)
		}
		if len(join) > 0 && join[len(join)-1] >= agents/2 {
			t.Errorf("%s: %d joins for nothing", name, join[len(join)-1])
		}
	}
}

func TestPatience(t *testing.T) {
	for _, c := range []struct {
		name     string
		patience int
		net      []float64 // by step; the last goes on
		leaves   int       // the step it leaves in, −1: never
	}{
		{"nothing ever", 3, []float64{0}, 2},
		{"one step's patience", 1, []float64{1, 1, -1}, 2},
		{"always a gain", 3, []float64{1}, -1},
		{"a gain each third step, worth the two others", 3, []float64{5, -1, -1, 5, -1, -1, 5, -1, -1, 5, -1, -1, 5, -1, -1, 5}, -1},
		{"one gain, soon eaten up", 3, []float64{1, -1}, 3},
		{"one great gain lasts longer", 3, []float64{10, -1}, 6},
	} {
		crowd := adoption.NewCrowd(graph.Whole(1))
		crowd.Join([]int32{0})
		rule := adoption.NewPatience(adoption.Everyone{}, c.patience)
		left := -1
		for step := 0; step < 40 && left < 0; step++ {
			e := adoption.Experience{Gain: []float64{c.net[min(step, len(c.net)-1)] + 1}, Cost: []float64{1}}
			if _, leave := rule.Step(crowd, e); len(leave) > 0 {
				left = step
			}
		}
		if left != c.leaves {
			t.Errorf("%s: left in step %d, want %d", c.name, left, c.leaves)
		}
	}
	// Nothing told, nobody leaves; and who left everyone's network stays away.
	crowd := adoption.NewCrowd(graph.Whole(2))
	rule := adoption.NewPatience(adoption.Everyone{}, 1)
	if curve := live(crowd, rule, 5); curve[5] != 2 {
		t.Errorf("%v", curve)
	}
	crowd.Leave([]int32{1})
	if curve := live(crowd, rule, 5); curve[5] != 1 || !crowd.Left[1] {
		t.Errorf("%v", curve)
	}
}

// One who left for want of gain stays away for as many whole steps as its
// patience, and looks again in the next.
func TestUtilityComesBack(t *testing.T) {
	rule, err := adoption.New(scenario.Adoption{Rule: "utility", Patience: 3}, 1, random.New(1, "back"))
	if err != nil {
		t.Fatal(err)
	}
	c := adoption.NewCrowd(graph.Whole(1))
	var story strings.Builder
	for range 16 {
		gain := 1.0 // what it looks like from outside
		if c.In[0] {
			gain = 0
		}
		join, leave := rule.Step(c, adoption.Experience{Gain: []float64{gain}})
		c.Join(join)
		c.Leave(leave)
		story.WriteByte("-x"[c.Size])
	}
	if want := "xxx----xxx----xx"; story.String() != want {
		t.Errorf("inside %s, want %s", story.String(), want)
	}
}

func TestNewRefuses(t *testing.T) {
	for _, c := range []struct {
		a    scenario.Adoption
		want string
	}{
		{scenario.Adoption{}, `adoption.rule ""`},
		{scenario.Adoption{Rule: "magic"}, `adoption.rule "magic"`},
		{scenario.Adoption{Rule: "bass", P: -1}, "adoption.p is -1"},
		{scenario.Adoption{Rule: "bass", P: math.NaN()}, "adoption.p is NaN"},
		{scenario.Adoption{Rule: "bass", Q: -1}, "adoption.q is -1"},
		{scenario.Adoption{Rule: "bass", Q: 2, PerEdge: true}, "adoption.q is 2"},
		{scenario.Adoption{Rule: "fraction", Threshold: 2}, "adoption.threshold is 2"},
		{scenario.Adoption{Rule: "threshold", Threshold: -1}, "adoption.threshold is -1"},
		{scenario.Adoption{Rule: "threshold", Spread: math.Inf(1)}, "adoption.spread"},
		{scenario.Adoption{Rule: "everyone", Patience: -1}, "adoption.patience"},
	} {
		if _, err := adoption.New(c.a, 10, random.New(1, "x")); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: got %v, want %q", c.a, err, c.want)
		}
	}
}

// The crowd counts acquaintances right, whoever comes and goes.
func TestCrowd(t *testing.T) {
	g, err := graph.ErdosRenyi(300, 0.05, random.New(1, "net"))
	if err != nil {
		t.Fatal(err)
	}
	r := random.New(1, "crowd")
	for _, g := range []*graph.Graph{g, graph.Whole(300)} {
		c := adoption.NewCrowd(g)
		for range 50 {
			some, _ := adoption.Seeds("random", r.IntN(200), g, adoption.Traits{}, r)
			if r.IntN(2) == 0 {
				c.Join(append(slices.Clone(some), some...))
			} else {
				c.Leave(some)
			}
		}
		size := 0
		for a := range int32(300) {
			known := 0
			for b := range int32(300) {
				_, edge := slices.BinarySearch(g.Neighbours(a), b)
				if c.In[b] && a != b && (g.Whole || edge) {
					known++
				}
			}
			if c.Known(a) != known {
				t.Fatalf("%d knows %d inside, want %d", a, c.Known(a), known)
			}
			if c.In[a] {
				size++
			}
		}
		if c.Size != size {
			t.Errorf("size %d, want %d", c.Size, size)
		}
	}
}
