package gossip

import (
	"context"
	"sync"
	"time"

	pubsub "github.com/libp2p/go-libp2p-pubsub"
	pb "github.com/libp2p/go-libp2p-pubsub/pb"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/prometheus/client_golang/prometheus"
)

const (
	// silentAfter is how many casts in a row may come without a sign of a
	// neighbour. An honest one shows none only when it gets each from us first:
	// with five neighbours that is one time in five, and 8 times in a row once
	// in 400,000; but one that hangs on us alone never shows any.
	silentAfter = 8
	// failedAfter is how many casts may have to be asked for, announced from
	// outside the mesh, without a neighbour bringing one in between: the whole
	// mesh had a second to bring each. Honest neighbours fail like that when
	// others around them do, hence not once.
	failedAfter = 3
	// atOnce is how many lose their place at a time. Those who might take it
	// may have to wait out a backoff, and half a poor mesh is better than none.
	atOnce = 3
	// silentFor is how long that counts. It outlasts the minute after which a
	// pruned peer may come back, so that the others get their turn.
	silentFor = 10 * time.Minute
	// provenFor is how long it counts to have brought a cast.
	provenFor = time.Hour
	// handedOver is how long after saying that it has a cast a neighbour may
	// take to bring it: a round trip and a queue. After that it is no sign.
	handedOver = 500 * time.Millisecond
	// doubtful is how many topics wait to be looked at.
	doubtful = 64
	// maxKept bounds what is kept of peers that come and go.
	maxKept = 4096
)

// conduct watches whether neighbours take part. GossipSub's own measure (P3)
// is a rate, which a quiet topic never reaches; here it is casts that count. A
// neighbour shows itself by bringing a cast, first or not, or by saying that
// it has it (IDONTWANT). One that did neither for silentAfter casts in a row,
// or brought none while failedAfter had to be asked for, is silent: it is no use as a neighbour and may be one of many who take up places
// in order to withhold.
//
// A silent neighbour loses its place only if at least a third of a mesh is
// silent and others are there to take its place. A single one may well be
// honest and hang on us alone; and it does little harm, whatever it is.
type conduct struct {
	untraced
	self    peer.ID
	dialled func(peer.ID) bool         // by this node
	hand    func(peer.ID, *pb.Message) // sends past the mesh; set before anything is traced
	// announce says to a peer what there is on a topic; set before anything is traced
	announce func(p peer.ID, topic string, ids []string)
	copies   prometheus.Counter // messages had before
	handed   prometheus.Counter // and handed aside
	doubts   chan string        // topics whose mesh is silent by a third

	mu      sync.Mutex
	meshes  map[string]map[peer.ID]standing // by topic
	claims  claims
	resting map[peer.ID]time.Time            // those kept out of meshes, and until when
	proven  map[peer.ID]time.Time            // those who brought a cast, and until when that counts
	bearers map[string]map[peer.ID]time.Time // the same by topic, of those who are there
	recent  map[string][]taken               // by topic, of the joined ones
	unsent  []string                         // ids of what this node is about to publish
}

func (c *conduct) init(self peer.ID, dialled func(peer.ID) bool, copies, handed prometheus.Counter) {
	c.self, c.dialled, c.copies, c.handed = self, dialled, copies, handed
	c.doubts, c.bearers = make(chan string, doubtful), make(map[string]map[peer.ID]time.Time)
	c.recent = make(map[string][]taken)
	c.meshes, c.claims = make(map[string]map[peer.ID]standing), newClaims()
	c.resting, c.proven = make(map[peer.ID]time.Time), make(map[peer.ID]time.Time)
}

// mendMeshes looks at the meshes in doubt until ctx ends.
func (s *Service) mendMeshes(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case topic := <-s.conduct.doubts:
			s.conduct.review(topic, s.pub.ListPeers(topic), time.Now())
		}
	}
}

// review has silent neighbours make way for others who follow the topic, one
// for one.
func (c *conduct) review(topic string, followers []peer.ID, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	others := 0
	for _, p := range followers {
		if _, in := c.meshes[topic][p]; !in && !c.resting[p].After(now) {
			others++
		}
	}
	silent := c.silentIn(topic)
	for _, p := range silent[:min(len(silent), others, atOnce)] {
		keep(c.resting, p, now.Add(silentFor), now, maxKept)
	}
}

// silentIn returns the silent neighbours of a topic if they are a third of
// its mesh. The caller holds the lock.
func (c *conduct) silentIn(topic string) []peer.ID {
	mesh := c.meshes[topic]
	var silent []peer.ID
	for p, s := range mesh {
		if s.silent() {
			silent = append(silent, p)
		}
	}
	if len(mesh) < meshParams().Dlo || 3*len(silent) < len(mesh) {
		return nil
	}
	return silent
}

// standing counts casts: those in a row that came without a sign of a
// neighbour, and those asked for since it last brought one.
type standing struct{ missed, failed int }

func (s standing) silent() bool { return s.missed >= silentAfter || s.failed >= failedAfter }

// score is what p's conduct counts for at now.
func (c *conduct) score(p peer.ID, now time.Time) float64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.resting[p].After(now):
		return scoreSilent
	case c.proven[p].After(now):
		return scoreProven
	}
	return 0
}

// Graft notes that p is in the topic's mesh, and has it hear what it may have
// missed.
func (c *conduct) Graft(p peer.ID, topic string) {
	c.welcome(p, topic, time.Now())
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.meshes[topic] == nil {
		c.meshes[topic] = make(map[peer.ID]standing)
	}
	c.meshes[topic][p] = standing{}
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
	delete(c.bearers, topic)
	delete(c.recent, topic)
}

// OnClosedOutboundStream notes that p is gone. That it was silent stays.
func (c *conduct) OnClosedOutboundStream(p peer.ID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, mesh := range c.meshes {
		delete(mesh, p)
	}
	for _, bearers := range c.bearers {
		delete(bearers, p)
	}
}

// DeliverMessage counts a new cast that came against all neighbours but those
// that had it, and hands it aside where the mesh is in doubt. GossipSub tells
// tracers nothing of what this node publishes: see makes.
func (c *conduct) DeliverMessage(m *pubsub.Message) {
	now := time.Now()
	c.takes(m.GetTopic(), m.ID, m.ReceivedFrom, now)
	c.handAside(m.Message, m.ID, m.ReceivedFrom, now)
	c.delivered(m.ReceivedFrom, m.GetTopic(), m.ID, now)
}

func (c *conduct) delivered(from peer.ID, topic, id string, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	mesh, known, failed := c.meshes[topic], c.claims.delivered(id, now), 1
	if _, in := mesh[from]; in || known != nil && len(known.asked) == 0 {
		failed = 0 // nobody had to be asked
	}
	for p, s := range mesh {
		mesh[p] = standing{s.missed + 1, s.failed + failed}
	}
	c.has(from, topic)
	keep(c.proven, from, now.Add(provenFor), now, maxKept)
	c.bears(from, topic, now)
	if known != nil {
		for i, p := range known.by {
			if now.Sub(known.since[i]) <= handedOver {
				c.shown(p, topic)
			}
		}
		known.by, known.since, known.asked, known.topic = nil, nil, nil, topic
	}
	if len(c.silentIn(topic)) > 0 {
		select {
		case c.doubts <- topic:
		default: // the next cast asks again
		}
	}
}

// DuplicateMessage counts it and notes that a neighbour had it as well.
func (c *conduct) DuplicateMessage(m *pubsub.Message) {
	c.copies.Inc()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.has(m.ReceivedFrom, m.GetTopic())
}

// RecvRPC notes the messages that a peer says it has, and the topics it left.
func (c *conduct) RecvRPC(rpc *pubsub.RPC) {
	for _, sub := range rpc.GetSubscriptions() {
		if !sub.GetSubscribe() {
			c.unfollowed(rpc.From(), sub.GetTopicid())
		}
	}
	for _, want := range rpc.GetControl().GetIdontwant() {
		ids := want.GetMessageIDs()
		c.says(rpc.From(), ids[:min(len(ids), pubsub.GossipSubMaxIDontWantLength)], time.Now())
	}
}

// says notes that p says at now that it has messages.
func (c *conduct) says(p peer.ID, ids []string, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, id := range ids {
		switch known := c.claims.of(p, id, now); {
		case known == nil:
		case known.topic != "":
			c.shown(p, known.topic)
		case len(known.by) < maxClaimants:
			known.by, known.since = append(known.by, p), append(known.since, now)
		}
	}
}

// maxClaimants is more than a mesh can hold, pruned and grafted ones included.
const maxClaimants = 16

// shown notes that p says it has a cast. The caller holds the lock.
func (c *conduct) shown(p peer.ID, topic string) {
	if s, in := c.meshes[topic][p]; in {
		c.meshes[topic][p] = standing{0, s.failed}
	}
}

// has notes that p brought one. The caller holds the lock.
func (c *conduct) has(p peer.ID, topic string) {
	if _, in := c.meshes[topic][p]; in {
		c.meshes[topic][p] = standing{}
	}
}

// keep sets p's time in m, which holds most peers: what lies before now goes
// first, and if nothing does, p is left out.
func keep(m map[peer.ID]time.Time, p peer.ID, at, now time.Time, most int) {
	if _, has := m[p]; !has && len(m) >= most {
		for other, t := range m {
			if !t.After(now) {
				delete(m, other)
			}
		}
		if len(m) >= most {
			return
		}
	}
	m[p] = at
}
