package gossip

import (
	"cmp"
	"time"

	pubsub "github.com/libp2p/go-libp2p-pubsub"

	"github.com/parley-network/parley/gossip/degree"
)

// Mesh is GossipSub's degrees (its D, Dlo, Dhi and Dlazy) and how often hearts
// beat. A field that is 0 stays as it ships.
type Mesh struct {
	D, Low, High, Lazy int
	Heartbeat          time.Duration
}

// ShippedMesh is what a nil Mesh stands for.
func ShippedMesh() Mesh {
	p := meshParams()
	return Mesh{D: p.D, Low: p.Dlo, High: p.Dhi, Lazy: p.Dlazy, Heartbeat: p.HeartbeatInterval}
}

// apply changes p, and keeps what depends on the degrees within GossipSub's
// limits: Dout below Dlo and below half of D, Dscore at most D.
func (m *Mesh) apply(p pubsub.GossipSubParams) pubsub.GossipSubParams {
	if m == nil {
		return p
	}
	p.D, p.Dlo, p.Dhi = cmp.Or(m.D, p.D), cmp.Or(m.Low, p.Dlo), cmp.Or(m.High, p.Dhi)
	p.Dlazy = cmp.Or(m.Lazy, p.Dlazy)
	p.HeartbeatInterval = cmp.Or(m.Heartbeat, p.HeartbeatInterval)
	p.Dout = max(0, min(p.Dout, p.Dlo-1, p.D/2-1))
	p.Dscore = min(p.Dscore, p.D)
	return p
}

// meshParams are GossipSub's parameters, each set on purpose; those that a
// simulation varies stand in package degree. The figures beside them are those of docs/network-figures.md: real services on links of
// 50 ms, in virtual time.
func meshParams() pubsub.GossipSubParams {
	p := pubsub.DefaultGossipSubParams()

	// A mesh of 4 to 8 peers, 5.0 on average. In a random graph of that degree
	// 2,000 nodes are within 7 hops of each other, so that 50 ms links reach
	// all in 0.4 s, and a node gets about 3.4 copies of a cast. The defaults
	// (5 to 11) take 7 copies to save one or two hops; a degree of 4 takes 2.5
	// but 9 hops. D = 5 takes 3.6 copies; Dhi = 7 makes meshes small enough that
	// the last hop comes at 0.42 s.
	p.D, p.Dlo, p.Dhi = degree.D, degree.Low, degree.High
	// A mesh that is too full keeps the three that brought most, and one at
	// random, so that a newcomer can show what it is good for.
	p.Dscore = 3
	// One neighbour is a peer that this node dialled: whoever dials us in
	// numbers takes at most the other places. It is the most that D allows; two,
	// with D = 6, take 0.1 copies more and were no better in a siege.
	p.Dout = 1

	// Casts are announced for 7 heartbeats and can be asked for during 20: a
	// mesh that lost a member is whole again after 2 or 3, so that what was
	// missed meanwhile is still had by asking. After that, peers catch up by
	// other means than GossipSub.
	p.HistoryGossip, p.HistoryLength = 7, 20
	// Each heartbeat announces to at least 8 peers outside the mesh, or half of
	// them. A node whose whole mesh withholds has a few honest peers outside
	// it: each of them tells it of a cast with 15 to 1.
	p.Dlazy, p.GossipFactor = degree.Lazy, 0.5
	// Two answers to one peer for one cast: a lost connection deserves a
	// second, and somebody who wants more is after the bandwidth.
	p.GossipRetransmission = 2
	// A pruned peer may be back after 10 seconds instead of a minute. A home node
	// has ten peers, not a hundred: with most of them in backoff, as when all
	// start at once or somebody grafts in numbers, its mesh would starve.
	p.PruneBackoff = 10 * time.Second
	// A beat each 0.3 s. The way of a cast through a sound mesh does not wait for
	// them, but whoever has only sybils in its mesh hears of it by an announcement,
	// at a beat. With 4 sybils to an honest node and one beat a second the first
	// minute's p99 was 2.8 s; with this it is 0.6 s.
	p.HeartbeatInterval = degree.Heartbeat

	// Peers say "I have it" for all but the smallest messages. That takes about
	// 50 bytes to each neighbour and saves copies where links differ. 512 is
	// below any cast, a withdrawal included, and above what the library asks
	// for: more than Dhi ids of 32 bytes, or small messages would be answered
	// with more than they brought.
	p.IDontWantMessageThreshold = 512

	// A mesh whose median score is below the threshold of scoreThresholds is
	// mended every 7 beats, two seconds, instead of every 60, by up to 2 peers
	// that did better: with 4 of 5 peers hostile, a mesh would else take minutes.
	p.OpportunisticGraftTicks, p.OpportunisticGraftPeers = 7, 2

	// No peers are named when pruning (and none are believed, see
	// scoreThresholds): who is in a mesh is not told on.
	p.PrunePeers = 0

	// Casts are few: a peer that announces 1,000 at once, or in more than 12
	// messages a second, is making work.
	p.MaxIHaveLength, p.MaxIHaveMessages = 1000, 4
	return p
}
