package courier

import (
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"
	"github.com/parley-network/parley/node/courier/wire"
	"github.com/parley-network/parley/node/transport"
	"github.com/prometheus/client_golang/prometheus/testutil"
)

// A node with hundreds of routes over real connections never has a stream cut
// off for want of room, at forwarder or holder, nor is told to come later.
func TestManyRoutes(t *testing.T) {
	const routes = 300
	nodes := nodesOn(t, 3, func(i int) host.Host { return guardedHost(t, byte(i)) }, everybody, quick)
	defer shut(nodes...)
	person, vendor := nodes[0], nodes[1]
	self := vendor.courier.Self()
	var mu sync.Mutex
	var sent []string
	var wg sync.WaitGroup
	for w := range 16 {
		wg.Go(func() {
			for i := w; i < routes; i += 16 {
				r, err := person.courier.OpenRoute(t.Context(), fmt.Sprint("card ", i), time.Now().Add(time.Hour))
				if err != nil {
					t.Error(err)
					return
				}
				id := vendor.send(Outgoing{To: r, From: &self, Kind: "x", Expires: time.Now().Add(time.Hour), Direct: true})
				mu.Lock()
				sent = append(sent, id)
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	eventually(t, time.Minute, "all delivered", func() bool { return allDelivered(vendor, sent) })
	for i, n := range nodes {
		for _, p := range []protocol.ID{wire.HoldProtocol, wire.ForwardProtocol, wire.LetterProtocol} {
			for _, s := range []wire.Status{0, wire.Busy, wire.Unreachable} {
				if got := testutil.ToFloat64(n.courier.count.asked.WithLabelValues(servedAs(p, s)...)); got > 0 {
					t.Errorf("node %d: %v times %q to %s", i, got, servedAs(p, s)[1], p)
				}
			}
		}
	}
	if got := testutil.ToFloat64(person.courier.count.polls); got > 0 {
		t.Errorf("%v fetches failed", got)
	}
}

// guardedHost is a host as nodes have it, with its limits.
func guardedHost(t testing.TB, fill byte) host.Host {
	t.Helper()
	seed := make([]byte, 32)
	seed[0] = fill
	key, err := transport.KeyFromSeed(seed)
	if err != nil {
		t.Fatal(err)
	}
	h, err := transport.New(transport.Config{Key: key})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// Of the many routes at a holder that is gone one goes on trying; the others
// take nobody's time, and are all told of the loss. When it is back all are
// polled again.
func TestManyRoutesAtLostHolder(t *testing.T) {
	var mu sync.Mutex
	lost := make(map[string]bool)
	synctest.Test(t, func(t *testing.T) {
		newHost, end := simulated(t)
		defer end()
		nodes := nodesOn(t, 4, newHost, everybody, func(c *Config) {
			c.RouteLost = func(l RouteLoss) {
				mu.Lock()
				defer mu.Unlock()
				lost[l.Label] = true
			}
			c.Limits.Polls = 8
		})
		defer func() { shut(nodes...) }()
		person, vendor := nodes[0], nodes[1]
		const routes = 24
		atHolder := make(map[string]bool)
		var sent []string
		for i := range routes {
			r := person.openRoute(fmt.Sprint("card ", i))
			atHolder[fmt.Sprint("card ", i)] = r.Peer == nodes[3].host.ID().String()
			if atHolder[fmt.Sprint("card ", i)] {
				self := vendor.courier.Self()
				sent = append(sent, vendor.send(Outgoing{To: r, From: &self, Kind: "x", Expires: time.Now().Add(20 * time.Hour), Direct: true}))
			}
		}
		nodes[3].stop()
		time.Sleep(20 * time.Minute)
		// A route by itself tries every 90 seconds.
		tries := 0.0
		for _, n := range nodes[1:3] {
			tries += testutil.ToFloat64(n.courier.count.asked.WithLabelValues(servedAs(wire.ForwardProtocol, wire.Unreachable)...))
		}
		if tries > 60 {
			t.Errorf("%v tries in 20 minutes", tries)
		}
		mu.Lock()
		for label, at := range atHolder {
			if lost[label] != at {
				t.Errorf("%s: told of its loss: %v, want %v", label, lost[label], at)
			}
		}
		mu.Unlock()
		nodes[3].start()
		eventually(t, 30*time.Minute, "letters by all routes", func() bool { return allDelivered(vendor, sent) })
	})
}

// A route is not at the peer it is for, nor asked about through it, unless
// there is nobody else.
func TestAvoid(t *testing.T) {
	nodes := loopback(t, 4, everybody, quick)
	defer shut(nodes...)
	person, vendor := nodes[0], nodes[1].host.ID()
	open := func(label string, avoid ...peer.ID) *ownRoute {
		t.Helper()
		if _, err := person.courier.OpenRoute(t.Context(), label, time.Now().Add(time.Hour), avoid...); err != nil {
			t.Fatal(err)
		}
		return person.courier.routes.get(label)
	}
	check := func(when string) {
		t.Helper()
		for i := range 12 {
			rt := person.courier.routes.get(fmt.Sprint(i))
			via, err := person.courier.viaFor(rt)
			if err != nil || rt.holder == vendor || via.ID == vendor {
				t.Errorf("%s: route %d is at %s, asked about through %v (%v), though both should not be %s", when, i, rt.holder, via, err, vendor)
			}
		}
	}
	for i := range 12 {
		open(fmt.Sprint(i), vendor)
	}
	check("at first")
	person.stop()
	person.start(quick)
	met(t, person)
	check("after a restart")
	if rt := open("for anybody", nodes[1].host.ID(), nodes[2].host.ID(), nodes[3].host.ID()); rt.holder == "" {
		t.Error("no holder, though some could only be avoided where there are others")
	}
}
