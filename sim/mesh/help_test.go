package mesh

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/parley-network/parley/sim/scenario"
)

// shipped is the overlay as the node ships it, on links between two delays.
func shipped(low, high time.Duration) scenario.Protocol {
	p := scenario.Default().Protocol
	p.Latency = [2]scenario.Duration{scenario.Duration(low), scenario.Duration(high)}
	return p
}

// before is the node as it was on the morning of 22 November 2026, when its
// sieges and 2,000 of it were measured.
func before() (scenario.Protocol, Calibration) {
	p, c := shipped(50*ms, 50*ms), Default()
	p.D, p.Low, p.High, p.Heartbeat = 6, 4, 7, scenario.Duration(time.Second)
	c.Outbound, c.Best, c.Mend, c.Announce, c.Backoff = 2, 5, 5, 4, scenario.Duration(20*time.Second)
	return p, c
}

const ms = time.Millisecond

func seeded(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 1)) }

func settled(t *testing.T, n int, p scenario.Protocol, c Calibration, seed uint64) *Mesh {
	t.Helper()
	m, err := New(n, nil, p, c, seeded(seed))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// graph is connections by name.
type graph [][]int32

func (g graph) Neighbours(v int32) []int32 { return g[v] }

// line joins n nodes in a row.
func line(n int) graph {
	g := make(graph, n)
	for v := range n - 1 {
		g[v] = append(g[v], int32(v+1))
		g[v+1] = append(g[v+1], int32(v))
	}
	return g
}

// idle is a calibration with no line to wait for and nothing announced.
func idle() Calibration {
	c := Default()
	c.Line, c.Announce = 0, 0
	return c
}
