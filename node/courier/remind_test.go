package courier

import (
	"context"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/network"

	"github.com/parley-network/parley/node/store"
)

// A holder that lost its letters in a restart gets them again as soon as it
// is back, not minutes later, whether the sender is another peer or itself.
func TestHolderBackFromRestart(t *testing.T) {
	for name, itself := range map[string]bool{"another's letter": false, "its own letter": true} {
		t.Run(name, func(t *testing.T) {
			bubble(t, 4, func(t *testing.T, nodes []*testNode) {
				person := nodes[0]
				route := person.openRoute("intent")
				holder := nodes[holderOfRoute(nodes, route.Peer)]
				sender := nodes[1]
				switch {
				case itself:
					sender = holder
				case sender == holder:
					sender = nodes[2]
				}
				person.stop()
				self := sender.courier.Self()
				offer := sender.send(Outgoing{To: route, From: &self, Kind: "offer", Body: []byte("x"), Expires: time.Now().Add(24 * time.Hour), Direct: true})
				eventually(t, time.Minute, "held", func() bool { return sender.letter(offer).State == StateHeld })
				holder.stop()
				for _, conn := range holder.host.Network().Conns() {
					_ = conn.Close()
				}
				eventually(t, time.Minute, "hung up", func() bool {
					return sender == holder || sender.host.Network().Connectedness(holder.host.ID()) != network.Connected
				})
				holder.start()
				for _, n := range nodes {
					if n != holder {
						connect(t, n.host, holder.host)
					}
				}
				person.start()
				eventually(t, 20*time.Second, "delivered", func() bool { return sender.letter(offer).State == StateDelivered })
				if got := person.effects(); len(got) != 1 {
					t.Errorf("%d effects", len(got))
				}
			})
		})
	}
}

// A letter whose sender was killed in the middle of sending it goes out soon
// after the sender is back, not when its claim is over.
func TestClaimOfAKilledRun(t *testing.T) {
	bubble(t, 3, func(t *testing.T, nodes []*testNode) {
		person, vendor := nodes[0], nodes[1]
		person.stop()
		id, err := person.courier.enqueueAlone(Outgoing{
			To: vendor.courier.Self(), Kind: "x", Body: []byte("x"), Expires: time.Now().Add(time.Hour),
		})
		if err != nil {
			t.Fatal(err)
		}
		// What a killed run leaves: the letter claimed, and nobody at it.
		time.Sleep(time.Second)
		recs, err := person.store.Claim(context.Background(), kindLetter, time.Now(), claimLease, 10)
		if err != nil || len(recs) != 1 {
			t.Fatalf("%d claimed, %v", len(recs), err)
		}
		time.Sleep(time.Second)
		person.start()
		eventually(t, 20*time.Second, "delivered", func() bool { return person.letter(id).State == StateDelivered })
	})
}

// A letter whose pauses have become long goes soon after its recipient turned
// up again.
func TestRecipientIsBack(t *testing.T) {
	bubble(t, 3, func(t *testing.T, nodes []*testNode) {
		person, vendor := nodes[0], nodes[1]
		to := vendor.courier.Self()
		vendor.stop()
		for _, conn := range vendor.host.Network().Conns() {
			_ = conn.Close()
		}
		id := person.send(Outgoing{To: to, Kind: "x", Body: []byte("x"), Expires: time.Now().Add(24 * time.Hour)})
		eventually(t, 5*time.Hour, "a long pause", func() bool { return time.Until(person.letter(id).Next) > claimLease+time.Minute })
		vendor.start()
		for _, n := range []*testNode{person, nodes[2]} {
			connect(t, n.host, vendor.host)
		}
		eventually(t, 30*time.Second, "delivered", func() bool { return person.letter(id).State == StateDelivered })
	})
}

// What shows by other ways to have come is not sent again; letters of other
// kinds, and for others, are.
func TestAnsweredLetter(t *testing.T) {
	bubble(t, 3, func(t *testing.T, nodes []*testNode) {
		person, vendor := nodes[0], nodes[1]
		to := vendor.courier.Self()
		vendor.stop()
		out := Outgoing{To: to, Kind: "say", Ref: "card", Body: []byte("x"), Expires: time.Now().Add(24 * time.Hour)}
		said := person.send(out)
		out.Kind = "sign"
		signed := person.send(out)
		out.Kind, out.Ref = "say", "another card"
		other := person.send(out)
		time.Sleep(10 * time.Minute)
		err := person.store.Update(t.Context(), func(tx store.Tx) error { return person.courier.Answered(tx, "card", "say") })
		if err != nil {
			t.Fatal(err)
		}
		for id, want := range map[string]string{said: StateDelivered, signed: StateQueued, other: StateQueued} {
			if l := person.letter(id); l.State != want {
				t.Errorf("letter %s for %s is %s, want %s", l.Kind, l.Ref, l.State, want)
			}
		}
		vendor.start()
		eventually(t, time.Hour, "the others' effects", func() bool { return len(vendor.effects()) == 2 })
		time.Sleep(time.Hour)
		if n := len(vendor.effects()); n != 2 {
			t.Errorf("%d effects", n)
		}
	})
}
