package graph_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/parley-network/parley/sim/graph"
	"github.com/parley-network/parley/sim/random"
	"github.com/parley-network/parley/sim/scenario"
)

// sound checks what every graph promises: rows in ascending order, no self
// loop, no edge twice, every edge at both its ends.
func sound(t *testing.T, g *graph.Graph) {
	t.Helper()
	for v := range int32(g.Len()) {
		row := g.Neighbours(v)
		for i, w := range row {
			if w == v {
				t.Fatalf("%d knows itself", v)
			}
			if i > 0 && row[i-1] >= w {
				t.Fatalf("row %d is not ascending: %v", v, row)
			}
			if _, ok := slices.BinarySearch(g.Neighbours(w), v); !ok {
				t.Fatalf("%d knows %d, who doesn't know it", v, w)
			}
		}
	}
}

func towns(n, count int) []int32 {
	r, p := random.New(1, "towns"), make([]int32, n)
	a, err := random.NewAlias(random.Zipf(count, 0.8))
	if err != nil {
		panic(err)
	}
	for i := range p {
		p[i] = int32(a.Draw(r))
	}
	return p
}

var kinds = []scenario.Network{
	{Kind: "erdos-renyi", Degree: 8},
	{Kind: "watts-strogatz", Degree: 8, Rewire: 0.1},
	{Kind: "barabasi-albert", Attach: 4},
	{Kind: "block", Degree: 8, Within: 0.7},
	{Kind: "geographic", Degree: 8},
}

func TestBuildIsSoundAndOfTheDegreeAsked(t *testing.T) {
	places := towns(20_000, 12)
	for _, n := range kinds {
		t.Run(n.Kind, func(t *testing.T) {
			g, err := graph.Build(n, len(places), places, random.New(7, "network"))
			if err != nil {
				t.Fatal(err)
			}
			sound(t, g)
			// The number of edges, about 80,000, is at most Poisson: its mean
			// degree strays by 8/√80,000 = 0.03; four times that.
			if d := 2 * float64(g.Edges()) / float64(g.Len()); d < 7.88 || d > 8.12 {
				t.Errorf("mean degree %.3f, want 8", d)
			}
			again, err := graph.Build(n, len(places), places, random.New(7, "network"))
			if err != nil || !slices.Equal(g.To, again.To) || !slices.Equal(g.Start, again.Start) {
				t.Errorf("another network of the same seed (%v)", err)
			}
			other, err := graph.Build(n, len(places), places, random.New(8, "network"))
			if err != nil || slices.Equal(g.To, other.To) {
				t.Errorf("the same network of another seed (%v)", err)
			}
		})
	}
}

func TestBuildOfNoEdgesStored(t *testing.T) {
	for _, kind := range []string{"none", "complete"} {
		g, err := graph.Build(scenario.Network{Kind: kind}, 1_000_000, nil, nil)
		if err != nil || !g.Whole || g.Degree(5) != 999_999 || g.Neighbours(5) != nil || g.Edges() != 0 {
			t.Errorf("%s: %v, %v", kind, g.Whole, err)
		}
	}
}

func TestBuildRefuses(t *testing.T) {
	list := filepath.Join(t.TempDir(), "net.txt")
	if err := os.WriteFile(list, []byte("1 2\n2 3\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		n    scenario.Network
		n2   int
		want string
	}{
		{scenario.Network{Kind: "ring"}, 10, `network.kind "ring"`},
		{scenario.Network{Kind: "erdos-renyi", Degree: 10}, 10, "network.degree is 10: want 0 to 9"},
		{scenario.Network{Kind: "erdos-renyi", Degree: -1}, 10, "network.degree is -1"},
		{scenario.Network{Kind: "erdos-renyi", Degree: 1000}, 100_000_000, "5e+10 edges: a network holds at most"},
		{scenario.Network{Kind: "watts-strogatz", Degree: 12}, 10, "network.degree is 12"},
		{scenario.Network{Kind: "watts-strogatz", Degree: 4, Rewire: 1.5}, 10, "rewired of 1.5"},
		{scenario.Network{Kind: "barabasi-albert"}, 10, "with 0 of 10"},
		{scenario.Network{Kind: "barabasi-albert", Attach: 10}, 10, "with 10 of 10"},
		{scenario.Network{Kind: "barabasi-albert", Attach: 200}, 100_000_000, "2e+10 edges"},
		{scenario.Network{Kind: "block", Degree: 4, Within: 2}, 10, "within of 2"},
		{scenario.Network{Kind: "block", Degree: 4, Within: 0.5}, 10, "the 1 towns have 0 pairs"},
		{scenario.Network{Kind: "geographic", Degree: 10}, 10, "geographic of 10 with degree 10"},
		{scenario.Network{Kind: "file", File: list}, 2, "has 3 people: the scenario has 2 agents"},
		{scenario.Network{Kind: "file", File: list + "x"}, 2, "open edge list"},
	} {
		if _, err := graph.Build(c.n, c.n2, nil, random.New(1, "")); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: got %v, want %q", c.n, err, c.want)
		}
	}
	if _, err := graph.Build(kinds[0], 10, make([]int32, 3), nil); err == nil {
		t.Error("places of too few were taken")
	}
	g, err := graph.Build(scenario.Network{Kind: "file", File: list}, 5, nil, nil)
	if err != nil || g.Len() != 5 || g.Degree(1) != 2 || g.Degree(4) != 0 {
		t.Errorf("a file of three for five: %+v, %v", g, err)
	}
}
