package model

import (
	"math"
	"os"
	"time"

	"github.com/parley-network/parley/sim/mesh"
	"github.com/parley-network/parley/sim/random"
	"github.com/parley-network/parley/sim/scenario"
)

// What a run takes, in nanoseconds of one core at 2.4 GHz and in bytes, by
// TestExpect's scenarios: each coefficient is what is left of a run when the
// parts before it are taken off, with one of its numbers made large.
const (
	agentTime  = 250 // to draw an agent
	edgeTime   = 180 // to draw an edge of the network and store it
	eventTime  = 40  // of the fast path, for an edge of one who joins
	stepTime   = 12  // an agent in a step
	marketTime = 45  // likewise where there is a market: gains, expectations
	intentTime = 900
	offerTime  = 450
	meshTime   = 11_000_000 // one topic's mesh of a thousand, settled and cast over
	tradeTime  = 6_000_000  // where there is a market, once: expectations, quantiles
	floodTime  = 16_000_000 // where there is spam, once
	listTime   = 900        // an edge of a file, to read and sort
	listBytes  = 70         // while it is read

	agentBytes  = 45
	marketBytes = 90 // an agent's more, where there is a market
	edgeBytes   = 8
	spreadBytes = 12 // an edge's more on the fast path
	intentBytes = 220
	offerBytes  = 60
	baseBytes   = 8 << 20
)

// Expect returns what a run takes if everybody takes part from the start, which
// is the most: processor time of one core, and memory in bytes.
func (e *Engine) Expect(s scenario.Scenario) (time.Duration, int64) {
	if overlayOnly(s) {
		return mesh.StudyExpect(s)
	}
	agents := float64(s.People.Count + s.Vendors.Count)
	edges := agents * degree(s.Network, agents) / 2
	steps := float64(max(1, s.Clock.Steps))
	took := agents*agentTime + edges*edgeTime
	held := agents*agentBytes + edges*edgeBytes
	if s.Network.Kind == "file" {
		took, held = took+edges*listTime, held+edges*listBytes
	}
	if s.People.Intents == 0 {
		if s.Adoption.Rule == "bass" && s.Adoption.PerEdge && edges > 0 {
			return time.Duration(took + edges*eventTime), int64(held+edges*spreadBytes) + baseBytes
		}
		return time.Duration(took + steps*agents*stepTime), int64(held) + baseBytes
	}
	intents := float64(s.People.Count) * s.People.Intents
	offers := intents * sellersOf(s)
	took += tradeTime + steps*(agents*(stepTime+marketTime)+intents*intentTime+offers*offerTime)
	if s.Attack.Kind == "spam" {
		took += floodTime
	}
	held += agents*marketBytes + intents*intentBytes + offers*offerBytes
	return time.Duration(took + meshes(s, agents)), int64(held) + baseBytes
}

// degree is the mean number of acquaintances whose edges are stored.
func degree(n scenario.Network, agents float64) float64 {
	switch n.Kind {
	case "none", "complete", "":
		return 0
	case "barabasi-albert":
		return min(2*float64(n.Attach), agents-1)
	case "file":
		return 2 * listed(n.File, agents) / agents
	}
	return min(n.Degree, agents-1)
}

// listed is how many edges a file of so many people may have, by its length: two
// numbers of as many digits as theirs a line. It is 0 of one that is not there.
func listed(path string, agents float64) float64 {
	info, err := os.Stat(path)
	if err != nil {
		return 0
	}
	return float64(info.Size()) / (2*math.Ceil(math.Log10(agents+1)) + 2)
}

// sellersOf is how many vendors, on average, sell what an intent asks for where
// it asks: both are drawn by the same skews.
func sellersOf(s scenario.Scenario) float64 {
	c := among(s.People.Categories, s.People.CategorySkew, s.Vendors.Categories)
	p := among(s.People.Places, s.People.PlaceSkew, s.Vendors.Places)
	return float64(s.Vendors.Count) * c * p
}

// among is the chance that a thing drawn by rank is one of k that another drew
// by it.
func among(n int, skew float64, k int) float64 {
	w, sum, square := random.Zipf(max(1, n), skew), 0.0, 0.0
	for _, x := range w {
		sum += x
		square += x * x
	}
	return min(1, float64(max(1, k))*square/sum/sum)
}

// meshes is the time to lay out the topics' meshes: of some sixteen sizes while
// the network grows, most of them near the largest, or where all are there
// from the start, of one.
func meshes(s scenario.Scenario, agents float64) float64 {
	sizes := 16.0
	if s.Protocol.Sharded {
		agents = sellersOf(s) + 1
	} else if s.Adoption.Rule == "everyone" {
		sizes = 1
	}
	return sizes * meshTime * min(agents, followedMost) / 1000
}
