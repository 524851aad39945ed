package sim

import (
	"context"
	"encoding/binary"
	"math/rand/v2"
	"strconv"
	"sync"
	"time"

	pb "github.com/libp2p/go-libp2p-pubsub/pb"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/parley-network/parley/gossip"
)

// sybils builds n of them, who share one topic. Those that claim say "I have it"
// of everything that they hear of, so as to look like neighbours that are merely
// slow.
func (w *World) sybils(n int, shard string, claim bool) []*Sybil {
	w.T.Helper()
	all := make([]*Sybil, n)
	for i := range all {
		name := "sybil " + strconv.Itoa(i)
		s, err := w.NewSybil(name, gossip.TopicPrefix+shard)
		if err != nil {
			w.T.Fatal(err)
		}
		w.Add(name, s)
		if claim {
			s.Heard = func(_ peer.ID, rpc *pb.RPC) { claims(s, rpc.GetControl()) }
		}
		all[i] = s
	}
	return all
}

// claims passes on that others have a message, as if it had it too.
func claims(s *Sybil, c *pb.ControlMessage) {
	if said := c.GetIdontwant(); len(said) > 0 {
		s.Tell(&pb.RPC{Control: &pb.ControlMessage{Idontwant: said}}, nil)
	}
}

// besiege connects sybils and members: each sybil dials some members, each
// member some sybils. The sybils ask to be in every mesh, and again every
// 25 seconds, when those who pruned them would let them back.
func (c *crowd) besiege(all []*Sybil, dial, dialled int) {
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
func (c *crowd) assault(all []*Sybil, hosts []host.Host, edges []Edge) {
	c.w.T.Helper()
	c.w.Wire(hosts, edges)
	n := len(c.members)
	var wg sync.WaitGroup
	for _, e := range edges {
		s, i := max(e.A, e.B), min(e.A, e.B)
		wg.Go(func() {
			if err := all[s-n].Court(context.Background(), hosts[i].ID()); err != nil {
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
					s.Tell(&pb.RPC{Control: s.Graft()}, nil)
				}
			}
		}
	})
}

// spam has every sybil send each node it knows an invalid cast, a new one
// each time, with the given gap between two, until stop is called.
func (c *crowd) spam(all []*Sybil, gap time.Duration) (stop func()) {
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
				s.Tell(&pb.RPC{Publish: []*pb.Message{{Topic: &s.Topic, Data: bad}}}, nil)
			}
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-tick.C:
			}
		}
	})
}
