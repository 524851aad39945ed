package society

import (
	"math"
	"slices"
	"testing"

	"github.com/parley-network/parley/sim/adoption"
	"github.com/parley-network/parley/sim/graph"
)

// A town is alive with a tenth of its people and a vendor who serves it inside,
// whichever of its towns that vendor calls its own; one person less, or no
// vendor, and it is not. A town of nobody is none.
func TestPlacesAlive(t *testing.T) {
	// Twenty people in each of two towns, nobody in the third; vendor 0 serves the
	// first two, vendor 1 the third.
	p := &Population{People: 40, Vendors: 2, Place: make([]int32, 42), places: [][]int32{{0, 1}, {2}}}
	for a := 20; a < 40; a++ {
		p.Place[a] = 1
	}
	p.sellers.places = 3
	for name, c := range map[string]struct {
		in   []int32
		want int
	}{
		"nobody": {nil, 0}, "both towns": {[]int32{0, 1, 20, 21, 40}, 2}, "one person is too few": {[]int32{0, 20, 21, 40}, 1},
		"no vendor": {[]int32{0, 1, 2, 20, 21}, 0}, "a vendor of elsewhere": {[]int32{0, 1, 20, 21, 41}, 0}, "a vendor alone": {[]int32{40, 41}, 0},
	} {
		w := &world{p: p, crowd: &adoption.Crowd{In: make([]bool, 42)}}
		for _, a := range c.in {
			w.crowd.In[a] = true
		}
		if got := w.alive(); got != c.want {
			t.Errorf("%s: %d towns are alive, want %d", name, got, c.want)
		}
	}
}

// Values of a run with known steps, by hand: what is of the last quarter, what
// of all, what of the end; and those who began did not come in a step.
func TestValuesOfARun(t *testing.T) {
	w := &world{p: &Population{People: 80, Vendors: 20, Place: make([]int32, 100), places: make([][]int32, 20)},
		crowd: &adoption.Crowd{In: make([]bool, 100)}, seeds: 30}
	w.p.sellers.places = 1
	w.rows = []row{
		{step: 0, people: 25, vendors: 5, joined: 40, left: 10, intents: 10, ended: [3]int{4, 3, 3}, cast: 5, personWon: 1, effort: 100, costs: Costs{Copies: 50, Delivered: 10, Bytes: 900}},
		{step: 1, people: 45, vendors: 10, joined: 25, intents: 20, ended: [3]int{5, 10, 5}, cast: 12, personWon: 7, costs: Costs{Copies: 70, Delivered: 30, Bytes: 100}},
		{step: 2, people: 40, vendors: 9, left: 6, intents: 10, ended: [3]int{0, 6, 4}, cast: 8},
		{step: 3, people: 36, vendors: 8, joined: 25, left: 30, intents: 40, ended: [3]int{16, 20, 4}, cast: 25, personWon: 90, effort: 18, vendorWon: 40, upkeep: 8},
	}
	for _, d := range []float64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 100} {
		w.delay.add(d)
		w.answer.add(2 * d)
	}
	got := map[string]float64{}
	for _, v := range w.values() {
		got[v.Name] = v.Number
	}
	differ(t, "a run", got, map[string]float64{
		"peak_share": 55. / 100, "peak_step": 1, "participants": 44, "people_share": 36. / 80, "vendors_share": 8. / 20, "joined": 90, "left": 46,
		"growth": 44. / 30, "intents": 80, "filled_network": 39, "filled_incumbent": 16, "unfilled": 25, "fill_network": 39. / 80, "fill_incumbent": 16. / 80,
		"fill_none": 25. / 80, "fill_members": 39. / 50, "end_fill_network": 20. / 40, "end_fill_members": 20. / 25,
		"gain_person": 72. / 36, "gain_vendor": 32. / 8, "messages_each": 120. / (30 + 55 + 49 + 44), "bytes_each": 1000. / (30 + 55 + 49 + 44), "copies": 3,
	})
	// Of eleven the sixth, the tenth and the tenth again (ranks 5, 9 and 9 from 0).
	for name, want := range map[string]float64{"delay_p50_seconds": 6, "delay_p90_seconds": 10, "delay_p99_seconds": 10, "answer_p50_seconds": 12, "answer_p99_seconds": 20} {
		if math.Abs(got[name]/want-1) > 0.004 {
			t.Errorf("%s is %v, want %v", name, got[name], want)
		}
	}
	w.rows[0].joined = 70 // of whom 30 began
	for _, v := range w.values() {
		if v.Name == "peak_step" && v.Number != 0 {
			t.Errorf("forty came in the first step, and the peak is in step %v", v.Number)
		}
	}
}

// A course's first count is who began, and its second the first step: both are
// of the first row. People and vendors are told apart, and stay.
func TestFollowingACourse(t *testing.T) {
	s := town()
	s.People.Count, s.Vendors.Count, s.People.Intents, s.Clock.Steps, s.Record.Spread = 4, 3, 0, 4, 7
	w, _, err := settle(s, 1, still{})
	if err != nil {
		t.Fatal(err)
	}
	// Persons 0 and 1 began and came first, 2 later, 3 never; vendors likewise.
	w.follow(adoption.Course{When: []int32{0, 1, 3, -1, 2, 4, -1}}, 4)
	for i, want := range []row{
		{step: 0, people: 2, vendors: 0, joined: 2}, {step: 1, people: 2, vendors: 1, joined: 1},
		{step: 2, people: 3, vendors: 1, joined: 1}, {step: 3, people: 3, vendors: 2, joined: 1},
	} {
		if w.rows[i] != want {
			t.Errorf("row %d is %+v, want %+v", i, w.rows[i], want)
		}
	}
	if want := []int32{0, 0, 2, -1, 1, 3, -1}; !slices.Equal(w.joined, want) {
		t.Errorf("they joined in %v, want %v", w.joined, want)
	}
	out := w.spread(1)
	for i, at := range out.Joined {
		turns := out.TurnsOf(i)
		if at < 0 && len(turns) > 0 || at >= 0 && (len(turns) != 1 || int(turns[0]) != at) {
			t.Errorf("one who joined in %d has turns %v", at, turns)
		}
	}
}

// chain joins agents in a row.
func chain(n int) *graph.Graph {
	g := &graph.Graph{Start: []int32{0}}
	for v := range int32(n) {
		if v > 0 {
			g.To = append(g.To, v-1)
		}
		if int(v) < n-1 {
			g.To = append(g.To, v+1)
		}
		g.Start = append(g.Start, int32(len(g.To)))
	}
	return g
}

// A picture of some shows those next to who began, a tenth of it being these,
// with every edge among them once; then others, evenly from all.
func TestWhoIsInThePicture(t *testing.T) {
	for name, c := range map[string]struct {
		spread int
		began  []int32
		want   []int32
		edges  int
	}{
		"around one":         {11, []int32{50}, []int32{45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55}, 10},
		"around the first":   {12, []int32{50, 80}, []int32{44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55}, 11},
		"around two":         {20, []int32{20, 80}, []int32{15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 75, 76, 77, 78, 79, 80, 81, 82, 83, 84}, 18},
		"at an end":          {4, []int32{0}, []int32{0, 1, 2, 3}, 3},
		"all":                {1000, []int32{7}, nil, 99},
		"where nobody began": {4, nil, []int32{0, 1, 2, 3}, 3},
	} {
		w := &world{p: &Population{People: 100, Place: make([]int32, 100)}, crowd: adoption.NewCrowd(chain(100)), joined: never(100), left: never(100)}
		w.p.sellers.places, w.s.Record.Spread = 1, c.spread
		for _, a := range c.began {
			w.joined[a] = 0
		}
		got := slices.Sorted(slices.Values(w.pick()))
		if name == "around two" { // which of a pair equally near is drawn is no matter
			if len(got) != 20 || !slices.Contains(got, 20) || !slices.Contains(got, 80) || !slices.Contains(got, 16) || !slices.Contains(got, 84) {
				t.Errorf("%s: %v", name, got)
			}
		} else if c.want != nil && !slices.Equal(got, c.want) || c.want == nil && len(got) != 100 {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
		out := w.spread(1)
		seen := map[[2]int32]bool{}
		for _, e := range out.Edges {
			if e[0] >= e[1] || int(e[1]) >= len(out.X) || seen[e] {
				t.Errorf("%s: edge %v", name, e)
			}
			seen[e] = true
		}
		if len(out.Edges) != c.edges {
			t.Errorf("%s: %d edges, want %d", name, len(out.Edges), c.edges)
		}
	}
}

// Of so many shown, vendors have their part, one at least, and people the rest.
func TestRoomsInAPicture(t *testing.T) {
	for _, c := range []struct{ people, vendors, want, peopleShown, vendorsShown int }{
		{90, 10, 50, 45, 5}, {90, 10, 100, 90, 10}, {999, 1, 10, 9, 1}, {1000, 0, 10, 10, 0}, {10, 990, 10, 1, 9}, {5, 5, 1, 1, 0}, {50, 50, 5, 2, 3},
	} {
		w := &world{p: &Population{People: c.people, Vendors: c.vendors}}
		if got := w.rooms(c.want); got != [2]int{c.peopleShown, c.vendorsShown} {
			t.Errorf("%d of %d people and %d vendors: %v", c.want, c.people, c.vendors, got)
		}
	}
}
