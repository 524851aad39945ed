package adoption_test

import (
	"math"
	"testing"

	"github.com/parley-network/parley/sim/adoption"
	"github.com/parley-network/parley/sim/graph"
	"github.com/parley-network/parley/sim/random"
)

// meanError returns the mean and its standard error.
func meanError(x []float64) (mean, e float64) {
	for _, v := range x {
		mean += v / float64(len(x))
	}
	for _, v := range x {
		e += (v - mean) * (v - mean)
	}
	return mean, math.Sqrt(e / float64(len(x)-1) / float64(len(x)))
}

// live runs a rule for so many steps, and returns how many are inside after
// each, how many began first.
func live(c *adoption.Crowd, rule adoption.Rule, steps int) []int {
	curve := []int{c.Size}
	for range steps {
		join, leave := rule.Step(c, adoption.Experience{})
		c.Join(join)
		c.Leave(leave)
		curve = append(curve, c.Size)
	}
	return curve
}

// share is Bass's F(t).
func share(p, q, t float64) float64 {
	e := math.Exp(-(p + q) * t)
	return (1 - e) / (1 + q/p*e)
}

// The products of Bass (1969), with the years to the peak of sales, T*. The
// curve of 20 runs is held to his closed form by 4.5 of its own standard errors
// at each year (eleven products of some thirty years: one in 400 of such tests
// would fail by chance), and the time at which F reaches ½ − p/2q, which is at
// the peak, to T*, which is known to 0.05 years.
func TestBassProducts(t *testing.T) {
	for _, k := range []struct {
		product      string
		p, q, toPeak float64
	}{
		{"electric refrigerators", .0026167, .21566, 20.2},
		{"home freezers", .018119, .17110, 11.9},
		{"black and white television", .027877, .25105, 7.9},
		{"water softeners", .017703, .29695, 9.0},
		{"room air conditioners", .010399, .41861, 8.6},
		{"clothes dryers", .017206, .35688, 8.1},
		{"power lawnmowers", .0091837, .33790, 10.4},
		{"electric bed coverings", .005876, .24387, 14.9},
		{"automatic coffee makers", .017135, .30145, 9.0},
		{"steam irons", .028632, .32791, 6.8},
		{"record players", .024796, .65410, 4.8},
	} {
		const agents, runs, perYear = 20_000, 20, 4
		years := int(1.5*k.toPeak) + 1
		g := graph.Whole(agents)
		at := make([][]float64, years+1)
		var peaks []float64
		for seed := range uint64(runs) {
			rule := adoption.NewBass(k.p/perYear, k.q/perYear, false, random.New(seed, k.product))
			curve := live(adoption.NewCrowd(g), rule, perYear*years)
			for y := range at {
				at[y] = append(at[y], float64(curve[perYear*y])/agents)
			}
			peaks = append(peaks, crossing(curve, agents*(0.5-k.p/(2*k.q)))/perYear)
		}
		for y := 1; y <= years; y++ {
			mean, e := meanError(at[y])
			if want := share(k.p, k.q, float64(y)); math.Abs(mean-want) > 4.5*e {
				t.Errorf("%s, year %d: %.4f ± %.4f, want %.4f", k.product, y, mean, e, want)
			}
		}
		if mean, e := meanError(peaks); math.Abs(mean-k.toPeak) > 0.05+4*e {
			t.Errorf("%s: peak after %.2f ± %.2f years, want %.1f", k.product, mean, e, k.toPeak)
		}
	}
}

// crossing is when a rising curve reaches a level, between steps by a line.
func crossing(curve []int, level float64) float64 {
	for i, n := range curve {
		if float64(n) >= level {
			before := float64(curve[i-1])
			return float64(i-1) + (level-before)/(float64(n)-before)
		}
	}
	return math.Inf(1)
}

// A step of any length leads to the same curve: ten of a tenth to one.
func TestBassStepIsExactAtAnyLength(t *testing.T) {
	for _, start := range []float64{0, 0.1, 0.9} {
		one := start + (1-start)*adoption.BassStep(.02, .6, start)
		ten := start
		for range 10 {
			ten += (1 - ten) * adoption.BassStep(.002, .06, ten)
		}
		if math.Abs(one-ten) > 1e-12 {
			t.Errorf("from %v: one step to %v, ten to %v", start, one, ten)
		}
	}
	for _, c := range []struct{ p, q, share, want float64 }{{0, 0, .5, 0}, {0, 1, 0, 0}, {.1, 0, .3, 1 - math.Exp(-.1)}, {.1, .1, 1, 0}} {
		if got := adoption.BassStep(c.p, c.q, c.share); math.Abs(got-c.want) > 1e-12 {
			t.Errorf("%+v: got %v", c, got)
		}
	}
}

// Per edge, the chance of an agent with k acquaintances inside of n tries is
// 1 − (1−p)(1−q)^k.
func TestBassPerEdgeChance(t *testing.T) {
	const leaves, p, q = 40_000, 0.05, 0.2
	for _, k := range []int{0, 1, 3} {
		// Everybody of the crowd knows the first k, who are inside.
		var g *graph.Graph
		if k == 0 {
			g, _ = graph.ErdosRenyi(leaves, 0, nil)
		} else {
			g = star(k, leaves)
		}
		c := adoption.NewCrowd(g)
		for a := range int32(k) {
			c.Join([]int32{a})
		}
		join, _ := adoption.NewBass(p, q, true, random.New(1, "chance")).Step(c, adoption.Experience{})
		want := 1 - (1-p)*math.Pow(1-q, float64(k))
		if got := float64(len(join)) / leaves; math.Abs(got-want) > 5*math.Sqrt(want*(1-want)/leaves) {
			t.Errorf("%d inside: share %.4f, want %.4f", k, got, want)
		}
	}
	// On a whole graph everybody inside is an acquaintance.
	c := adoption.NewCrowd(graph.Whole(leaves + 3))
	c.Join([]int32{5, 6, 7})
	join, _ := adoption.NewBass(p, q, true, random.New(1, "chance")).Step(c, adoption.Experience{})
	want := 1 - (1-p)*math.Pow(1-q, 3)
	if got := float64(len(join)) / leaves; math.Abs(got-want) > 5*math.Sqrt(want*(1-want)/leaves) {
		t.Errorf("whole: share %.4f, want %.4f", got, want)
	}
}

// star has everybody know the first k, and nobody else.
func star(k, leaves int) *graph.Graph {
	g := &graph.Graph{Start: []int32{0}}
	for range k {
		for leaf := range int32(leaves) {
			g.To = append(g.To, int32(k)+leaf)
		}
		g.Start = append(g.Start, int32(len(g.To)))
	}
	for range leaves {
		for hub := range int32(k) {
			g.To = append(g.To, hub)
		}
		g.Start = append(g.Start, int32(len(g.To)))
	}
	return g
}
