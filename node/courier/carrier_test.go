package courier

import (
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/node/courier/wire"
	"github.com/parley-network/parley/node/store"
	"github.com/prometheus/client_golang/prometheus/testutil"
)

// carriers counts, of n relationships with one vendor, those that each peer's
// letters would go through.
func carriers(t *testing.T, person, vendor *testNode, n int) (by map[string]string, count map[peer.ID]int) {
	t.Helper()
	by, count = make(map[string]string), make(map[peer.ID]int)
	for i := range n {
		ref := fmt.Sprint("card ", i)
		p := passageOf(t, person, vendor, ref)
		by[ref] = p.via.ID.String()
		count[p.via.ID]++
	}
	return by, count
}

// Each relationship has its forwarder: always the same, after a restart too, while
// those of all are spread over the peers there are. One that goes hands on its own
// alone.
func TestEachCardHasItsCarrier(t *testing.T) {
	bubble(t, 6, func(t *testing.T, nodes []*testNode) {
		person, vendor := nodes[0], nodes[1]
		const cards = 400
		person.openRoute("a") // it has a forwarder of its own
		before, count := carriers(t, person, vendor, cards)
		if len(count) != 4 {
			t.Errorf("%d of 4 peers carry", len(count))
		}
		for p, n := range count { // 100 each, with a deviation of 9
			if n < 65 || n > 135 {
				t.Errorf("%s carries for %d cards of %d", p, n, cards)
			}
		}
		person.stop()
		person.start()
		met(t, nodes...)
		if again, _ := carriers(t, person, vendor, cards); fmt.Sprint(again) != fmt.Sprint(before) {
			t.Error("after a restart others carry")
		}
		if others, _ := carriers(t, nodes[2], vendor, cards); fmt.Sprint(others) == fmt.Sprint(before) {
			t.Error("the order is the same for another node: then it could be foretold")
		}

		gone := nodes[5]
		person.courier.book.suspect(gone.host.ID(), time.Now())
		after, _ := carriers(t, person, vendor, cards)
		for ref, via := range before {
			if own := via == gone.host.ID().String(); own == (after[ref] == via) {
				t.Errorf("%s was carried by %s, and is by %s now that %s fails", ref, via, after[ref], gone.host.ID())
			}
		}
	})
}

// That is who carries a card's letters, each of them.
func TestCarrierCarries(t *testing.T) {
	bubble(t, 6, func(t *testing.T, nodes []*testNode) {
		person, vendor := nodes[0], nodes[1]
		carried := func() (out []float64) {
			for _, n := range nodes[2:] {
				out = append(out, testutil.ToFloat64(n.courier.count.asked.WithLabelValues(servedAs(wire.ForwardProtocol, wire.Taken)...)))
			}
			return out
		}
		want := carried()
		for i := range 12 {
			ref := fmt.Sprint("card ", i%6)
			by := passageOf(t, person, vendor, ref).via.ID
			want[slices.IndexFunc(nodes, func(n *testNode) bool { return n.host.ID() == by })-2]++
			id := person.send(Outgoing{To: vendor.courier.Self(), Kind: "x", Ref: ref, Body: []byte("x"), Expires: time.Now().Add(time.Hour)})
			eventually(t, time.Minute, "delivered", func() bool { return person.letter(id).State == StateDelivered })
		}
		if got := carried(); !slices.Equal(got, want) {
			t.Errorf("carried %v, want %v", got, want)
		}
	})
}

// What belongs to no relationship goes through one or another.
func TestLettersWithoutARelationshipAreSpread(t *testing.T) {
	bubble(t, 5, func(t *testing.T, nodes []*testNode) {
		seen := make(map[uint64]bool)
		for i := range 10 {
			seen[nodes[0].courier.orderOf(task{rec: store.Record{ID: fmt.Sprint(i)}})] = true
		}
		if len(seen) != 10 {
			t.Errorf("10 letters have %d orders", len(seen))
		}
	})
}

// A forwarder that has too much to do is passed over for a moment, in the middle
// of an exchange: the talk goes on, and nothing is sealed anew.
func TestBusyCarrierIsPassedOver(t *testing.T) {
	manyCarriers(t, func(t *testing.T, person, vendor *testNode, others []*testNode) {
		route := person.openRoute("card")
		askOf(t, person, vendor, route, "card", 1)
		tk := atRest(t, person, vendor, route)
		first := passageOf(t, person, vendor, "card", route)
		turned := beBusy(nodeOf(others, first.via.ID))
		id := askOf(t, person, vendor, route, "card", 2)
		if p := passageOf(t, person, vendor, "card", route); p.via.ID == first.via.ID {
			t.Error("it is asked again at once")
		}
		if again := atRest(t, person, vendor, route); again != tk || again.next != 2 {
			t.Errorf("another talk than before: %v, request %d", again != tk, again.next)
		}
		if l := person.letter(id); l.Attempts != 1 {
			t.Errorf("it went like this: %+v", l)
		}
		if n := turned(); n != 1 {
			t.Errorf("the busy one was asked %d times, want once: the answer's proof comes within the moment", n)
		}
		time.Sleep(busyFor)
		if e, _ := person.courier.book.entry(first.via.ID, time.Now()); time.Now().Before(e.busyTo) {
			t.Error("it is passed over for longer than a moment")
		}
		time.Sleep(suspicion) // its streams were cut to make it busy, a poll's perhaps among them
		if p := passageOf(t, person, vendor, "card", route); p.via.ID != first.via.ID {
			t.Error("it is not asked again")
		}
	})
}

// Where all have too much to do a letter waits, each of a few having been asked
// once, and goes when they have time.
func TestAllCarriersAreBusy(t *testing.T) {
	manyCarriers(t, func(t *testing.T, person, vendor *testNode, others []*testNode) {
		asked := func() (sum int) { return 0 }
		for _, n := range others {
			before, turned := asked, beBusy(n)
			asked = func() int { return before() + turned() }
		}
		id := person.send(Outgoing{To: vendor.courier.Self(), Kind: "x", Body: []byte("x"), Expires: time.Now().Add(time.Hour)})
		eventually(t, time.Minute, "tried", func() bool { return person.letter(id).Attempts > 0 })
		if l := person.letter(id); l.State != StateQueued || l.Attempts != 1 || asked() != mostCarriers {
			t.Errorf("with everybody busy: %+v, asked %d", l, asked())
		}
		for _, n := range others {
			n.stop()
			n.start()
		}
		eventually(t, time.Minute, "delivered", func() bool { return person.letter(id).State == StateDelivered })
	})
}

// manyCarriers is a bubble of a person, a vendor that answers what it is asked,
// and six who carry and hold.
func manyCarriers(t *testing.T, fn func(t *testing.T, person, vendor *testNode, others []*testNode)) {
	t.Helper()
	bubble(t, 8, func(t *testing.T, nodes []*testNode) {
		nodes[1].stop()
		nodes[1].start(nodes[1].answerAll)
		met(t, nodes...)
		fn(t, nodes[0], nodes[1], nodes[2:])
	})
}

// askOf asks the vendor something about a relationship, as the nth letter.
func askOf(t *testing.T, person, vendor *testNode, from intentcast.Route, ref string, n int) (id string) {
	t.Helper()
	id = person.send(Outgoing{To: vendor.courier.Self(), From: &from, Kind: "ask", Ref: ref, Body: []byte(fmt.Sprint(n)), Expires: time.Now().Add(time.Hour)})
	eventually(t, time.Minute, "answered", func() bool {
		return len(person.effects()) == n && person.letter(id).State == StateDelivered
	})
	return id
}

// passageOf is the passage that a relationship's letters have to the vendor now.
func passageOf(t *testing.T, person, vendor *testNode, ref string, from ...intentcast.Route) *passage {
	t.Helper()
	l := outLetter{Peer: vendor.host.ID().String()}
	for _, r := range from {
		l.Avoid = r.Peer
	}
	l.order = person.courier.orderOf(task{rec: store.Record{ID: "any", Ref: ref}, out: l})
	p, err := person.courier.passageTo(addrInfo(vendor.host), l)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func nodeOf(nodes []*testNode, p peer.ID) *testNode {
	return nodes[slices.IndexFunc(nodes, func(n *testNode) bool { return n.host.ID() == p })]
}

// beBusy has a node say that it has too much to do, whatever it is asked to carry,
// and counts the letters of that.
func beBusy(n *testNode) (turned func() int) {
	var count atomic.Int32
	n.host.SetStreamHandler(wire.ForwardProtocol, func(s network.Stream) {
		frame, _ := wire.ReadFrame(s, wire.MaxForward)
		if _, p, _, err := wire.DecodeForward(frame); err == nil && p == wire.LetterProtocol {
			count.Add(1)
		}
		_ = wire.WriteFrame(s, wire.EncodeAnswer(wire.Busy, nil))
		_ = s.Close()
	})
	cutOpen(n.host, wire.ForwardProtocol)
	return func() int { return int(count.Load()) }
}
