package mesh

import (
	"context"
	"math"
	"testing"
	"time"

	"github.com/parley-network/parley/sim/scenario"
)

func profiled(t *testing.T) *Profile {
	t.Helper()
	f, err := Measure(context.Background(), shipped(20*ms, 80*ms), Default(), 1)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// A profile says what playing a mesh says, between the sizes it played and
// beyond them.
func TestProfileIsLikePlaying(t *testing.T) {
	f := profiled(t)
	for _, n := range []int{3, 6, 48, 700, 3000, 30_000} {
		played, err := Play(n, shipped(20*ms, 80*ms), Default(), 7, max(30_000/n, 10))
		if err != nil {
			t.Fatal(err)
		}
		read := f.At(float64(n))
		for _, q := range []struct {
			name       string
			a, b, most float64
		}{
			{"mean delay", played.Mean, read.Mean, .05}, {"p99", played.Delay[99], read.Delay[99], .06},
			{"copies", played.Copies, read.Copies, .05}, {"bytes", played.Bytes, read.Bytes, .05},
		} {
			if n > 10 && math.Abs(q.a-q.b) > q.most*q.a || math.Abs(q.a-q.b) > .2*q.a {
				t.Errorf("%d nodes, %s: played %v, read %v", n, q.name, q.a, q.b)
			}
		}
	}
	if a, b := f.At(1e8).Quantile(.5), f.At(1e7).Quantile(.5); a <= b || a > b+200*time.Millisecond {
		t.Errorf("half have it after %s of 1e7 and %s of 1e8", b, a)
	}
}

func town(people int, sharded bool) scenario.Scenario {
	s := scenario.Default()
	s.Study, s.Clock.Unit, s.Clock.Steps = "cost", "day", 1
	s.People.Count, s.People.Places, s.People.Categories, s.People.Intents = people, 20, 10, .1
	s.Vendors.Count, s.Vendors.Categories, s.Vendors.Places = people/20, 2, 3
	s.Protocol = shipped(20*ms, 80*ms)
	s.Protocol.Sharded = sharded
	return s
}

// What all nodes pay is what all intents cost; sharded, an intent reaches few,
// and each of those pays no more than if it reached all.
func TestCostAddsUp(t *testing.T) {
	f := profiled(t)
	cost := func(sharded bool) Cost {
		c, err := CostOf(context.Background(), town(20_000, sharded), f, Default(), 3, nil)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	all, some := cost(false), cost(true)
	for name, c := range map[string]Cost{"to all": all, "sharded": some} {
		paid := float64(c.People)*c.Person.Mean + float64(c.Vendors)*c.Vendor.Mean
		if want := c.All * float64(c.Casts); math.Abs(paid-want) > .03*want {
			t.Errorf("%s: nodes pay %v, intents cost %v", name, paid, want)
		}
	}
	if some.Followers > all.Followers/20 || some.Each > 1.01*all.Each || all.Followers != 21_000 {
		t.Errorf("sharded: %v followers at %v bytes each; to all: %v at %v", some.Followers, some.Each, all.Followers, all.Each)
	}
	if some.Casts != all.Casts || some.Heard > some.Casts || some.Heard < some.Casts/2 {
		t.Errorf("%d intents and %d, %d of them heard", all.Casts, some.Casts, some.Heard)
	}
	if again := cost(true); again != some {
		t.Errorf("%+v\nthen %+v", some, again)
	}
}

func TestCostStops(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	f := profiled(t)
	cancel()
	if _, err := CostOf(ctx, town(3_000_000, true), f, Default(), 1, nil); err == nil {
		t.Error("goes on after it was told to stop")
	}
	if _, err := Measure(ctx, shipped(20*ms, 80*ms), Default(), 1); err == nil {
		t.Error("measures on after it was told to stop")
	}
}

// Quantiles of a pile are right within 2%.
func TestPile(t *testing.T) {
	var h pile
	for i := range 10_000 {
		h.add(float32(i + 1))
	}
	l := h.load()
	if math.Abs(l.P50-5000) > 100 || math.Abs(l.P99-9900) > 200 || l.Max != 10_000 || l.Mean != 5000.5 {
		t.Errorf("%+v", l)
	}
	if (&pile{}).load() != (Load{}) {
		t.Error("a pile of nothing has a load")
	}
}
