package node_test

import (
	"slices"
	"testing"
	"time"

	"github.com/parley-network/parley/gossip/termupdate"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/view"
	"github.com/parley-network/parley/relcard/negotiation"
	"github.com/parley-network/parley/sim"
)

// shifts is a person and a shop that take turns at being on, and peers that
// are always there, but for a restart.
type shifts struct {
	w         *sim.World
	pat, shop *sim.Party
	peers     []*sim.Party
}

// newShifts has the shop on first, and then the person too if they are to meet.
func newShifts(w *sim.World, meet bool) *shifts {
	rules, items := shop("30", "SD-BASE")
	s := &shifts{w: w, pat: w.Person("pat"), shop: w.Vendor("shop", rules, items)}
	for _, name := range []string{"quinn", "rosa", "sam", "tess"} {
		s.peers = append(s.peers, w.Person(name))
	}
	if s.pat.Stop(); meet {
		defer func() {
			s.on(s.pat)
			w.Connect(s.pat.Host, s.shop.Host)
			vendorOf(w, s.pat, s.shop)
		}()
	}
	s.join(s.shop)
	for i, p := range s.peers {
		s.join(p, s.peers[:i]...)
	}
	w.Eventually(2*time.Minute, "the shop has mailboxes, and says so in its terms", func() bool { return mailboxes(w, s.shop) == 2 })
	time.Sleep(time.Minute) // and everybody has heard them
	return s
}

// mailboxes is how many holders a vendor's own terms name.
func mailboxes(w *sim.World, p *sim.Party) int {
	own, err := p.OwnTerms(w.T.Context())
	if err != nil {
		return 0
	}
	u, err := termupdate.DecodeBody(own.Raw)
	if err != nil {
		w.T.Fatal(err)
	}
	return len(u.Route.Holders)
}

// join connects a party to the peers, or to those named.
func (s *shifts) join(p *sim.Party, to ...*sim.Party) {
	if len(to) == 0 {
		to = s.peers
	}
	for _, q := range to {
		if q != p {
			s.w.Connect(p.Host, q.Host)
		}
	}
}

// on has a party back.
func (s *shifts) on(p *sim.Party) {
	p.Start()
	s.join(p)
}

// restart restarts a peer by its id.
func (s *shifts) restart(id string) {
	s.w.T.Helper()
	at := slices.IndexFunc(s.peers, func(p *sim.Party) bool { return p.Host.ID().String() == id })
	if at < 0 {
		s.w.T.Fatalf("%s is none of the peers", id)
	}
	p := s.peers[at]
	p.Stop()
	s.on(p)
	for _, other := range []*sim.Party{s.pat, s.shop} {
		if other.Host.Network().Connectedness(p.Host.ID()) == 0 && len(other.Host.Network().Peers()) > 0 {
			s.w.Connect(other.Host, p.Host)
		}
	}
}

// held waits until all that p has sent is kept by a peer, and returns which.
func (s *shifts) held(p *sim.Party) (by string) {
	s.w.T.Helper()
	s.w.Eventually(5*time.Minute, "what "+p.Name+" sent is held for the other side", func() bool {
		for _, l := range must[[]view.Letter](s.w)(p.Letters(s.w.T.Context(), dagcbor.CID{})) {
			switch l.State {
			case "queued":
				return false
			case "held":
				by = l.HeldBy
			}
		}
		return by != ""
	})
	return by
}

// A person and a shop that are never on at the same time come to a card by
// proffer, through the shop's mailbox and the person's reply route at third
// peers, who restart in between.
func TestCardWithoutMeeting(t *testing.T) {
	sim.Run(t, 401, func(w *sim.World) {
		s, ctx := newShifts(w, false), w.T.Context()
		s.shop.Stop()
		s.on(s.pat)
		vendor := vendorOf(w, s.pat, s.shop) // from the peers

		talk := must[view.Negotiation](w)(s.pat.Proffer(ctx, view.ProfferWant{Vendor: vendor.DID, Agreements: []string{"SD-BASE"}}))
		by := s.held(s.pat)
		s.pat.Stop()
		s.restart(by)

		s.on(s.shop)
		awaitTalk(w, s.shop, talk.ID, negotiation.StateAccepted)
		by = s.held(s.shop)
		s.shop.Stop()
		s.restart(by)

		s.on(s.pat)
		card := awaitTalk(w, s.pat, talk.ID, negotiation.StateAgreed).Card
		awaitState(w, s.pat, card, "active")
		s.held(s.pat)
		pats := must[view.Relationship](w)(s.pat.Relationship(ctx, card))
		s.pat.Stop()

		s.on(s.shop)
		awaitState(w, s.shop, card, "active")
		if shops := must[view.Relationship](w)(s.shop.Relationship(ctx, card)); shops.Digest != pats.Digest {
			w.T.Error("the two sides hold different records")
		}
	})
}

// The same from an offer on: the shop goes off once it has offered.
func TestOfferAcceptedWithoutMeeting(t *testing.T) {
	sim.Run(t, 402, func(w *sim.World) {
		s, ctx := newShifts(w, true), w.T.Context()
		in := must[view.Intent](w)(s.pat.Cast(ctx, roses()))
		offers := offersOf(w, s.pat, in.Root, 1)
		time.Sleep(time.Minute)
		s.shop.Stop()

		card := must[view.Card](w)(s.pat.Accept(ctx, offers[0].ID))
		by := s.held(s.pat)
		s.pat.Stop()
		s.restart(by)

		s.on(s.shop)
		awaitState(w, s.shop, card.ID, "active")
		s.held(s.shop)
		s.shop.Stop()

		s.on(s.pat)
		awaitState(w, s.pat, card.ID, "active")
		s.on(s.shop)
		sameRecord(w, s.pat, s.shop, card.ID)
	})
}
