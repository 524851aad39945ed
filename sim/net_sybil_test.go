package sim

import (
	"bufio"
	"context"
	"encoding/binary"
	"io"
	"math/rand/v2"
	"strconv"
	"sync"
	"time"

	pubsub "github.com/libp2p/go-libp2p-pubsub"
	pb "github.com/libp2p/go-libp2p-pubsub/pb"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"google.golang.org/protobuf/proto"

	"github.com/parley-network/parley/gossip"
)

// sybil is a host that speaks GossipSub's frames without being a node: it
// follows a topic, asks to be in meshes and relays nothing. It costs far less
// than a node, as it would cost an attacker.
type sybil struct {
	host.Host
	topic string
	// claims has it say "I have it" of everything that it hears of, so as to
	// look like a neighbour that is merely slow.
	claims bool

	mu   sync.Mutex
	outs []network.Stream
}

// maxFrame is more than any frame of the tests.
const maxFrame = 1 << 20

// sybils builds n of them, who share one topic.
func (w *World) sybils(n int, shard string, claims bool) []*sybil {
	all := make([]*sybil, n)
	for i := range all {
		s := &sybil{Host: w.Host("sybil " + strconv.Itoa(i)), topic: gossip.TopicPrefix + shard, claims: claims}
		s.SetStreamHandler(pubsub.GossipSubID_v12, s.listen)
		all[i] = s
	}
	return all
}

// listen reads what one peer sends, to the end of the stream.
func (s *sybil) listen(in network.Stream) {
	r := bufio.NewReader(in)
	for {
		n, err := binary.ReadUvarint(r)
		if err != nil || n > maxFrame {
			return
		}
		if !s.claims {
			if _, err := io.CopyN(io.Discard, r, int64(n)); err != nil {
				return
			}
			continue
		}
		frame := make([]byte, n)
		if _, err := io.ReadFull(r, frame); err != nil {
			return
		}
		var rpc pb.RPC
		if proto.Unmarshal(frame, &rpc) == nil {
			s.claim(rpc.GetControl())
		}
	}
}

// claim passes on that others have a message, as if it had it too.
func (s *sybil) claim(c *pb.ControlMessage) {
	if said := c.GetIdontwant(); len(said) > 0 {
		s.tell(&pb.RPC{Control: &pb.ControlMessage{Idontwant: said}})
	}
}

// court opens a stream to a node that it is connected with, follows the topic
// there and asks to be in the mesh.
func (s *sybil) court(ctx context.Context, to host.Host) error {
	out, err := s.NewStream(ctx, to.ID(), pubsub.GossipSubID_v12)
	if err != nil {
		return err
	}
	s.mu.Lock()
	s.outs = append(s.outs, out)
	s.mu.Unlock()
	yes := true
	return send(out, &pb.RPC{
		Subscriptions: []*pb.RPC_SubOpts{{Subscribe: &yes, Topicid: &s.topic}},
		Control:       s.graft(),
	})
}

func (s *sybil) graft() *pb.ControlMessage {
	return &pb.ControlMessage{Graft: []*pb.ControlGraft{{TopicID: &s.topic}}}
}

// tell sends a frame to all nodes it is connected with.
func (s *sybil) tell(rpc *pb.RPC) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, out := range s.outs {
		_ = send(out, rpc) // a node that hung up on it is no news
	}
}

func send(out network.Stream, rpc *pb.RPC) error {
	b, err := proto.Marshal(rpc)
	if err != nil {
		return err
	}
	_, err = out.Write(append(binary.AppendUvarint(nil, uint64(len(b))), b...))
	return err
}

// besiege connects sybils and members: each sybil dials some members, each
// member some sybils. The sybils ask to be in every mesh, and again every
// 25 seconds, when those who pruned them would let them back.
func (c *crowd) besiege(all []*sybil, dial, dialled int) {
	c.w.T.Helper()
	hosts := make([]host.Host, 0, len(c.members)+len(all))
	for _, m := range c.members {
		hosts = append(hosts, m.host)
	}
	for _, s := range all {
		hosts = append(hosts, s.Host)
	}
	edges := siege(c.w.Rand, len(c.members), len(all), dial, dialled)
	c.assault(all, hosts, edges)
}

// siege draws whom sybils (n and up) and members dial. Edge.A dials.
func siege(r *rand.Rand, n, sybils, dial, dialled int) []Edge {
	has := make(map[Edge]bool)
	var edges []Edge
	add := func(e, reverse Edge) {
		if !has[e] && !has[reverse] {
			has[e] = true
			edges = append(edges, e)
		}
	}
	for i := range n {
		for range dialled {
			s := n + r.IntN(sybils)
			add(Edge{i, s}, Edge{s, i})
		}
	}
	for s := n; s < n+sybils; s++ {
		for range dial {
			i := r.IntN(n)
			add(Edge{s, i}, Edge{i, s})
		}
	}
	return edges
}

// assault wires the edges and has each sybil court the member at its end.
func (c *crowd) assault(all []*sybil, hosts []host.Host, edges []Edge) {
	c.w.T.Helper()
	c.w.Wire(hosts, edges)
	n := len(c.members)
	var wg sync.WaitGroup
	for _, e := range edges {
		s, i := max(e.A, e.B), min(e.A, e.B)
		wg.Go(func() {
			if err := all[s-n].court(context.Background(), hosts[i]); err != nil {
				c.w.T.Errorf("sybil %d: %v", s, err)
			}
		})
	}
	wg.Wait()
	c.w.Go(func(ctx context.Context) {
		tick := time.NewTicker(25 * time.Second)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				for _, s := range all {
					s.tell(&pb.RPC{Control: s.graft()})
				}
			}
		}
	})
}

// spam has every sybil send each node it knows an invalid cast, a new one
// each time, with the given gap between two, until stop is called.
func (c *crowd) spam(all []*sybil, gap time.Duration) (stop func()) {
	wire, err := c.sign(0).Encode()
	if err != nil {
		c.w.T.Fatal(err)
	}
	return c.w.Start("spam", func(ctx context.Context) error {
		tick := time.NewTicker(gap)
		defer tick.Stop()
		for n := uint64(0); ; n++ {
			for i, s := range all {
				bad := append([]byte{}, wire...)
				// The signature is near the front or the end: either way the
				// cast reads well and does not hold.
				binary.BigEndian.PutUint64(bad[len(bad)-8:], n<<16|uint64(i))
				s.tell(&pb.RPC{Publish: []*pb.Message{{Topic: &s.topic, Data: bad}}})
			}
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-tick.C:
			}
		}
	})
}
