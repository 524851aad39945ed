package gossip

import (
	"slices"
	"time"

	pubsub "github.com/libp2p/go-libp2p-pubsub"
	pb "github.com/libp2p/go-libp2p-pubsub/pb"
	"github.com/libp2p/go-libp2p/core/peer"
)

// maxRecent is how many messages of a topic are kept in mind for newcomers, the
// newest. A mesh that takes more a second has no hole for one to fall through.
const maxRecent = 64

// taken is a message that this node made or relayed.
type taken struct {
	id   string
	from peer.ID
	at   time.Time
}

// takes notes a message for whoever comes into the mesh next. GossipSub
// announces what it has to those outside the mesh alone. Who comes in between a
// message and the next heartbeat has it neither from the mesh, where it was not
// yet, nor by an announcement, where it is no more. It is mostly a matter of some
// milliseconds and of one neighbour of many. But a node that follows a topic in
// order to cast on it has a mesh drawn by lot, a heartbeat old: were those all
// sybils, and the honest its next neighbours, nobody would ever hear of it.
func (c *conduct) takes(topic, id string, from peer.ID, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := slices.DeleteFunc(c.recent[topic], func(t taken) bool { return now.Sub(t.at) > announced() })
	c.recent[topic] = append(all[max(0, len(all)+1-maxRecent):], taken{id, from, now})
}

// announced is for how long GossipSub announces a message.
func announced() time.Duration {
	p := meshParams()
	return time.Duration(p.HistoryGossip) * p.HeartbeatInterval
}

// missing returns the messages of a topic that p, which comes into its mesh, may
// have missed: those still announced that it did not bring, nor say it has.
func (c *conduct) missing(p peer.ID, topic string, now time.Time) (ids []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, t := range c.recent[topic] {
		known := c.claims.byID[t.id]
		if now.Sub(t.at) <= announced() && t.from != p && (known == nil || !known.had(p)) {
			ids = append(ids, t.id)
		}
	}
	return ids
}

// welcome announces to a newcomer in a mesh what it may have missed.
func (c *conduct) welcome(p peer.ID, topic string, now time.Time) {
	if ids := c.missing(p, topic, now); len(ids) > 0 {
		c.announce(p, topic, ids)
	}
}

// announcing has the router announce messages to a peer. Like what handing
// returns, it is called by GossipSub's own goroutine.
func announcing(rt *pubsub.GossipSubRouter) func(p peer.ID, topic string, ids []string) {
	return func(p peer.ID, topic string, ids []string) {
		rt.SendControl(p, &pb.ControlMessage{Ihave: []*pb.ControlIHave{{TopicID: &topic, MessageIDs: ids}}})
	}
}
