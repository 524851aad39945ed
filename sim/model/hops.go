package model

import (
	"fmt"
	"math/rand/v2"
	"strconv"

	"github.com/parley-network/parley/sim/random"
	"github.com/parley-network/parley/sim/scenario"
)

// hops is the carrier for topics too large to follow every message of: a
// message spreads as a tree in which each follower passes it on to the d−1
// neighbours that it didn't come from, so that after h hops about
// 1 + d + d(d−1) + … have it, and all n after about log_{d−1} n. Each hop takes
// a link's delay and the node's hold; among the d paths that lead to a
// follower the fastest counts, which on average takes least + (most−least)/(d+1)
// in the last hop and the mean in those before. Each follower is sent a copy by
// every neighbour but those it sent one to itself: (d−1)... of which "I have
// it" spares those that arrive later than a round trip.
type hops struct {
	p     scenario.Protocol
	seed  uint64
	hold  float64 // seconds, between having a message and passing it on
	bad   float64 // share of nodes that pass nothing on
	known map[int]*topic
}

// envelope is what a copy takes beside the message, in bytes: the frames of
// pubsub, the stream's and the packets' headers.
const envelope = 150

func newHops(s scenario.Scenario, seed uint64) *hops {
	h := &hops{p: s.Protocol, seed: seed, hold: 0.002, known: map[int]*topic{}}
	if silent(s.Attack.Kind) {
		agents := float64(s.People.Count + s.Vendors.Count)
		h.bad = float64(s.Attack.Sybils) / (float64(s.Attack.Sybils) + agents)
	}
	return h
}

// silent tells whether the attacker's nodes pass nothing on.
func silent(kind string) bool {
	switch kind {
	case "withhold", "degradation", "censor", "cold-boot", "covert-flash", "dawn",
		"eclipse-one", "eclipse-all", "eclipse-publishers", "colocation":
		return true
	}
	return false
}

func (h *hops) idle() float64 {
	// A heartbeat's control messages to the mesh, mostly empty, and pings.
	beat := h.p.Heartbeat.Std().Seconds()
	if beat <= 0 {
		return 0
	}
	return 40 * float64(h.p.D) / beat / 10
}

func (h *hops) topic(n int) (*topic, error) {
	if h.p.D < 1 {
		return nil, fmt.Errorf("protocol.d is %d: want at least 1", h.p.D)
	}
	if t := h.known[n]; t != nil {
		return t, nil
	}
	d := min(float64(h.p.D), float64(n-1))
	t := &topic{followers: n, reach: h.reach(d), copies: h.copies(d)}
	t.bytes = float64(t.copies * float64(h.p.Size+envelope))
	r := random.New(h.seed, "model/hops/"+strconv.Itoa(n))
	for range 16 {
		t.traces = append(t.traces, h.run(n, d, r))
	}
	h.known[n] = t
	return t, nil
}

// reach is the share that gets a message where some of the nodes pass nothing
// on: 1 − z with z = (f + (1−f)·z)^d, z the chance that no neighbour brings it
// (a branching process on a random graph of degree d).
func (h *hops) reach(d float64) float64 {
	z := 0.0
	for range 100 {
		z = random.Pow(max(h.bad+float64((1-h.bad)*z), 1e-300), d)
	}
	return 1 - z
}

func (h *hops) copies(d float64) float64 {
	return max(1, float64((d-1)*(1-h.bad)))
}

// run draws 64 followers' delays of one message.
func (h *hops) run(n int, d float64, r *rand.Rand) []float32 {
	low, most := h.p.Latency[0].Std().Seconds(), h.p.Latency[1].Std().Seconds()
	// cut[k] is the share that has it within k+1 hops.
	var cut []float64
	branch := max(float64((d-1)*(1-h.bad)), 1.05)
	for have, next := 1.0, d; have < float64(n) && len(cut) < 64; next = float64(next * branch) {
		have += next
		cut = append(cut, min(have/float64(n), 1))
	}
	out := make([]float32, 64)
	for i := range out {
		x, k := r.Float64(), 0
		for k < len(cut)-1 && cut[k] < x {
			k++
		}
		took := 0.0
		for hop := range k + 1 {
			link := float64((most - low) * r.Float64())
			if hop == k && k > 0 {
				link = float64(link * 2 / (d + 1))
			}
			took += low + link + h.hold
		}
		if lost := h.p.Loss; lost > 0 && r.Float64() < lost {
			took += float64(2*(low+most)/2) + 0.025 // sent again after a round trip
		}
		out[i] = float32(took)
	}
	return out
}
