package courier

import (
	"slices"
	"testing"
	"time"

	"github.com/parley-network/parley/gossip/intentcast"
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
