package mesh

import (
	"math"
	"testing"
	"time"
)

// What a peer has done is what it scores (gossip/score.go).
func TestScores(t *testing.T) {
	for name, c := range map[string]struct {
		did  func(w *watch, m *Mesh, e int32)
		want float64
	}{
		"nothing":                     {func(*watch, *Mesh, int32) {}, 0},
		"brought three casts first":   {func(w *watch, _ *Mesh, e int32) { w.first[e] = 3 }, 3},
		"brought one lately":          {func(w *watch, m *Mesh, e int32) { w.first[e], w.proven[e] = 1, millis(m.now)+1 }, 2},
		"brought one long ago":        {func(w *watch, m *Mesh, e int32) { w.proven[e] = millis(m.now) }, 0},
		"was silent":                  {func(w *watch, m *Mesh, e int32) { w.resting[e] = millis(m.now) + 1 }, -25},
		"one invalid message":         {func(w *watch, _ *Mesh, e int32) { w.invalid[e] = 1 }, -55},
		"two, which is the graylist":  {func(w *watch, _ *Mesh, e int32) { w.invalid[e] = 2 }, -220},
		"four misdeeds are free":      {func(w *watch, _ *Mesh, e int32) { w.push[e] = 4 }, 0},
		"eight are not":               {func(w *watch, _ *Mesh, e int32) { w.push[e] = 8 }, -80},
		"one of eight at an address":  {func(w *watch, _ *Mesh, e int32) { w.near[e] = 8 }, 0},
		"one of eleven":               {func(w *watch, _ *Mesh, e int32) { w.near[e] = 11 }, -90},
		"a minute in the mesh":        {func(w *watch, m *Mesh, e int32) { m.enter(e); w.since[e] = millis(m.now - time.Minute) }, 6 * .5 / 60},
		"an hour counts as ten":       {func(w *watch, m *Mesh, e int32) { m.enter(e); w.since[e] = millis(m.now - time.Hour) }, .5},
		"no more than the cap counts": {func(w *watch, _ *Mesh, e int32) { w.first[e] = 100 }, 20},
	} {
		m := star(t, 3, 0, true)
		m.now = 2 * time.Hour
		e := m.net.start[0]
		c.did(m.watch, m, e)
		if got := float64(m.watch.score(m, e)); math.Abs(got-c.want) > 1e-4 {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

// Counters fade to a hundredth in their time, and then are gone.
func TestFading(t *testing.T) {
	m := star(t, 1, 0, true)
	m.watch.first[0], m.watch.push[0] = 10, 10
	for range 60 { // ten minutes
		m.now += decayEvery
		m.watch.passed(m)
	}
	if m.watch.push[0] < .09 || m.watch.push[0] > .11 || m.watch.first[0] < 4 {
		t.Errorf("after ten minutes %v misdeeds of 10, %v casts of 10", m.watch.push[0], m.watch.first[0])
	}
	for range 600 {
		m.now += decayEvery
		m.watch.passed(m)
	}
	if m.watch.first[0] != 0 || m.watch.push[0] != 0 {
		t.Errorf("never gone: %v, %v", m.watch.first[0], m.watch.push[0])
	}
}

// Neighbours that bring nothing for eight casts lose their places if they are a
// third of the mesh, as many at a time as others are there to follow them.
func TestSilentNeighboursRest(t *testing.T) {
	const sybils = 3
	dials := []dial{{0, 1}, {0, 2}, {0, 3}, {1, 2}, {0, 4}, {0, 5}, {0, 6}, {0, 7}, {0, 8}}
	m, err := over(9, dials, shipped(50*ms, 50*ms), Default(), seeded(1))
	if err != nil {
		t.Fatal(err)
	}
	roles := make([]role, 9)
	for v := 4; v < 4+sybils; v++ {
		roles[v] = hostile
	}
	m.observe(roles, Plan{Drop: 1, Censor: -1})
	for v := range m.here {
		m.here[v] = true
	}
	for e := range int32(len(m.net.to)) {
		if m.net.to[e] < 7 && m.owner(e) < 7 {
			m.enter(e)
		}
	}
	resting := func() (n int) {
		for e := m.net.start[0]; e < m.net.start[1]; e++ {
			if m.watch.resting[e] > millis(m.now) {
				if m.watch.honest(m.net.to[e]) {
					t.Errorf("node %d rests, which relays", m.net.to[e])
				}
				n++
			}
		}
		return n
	}
	for k := range 8 {
		if n := resting(); n != 0 {
			t.Fatalf("%d rest after %d casts", n, k)
		}
		m.layOut()
		m.way.begin(m, 1)
		for m.way.waiting > 0 {
			m.way.bucket(m)
		}
		m.watch.learn(m, 1)
	}
	if n := resting(); n != 2 {
		t.Errorf("%d rest; three are silent, and two others are there", n)
	}
}

// Nodes at one address are counted by each of their peers.
func TestCrowd(t *testing.T) {
	m := star(t, 5, 0, true)
	m.here[5] = false
	m.crowd([]int32{0, 7, 7, 7, 0, 7})
	for e, want := range []int32{3, 3, 3, 0, 0} {
		if got := m.watch.near[m.net.start[0]+int32(e)]; got != want {
			t.Errorf("peer %d: %d at its address, want %d", e+1, got, want)
		}
	}
}

// A sybil asks as often as its plan says, and one that lies in wait begins when
// it strikes.
func TestCourting(t *testing.T) {
	m := star(t, 2, 0, true)
	m.watch.role[1], m.watch.role[2] = hostile, lurking
	m.watch.plan.Every, m.watch.plan.Strike = 25*time.Second, 2*time.Minute
	asked := func(at time.Duration) int {
		m.now, m.mail.grafts = at, nil
		m.watch.court(m)
		return len(m.mail.grafts)
	}
	for _, c := range []struct {
		at   time.Duration
		want int
	}{{time.Minute, 1}, {80 * time.Second, 0}, {85 * time.Second, 1}, {2 * time.Minute, 2}, {2*time.Minute + time.Second, 0}} {
		if got := asked(c.at); got != c.want {
			t.Errorf("after %s: %d ask, want %d", c.at, got, c.want)
		}
	}
}
