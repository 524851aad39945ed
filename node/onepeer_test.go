package node_test

import (
	"testing"
	"time"

	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/view"
	"github.com/parley-network/parley/relcard/negotiation"
	"github.com/parley-network/parley/sim"
)

// onePeer is a person and a shop that take turns at being on and know one other
// peer, who is always there.
func onePeer(w *sim.World) *shifts {
	rules, items := shop("30", "SD-BASE")
	s := &shifts{w: w, pat: w.Person("pat"), shop: w.Vendor("shop", rules, items), peers: []*sim.Party{w.Person("quinn")}}
	s.join(s.shop)
	s.join(s.pat)
	return s
}

// One peer is enough for a person and a shop that are never on together once the
// person has heard of the shop: it keeps what either says for the other.
func TestCardThroughOnePeer(t *testing.T) {
	sim.Run(t, 421, func(w *sim.World) {
		s, ctx := onePeer(w), w.T.Context()
		w.Eventually(2*time.Minute, "the shop has a mailbox, and says so in its terms", func() bool { return mailboxes(w, s.shop) > 0 })
		time.Sleep(time.Minute)
		vendor := vendorOf(w, s.pat, s.shop)
		s.shop.Stop()
		time.Sleep(10 * time.Minute)

		talk := must[view.Negotiation](w)(s.pat.Proffer(ctx, view.ProfferWant{Vendor: vendor.DID, Agreements: []string{"SD-BASE"}}))
		s.held(s.pat)
		s.pat.Stop()
		s.on(s.shop)
		awaitTalk(w, s.shop, talk.ID, negotiation.StateAccepted)
		s.held(s.shop)
		s.shop.Stop()
		s.on(s.pat)
		card := awaitTalk(w, s.pat, talk.ID, negotiation.StateAgreed).Card
		awaitState(w, s.pat, card, "active")
		s.held(s.pat)
		s.pat.Stop()
		s.on(s.shop)
		awaitState(w, s.shop, card, "active")
	})
}

// What waits for a shop whose route named no mailbox when it was written goes
// where the shop's newest terms say, as soon as they are heard.
func TestLetterFollowsNewerTerms(t *testing.T) {
	sim.Run(t, 422, func(w *sim.World) {
		s, ctx := onePeer(w), w.T.Context()
		vendor := vendorOf(w, s.pat, s.shop)
		if n := mailboxes(w, s.shop); n != 0 {
			t.Fatalf("the shop has %d mailboxes: the test is late", n)
		}
		s.shop.Stop()
		talk := must[view.Negotiation](w)(s.pat.Proffer(ctx, view.ProfferWant{Vendor: vendor.DID, Agreements: []string{"SD-BASE"}}))
		time.Sleep(2 * time.Hour) // its pauses have become long
		if l := must[[]view.Letter](w)(s.pat.Letters(ctx, dagcbor.CID{})); len(l) != 1 || l[0].State != "queued" {
			t.Fatalf("letters %+v", l)
		}
		s.pat.Stop()

		s.on(s.shop)
		w.Eventually(2*time.Minute, "the shop has a mailbox, and says so in its terms", func() bool { return mailboxes(w, s.shop) > 0 })
		time.Sleep(time.Minute)
		s.shop.Stop()
		s.on(s.pat)
		s.held(s.pat)
		s.pat.Stop()
		s.on(s.shop)
		awaitTalk(w, s.shop, talk.ID, negotiation.StateAccepted)
	})
}

// A letter whose pauses have become long goes within a minute of the shop's
// return, whether or not its terms have changed.
func TestLetterGoesWhenTheShopIsBack(t *testing.T) {
	sim.Run(t, 423, func(w *sim.World) {
		s, ctx := onePeer(w), w.T.Context()
		vendor := vendorOf(w, s.pat, s.shop)
		s.shop.Stop()
		talk := must[view.Negotiation](w)(s.pat.Proffer(ctx, view.ProfferWant{Vendor: vendor.DID, Agreements: []string{"SD-BASE"}}))
		time.Sleep(2 * time.Hour)
		s.on(s.shop)
		w.Eventually(time.Minute, "the shop has the proffer", func() bool {
			_, err := s.shop.Negotiation(ctx, talk.ID)
			return err == nil
		})
	})
}
