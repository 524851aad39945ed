package node_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/channel"
	"github.com/parley-network/parley/node/store"
	"github.com/parley-network/parley/node/view"
	"github.com/parley-network/parley/sim"
)

// routesOf reads the routes kept with a card at one side.
func routesOf(w *sim.World, p *sim.Party, card dagcbor.CID) (theirs, ours *intentcast.Route) {
	w.T.Helper()
	if err := p.Store.View(w.T.Context(), func(tx store.Tx) error {
		recs, err := tx.List(store.Query{Kind: "relation", Ref: card.String()})
		if err != nil || len(recs) != 1 {
			w.T.Fatalf("%d relationships, %v", len(recs), err)
		}
		var body map[string]any
		if err := dagcbor.Unmarshal(recs[0].Body, &body); err != nil {
			return err
		}
		theirs, ours = routeIn(body["theirs"]), routeIn(body["ours"])
		return nil
	}); err != nil {
		w.T.Fatal(err)
	}
	return theirs, ours
}

func routeIn(v any) *intentcast.Route {
	m, ok := v.(map[string]any)
	if !ok {
		return nil
	}
	var r intentcast.Route
	r.Peer, _ = m["peer"].(string)
	r.Slot, _ = m["slot"].([]byte)
	r.Key, _ = m["key"].([]byte)
	return &r
}

func receiptData(title string) channel.Data { return channel.Data{Title: title, Amount: euro("30")} }

// A person's reply route moves: new keys, another holder. The shop is told,
// even one that was off, and writes to the new one; what it had written to the
// old one before arrives too.
func TestRouteMoves(t *testing.T) {
	sim.Run(t, 411, func(w *sim.World) {
		s, ctx := newShifts(w, true), w.T.Context()
		card := agreed(w, s.pat, s.shop, "SD-BASE")
		_, before := routesOf(w, s.pat, card)

		// A receipt goes to the old route while the person is off.
		s.pat.Stop()
		must[string](w)(s.shop.SendEvent(ctx, card, view.EventWant{Kind: "receipt", Data: receiptData("One")}))
		s.held(s.shop)
		s.shop.Stop()
		s.on(s.pat)
		w.Eventually(2*time.Minute, "the first receipt", func() bool { return len(must[[]view.InboxEntry](w)(s.pat.Inbox(ctx, true))) == 1 })

		// The route moves while the shop is off.
		w.Eventually(10*time.Minute, "the route moves", func() bool {
			_, err := s.pat.MoveRoute(ctx, card)
			return err == nil
		})
		_, ours := routesOf(w, s.pat, card)
		if bytes.Equal(ours.Key, before.Key) || bytes.Equal(ours.Slot, before.Slot) || ours.Peer == before.Peer {
			w.T.Fatal("the route has an old key, slot or holder")
		}
		s.held(s.pat)
		s.on(s.shop)
		w.Eventually(5*time.Minute, "the shop knows the new route", func() bool {
			theirs, _ := routesOf(w, s.shop, card)
			return bytes.Equal(theirs.Key, ours.Key) && theirs.Peer == ours.Peer
		})
		must[string](w)(s.shop.SendEvent(ctx, card, view.EventWant{Kind: "receipt", Data: receiptData("Two")}))
		w.Eventually(5*time.Minute, "the second receipt", func() bool { return len(must[[]view.InboxEntry](w)(s.pat.Inbox(ctx, true))) == 2 })
		sameRecord(w, s.pat, s.shop, card)

		// And once more, with both on; the shop restarts and remembers.
		w.Eventually(10*time.Minute, "the route moves again", func() bool {
			_, err := s.pat.MoveRoute(ctx, card)
			return err == nil
		})
		_, third := routesOf(w, s.pat, card)
		w.Eventually(5*time.Minute, "the shop knows", func() bool {
			theirs, _ := routesOf(w, s.shop, card)
			return bytes.Equal(theirs.Key, third.Key)
		})
	})
}

// A letter sealed to the old route that waits at a holder who is lost follows
// to the new one.
func TestLostHolderIsReplaced(t *testing.T) {
	sim.Run(t, 412, func(w *sim.World) {
		s, ctx := newShifts(w, true), w.T.Context()
		card := agreed(w, s.pat, s.shop, "SD-BASE")
		_, before := routesOf(w, s.pat, card)
		for _, p := range s.peers {
			if p.Host.ID().String() == before.Peer {
				p.Stop()
			}
		}
		must[string](w)(s.shop.SendEvent(ctx, card, view.EventWant{Kind: "receipt", Data: receiptData("One")}))
		w.Eventually(3*time.Hour, "the receipt by another holder", func() bool {
			return len(must[[]view.InboxEntry](w)(s.pat.Inbox(ctx, true))) == 1
		})
		_, ours := routesOf(w, s.pat, card)
		if theirs, _ := routesOf(w, s.shop, card); ours.Peer == before.Peer || theirs.Peer != ours.Peer {
			w.T.Errorf("route at %s, the shop writes to %s, the lost holder is %s", ours.Peer, theirs.Peer, before.Peer)
		}
	})
}
