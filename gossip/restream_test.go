package gossip_test

import (
	"strings"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
)

// out are the streams of GossipSub that a node has opened.
func out(n *node) (all []network.Stream) {
	for _, c := range n.Network().Conns() {
		for _, s := range c.GetStreams() {
			if s.Stat().Direction == network.DirOutbound && strings.HasPrefix(string(s.Protocol()), "/meshsub/") {
				all = append(all, s)
			}
		}
	}
	return all
}

// TestANeighbourWithoutAStreamGetsOne: GossipSub opens a stream that ended a
// few times more and then never again, while the two stay connected. What is
// cast reaches the neighbour all the same.
func TestANeighbourWithoutAStreamGetsOne(t *testing.T) {
	simulate(t, 2, func(net *simulation) {
		a, b := net.nodes[0], net.nodes[1]
		net.connect(a.Host, b.Host)
		c := stroller(t, "ann")
		net.join([]*node{b}, c.Intent.Shard())
		if len(out(a)) != 1 || len(out(b)) != 1 {
			t.Fatalf("%d and %d streams at first", len(out(a)), len(out(b)))
		}
		for range 60 {
			for _, s := range out(b) {
				_ = s.Reset()
			}
			time.Sleep(50 * time.Millisecond)
		}
		if len(out(b)) != 0 {
			t.Fatalf("%d streams after every one was reset", len(out(b)))
		}
		time.Sleep(25 * time.Second)
		if len(out(b)) != 1 {
			t.Fatalf("%d streams after the mend", len(out(b)))
		}
		net.cast(a, c)
		net.settle()
		if got := b.ids(); len(got) != 1 {
			t.Errorf("the neighbour heard %v", got)
		}
	})
}
