package gossip

import (
	"math/rand/v2"
	"slices"
	"time"

	pubsub "github.com/libp2p/go-libp2p-pubsub"
	pb "github.com/libp2p/go-libp2p-pubsub/pb"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
)

const (
	// sound is how many neighbours that have brought something a mesh needs so
	// as not to be in doubt: D, which is what it takes to reach everybody in the
	// least time. Sybils that withhold are none of them, however many places
	// they hold. By the model (sim/mesh, 40 seeds or more, four sybils to a node), with 4
	// the slowest takes up to 1.5 times as long as in peace in nine sieges of
	// ten, and 3.1 copies are sent; with 3 up to 2.3 times, and 2.5 copies; with
	// 5 it is no faster, and 3.9 copies.
	sound = 4
	// maxBearers is how many peers are kept on a topic that brought something.
	maxBearers = 128
	// maxAsked is how many messages of one request are noted as asked for: who
	// announces hundreds that there are not is not to crowd out what there is.
	maxAsked = 10
)

// aside returns to whom a message that has just been taken is handed beside the
// mesh, at most sound: where fewer than that of the neighbours are known to be
// any good, others make up for it who are, as they brought something on this
// topic within provenFor. A node with none but sybils in its mesh would else
// have what it takes leave by announcements, a heartbeat or two later.
//
// It is the same for what this node made and what it relays. Where a message is
// from is looked at only after the lot, to spare who has it: what everybody else
// gets would be the same if it were this node's own. Whoever gets it gets a frame
// of GossipSub like any other, as if it had asked for it, with the same checks,
// quotas and scores. In peace the bearers are the neighbours, and nothing goes
// aside.
//
// Peers that this node dialled come first, as nobody chooses to be one of them;
// among those a lot decides, so that nobody can be preferred by being eager.
func (c *conduct) aside(topic, id string, from peer.ID, now time.Time) []peer.ID {
	c.mu.Lock()
	defer c.mu.Unlock()
	wanted, others := c.doubt(topic, now)
	var first, then []peer.ID
	for _, p := range others {
		if c.dialled(p) {
			first = append(first, p)
		} else {
			then = append(then, p)
		}
	}
	shuffle(first)
	shuffle(then)
	to, known := append(first, then...), c.claims.byID[id]
	return slices.DeleteFunc(to[:min(wanted, len(to))], func(p peer.ID) bool {
		return p == from || known != nil && known.had(p)
	})
}

// doubt returns how many bearers a topic's mesh lacks, and those outside it that
// could make up for them; none where it lacks none. The caller holds the lock.
func (c *conduct) doubt(topic string, now time.Time) (wanted int, others []peer.ID) {
	bearers, mesh := c.bearers[topic], c.meshes[topic]
	wanted = sound
	for p, s := range mesh {
		if bearers[p].After(now) && !s.silent() {
			wanted--
		}
	}
	if wanted <= 0 {
		return 0, nil
	}
	for p, until := range bearers {
		if _, in := mesh[p]; !in && until.After(now) && !c.resting[p].After(now) {
			others = append(others, p)
		}
	}
	return wanted, others
}

// listeners returns whose word counts on what work a topic's casts need: the
// neighbours in its mesh, and if that is in doubt those outside it that casts
// are handed to. A node with none but sybils in its mesh would else not hear
// why its casts get no further.
func (s *Service) listeners(topic string) []peer.ID {
	s.conduct.mu.Lock()
	defer s.conduct.mu.Unlock()
	_, others := s.conduct.doubt(topic, time.Now())
	return append(s.meshes.of(topic), others...)
}

func shuffle(ps []peer.ID) { rand.Shuffle(len(ps), func(i, j int) { ps[i], ps[j] = ps[j], ps[i] }) }

// had reports whether p said that it has the message, or was asked for it.
func (k *claim) had(p peer.ID) bool { return slices.Contains(k.by, p) || slices.Contains(k.asked, p) }

// bears notes that p brought something new on a topic. The caller holds the lock.
func (c *conduct) bears(p peer.ID, topic string, now time.Time) {
	if c.bearers[topic] == nil {
		c.bearers[topic] = make(map[peer.ID]time.Time)
	}
	keep(c.bearers[topic], p, now.Add(provenFor), now, maxBearers)
}

// unfollowed notes that p follows a topic no more.
func (c *conduct) unfollowed(p peer.ID, topic string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.bearers[topic], p)
}

// handAside sends a message past the mesh to whom it should go besides.
func (c *conduct) handAside(m *pb.Message, id string, from peer.ID, now time.Time) {
	for _, p := range c.aside(m.GetTopic(), id, from, now) {
		c.hand(p, m)
		c.handed.Inc()
	}
}

// maxUnsent is how many messages of this node's may be on their way to GossipSub.
const maxUnsent = 16

// makes notes that this node is about to publish a message. GossipSub's tracers
// are told nothing of it but what is sent; so it is handed aside when it is sent
// to the first of the mesh, as what is relayed is before that. Were it not, the
// first to get it could tell by who else does whose it is.
func (c *conduct) makes(topic, id string, now time.Time) {
	c.takes(topic, id, c.self, now)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.unsent = append(c.unsent[max(0, len(c.unsent)+1-maxUnsent):], id)
}

// sends hands aside what this node makes and is being sent for the first time.
func (c *conduct) sends(rpc *pubsub.RPC, now time.Time) {
	for _, m := range rpc.GetPublish() {
		if id := messageID(m); c.firstSent(id) {
			c.handAside(m, id, c.self, now)
		}
	}
}

func (c *conduct) firstSent(id string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	i := slices.Index(c.unsent, id)
	if i >= 0 {
		c.unsent = slices.Delete(c.unsent, i, i+1)
	}
	return i >= 0
}

// waits reports whether anything of this node's is about to be sent.
func (c *conduct) waits() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.unsent) > 0
}

// SendRPC notes the messages that a peer is asked for, and what is sent to
// anybody for the first time.
func (c *conduct) SendRPC(rpc *pubsub.RPC, p peer.ID) {
	if len(rpc.GetPublish()) > 0 && c.waits() {
		c.sends(rpc, time.Now())
	}
	for _, want := range rpc.GetControl().GetIwant() {
		ids := want.GetMessageIDs()
		c.asks(p, ids[:min(len(ids), maxAsked)], time.Now())
	}
}

// asks notes that p was asked for messages at now.
func (c *conduct) asks(p peer.ID, ids []string, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, id := range ids {
		if known := c.claims.of(p, id, now); known != nil && len(known.asked) < maxClaimants {
			known.asked = append(known.asked, p)
		}
	}
}

// handing sends messages past the mesh. It is called by GossipSub's own
// goroutine, as a tracer is: the router is not to be used by others.
func handing(rt *pubsub.GossipSubRouter) func(peer.ID, *pb.Message) {
	return func(p peer.ID, m *pb.Message) { rt.SendControl(p, &pb.ControlMessage{}, m) }
}

// dialling reports whether this node dialled a peer.
func dialling(h host.Host) func(peer.ID) bool {
	return func(p peer.ID) bool {
		return slices.ContainsFunc(h.Network().ConnsToPeer(p), func(c network.Conn) bool {
			return c.Stat().Direction == network.DirOutbound
		})
	}
}
