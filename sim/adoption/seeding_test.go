package adoption_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/parley-network/parley/sim/adoption"
	"github.com/parley-network/parley/sim/graph"
	"github.com/parley-network/parley/sim/random"
)

func TestSeeds(t *testing.T) {
	const agents = 1000
	g, err := graph.BarabasiAlbert(agents, 3, random.New(1, "net"))
	if err != nil {
		t.Fatal(err)
	}
	var traits adoption.Traits
	for a := range agents {
		// Town 2 has 500, town 0 300, town 1 200; one in ten wants category 5, and
		// half no category.
		town := []int32{2, 0, 2, 1, 2, 0, 2, 1, 2, 0}[a%10]
		kind := int32(-1)
		if a%10 == 3 {
			kind = 5
		}
		traits.Place, traits.Category = append(traits.Place, town), append(traits.Category, kind)
	}
	towns := func(by string, count int) (of [3]int, kinds int) {
		t.Helper()
		seeds, err := adoption.Seeds(by, count, g, traits, random.New(1, by))
		if err != nil {
			t.Fatal(err)
		}
		if len(seeds) != count || !slices.IsSorted(seeds) || len(slices.Compact(slices.Clone(seeds))) != count {
			t.Fatalf("%s: %v", by, seeds)
		}
		for _, a := range seeds {
			of[traits.Place[a]]++
			if traits.Category[a] == 5 {
				kinds++
			}
		}
		return of, kinds
	}
	if of, _ := towns("place", 100); of != [3]int{0, 0, 100} {
		t.Errorf("one town first: %v", of)
	}
	if of, _ := towns("place", 600); of != [3]int{100, 0, 500} {
		t.Errorf("the largest town, then the next: %v", of)
	}
	if _, kinds := towns("category", 150); kinds != 100 {
		t.Errorf("one category first: %d of it", kinds)
	}
	if of, _ := towns("random", 600); of[0] < 120 || of[1] < 70 || of[2] < 220 {
		t.Errorf("spread thin: %v", of)
	}
	if of, _ := towns("random", agents); of != [3]int{300, 200, 500} {
		t.Errorf("all: %v", of)
	}
	hubs, err := adoption.Seeds("influential", 50, g, traits, random.New(1, "hubs"))
	if err != nil {
		t.Fatal(err)
	}
	least := math.MaxInt
	for _, a := range hubs {
		least = min(least, g.Degree(a))
	}
	for a := range int32(agents) {
		if g.Degree(a) > least && !slices.Contains(hubs, a) {
			t.Errorf("%d knows %d and does not begin; one who knows %d does", a, g.Degree(a), least)
		}
	}
}

func TestSeedsRefuse(t *testing.T) {
	g := graph.Whole(10)
	for _, c := range []struct {
		by    string
		count int
		want  string
	}{
		{"random", 11, "adoption.seeds is 11: there are 10 agents"},
		{"random", -1, "adoption.seeds is -1"},
		{"moon", 1, `adoption.seeding "moon"`},
		{"place", 1, `adoption.seeding "place": agents have none`},
	} {
		if _, err := adoption.Seeds(c.by, c.count, g, adoption.Traits{}, random.New(1, "x")); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: got %v", c, err)
		}
	}
}
