package model

import (
	"math"
	"slices"
	"testing"
	"time"

	"github.com/parley-network/parley/sim/scenario"
	"github.com/parley-network/parley/sim/society"
)

// wire is a carrier on which all is known: three followers have a message after
// 100, 200 and 300 ms, each once.
type wire struct{ sizes []int }

func (w *wire) topic(n int) (*topic, error) {
	w.sizes = append(w.sizes, n)
	return &topic{followers: n, traces: [][]float32{{0.1, 0.2, 0.3}}, reach: 1, copies: 2, bytes: 1000}, nil
}

func (w *wire) idle() float64 { return 10 }

// stalls are three vendors, of whom the third sells something else, and two
// people.
func stalls(t *testing.T, m *medium) {
	t.Helper()
	var all []society.Agent
	for v, category := range []int32{0, 0, 1} {
		all = append(all, society.Agent{ID: int32(2 + v), Vendor: true, Categories: []int32{category}, Places: []int32{0}, Price: 50 + float64(v)})
	}
	if err := m.Join(t.Context(), append(all, society.Agent{ID: 0}, society.Agent{ID: 1})); err != nil {
		t.Fatal(err)
	}
}

func still() scenario.Scenario {
	s := scenario.Default()
	s.Vendors.Think = scenario.Duration(time.Second)
	return s
}

func trade(t *testing.T, m *medium, step int, intents ...society.Intent) []society.Fate {
	t.Helper()
	fates, err := m.Trade(t.Context(), step, intents)
	if err != nil {
		t.Fatal(err)
	}
	if len(fates) != len(intents) {
		t.Fatalf("%d fates of %d intents", len(fates), len(intents))
	}
	return fates
}

func TestTrade(t *testing.T) {
	m := newMedium(still(), 1, &wire{})
	stalls(t, m)
	f := trade(t, m, 0, society.Intent{Person: 0, Most: 100}, society.Intent{Person: 1, Category: 1, Most: 40}, society.Intent{Person: 1, Category: 7, Most: 90})
	if f[0].Heard != 2 || len(f[0].Delays) != 2 || len(f[0].Offers) != 2 || f[0].Linked != 0 {
		t.Errorf("two sell it: %+v", f[0])
	}
	for i, o := range f[0].Offers {
		if o.Vendor != int32(2+i) || o.Price != 50+float64(i) || o.After < f[0].Delays[i]+200*time.Millisecond {
			t.Errorf("an offer is a vendor's, at its price, after it heard and two round trips: %+v after %v", o, f[0].Delays[i])
		}
		if !slices.Contains([]time.Duration{100, 200, 300}, f[0].Delays[i].Round(time.Millisecond)/time.Millisecond) {
			t.Errorf("heard after %v", f[0].Delays[i])
		}
	}
	if f[1].Heard != 1 || len(f[1].Offers) != 0 {
		t.Errorf("the budget is below the price: %+v", f[1])
	}
	if f[2].Heard != 0 || len(f[2].Offers) != 0 {
		t.Errorf("nobody sells it: %+v", f[2])
	}
	c := m.Costs()
	want := society.Costs{Delivered: 3 * 4, Copies: 3 * 8, Bytes: 3*4*1000 + 2*answerBytes + 5*60*10}
	if c != want {
		t.Errorf("costs %+v, want %+v", c, want)
	}
	if (m.Costs() != society.Costs{}) {
		t.Error("costs are told twice")
	}
	if err := m.Leave(t.Context(), []int32{2, 0}); err != nil {
		t.Fatal(err)
	}
	if f := trade(t, m, 1, society.Intent{Person: 1, Most: 100}); f[0].Heard != 1 || f[0].Offers[0].Vendor != 3 {
		t.Errorf("one of two left: %+v", f[0])
	}
}

func TestTopicSizes(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*scenario.Scenario)
		want   []int
	}{
		"all are in one topic":               {func(*scenario.Scenario) {}, []int{5, 5, 5}},
		"vendors of the kind, and who casts": {func(s *scenario.Scenario) { s.Protocol.Sharded = true }, []int{4, 4, 2}},
		"those asleep don't follow":          {func(s *scenario.Scenario) { s.Faults.Asleep = 0.4 }, []int{3, 3, 3}},
		"nor those in another part":          {func(s *scenario.Scenario) { s.Faults.Partition, s.Faults.To = 2, 9 }, []int{3, 3, 3}},
		"and a part is over when it is over": {func(s *scenario.Scenario) { s.Faults.Partition, s.Faults.To = 2, 0 }, []int{5, 5, 5}},
	} {
		t.Run(name, func(t *testing.T) {
			s, w := still(), &wire{}
			c.change(&s)
			m := newMedium(s, 1, w)
			stalls(t, m)
			trade(t, m, 0, society.Intent{Person: 0}, society.Intent{Person: 1}, society.Intent{Person: 1, Category: 1})
			if !slices.Equal(w.sizes, c.want) {
				t.Errorf("topics of %v followers, want %v", w.sizes, c.want)
			}
		})
	}
}

// What is drawn of a node has the share that the scenario says, and stays.
func TestFaults(t *testing.T) {
	s := still()
	s.Faults = scenario.Faults{Churn: 0.2, Asleep: 0.3, NAT: 0.6, Partition: 3, From: 2, To: 4}
	f := newFaults(s, 9)
	const n = 100000
	var asleep, away, behind int
	for id := range int32(n) {
		if f.sleeps(5, id) {
			asleep++
		}
		if f.behind(id) {
			behind++
		}
		from, to := f.away(5, id)
		if to > from {
			away++
		}
		if from < 0 || to > f.window || to < from {
			t.Fatalf("away from %v to %v in a window of %v", from, to, f.window)
		}
	}
	for what, c := range map[string][2]float64{"asleep": {float64(asleep) / n, .3}, "away": {float64(away) / n, .2}, "behind a NAT": {float64(behind) / n, .6}} {
		if band := 4 * math.Sqrt(c[1]*(1-c[1])/n); math.Abs(c[0]-c[1]) > band {
			t.Errorf("%s: %v, want %v ± %v", what, c[0], c[1], band)
		}
	}
	if f.apart(1, 0, 1) || !f.apart(2, 0, 1) || f.apart(3, 0, 3) || f.apart(4, 0, 1) {
		t.Error("three parts in steps 2 and 3, by number")
	}
}

func TestNight(t *testing.T) {
	s := still()
	s.Clock.Unit, s.Faults.Asleep = "hour", 0.5
	f := newFaults(s, 1)
	sum := 0.0
	for h := range 24 {
		sum += f.asleep(24*3 + h)
		if want := 0.5 * (1 + math.Cos(2*math.Pi*float64(h-4)/24)); math.Abs(f.asleep(h)-want) > 1e-4 {
			t.Errorf("hour %d: %v asleep, want %v", h, f.asleep(h), want)
		}
	}
	if math.Abs(sum/24-0.5) > 1e-4 {
		t.Errorf("%v asleep on average", sum/24)
	}
}

// One who was away hears of what it missed when it is back.
func TestCatchUp(t *testing.T) {
	s := still()
	s.Faults.Churn, s.Clock.Window = 1, scenario.Duration(time.Hour)
	m := newMedium(s, 3, &wire{})
	stalls(t, m)
	late, lost := 0, 0
	for step := range 400 {
		f := trade(t, m, step, society.Intent{Person: 0, Most: 100})[0]
		if f.Heard == 0 {
			lost++ // its own node was away
		}
		for _, d := range f.Delays {
			if d > time.Second {
				late++
			}
		}
	}
	if late == 0 || lost == 0 || late+lost > 300 {
		t.Errorf("of 800 deliveries %d were late, and of 400 intents %d not cast", late, lost)
	}
}
