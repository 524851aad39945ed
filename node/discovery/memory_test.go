package discovery_test

import (
	"context"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/protocol"
	circuit "github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/proto"

	"github.com/parley-network/parley/node/discovery"
	"github.com/parley-network/parley/node/store"
	"github.com/parley-network/parley/sim"
)

// begins has a node do something for others from now on, as nodes do once they
// are found to be reached from outside.
func (p *party) begins(what protocol.ID) {
	p.host.SetStreamHandler(what, func(s network.Stream) { _ = s.Reset() })
}

func (p *party) remembered() (n int) {
	if err := p.store.View(context.Background(), func(tx store.Tx) (err error) {
		n, err = tx.Count(store.Query{Kind: "peer"})
		return err
	}); err != nil {
		p.w.T.Error(err)
	}
	return n
}

// Peers turn out to be public only after they have been connected for a while.
// A node that loses the one it was told of, and is killed, comes back to those
// others: a server of the directory and a person's node that relays. One that
// wants not to be named, and one that works for nobody, are not written down.
func TestRemembersWhoBecamePublicLater(t *testing.T) {
	sim.Run(t, 11, func(w *sim.World) {
		unlisted := func(c *discovery.Config) { c.Unlisted = true }
		named, server, relay := person(w, "named"), person(w, "server"), person(w, "relay")
		hidden, plain := person(w, "hidden", unlisted), person(w, "plain")
		pub := person(w, "pub")
		for _, p := range []*party{server, relay, hidden, plain, pub} {
			p.add(named)
		}
		for _, p := range []*party{server, relay, hidden, plain} {
			w.Eventually(time.Minute, p.name, func() bool { return pub.knows(p) || p == hidden })
		}
		hidden.add(pub)
		time.Sleep(10 * time.Second)
		if n := pub.remembered(); n != 1 {
			t.Errorf("%d remembered, want the one named: the others have said nothing", n)
		}
		server.begins(discovery.DHTProtocol)
		relay.begins(circuit.ProtoIDv2Hop)
		hidden.begins(circuit.ProtoIDv2Hop)
		// Well before the book is stored by the clock: it may be killed.
		w.Eventually(20*time.Second, "both to be remembered", func() bool { return pub.remembered() == 3 })
		time.Sleep(2 * time.Minute)
		if n := pub.remembered(); n != 3 {
			t.Errorf("%d remembered, want the one named, the server and the relay", n)
		}
		named.end()
		pub.end()
		// The others look for the lost one for minutes; after an hour they don't.
		time.Sleep(time.Hour)
		pub.start()
		for _, p := range []*party{server, relay} {
			w.Eventually(10*time.Second, p.name+" after the restart", func() bool { return pub.knows(p) })
		}
	})
}

// A peer removed stays away: others name it, it dials itself, the node starts
// again; it comes back when its owner is told so.
func TestRemovedStaysAway(t *testing.T) {
	sim.Run(t, 12, func(w *sim.World) {
		ctx := context.Background()
		between, ann, bob := shop(w, "between", "toys-games"), shop(w, "ann", "toys-games"), shop(w, "bob", "toys-games")
		ann.add(between)
		bob.add(between)
		w.Eventually(time.Minute, "bob", func() bool { return ann.knows(bob) })
		if err := ann.RemovePeer(ctx, bob.host.ID().String()); err != nil {
			t.Fatal(err)
		}
		away := func(when string) {
			t.Helper()
			for range 60 {
				time.Sleep(10 * time.Second)
				if ann.knows(bob) {
					t.Fatalf("bob is connected %s", when)
				}
			}
		}
		away("after he was removed")
		_, _ = bob.AddPeer(ctx, ann.addr()) // he may get as far as a connection that is closed at once
		away("because he dialled")
		ann.end()
		ann.start()
		away("after a restart")
		ann.add(bob)
		if !ann.knows(bob) {
			t.Error("bob was named by ann's owner, and is not connected")
		}
	})
}
