package gossip

import (
	"crypto/sha256"
	"sync"
	"time"

	pubsub "github.com/libp2p/go-libp2p-pubsub"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/prometheus/client_golang/prometheus"
)

const (
	// silentAfter is how many casts in a row may come without a sign of a
	// neighbour. An honest one shows none only when it gets each from us first:
	// with five neighbours that is one time in five, and 10 times in a row
	// once in 10 million.
	silentAfter = 10
	// silentFor is how long that counts. It outlasts the minute after which a
	// pruned peer may come back, so that the others get their turn.
	silentFor = time.Hour
	// maxSilent and maxClaims bound what is kept of peers that come and go.
	maxSilent = 4096
	maxClaims = 4096
	// claimLife is how long an "I have it" is kept for a cast to come.
	claimLife = 10 * time.Second
)

// conduct watches whether neighbours take part. GossipSub's own measure (P3)
// is a rate, which a quiet topic never reaches; here it is casts that count. A
// neighbour shows itself by bringing a cast, first or not, or by saying that
// it has it (IDONTWANT). One that did neither for silentAfter casts in a row is
// silent: it is no use as a neighbour and may be one of many who take up places
// in order to withhold.
//
// It counts only where a mesh is full enough for a place to matter: at the
// network's edge, a node that hangs on us alone has nothing to show.
type conduct struct {
	untraced
	self   peer.ID
	copies prometheus.Counter // messages had before

	mu      sync.Mutex
	meshes  map[string]map[peer.ID]int // by topic: casts in a row without a sign
	claims  map[string]*claim          // by message id
	expiry  []claimed                  // the claims by age
	resting map[peer.ID]time.Time      // the silent ones, and until when
}

// claim is what is known of one message: who says it has it, and once it was
// delivered its topic.
type claim struct {
	by    []peer.ID
	topic string
}

type claimed struct {
	id    string
	until time.Time
}

// silent reports whether p is one of them at now.
func (c *conduct) silent(p peer.ID, now time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.resting[p].After(now)
}

// Graft notes that p is in the topic's mesh.
func (c *conduct) Graft(p peer.ID, topic string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.meshes == nil {
		c.meshes = make(map[string]map[peer.ID]int)
	}
	if c.meshes[topic] == nil {
		c.meshes[topic] = make(map[peer.ID]int)
	}
	c.meshes[topic][p] = 0
}

// Prune notes that p has left the topic's mesh.
func (c *conduct) Prune(p peer.ID, topic string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.meshes[topic], p)
}

// Leave notes that this node has left the topic.
func (c *conduct) Leave(topic string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.meshes, topic)
}

// OnClosedOutboundStream notes that p is gone. That it was silent stays.
func (c *conduct) OnClosedOutboundStream(p peer.ID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, mesh := range c.meshes {
		delete(mesh, p)
	}
}

// DeliverMessage counts a new cast against all neighbours but those that had it.
func (c *conduct) DeliverMessage(m *pubsub.Message) {
	if m.ReceivedFrom == c.self {
		return // nobody else could have had it
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	now, topic, mesh := time.Now(), m.GetTopic(), c.meshes[m.GetTopic()]
	for p := range mesh {
		mesh[p]++
	}
	c.shown(m.ReceivedFrom, topic)
	if known := c.claim(m.ID, now); known != nil {
		for _, p := range known.by {
			c.shown(p, topic)
		}
		known.topic, known.by = topic, nil
	}
	if len(mesh) < meshParams().Dlo {
		return
	}
	for p, missed := range mesh {
		if missed >= silentAfter {
			c.rest(p, now)
		}
	}
}

// DuplicateMessage counts it and notes that a neighbour had it as well.
func (c *conduct) DuplicateMessage(m *pubsub.Message) {
	c.copies.Inc()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.shown(m.ReceivedFrom, m.GetTopic())
}

// RecvRPC notes the messages that a peer says it has.
func (c *conduct) RecvRPC(rpc *pubsub.RPC) {
	wants := rpc.GetControl().GetIdontwant()
	if len(wants) == 0 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	now, left := time.Now(), pubsub.GossipSubMaxIDontWantLength
	for _, want := range wants {
		for _, id := range want.GetMessageIDs() {
			if left--; left < 0 {
				return
			}
			if known := c.claim(id, now); known == nil {
				continue
			} else if known.topic != "" {
				c.shown(rpc.From(), known.topic)
			} else if len(known.by) < maxClaimants {
				known.by = append(known.by, rpc.From())
			}
		}
	}
}

// maxClaimants is more than a mesh can hold, pruned and grafted ones included.
const maxClaimants = 16

// shown notes a sign of p on a topic. The caller holds the lock.
func (c *conduct) shown(p peer.ID, topic string) {
	if mesh := c.meshes[topic]; mesh != nil {
		if _, in := mesh[p]; in {
			mesh[p] = 0
		}
	}
}

// claim returns what is kept of a message, new if need be, or nil if there is
// too much already. The caller holds the lock.
func (c *conduct) claim(id string, now time.Time) *claim {
	for len(c.expiry) > 0 && !c.expiry[0].until.After(now) {
		delete(c.claims, c.expiry[0].id)
		c.expiry = c.expiry[1:]
	}
	if known := c.claims[id]; known != nil {
		return known
	}
	if len(c.claims) >= maxClaims || len(id) > sha256.Size {
		return nil
	}
	if c.claims == nil {
		c.claims = make(map[string]*claim)
	}
	known := new(claim)
	c.claims[id] = known
	c.expiry = append(c.expiry, claimed{id, now.Add(claimLife)})
	return known
}

// rest has p counted as silent. The caller holds the lock.
func (c *conduct) rest(p peer.ID, now time.Time) {
	if c.resting == nil {
		c.resting = make(map[peer.ID]time.Time)
	}
	if len(c.resting) >= maxSilent {
		for other, until := range c.resting {
			if !until.After(now) {
				delete(c.resting, other)
			}
		}
	}
	if len(c.resting) < maxSilent {
		c.resting[p] = now.Add(silentFor)
	}
}
