package courier

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"
	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/courier/seal"
	"github.com/parley-network/parley/node/courier/wire"
	"github.com/parley-network/parley/node/store"
	"github.com/prometheus/client_golang/prometheus/testutil"
)

// What others see while an offer, its acknowledgement and an answer travel:
// the vendor and the holder never have the person's peer id, key or address,
// the forwarder never has what is in a letter.
func TestWhoSeesWhat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		newHost, end := simulated(t)
		defer end()
		spies := make([]*spyHost, 4)
		// The person and the vendor are each connected to the two others alone.
		nodes := nodesOn(t, 4, func(i int) host.Host {
			spies[i] = &spyHost{Host: newHost(i)}
			return spies[i]
		}, func(i, j int) bool { return i >= 2 || j >= 2 })
		defer shut(nodes...)
		person, vendor := nodes[0], nodes[1]
		const secret = "four-wheel drive, from the 20th"

		route := person.openRoute("intent")
		self := vendor.courier.Self()
		offer := vendor.send(Outgoing{To: route, From: &self, Kind: "offer", Body: []byte(secret), Expires: time.Now().Add(time.Hour), Direct: true})
		eventually(t, time.Minute, "offer delivered", func() bool { return vendor.letter(offer).State == StateDelivered })
		answer := person.send(Outgoing{To: self, From: &route, Kind: "accept", Body: []byte(secret), Expires: time.Now().Add(time.Hour)})
		eventually(t, time.Minute, "answer delivered", func() bool { return person.letter(answer).State == StateDelivered })
		if err := person.courier.CloseRoute(context.Background(), "intent"); err != nil {
			t.Fatal(err)
		}

		holder, forwarder := spies[2], spies[3]
		if route.Peer != holder.ID().String() {
			holder, forwarder = forwarder, holder
		}
		asked := nodes[holderOfRoute(nodes, route.Peer)].courier.count.asked.WithLabelValues(servedAs(wire.HoldProtocol, wire.Taken)...)
		if n := testutil.ToFloat64(asked); n < 3 {
			t.Errorf("the holder answered %v requests, want at least open, fetch and close", n)
		}
		for _, p := range []protocol.ID{wire.LetterProtocol, wire.HoldProtocol} {
			for _, s := range slices.Concat(holder.streams(p, true), spies[1].streams(p, true)) {
				if s.remote == person.host.ID() {
					t.Errorf("%s: a stream of the person's own reached %s", p, s.Conn().LocalPeer())
				}
			}
		}
		for _, trace := range personTraces(t, person.host) {
			if spies[1].contains(trace) {
				t.Errorf("the vendor was sent the person's %q", trace)
			}
			if holder.contains(trace, wire.HelloProtocol) { // they are connected, and greet each other
				t.Errorf("the holder was sent the person's %q in an exchange", trace)
			}
		}
		if slices.Contains(vendor.host.Peerstore().Peers(), person.host.ID()) {
			t.Error("the vendor's host has heard of the person's")
		}
		for i, spy := range spies {
			if spy.contains([]byte(secret)) {
				t.Errorf("node %d saw the letter in the clear", i)
			}
		}
		if forwarder.contains(route.Slot, wire.LetterProtocol) {
			t.Error("the forwarder saw the slot of its asker")
		}
	})
}

// personTraces is what names a host on the wire.
func personTraces(t *testing.T, h host.Host) [][]byte {
	t.Helper()
	pub, err := h.ID().ExtractPublicKey()
	if err != nil {
		t.Fatal(err)
	}
	raw, err := crypto.MarshalPublicKey(pub)
	if err != nil {
		t.Fatal(err)
	}
	traces := [][]byte{raw, []byte(h.ID()), []byte(h.ID().String())}
	for _, a := range h.Addrs() {
		traces = append(traces, a.Bytes(), []byte(a.String()))
	}
	return traces
}

// Two routes of one person are at different holders and have nothing in common.
func TestRoutesAreSpread(t *testing.T) {
	nodes := loopback(t, 4, everybody, quick)
	defer shut(nodes...)
	holders := make(map[string]int)
	var all []byte
	for _, label := range []string{"a", "b", "c"} {
		r := nodes[0].openRoute(label)
		holders[r.Peer]++
		for _, part := range [][]byte{r.Slot, r.Key[:32]} {
			if slices.Contains([]string{string(all)}, string(part)) {
				t.Error("two routes share a key")
			}
			all = append(all, part...)
		}
	}
	if len(holders) != 3 {
		t.Errorf("three routes at %d holders: %v", len(holders), holders)
	}
	st := nodes[0].courier.Routing()
	if st.Routes != 3 || st.Exposed != 0 || st.Holders != 3 || st.Forwarders != 3 {
		t.Errorf("routing %+v", st)
	}
}

// In a network of two there is nobody to hide behind: it works, and says so.
func TestOnlyOnePeer(t *testing.T) {
	nodes := loopback(t, 2, everybody, quick)
	defer shut(nodes...)
	person, vendor := nodes[0], nodes[1]
	route := person.openRoute("intent")
	if route.Peer != vendor.host.ID().String() {
		t.Fatal("the only peer is not the holder")
	}
	self := vendor.courier.Self()
	offer := vendor.send(Outgoing{To: route, From: &self, Kind: "offer", Expires: time.Now().Add(time.Hour), Direct: true})
	eventually(t, 10*time.Second, "offer delivered", func() bool { return vendor.letter(offer).State == StateDelivered })
	if st := person.courier.Routing(); st.Exposed != 1 || st.Text != "only one peer can help: it would see that replies are for this node; connect to one more" {
		t.Errorf("routing %+v", st)
	}
}

func TestNoPeer(t *testing.T) {
	nodes := loopback(t, 1, everybody, quick)
	defer shut(nodes...)
	_, err := nodes[0].courier.OpenRoute(context.Background(), "intent", time.Now().Add(time.Hour))
	if err == nil || err.Error() != "open route: "+ErrNoHolder.Error() {
		t.Errorf("got %v", err)
	}
}

// A vendor that suspects two routes to be one person's can't find out: neither
// a letter sealed to one route's key and handed to another, nor an
// acknowledgement by the wrong route, nor an id used twice, is answered
// differently from a stranger's.
func TestRoutesCannotBeLinked(t *testing.T) {
	nodes := loopback(t, 4, everybody, quick)
	defer shut(nodes...)
	person, vendor := nodes[0], nodes[1]
	a, b := person.openRoute("a"), person.openRoute("b")
	self := vendor.courier.Self()
	ctx := context.Background()
	now := time.Now()

	t.Run("letter to a route's key, handed to the suspected node", func(t *testing.T) {
		letter := seal.Letter{Version: 1, ID: seal.NewID(), Kind: "probe", Sent: identity.At(now), Expires: identity.At(now.Add(time.Hour))}
		sealed, _, err := seal.Seal(a.Key, letter)
		if err != nil {
			t.Fatal(err)
		}
		status, rest, err := vendor.courier.carry(ctx, nil, addrInfo(person.host), wire.LetterProtocol, wire.EncodeLetter(nil, sealed, nil), 0)
		if err != nil || status != wire.Unreadable || len(rest) != 0 {
			t.Errorf("answer %v, %d bytes, %v", status, len(rest), err)
		}
	})
	t.Run("acknowledgement by another route", func(t *testing.T) {
		// A letter that nobody answers, from route a.
		lost := person.send(Outgoing{
			To: withPeer(self, nodes[2].host.ID()), From: &a, Kind: "x", Expires: now.Add(time.Hour), Ref: "lost",
		})
		ack := func(to []byte) {
			id := mustHex(t, lost)
			body, err := dagcbor.Marshal(ackBody{Version: 1, Letter: id, Status: wire.Taken})
			if err != nil {
				t.Fatal(err)
			}
			if err := person.courier.takeAck(ctx, Inbound{Kind: AckKind, Body: body, To: to}); err != nil {
				t.Fatal(err)
			}
		}
		if ack(seal.KeyHash(b.Key)); person.letter(lost).State == StateDelivered {
			t.Error("heeded, though it came by route b")
		}
		if ack(seal.KeyHash(a.Key)); person.letter(lost).State != StateDelivered {
			t.Error("not heeded, though it came by route a")
		}
	})
	t.Run("one id to both", func(t *testing.T) {
		id := seal.NewID()
		for label, route := range map[string][]byte{"a": a.Key, "b": b.Key} {
			l := seal.Letter{Version: 1, ID: id, Kind: "twin", Sent: identity.At(now), Expires: identity.At(now.Add(time.Hour))}
			status, err := person.courier.receive(ctx, l, incoming{label: label, to: seal.KeyHash(route), by: byHolder})
			if err != nil || status != wire.Taken {
				t.Errorf("by %s: %v, %v", label, status, err)
			}
		}
	})
}

// A person's letters never go without a forwarder once there has been one, not
// even when it is gone.
func TestNoForwarderLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		newHost, end := simulated(t)
		defer end()
		spies := make([]*spyHost, 3)
		nodes := nodesOn(t, 3, func(i int) host.Host {
			spies[i] = &spyHost{Host: newHost(i)}
			return spies[i]
		}, everybody)
		person := nodes[0]
		route := person.openRoute("intent")
		holder := 1
		if route.Peer != nodes[1].host.ID().String() {
			holder = 2
		}
		gone := 3 - holder
		shut(nodes[gone])
		time.Sleep(3 * time.Hour) // its record expires too
		to := nodes[holder].courier.Self()
		id := person.send(Outgoing{To: to, From: &route, Kind: "x", Expires: time.Now().Add(2 * time.Hour)})
		time.Sleep(10 * time.Minute)
		if l := person.letter(id); l.State != StateQueued || l.Problem != errNoForwarder.Error() {
			t.Errorf("letter %+v", l)
		}
		for _, p := range []protocol.ID{wire.LetterProtocol, wire.HoldProtocol} {
			if n := len(spies[0].streams(p, false)); n > 0 {
				t.Errorf("the person's node opened %d streams of %s itself", n, p)
			}
		}
		shut(person, nodes[holder])
	})
}

// A letter's content can't be read from the sender's store, before or after.
func TestOutboxIsSealed(t *testing.T) {
	nodes := loopback(t, 2, everybody, quick)
	defer shut(nodes...)
	const secret = "a body nobody may read"
	id := nodes[0].send(Outgoing{To: nodes[1].courier.Self(), Kind: "x", Body: []byte(secret), Expires: time.Now().Add(time.Hour)})
	eventually(t, 10*time.Second, "delivered", func() bool { return nodes[0].letter(id).State == StateDelivered })
	err := nodes[0].store.View(context.Background(), func(tx store.Tx) error {
		rec, err := tx.Get(kindLetter, id)
		if len(rec.Body) > 1024 {
			t.Errorf("%d bytes remain of a delivered letter", len(rec.Body))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func addrInfo(h host.Host) peer.AddrInfo { return peer.AddrInfo{ID: h.ID(), Addrs: h.Addrs()} }
