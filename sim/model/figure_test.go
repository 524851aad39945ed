package model

import (
	"os"
	"testing"

	"github.com/parley-network/parley/sim/figure"
	"github.com/parley-network/parley/sim/scenario"
)

// BenchmarkFigureModelSize has ten million agents adopt along a network of forty
// million edges, in one run: memory within 24 GiB.
func BenchmarkFigureModelSize(b *testing.B) {
	s := scenario.Default()
	s.People.Count, s.Vendors.Count, s.People.Intents, s.Clock.Steps = 10_000_000, 0, 0, 50
	s.Network.Kind, s.Network.Attach = "barabasi-albert", 4
	s.Adoption = scenario.Adoption{Rule: "bass", P: 0.002, Q: 0.01, PerEdge: true}
	time, memory := New().Expect(s)
	var seconds, held float64
	for b.Loop() {
		took, most := taken(b, s)
		seconds, held = took.Seconds(), float64(most)
	}
	figure.AtMost(os.Stdout, "model-ten-million-agents-GiB", held/(1<<30), 24)
	figure.Info(os.Stdout, "model-ten-million-agents-s", seconds)
	figure.Info(os.Stdout, "model-ten-million-agents-expected", []any{time, memory >> 20})
}
