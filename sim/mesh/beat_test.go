package mesh

import (
	"testing"
	"time"

	"github.com/parley-network/parley/sim/scenario"
)

// star is a mesh of one node in the middle and n around it, nobody in any mesh,
// where the middle has dialled the first `out` of them.
func star(t *testing.T, n, out int, watched bool) *Mesh {
	t.Helper()
	var dials []dial
	for v := 1; v <= n; v++ {
		if v <= out {
			dials = append(dials, dial{0, int32(v)})
		} else {
			dials = append(dials, dial{int32(v), 0})
		}
	}
	m, err := over(n+1, dials, shipped(50*ms, 50*ms), Default(), seeded(4))
	if err != nil {
		t.Fatal(err)
	}
	for v := range m.here {
		m.here[v] = true
	}
	if watched {
		m.observe(make([]role, n+1), Plan{Censor: -1})
	}
	m.now = time.Minute
	return m
}

// Who asks to be in a mesh is let in, or sent away for a while (gossipsub.go,
// handleGraft).
func TestAskedToBeANeighbour(t *testing.T) {
	for name, c := range map[string]struct {
		before  func(m *Mesh, e int32)
		accepts bool
		misdeed float32
	}{
		"a stranger":                           {func(*Mesh, int32) {}, true, 0},
		"a neighbour already":                  {func(m *Mesh, e int32) { m.enter(e) }, true, 0},
		"one pruned a moment ago":              {func(m *Mesh, e int32) { m.backOff(e) }, false, 2},
		"one whose backoff is nearly over":     {func(m *Mesh, e int32) { m.backOff(e); m.again[e] = millis(m.now) + 1 }, false, 2}, // with a backoff of 10 s all of it is too early
		"one whose backoff is over":            {func(m *Mesh, e int32) { m.backOff(e); m.again[e] = millis(m.now) }, true, 0},
		"one that sent what is wrong":          {func(m *Mesh, e int32) { m.watch.invalid[e] = 1 }, false, 0},
		"one that is not read any more":        {func(m *Mesh, e int32) { m.watch.invalid[e] = 2 }, true, 0}, // told nothing
		"a stranger where all places are held": {fill, false, 0},
	} {
		m := star(t, 12, 0, true)
		e := m.net.start[0] + 11
		c.before(m, e)
		if got := m.accepts(e); got != c.accepts {
			t.Errorf("%s: accepted %v, want %v", name, got, c.accepts)
		}
		if m.watch.push[e] != c.misdeed {
			t.Errorf("%s: %v misdeeds, want %v", name, m.watch.push[e], c.misdeed)
		}
		if !c.accepts && (m.net.flag[e]&inMesh != 0 || m.again[e] <= millis(m.now)) {
			t.Errorf("%s: sent away, and in the mesh or free to come back", name)
		}
	}
	m := star(t, 12, 12, true)
	fill(m, 0)
	if !m.accepts(m.net.start[0] + 11) {
		t.Error("a full mesh turns away a peer that its owner dialled")
	}
}

// fill has the middle take as many as it may have.
func fill(m *Mesh, _ int32) {
	for i := range int32(m.p.High) {
		m.enter(m.net.start[0] + i)
	}
}

// A mesh that is too full keeps D: those who brought most, and enough that its
// owner dialled.
func TestTooFull(t *testing.T) {
	m := star(t, 12, 2, true)
	m.p.D, m.p.Low, m.p.High, m.c.Outbound, m.c.Best = 6, 4, 8, 2, 5
	for e := m.net.start[0]; e < m.net.start[1]; e++ {
		m.enter(e)
		m.watch.first[e] = float32(e) // the dialled ones, first, brought least
	}
	m.cut(0)
	if m.size[0] != 6 || m.out[0] != 2 {
		t.Errorf("%d neighbours kept, %d of them dialled; want 6 and 2", m.size[0], m.out[0])
	}
	best := 0
	for e := m.net.start[0] + 7; e < m.net.start[1]; e++ {
		best += int(m.net.flag[e] & inMesh)
	}
	if best < 4 || len(m.mail.prunes) != 6 {
		t.Errorf("%d of the five best kept, %d told to go", best, len(m.mail.prunes))
	}
}

// A small mesh takes D, but nobody who was pruned, is away, or has a bad name.
func TestTooSmall(t *testing.T) {
	m := star(t, 12, 0, true)
	for i, spoil := range []func(e int32){
		func(e int32) { m.backOff(e) },
		func(e int32) { m.here[m.net.to[e]] = false },
		func(e int32) { m.watch.resting[e] = millis(m.now) + 1 },
		func(e int32) { m.net.flag[e] &^= up },
	} {
		for k := range int32(2) {
			spoil(m.net.start[0] + 2*int32(i) + k)
		}
	}
	m.tend(0, false)
	if m.size[0] != 4 || len(m.mail.grafts) != 4 {
		t.Errorf("%d neighbours, %d asked; only four are to be had", m.size[0], len(m.mail.grafts))
	}
}

// Backoffs are forgotten every fifteenth beat, two beats after they are over.
func TestForgiven(t *testing.T) {
	m := star(t, 3, 0, false)
	e := m.net.start[0]
	m.backOff(e)
	over := m.now + m.c.Backoff.Std() + 2*m.p.Heartbeat.Std()
	m.now = over
	if m.forgive(0); m.net.flag[e]&backedTo == 0 {
		t.Error("forgotten too soon")
	}
	m.now = over + ms
	if m.forgive(0); m.net.flag[e]&backedTo != 0 || m.again[e] != 0 {
		t.Error("not forgotten")
	}
}

// A mesh of peers that bring nothing takes on some that do.
func TestMended(t *testing.T) {
	m := star(t, 10, 0, true)
	for i := range int32(5) {
		m.enter(m.net.start[0] + i)
	}
	good := m.net.start[0] + 9
	m.watch.proven[good] = millis(m.now) + 1000
	m.improve(0)
	if m.size[0] != 6 || m.net.flag[good]&inMesh == 0 {
		t.Errorf("%d neighbours, the good one in %v", m.size[0], m.net.flag[good]&inMesh != 0)
	}
	for i := range int32(5) {
		m.watch.proven[m.net.start[0]+i] = millis(m.now) + 1000
	}
	m.part(good)
	if m.improve(0); m.size[0] != 5 {
		t.Error("a mesh that does well is mended")
	}
}

// Dout stays below Dlo and below half of D, as GossipSub demands.
func TestOutboundBounds(t *testing.T) {
	for _, c := range []struct{ d, low, asked, want int }{{6, 4, 2, 2}, {5, 4, 2, 1}, {4, 3, 2, 1}, {3, 2, 1, 0}, {2, 1, 1, 0}, {12, 2, 5, 1}} {
		m := Mesh{p: scenario.Protocol{D: c.d, Low: c.low}, c: Calibration{Outbound: c.asked}}
		if got := m.outbound(); got != c.want {
			t.Errorf("D %d, Dlo %d: %d of %d, want %d", c.d, c.low, got, c.asked, c.want)
		}
	}
}
