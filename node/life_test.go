package node_test

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/channel"
	"github.com/parley-network/parley/node/view"
	"github.com/parley-network/parley/relcard"
	"github.com/parley-network/parley/relcard/archive"
	"github.com/parley-network/parley/relcard/money"
	"github.com/parley-network/parley/relcard/negotiation"
	"github.com/parley-network/parley/sim"
)

// vendorOf waits until p has heard the term update of v.
func vendorOf(w *sim.World, p, v *sim.Party) view.Vendor {
	w.T.Helper()
	var found view.Vendor
	w.Eventually(2*time.Minute, p.Name+" hears the terms of "+v.Name, func() bool {
		all, err := p.Vendors(w.T.Context())
		if err != nil {
			w.T.Fatal(err)
		}
		at := slices.IndexFunc(all, func(x view.Vendor) bool { return x.Name == v.Name })
		if at >= 0 {
			found = all[at]
		}
		return at >= 0
	})
	return found
}

// awaitTalk waits until a negotiation has come to a state.
func awaitTalk(w *sim.World, p *sim.Party, id dagcbor.CID, want negotiation.State) view.Negotiation {
	w.T.Helper()
	var v view.Negotiation
	w.Eventually(5*time.Minute, p.Name+"'s negotiation is "+string(want), func() bool {
		var err error
		if v, err = p.Negotiation(w.T.Context(), id); err != nil {
			return false
		}
		return v.State == want
	})
	return v
}

// sameRecord waits until both sides hold one record, byte for byte.
func sameRecord(w *sim.World, a, b *sim.Party, card dagcbor.CID) {
	w.T.Helper()
	w.Eventually(5*time.Minute, a.Name+" and "+b.Name+" hold the same record", func() bool {
		x, errA := a.Relationship(w.T.Context(), card)
		y, errB := b.Relationship(w.T.Context(), card)
		return errA == nil && errB == nil && x.Digest == y.Digest
	})
}

// agreed proffers terms to v and returns the card that comes of it.
func agreed(w *sim.World, p, v *sim.Party, terms ...string) dagcbor.CID {
	w.T.Helper()
	talk := must[view.Negotiation](w)(p.Proffer(w.T.Context(), view.ProfferWant{Vendor: vendorOf(w, p, v).DID, Agreements: terms}))
	card := awaitTalk(w, p, talk.ID, negotiation.StateAgreed).Card
	awaitState(w, v, card, "active")
	sameRecord(w, p, v, card)
	return card
}

// The life of a relationship: terms proffered and accepted, data shared,
// changed once and confirmed, a channel closed, an amendment, an end, and what
// was shared is deleted. After each step both sides hold the same record.
func TestLifeOfARelationship(t *testing.T) {
	sim.Run(t, 301, func(w *sim.World) {
		tn := newTown(w)
		ctx := w.T.Context()
		pat, shop := tn.pat, tn.cheap
		card := agreed(w, pat, shop, "SD-BASE-DP", "SD-BASE")

		must[view.Change](w)(pat.SetPiece(ctx, "addresses/home", view.ChangeWant{Text: "12 Elm St, Grand Rapids, MI 49503, US"}))
		must[view.Change](w)(pat.SetPiece(ctx, "emails/home", view.ChangeWant{Text: "pat@example.org"}))
		must[[]view.Shared](w)(pat.Share(ctx, card, view.ShareWant{Paths: []string{"addresses/home", "emails/home"}, Purpose: []string{"delivery"}}))
		awaitShared(w, pat, card, "addresses/home", "recorded")
		sameRecord(w, pat, shop, card)
		if held := heldText(w, shop, card, "addresses/home"); !strings.Contains(held, "Elm") {
			t.Errorf("the shop holds %q", held)
		}

		moved := must[view.Change](w)(pat.SetPiece(ctx, "addresses/home", view.ChangeWant{Text: "7 Oak Ave, Grand Rapids, MI 49504, US"}))
		w.Eventually(5*time.Minute, "the change is confirmed", func() bool {
			c := must[view.Change](w)(pat.Change(ctx, moved.ID))
			return c.Confirmed == 1 && c.Waiting+c.Refused+c.Telling == 0 && !c.Cards[0].Receipt.IsZero()
		})
		sameRecord(w, pat, shop, card)
		if held := heldText(w, shop, card, "addresses/home"); !strings.Contains(held, "Oak") {
			t.Errorf("the shop holds %q after the change", held)
		}

		must[string](w)(shop.SendEvent(ctx, card, view.EventWant{Kind: "receipt", Data: channel.Data{Title: "Your receipt", Amount: money.Money{Currency: "EUR", Amount: "30"}}}))
		w.Eventually(5*time.Minute, "the receipt is in the inbox", func() bool { return len(must[[]view.InboxEntry](w)(pat.Inbox(ctx, true))) == 1 })
		must[view.Channel](w)(pat.SetChannel(ctx, card, view.ChannelWant{}))
		w.Eventually(5*time.Minute, "the shop knows the channel is closed", func() bool {
			return !must[view.Channel](w)(shop.Channel(ctx, card)).Open
		})
		if _, err := shop.SendEvent(ctx, card, view.EventWant{Kind: "offer", Data: channel.Data{Title: "Tulips"}}); !errors.Is(err, view.ErrConflict) {
			t.Errorf("an offer went out by a closed channel: %v", err)
		}
		sameRecord(w, pat, shop, card)

		until := identity.At(time.Now().AddDate(1, 0, 0))
		must[view.Card](w)(shop.AmendCard(ctx, card, view.Amendment{Term: &relcard.Term{Until: until, Every: "P1Y", Renews: true}}))
		awaitState(w, pat, card, "amending")
		must[view.Card](w)(pat.SignCard(ctx, card))
		awaitState(w, shop, card, "active")
		sameRecord(w, pat, shop, card)
		if v := must[view.Card](w)(shop.Card(ctx, card)); v.Body.Term == nil || v.Body.Seq != 1 {
			t.Errorf("in force is version %d with term %v", v.Body.Seq, v.Body.Term)
		}

		must[view.Card](w)(pat.EndCard(ctx, card, "moving abroad"))
		awaitState(w, shop, card, "ended")
		w.Eventually(5*time.Minute, "the shop says it has deleted what was shared", func() bool {
			d := must[[]view.Demand](w)(pat.Demands(ctx, card))
			return len(d) == 1 && d[0].State == "complied"
		})
		sameRecord(w, pat, shop, card)
		for _, s := range must[[]view.Shared](w)(shop.Shared(ctx, card, "")) {
			if len(s.Value) > 0 {
				t.Errorf("after the end the shop still holds %s: %s", s.Path, s.Text)
			}
		}
		a := must[[]byte](w)(pat.DisputeCard(ctx, card, []uint64{1}))
		if _, report, err := archive.ImportDispute(bytes.NewReader(a), time.Now()); err != nil {
			t.Errorf("the dispute's file: %v", err)
		} else if s := report.String(); !strings.Contains(s, "ended") {
			t.Errorf("the dispute's report: %s", s)
		}
	})
}

func awaitShared(w *sim.World, p *sim.Party, card dagcbor.CID, path, want string) {
	w.T.Helper()
	w.Eventually(5*time.Minute, path+" is "+want, func() bool {
		all := must[[]view.Shared](w)(p.Shared(w.T.Context(), card, path))
		return len(all) > 0 && all[0].State == want // the newest
	})
}

// heldText is what v holds at a path under a card now.
func heldText(w *sim.World, v *sim.Party, card dagcbor.CID, path string) string {
	w.T.Helper()
	for _, s := range must[[]view.Shared](w)(v.Shared(w.T.Context(), card, path)) { // the newest first
		if len(s.Value) > 0 {
			return s.Text
		}
	}
	return ""
}

// A vendor that accepts none of what is proffered names one other; the
// person's preferences, or the person, decide.
func TestCounter(t *testing.T) {
	sim.Run(t, 302, func(w *sim.World) {
		tn := newTown(w)
		ctx := w.T.Context()
		greedy := vendorOf(w, tn.pat, tn.greedy).DID
		ask := view.ProfferWant{Vendor: greedy, Agreements: []string{"SD-BASE"}}

		first := must[view.Negotiation](w)(tn.pat.Proffer(ctx, ask))
		v := awaitTalk(w, tn.pat, first.ID, negotiation.StateCountered)
		if !v.Asks || v.Terms.ID != "SD-BASE-ATP" {
			t.Fatalf("the counter is %v, asks %v", v.Terms, v.Asks)
		}
		must[view.Negotiation](w)(tn.pat.Decide(ctx, first.ID, false, "too wide"))
		awaitTalk(w, tn.greedy, first.ID, negotiation.StateClosed)

		ok(w, tn.pat.SetPreferences(ctx, negotiation.Preferences{Default: negotiation.Choice{Never: []string{"SD-BASE-ATP"}}}))
		second := must[view.Negotiation](w)(tn.pat.Proffer(ctx, ask))
		v = awaitTalk(w, tn.pat, second.ID, negotiation.StateClosed)
		if !strings.Contains(v.Why, "declined") {
			t.Errorf("closed because %q", v.Why)
		}

		ok(w, tn.pat.SetPreferences(ctx, negotiation.Preferences{Vendors: map[identity.DID]negotiation.Choice{greedy: {Always: []string{"SD-BASE-ATP"}}}}))
		third := must[view.Negotiation](w)(tn.pat.Proffer(ctx, ask))
		card := awaitTalk(w, tn.pat, third.ID, negotiation.StateAgreed).Card
		awaitState(w, tn.greedy, card, "active")
		sameRecord(w, tn.pat, tn.greedy, card)
		body := must[view.Card](w)(tn.greedy.Card(ctx, card)).Body
		if body.Proffer != third.ID || body.Terms.ID != "SD-BASE-ATP" {
			t.Errorf("the card names proffer %s and terms %s", body.Proffer, body.Terms)
		}
		x, y := must[view.Negotiation](w)(tn.pat.Negotiation(ctx, first.ID)), must[view.Negotiation](w)(tn.greedy.Negotiation(ctx, first.ID))
		if len(x.Log) != 3 || len(y.Log) != 3 || x.Why != y.Why {
			t.Errorf("the records of the failed negotiation differ: %+v and %+v", x, y)
		}
	})
}

func ok(w *sim.World, err error) {
	w.T.Helper()
	if err != nil {
		w.T.Fatal(err)
	}
}
