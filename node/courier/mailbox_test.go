package courier

import (
	"crypto/ed25519"
	"slices"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/node/courier/seal"
	"github.com/parley-network/parley/node/courier/wire"
	"github.com/prometheus/client_golang/prometheus/testutil"
)

// withMailboxes has a node's direct route name so many holders. It holds for
// nobody: here the parties are off for long, and others hold for them.
func withMailboxes(n int) nodeOption { return func(c *Config) { c.Mailboxes, c.NoHold = n, true } }

// vendorWithMailboxes starts nodes[0] anew as a person's and nodes[1] as a
// vendor's, and returns the vendor's route.
func vendorWithMailboxes(t *testing.T, nodes []*testNode, n int) (*testNode, intentcast.Route) {
	t.Helper()
	vendor := nodes[1]
	for i, party := range nodes[:2] {
		party.stop()
		party.start(withMailboxes(i * n))
	}
	met(t, nodes...)
	eventually(t, time.Hour, "everybody knows that they hold for nobody", func() bool {
		return !slices.ContainsFunc(nodes, func(other *testNode) bool {
			return other != nodes[0] && other.courier.Holds(nodes[0].host.ID()) || other != vendor && other.courier.Holds(vendor.host.ID())
		})
	})
	eventually(t, 10*time.Minute, "mailboxes", func() bool { return len(vendor.courier.Self().Holders) == n })
	return vendor, vendor.courier.Self()
}

// Two parties that are never on at the same time exchange letters through the
// vendor's mailbox and the person's route; the holders restart in between.
func TestNeverOnTogether(t *testing.T) {
	bubble(t, 6, func(t *testing.T, nodes []*testNode) {
		person := nodes[0]
		vendor, to := vendorWithMailboxes(t, nodes, 2)
		if err := to.CheckHolders(); err != nil || to.Slot != nil {
			t.Fatalf("route %+v: %v", to, err)
		}
		if st := vendor.courier.Routing(); st.Exposed != 0 || st.Routes != 0 {
			t.Errorf("mailboxes are counted as reply routes: %+v", st)
		}
		route, err := person.courier.OpenRoute(t.Context(), "card", time.Now().Add(24*time.Hour), vendor.host.ID())
		if err != nil {
			t.Fatal(err)
		}
		vendor.stop()

		ask := person.send(Outgoing{To: to, From: &route, Kind: "ask", Body: []byte("ask"), Expires: time.Now().Add(7 * 24 * time.Hour)})
		eventually(t, time.Minute, "held", func() bool { return person.letter(ask).State == StateHeld })
		heldBy := person.letter(ask).HeldBy
		if !slices.ContainsFunc(to.Holders, func(h intentcast.RouteHolder) bool { return h.Peer == heldBy }) {
			t.Fatalf("held by %q, the route names %v", heldBy, to.Holders)
		}
		person.stop()

		holder := nodes[holderOfRoute(nodes, heldBy)]
		holder.stop()
		holder.start()
		time.Sleep(20 * time.Minute)
		vendor.start(withMailboxes(2))
		eventually(t, 10*time.Minute, "the letter's effect", func() bool { return len(vendor.effects()) == 1 })
		if again := vendor.courier.Self(); len(again.Holders) != 2 || again.Holders[0].Peer != to.Holders[0].Peer {
			t.Errorf("other mailboxes after the restart: %+v", again.Holders)
		}
		in := vendor.inbounds()[0]
		if in.Label != "" {
			t.Errorf("labelled %q", in.Label)
		}
		self := vendor.courier.Self()
		answer := vendor.send(Outgoing{To: *in.From, From: &self, Kind: "answer", Body: []byte("answer"), Expires: time.Now().Add(7 * 24 * time.Hour), Direct: true})
		eventually(t, time.Minute, "held", func() bool { return vendor.letter(answer).State == StateHeld })
		vendor.stop()

		time.Sleep(20 * time.Minute)
		person.start(withMailboxes(0))
		eventually(t, 10*time.Minute, "the answer's effect", func() bool { return len(person.effects()) == 1 })
		eventually(t, 10*time.Minute, "acknowledged", func() bool { return person.letter(ask).State == StateDelivered })
		time.Sleep(time.Minute) // the acknowledgement of the answer is left at a mailbox
		person.stop()

		time.Sleep(20 * time.Minute)
		vendor.start(withMailboxes(2))
		eventually(t, 10*time.Minute, "acknowledged", func() bool { return vendor.letter(answer).State == StateDelivered })
		if a, b := len(person.effects()), len(vendor.effects()); a != 1 || b != 1 {
			t.Errorf("%d and %d effects", a, b)
		}
		person.start(withMailboxes(0))
	})
}

// Where the one peer that is left to carry a letter is the one that keeps it for
// a vendor, it goes there without another in between: as the forwarder to the
// vendor that peer would learn as much. To a reply route it does not go so.
func TestOnlyTheKeeperIsLeft(t *testing.T) {
	bubble(t, 3, func(t *testing.T, nodes []*testNode) {
		person, keeper := nodes[0], nodes[2]
		vendor, to := vendorWithMailboxes(t, nodes, 1)
		route, err := person.courier.OpenRoute(t.Context(), "card", time.Now().Add(24*time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		vendor.stop()
		time.Sleep(3 * time.Hour) // its record expires: nobody else is known
		ask := person.send(Outgoing{To: to, From: &route, Kind: "ask", Body: []byte("ask"), Expires: time.Now().Add(24 * time.Hour)})
		eventually(t, time.Minute, "held", func() bool { return person.letter(ask).State == StateHeld })
		if by := person.letter(ask).HeldBy; by != keeper.host.ID().String() {
			t.Errorf("held by %s", by)
		}
		other := route // somebody's reply route at the same peer
		other.Slot = make([]byte, 32)
		id := person.send(Outgoing{To: other, From: &route, Kind: "x", Expires: time.Now().Add(24 * time.Hour)})
		time.Sleep(10 * time.Minute)
		if l := person.letter(id); l.State != StateQueued || l.Problem != errNoForwarder.Error() {
			t.Errorf("letter to a reply route: %+v", l)
		}
		person.stop()
		vendor.start(withMailboxes(1))
		eventually(t, 10*time.Minute, "the letter's effect", func() bool { return len(vendor.effects()) == 1 })
		person.start(withMailboxes(0))
	})
}

// A letter whose recipient is on again goes there, though a mailbox has it, and
// has one effect.
func TestBackBeforeTheMailboxIsRead(t *testing.T) {
	bubble(t, 6, func(t *testing.T, nodes []*testNode) {
		person := nodes[0]
		vendor, to := vendorWithMailboxes(t, nodes, 2)
		route, err := person.courier.OpenRoute(t.Context(), "card", time.Now().Add(24*time.Hour), vendor.host.ID())
		if err != nil {
			t.Fatal(err)
		}
		vendor.stop()
		ask := person.send(Outgoing{To: to, From: &route, Kind: "ask", Body: []byte("ask"), Expires: time.Now().Add(24 * time.Hour)})
		eventually(t, time.Minute, "held", func() bool { return person.letter(ask).State == StateHeld })
		for _, h := range to.Holders { // both are off for now
			nodes[holderOfRoute(nodes, h.Peer)].stop()
		}
		vendor.start(withMailboxes(2))
		eventually(t, time.Hour, "delivered", func() bool { return person.letter(ask).State == StateDelivered })
		for _, h := range to.Holders {
			nodes[holderOfRoute(nodes, h.Peer)].start()
		}
		time.Sleep(20 * time.Minute)
		if got := vendor.effects(); len(got) != 1 {
			t.Errorf("%d effects", len(got))
		}
	})
}

// A mailbox that is full says so, and the letter goes to another at once.
func TestFullMailbox(t *testing.T) {
	bubble(t, 6, func(t *testing.T, nodes []*testNode) {
		person := nodes[0]
		vendor, to := vendorWithMailboxes(t, nodes, 2)
		full := nodes[holderOfRoute(nodes, to.Holders[0].Peer)]
		full.stop()
		full.start(func(c *Config) { c.Limits.Hold.SlotBytes, c.Limits.Hold.Bytes = 1<<20, 1 })
		vendor.stop()
		for range 8 {
			ask := person.send(Outgoing{To: to, Kind: "ask", Body: []byte("ask"), Expires: time.Now().Add(24 * time.Hour)})
			eventually(t, time.Minute, "held", func() bool { return person.letter(ask).State == StateHeld })
			if by := person.letter(ask).HeldBy; by != to.Holders[1].Peer {
				t.Errorf("held by %s, whose store is full", by)
			}
		}
		vendor.start(withMailboxes(2))
		eventually(t, 10*time.Minute, "delivered", func() bool { return len(vendor.effects()) == 8 })
	})
}

// A mailbox that lies, says that it took a letter and drops it, only delays it:
// the letter goes to another until the recipient has acknowledged.
func TestLyingMailbox(t *testing.T) {
	bubble(t, 6, func(t *testing.T, nodes []*testNode) {
		person := nodes[0]
		vendor, to := vendorWithMailboxes(t, nodes, 2)
		route, err := person.courier.OpenRoute(t.Context(), "card", time.Now().Add(24*time.Hour), vendor.host.ID())
		if err != nil {
			t.Fatal(err)
		}
		vendor.stop()
		for _, h := range to.Holders[:1] {
			drop(nodes[holderOfRoute(nodes, h.Peer)])
		}
		var sent []string
		for range 6 {
			sent = append(sent, person.send(Outgoing{To: to, From: &route, Kind: "ask", Body: []byte("ask"), Expires: time.Now().Add(24 * time.Hour)}))
		}
		for _, id := range sent {
			eventually(t, time.Minute, "held", func() bool { return person.letter(id).State == StateHeld })
		}
		time.Sleep(30 * time.Minute) // a second attempt at each
		person.stop()
		vendor.start(withMailboxes(2))
		eventually(t, 10*time.Minute, "all letters' effects", func() bool { return len(vendor.effects()) == len(sent) })
		person.start(withMailboxes(0))
		for _, id := range sent {
			eventually(t, time.Hour, "acknowledged", func() bool { return person.letter(id).State == StateDelivered })
		}
	})
}

// drop has a node say of every letter that it took it, and keep none.
func drop(n *testNode) {
	n.host.SetStreamHandler(wire.LetterProtocol, func(s network.Stream) {
		defer s.Close()
		if _, err := wire.ReadFrame(s, wire.MaxLetter); err == nil {
			_ = wire.WriteFrame(s, wire.EncodeAnswer(wire.Taken, nil))
		}
	})
	cutOpen(n.host, wire.LetterProtocol)
}

// A mailbox that hands out what it should not, over and over, has no effect but
// the first: old letters, letters to others, garbage.
func TestMailboxReturnsOldMail(t *testing.T) {
	bubble(t, 6, func(t *testing.T, nodes []*testNode) {
		vendor, to := vendorWithMailboxes(t, nodes, 2)
		own, _, err := seal.Seal(to.Key, aLetter(time.Now()))
		if err != nil {
			t.Fatal(err)
		}
		expired := aLetter(time.Now().Add(-48 * time.Hour))
		old, _, err := seal.Seal(to.Key, expired)
		if err != nil {
			t.Fatal(err)
		}
		other, err := seal.GenerateKey()
		if err != nil {
			t.Fatal(err)
		}
		foreign, _, err := seal.Seal(other.Public(), aLetter(time.Now()))
		if err != nil {
			t.Fatal(err)
		}
		var r rogue
		for _, h := range to.Holders {
			r.play(nodes[holderOfRoute(nodes, h.Peer)], func(wire.HoldRequest) (wire.HoldResponse, bool) {
				return wire.HoldResponse{
					Status: wire.Taken, Expires: identity.At(time.Now().Add(time.Hour)),
					Letters: [][]byte{own, old, foreign, make([]byte, len(own))},
				}, true
			})
		}
		time.Sleep(10 * time.Minute)
		if got := vendor.effects(); len(got) != 1 {
			t.Errorf("%d effects, want that of the one letter", len(got))
		}
		for result, least := range map[string]float64{resultTaken: 1, resultUnreadable: 2, resultExpired: 1} {
			if got := testutil.ToFloat64(vendor.courier.count.in.WithLabelValues(result)); got < least {
				t.Errorf("%v letters counted as %s", got, result)
			}
		}
		if n := r.requests(); n > 2500 { // renewals and fetches at two, once a second
			t.Errorf("asked %d times in ten minutes", n)
		}
	})
}

// A node whose clock is off by an hour is told so and gets no slot; its
// letters pass, since a letter's times are only compared with its life.
func TestClockOff(t *testing.T) {
	bubble(t, 4, func(t *testing.T, nodes []*testNode) {
		holder := nodes[2]
		_, key, err := ed25519.GenerateKey(nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, off := range []time.Duration{-time.Hour, time.Hour} {
			request, err := wire.SignHold(key, wire.HoldRequest{
				Op: wire.HoldOpen, Holder: holder.host.ID().String(),
				Time: identity.At(time.Now().Add(off)), Expires: identity.At(time.Now().Add(48 * time.Hour)),
			})
			if err != nil {
				t.Fatal(err)
			}
			if resp := holder.courier.holder.Serve(t.Context(), "peer", request, nil); resp.Status != wire.Forbidden {
				t.Errorf("clock off by %v: %v", off, resp.Status)
			}
			l := aLetter(time.Now().Add(off))
			l.Expires = identity.At(l.Sent.Std().Add(24 * time.Hour))
			if status, err := holder.courier.receive(t.Context(), l, incoming{to: []byte(holder.courier.keyHash), by: byStream}); err != nil || status != wire.Taken {
				t.Errorf("letter of a clock off by %v: %v, %v", off, status, err)
			}
		}
	})
}

// A vendor's mail is kept by nodes that the world knows anyway, and by a
// person's only where there is none for a while.
func TestMailboxesAreRatherAtPublicNodes(t *testing.T) {
	bubble(t, 5, func(t *testing.T, nodes []*testNode) {
		vendor, known := nodes[1], nodes[3]
		known.stop()
		known.start(func(c *Config) { c.Public = true })
		vendor.stop()
		vendor.start(withMailboxes(2))
		met(t, nodes...)
		eventually(t, mailboxTick-2*time.Second, "a mailbox", func() bool { return len(vendor.courier.Self().Holders) > 0 })
		if all := vendor.courier.Self().Holders; len(all) != 1 || all[0].Peer != known.host.ID().String() {
			t.Errorf("within %s its mail is kept by %v", mailboxTick, all)
		}
		eventually(t, time.Minute, "another", func() bool { return len(vendor.courier.Self().Holders) == 2 })
	})
}
