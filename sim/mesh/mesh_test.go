package mesh

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/parley-network/parley/sim/scenario"
)

// Whatever happened, a neighbour is one at both ends after a beat, sizes are
// counted right, and nobody's mesh is larger than it may be.
func TestMeshesAgree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 80).Draw(t, "nodes")
		m, err := New(n, nil, shipped(50*ms, 50*ms), Default(), seeded(rapid.Uint64().Draw(t, "seed")))
		if err != nil {
			t.Fatal(err)
		}
		for range rapid.IntRange(0, 20).Draw(t, "changes") {
			v := int32(rapid.IntRange(0, n-1).Draw(t, "who"))
			if m.here[v] {
				m.Leave(v)
			} else {
				m.Join(v)
			}
			m.Advance(m.Now() + time.Duration(rapid.IntRange(0, 5000).Draw(t, "ms"))*ms)
		}
		for v := range int32(n) {
			size := 0
			for e := m.net.start[v]; e < m.net.start[v+1]; e++ {
				if m.net.flag[e]&inMesh == 0 {
					continue
				}
				size++
				if m.net.flag[m.net.rev[e]]&inMesh == 0 {
					t.Fatalf("%d has %d in its mesh, which has not", v, m.net.to[e])
				}
				if !m.here[v] || !m.here[m.net.to[e]] {
					t.Fatalf("%d and %d are neighbours, and one is not there", v, m.net.to[e])
				}
			}
			if size != m.Neighbours(v) {
				t.Fatalf("%d counts %d neighbours and has %d", v, m.Neighbours(v), size)
			}
		}
	})
}

// A settled mesh has what the rules want: hardly anybody below Dlo who has the
// peers for it, and nobody beyond Dhi. Its mean is that of real nodes.
func TestSettledMesh(t *testing.T) {
	m := settled(t, 1000, shipped(50*ms, 50*ms), Default(), 1)
	for v := range int32(1000) {
		peers := int(m.net.start[v+1] - m.net.start[v])
		if k := m.Neighbours(v); k < min(m.p.Low, peers)-1 || k > m.p.High {
			t.Errorf("node %d with %d peers has %d neighbours", v, peers, k)
		}
	}
}

// Where 2,000 real nodes were measured, the model says the same, unfitted: mean
// mesh, copies, and the slowest delivery of ten casts (docs/network-figures.md).
func TestLikeTwoThousandRealNodes(t *testing.T) {
	for name, real := range map[string]struct {
		high           int
		age            time.Duration
		degree, copies float64
		max            time.Duration
	}{
		"settled":         {7, 40 * time.Second, 5.30, 3.53, 367 * ms},
		"Dhi of 6":        {6, 40 * time.Second, 5.33, 3.56, 367 * ms},
		"ten seconds old": {7, 10 * time.Second, 5.05, 3.35, 418 * ms},
	} {
		p, c := before()
		p.High, c.Settle = real.high, scenario.Duration(real.age)
		m, err := New(2000, nil, p, c, seeded(1))
		if err != nil {
			t.Fatal(err)
		}
		copies, slowest := 0.0, time.Duration(0)
		for k := range int32(10) {
			d := m.Publish(200*k, m.Now()+time.Second)
			copies += float64(d.Copies) / float64(d.Owed) / 10
			slowest = max(slowest, d.Quantile(1))
		}
		if off := m.Degree()/real.degree - 1; off < -.03 || off > .03 {
			t.Errorf("%s: %.2f neighbours, real nodes %.2f", name, m.Degree(), real.degree)
		}
		if off := copies/real.copies - 1; off < -.05 || off > .05 {
			t.Errorf("%s: %.2f copies, real nodes %.2f", name, copies, real.copies)
		}
		if slowest < real.max-55*ms || slowest > real.max+55*ms {
			t.Errorf("%s: the slowest after %s, real nodes %s", name, slowest, real.max)
		}
	}
}

// A node that joins is a neighbour after a beat and gets what is cast then; one
// that left gets nothing and is owed nothing.
func TestJoinAndLeave(t *testing.T) {
	m := settled(t, 50, shipped(50*ms, 50*ms), Default(), 2)
	m.Leave(9)
	if d := m.Publish(0, m.Now()); d.At[9] != Never || d.Owed != 48 || d.Reached != 48 {
		t.Errorf("after it left: %d of %d reached, it at %d", d.Reached, d.Owed, d.At[9])
	}
	m.Join(9)
	m.Advance(m.Now() + 2*time.Second)
	if d := m.Publish(0, m.Now()); d.At[9] == Never || d.Owed != 49 {
		t.Errorf("after it came back: %d of %d reached, it at %d", d.Reached, d.Owed, d.At[9])
	}
}

// The same seed gives the same mesh and the same ways, to the microsecond.
func TestSameSeedSameWays(t *testing.T) {
	a := settled(t, 200, shipped(20*ms, 80*ms), Default(), 5)
	b := settled(t, 200, shipped(20*ms, 80*ms), Default(), 5)
	for k := range int32(20) {
		at := a.Now() + 700*ms
		x, y := a.Publish(k, at), b.Publish(k, at)
		if x.Copies != y.Copies || x.Bytes != y.Bytes {
			t.Fatalf("cast %d: %d copies and %d bytes, then %d and %d", k, x.Copies, x.Bytes, y.Copies, y.Bytes)
		}
		for v := range x.At {
			if x.At[v] != y.At[v] || x.From[v] != y.From[v] {
				t.Fatalf("cast %d at node %d: %d, then %d", k, v, x.At[v], y.At[v])
			}
		}
	}
}

func TestImpossibleMeshes(t *testing.T) {
	good := shipped(50*ms, 50*ms)
	for name, change := range map[string]func(*scenario.Protocol){
		"a mesh of degree":  func(p *scenario.Protocol) { p.Low = p.D + 1 },
		"a heartbeat":       func(p *scenario.Protocol) { p.Heartbeat = 0 },
		"latency":           func(p *scenario.Protocol) { p.Latency[0] = scenario.Duration(time.Second) },
		"loss":              func(p *scenario.Protocol) { p.Loss = 1 },
		"size, bandwidth":   func(p *scenario.Protocol) { p.Size = -1 },
		"a mesh of degree ": func(p *scenario.Protocol) { p.High = 2 },
	} {
		p := good
		change(&p)
		if _, err := New(10, nil, p, Default(), seeded(1)); err == nil || !strings.Contains(err.Error(), strings.TrimSpace(name)) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := New(3, graph{{5}, nil, nil}, good, Default(), seeded(1)); err == nil {
		t.Error("a peer that does not exist is taken")
	}
	if _, err := New(0, nil, good, Default(), seeded(1)); err == nil {
		t.Error("a mesh of nobody is made")
	}
}
