package node_test

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/channel"
	"github.com/parley-network/parley/node/courier"
	"github.com/parley-network/parley/node/store"
	"github.com/parley-network/parley/node/view"
	"github.com/parley-network/parley/relcard/archive"
	"github.com/parley-network/parley/relcard/negotiation"
	"github.com/parley-network/parley/sim"
)

// wantQuiet waits until no letter of p's is under way: one that can never be
// taken in would come again for ever.
func wantQuiet(w *sim.World, parties ...*sim.Party) {
	w.T.Helper()
	for _, p := range parties {
		patiently(w, 2*time.Hour, "all letters of "+p.Name+" have been taken in", func() bool {
			var waiting int
			if err := p.Store.View(w.T.Context(), func(tx store.Tx) (err error) {
				waiting, err = courier.Waiting(tx)
				return err
			}); err != nil {
				w.T.Fatal(err)
			}
			return waiting == 0
		})
	}
}

// patiently is Eventually with growing pauses, for what takes long.
func patiently(w *sim.World, d time.Duration, what string, cond func() bool) {
	w.T.Helper()
	pause := 50 * time.Millisecond
	for end := time.Now().Add(d); !cond(); time.Sleep(pause) {
		if !time.Now().Before(end) {
			w.T.Fatalf("waited in vain for: %s", what)
		}
		pause = min(pause*5/4, 10*time.Second)
	}
}

// What a vendor named instead and the person declined stands in both copies of
// the card, so that what either proposes next has the same past on both sides.
func TestAmendingGoesOnAfterADeclinedCounter(t *testing.T) {
	sim.Run(t, 331, func(w *sim.World) {
		tn := newTown(w)
		ctx, pat, shop := w.T.Context(), tn.pat, tn.cheap
		card := agreed(w, pat, shop, "SD-BASE")
		ask := view.ProfferWant{Card: card, Agreements: []string{"SD-BASE-DP"}}
		first := must[view.Negotiation](w)(pat.Proffer(ctx, ask))
		awaitTalk(w, pat, first.ID, negotiation.StateCountered)
		must[view.Negotiation](w)(pat.Decide(ctx, first.ID, false, "as before, then"))
		awaitTalk(w, shop, first.ID, negotiation.StateClosed)
		sameRecord(w, pat, shop, card)
		awaitState(w, pat, card, "active")
		awaitState(w, shop, card, "active")

		here := "US-UT"
		must[view.Card](w)(shop.AmendCard(ctx, card, view.Amendment{Jurisdiction: &here}))
		awaitState(w, pat, card, "amending")
		must[view.Card](w)(pat.SignCard(ctx, card))
		if got := awaitState(w, shop, card, "active"); got.Body.Jurisdiction != here || got.Body.Terms.ID != "SD-BASE" {
			t.Errorf("in force is %s in %s", got.Body.Terms.ID, got.Body.Jurisdiction)
		}
		sameRecord(w, pat, shop, card)

		second := must[view.Negotiation](w)(pat.Proffer(ctx, ask))
		awaitTalk(w, pat, second.ID, negotiation.StateCountered)
		must[view.Negotiation](w)(pat.Decide(ctx, second.ID, true, ""))
		awaitTalk(w, shop, second.ID, negotiation.StateAgreed)
		sameRecord(w, pat, shop, card)
		wantQuiet(w, pat, shop)
	})
}

// The person ends the card while the vendor's answer to a proffer for it is on
// its way: the answer comes to nothing, and stops nothing behind it.
func TestEndCrossesAnAnswer(t *testing.T) {
	sim.Run(t, 332, func(w *sim.World) {
		tn := newTown(w)
		ctx, pat, shop := w.T.Context(), tn.pat, tn.cheap
		card := agreed(w, pat, shop, "SD-BASE")
		rules, _ := stocked("30", "SD-BASE", "SD-BASE-DP")
		ok(w, shop.SetRules(ctx, rules))
		talk := must[view.Negotiation](w)(pat.Proffer(ctx, view.ProfferWant{Card: card, Agreements: []string{"SD-BASE-DP"}}))
		w.Eventually(time.Minute, "the shop hears the proffer", func() bool {
			_, err := shop.Negotiation(ctx, talk.ID)
			return err == nil
		})
		pat.Stop()
		if v := must[view.Negotiation](w)(pat.Negotiation(ctx, talk.ID)); v.State != negotiation.StateProffered {
			t.Fatalf("the answer was faster: %s", v.State)
		}
		must[view.Card](w)(pat.EndCard(ctx, card, "enough"))
		pat.Start()
		w.Meet([]sim.Edge{{A: 0, B: 1}, {A: 0, B: 2}, {A: 0, B: 3}}, pat, tn.dear, tn.bystanders[0], tn.bystanders[1])
		awaitState(w, shop, card, "ended")
		for _, p := range []*sim.Party{pat, shop} {
			patiently(w, 6*time.Hour, "the negotiation is over at "+p.Name, func() bool {
				v := must[view.Negotiation](w)(p.Negotiation(ctx, talk.ID))
				return v.State == negotiation.StateClosed
			})
		}
		wantQuiet(w, pat, shop)
		awaitState(w, pat, card, "ended")
		sameRecord(w, pat, shop, card)
	})
}

// stocked is shop, where a variable has its name.
var stocked = shop

// What the person says right after it has signed may come before its
// signature does. It waits for it.
func TestFirstWordsOvertakeTheSignature(t *testing.T) {
	sim.Run(t, 333, func(w *sim.World) {
		tn := newTown(w)
		ctx, pat, shop := w.T.Context(), tn.pat, tn.cheap
		must[view.Change](w)(pat.SetPiece(ctx, "emails/home", view.ChangeWant{Text: "pat@example.org"}))
		vendor := vendorOf(w, pat, shop).DID
		for range 2 {
			talk := must[view.Negotiation](w)(pat.Proffer(ctx, view.ProfferWant{Vendor: vendor, Agreements: []string{"SD-BASE-DP"}}))
			awaitTalk(w, pat, talk.ID, negotiation.StateCountered)
			awaitTalk(w, shop, talk.ID, negotiation.StateCountered)
			shop.Stop()
			card := must[view.Negotiation](w)(pat.Decide(ctx, talk.ID, true, "")).Card
			must[[]view.Shared](w)(pat.Share(ctx, card, view.ShareWant{Paths: []string{"emails/home"}, Purpose: []string{"contact"}}))
			must[view.Channel](w)(pat.SetChannel(ctx, card, view.ChannelWant{}))
			must[view.Negotiation](w)(pat.Proffer(ctx, view.ProfferWant{Card: card, Agreements: []string{"SD-BASE"}}))
			time.Sleep(time.Minute)
			shop.Start()
			w.Meet([]sim.Edge{{A: 0, B: 1}, {A: 0, B: 2}, {A: 0, B: 3}}, shop, tn.dear, tn.bystanders[0], tn.bystanders[1])
			awaitState(w, shop, card, "active")
			awaitShared(w, pat, card, "emails/home", "recorded")
			patiently(w, time.Hour, "the shop knows the channel is closed", func() bool {
				return !must[view.Channel](w)(shop.Channel(ctx, card)).Open
			})
			wantQuiet(w, pat, shop)
			sameRecord(w, pat, shop, card)
		}
	})
}

// A vendor that has countersigned an acceptance amends the card and sends an
// event before the person has the countersignature: both arrive.
func TestVendorGoesOnBeforeTheCountersignatureIsThere(t *testing.T) {
	for seed := range uint64(3) {
		sim.Run(t, 334+10*seed, func(w *sim.World) {
			tn := newTown(w)
			ctx, pat, shop := w.T.Context(), tn.pat, tn.cheap
			in := must[view.Intent](w)(pat.Cast(ctx, roses()))
			offers := offersOf(w, pat, in.Root, 2)
			card := must[view.Card](w)(pat.Accept(ctx, offers[0].ID)).ID
			w.Eventually(time.Minute, "the shop has signed", func() bool {
				k, err := shop.Card(ctx, card)
				return err == nil && k.State == "active"
			})
			must[string](w)(shop.SendEvent(ctx, card, view.EventWant{Kind: "message", Data: channel.Data{Title: "Thanks", Text: "Welcome."}}))
			here := "US-UT"
			must[view.Card](w)(shop.AmendCard(ctx, card, view.Amendment{Jurisdiction: &here}))
			awaitState(w, pat, card, "amending")
			patiently(w, time.Hour, "the event is there", func() bool { return len(must[[]view.InboxEntry](w)(pat.Inbox(ctx, true))) == 1 })
			wantQuiet(w, pat, shop)
		})
	}
}

// A proffer withdrawn before the vendor's node has heard of it: whichever of
// the two letters comes first, the vendor hears both.
func TestWithdrawnBeforeItWasHeard(t *testing.T) {
	sim.Run(t, 335, func(w *sim.World) {
		tn := newTown(w)
		ctx, pat, shop := w.T.Context(), tn.pat, tn.cheap
		vendor := vendorOf(w, pat, shop).DID
		shop.Stop()
		var talks []dagcbor.CID
		for range 4 {
			talk := must[view.Negotiation](w)(pat.Proffer(ctx, view.ProfferWant{Vendor: vendor, Agreements: []string{"SD-BASE"}}))
			must[view.Negotiation](w)(pat.Decide(ctx, talk.ID, false, "on second thoughts"))
			talks = append(talks, talk.ID)
		}
		time.Sleep(time.Minute)
		shop.Start()
		w.Meet([]sim.Edge{{A: 0, B: 1}, {A: 0, B: 2}, {A: 0, B: 3}}, shop, tn.dear, tn.bystanders[0], tn.bystanders[1])
		for _, id := range talks {
			v := awaitTalk(w, shop, id, negotiation.StateClosed)
			if len(v.Log) < 2 {
				t.Errorf("the shop has heard %d statements", len(v.Log))
			}
			awaitTalk(w, pat, id, negotiation.StateClosed)
		}
		wantQuiet(w, pat, shop)
	})
}

// One relationship that can't be told of a change, since it would have to
// forget the piece before the change takes effect, keeps no other waiting.
func TestAChangeThatOneCantBeTold(t *testing.T) {
	sim.Run(t, 336, func(w *sim.World) {
		tn := newTown(w)
		ctx, pat := w.T.Context(), tn.pat
		a, b := agreed(w, pat, tn.cheap, "SD-BASE"), agreed(w, pat, tn.dear, "SD-BASE")
		must[view.Change](w)(pat.SetPiece(ctx, "emails/home", view.ChangeWant{Text: "pat@example.org"}))
		share := view.ShareWant{Paths: []string{"emails/home"}, Purpose: []string{"contact"}}
		must[[]view.Shared](w)(pat.Share(ctx, b, share))
		share.Until = identity.At(time.Now().AddDate(0, 0, 10))
		must[[]view.Shared](w)(pat.Share(ctx, a, share))
		awaitShared(w, pat, a, "emails/home", "recorded")
		awaitShared(w, pat, b, "emails/home", "recorded")
		moved := must[view.Change](w)(pat.SetPiece(ctx, "emails/home", view.ChangeWant{
			Text: "new@example.org", From: identity.At(time.Now().AddDate(0, 0, 20)),
		}))
		var c view.Change
		w.Eventually(5*time.Minute, "everybody is told, or listed", func() bool {
			c = must[view.Change](w)(pat.Change(ctx, moved.ID))
			return c.Telling+c.Waiting == 0
		})
		if c.Confirmed != 1 || c.Refused != 1 {
			t.Errorf("%d confirmed, %d refused: %+v", c.Confirmed, c.Refused, c.Cards)
		}
		sameRecord(w, pat, tn.cheap, a)
		sameRecord(w, pat, tn.dear, b)
	})
}

// What is to come and is taken back before it has come leaves what was there.
func TestTakingBackAChangeToCome(t *testing.T) {
	sim.Run(t, 337, func(w *sim.World) {
		tn := newTown(w)
		ctx, pat, shop := w.T.Context(), tn.pat, tn.cheap
		card := agreed(w, pat, shop, "SD-BASE")
		must[view.Change](w)(pat.SetPiece(ctx, "emails/home", view.ChangeWant{Text: "pat@example.org"}))
		must[[]view.Shared](w)(pat.Share(ctx, card, view.ShareWant{Paths: []string{"emails/home"}, Purpose: []string{"contact"}}))
		awaitShared(w, pat, card, "emails/home", "recorded")
		must[view.Change](w)(pat.SetPiece(ctx, "emails/home", view.ChangeWant{Text: "new@example.org", From: identity.At(time.Now().Add(10 * time.Minute))}))
		awaitShared(w, pat, card, "emails/home", "future")
		must[[]view.Shared](w)(pat.Retract(ctx, card, []uint64{2}, ""))
		awaitShared(w, pat, card, "emails/home", "retracted")
		wantQuiet(w, pat, shop)
		time.Sleep(20 * time.Minute)
		if held := heldText(w, shop, card, "emails/home"); held != "pat@example.org" {
			t.Errorf("the shop holds %q, though nothing has taken the first one's place", held)
		}
		sameRecord(w, pat, shop, card)
		// And a later change reaches the shop, since it still holds the piece.
		again := must[view.Change](w)(pat.SetPiece(ctx, "emails/home", view.ChangeWant{Text: "third@example.org"}))
		w.Eventually(5*time.Minute, "the shop is told", func() bool {
			return must[view.Change](w)(pat.Change(ctx, again.ID)).Confirmed == 1
		})
	})
}

// agreeAfterCrossing has both sides come together again by one word of the side
// whose proposal did not prevail: the other has nothing to sign.
func agreeAfterCrossing(w *sim.World, pat, shop *sim.Party, card dagcbor.CID, where string) {
	w.T.Helper()
	ctx, signed := w.T.Context(), 0
	for _, p := range []*sim.Party{pat, shop} {
		switch _, err := p.SignCard(ctx, card); {
		case err == nil:
			signed++
		case !errors.Is(err, view.ErrConflict):
			w.T.Fatal(err)
		}
	}
	if signed != 1 {
		w.T.Fatalf("%d sides signed what crossed, want one", signed)
	}
	wantQuiet(w, pat, shop)
	for _, p := range []*sim.Party{pat, shop} {
		if got := awaitState(w, p, card, "active"); got.Body.Jurisdiction != where {
			w.T.Errorf("in force at %s is jurisdiction %q, want %q", p.Name, got.Body.Jurisdiction, where)
		}
	}
	sameRecord(w, pat, shop, card)
}

// standing is the jurisdiction of the proposal that prevails at both.
func standing(w *sim.World, card dagcbor.CID, parties ...*sim.Party) string {
	w.T.Helper()
	where := ""
	for _, p := range parties {
		file := must[[]byte](w)(p.ExportCard(w.T.Context(), card))
		_, report, err := archive.Import(bytes.NewReader(file), time.Now())
		if err != nil {
			w.T.Fatal(err)
		}
		v, ok := report.Chain.Prevailing()
		if !ok || where != "" && where != v.Body.Jurisdiction {
			w.T.Fatalf("at %s prevails %q (%v), and %q before", p.Name, v.Body.Jurisdiction, ok, where)
		}
		where = v.Body.Jurisdiction
	}
	return where
}

// Both propose at once: the card is not harmed, and they come together again.
func TestAmendmentsThatCross(t *testing.T) {
	sim.Run(t, 338, func(w *sim.World) {
		tn := newTown(w)
		ctx, pat, shop := w.T.Context(), tn.pat, tn.cheap
		card := agreed(w, pat, shop, "SD-BASE")
		here, there := "US-UT", "US-MI"
		must[view.Card](w)(shop.AmendCard(ctx, card, view.Amendment{Jurisdiction: &here}))
		must[view.Card](w)(pat.AmendCard(ctx, card, view.Amendment{Jurisdiction: &there}))
		wantQuiet(w, pat, shop)
		sameRecord(w, pat, shop, card)
		agreeAfterCrossing(w, pat, shop, card, standing(w, card, pat, shop))

		// What crossed and was not taken stands in nobody's way later.
		elsewhere := "US-OR"
		must[view.Card](w)(shop.AmendCard(ctx, card, view.Amendment{Jurisdiction: &elsewhere}))
		awaitState(w, pat, card, "amending")
		must[view.Card](w)(pat.SignCard(ctx, card))
		if got := awaitState(w, shop, card, "active"); got.Body.Jurisdiction != elsewhere {
			t.Errorf("in force is jurisdiction %q", got.Body.Jurisdiction)
		}
		must[view.Card](w)(pat.AmendCard(ctx, card, view.Amendment{Jurisdiction: &here}))
		awaitState(w, shop, card, "amending")
		must[view.Card](w)(shop.SignCard(ctx, card))
		awaitState(w, pat, card, "active")
		sameRecord(w, pat, shop, card)
		wantQuiet(w, pat, shop)
	})
}

// Each side proposes twice before it hears of the other's: one of the two lines
// prevails, and one side may sign its end.
func TestBranchesThatCross(t *testing.T) {
	sim.Run(t, 339, func(w *sim.World) {
		tn := newTown(w)
		ctx, pat, shop := w.T.Context(), tn.pat, tn.cheap
		card := agreed(w, pat, shop, "SD-BASE")
		places := []string{"US-UT", "US-MI", "US-CA", "US-NY"}
		for i := range 2 {
			must[view.Card](w)(shop.AmendCard(ctx, card, view.Amendment{Jurisdiction: &places[i]}))
			must[view.Card](w)(pat.AmendCard(ctx, card, view.Amendment{Jurisdiction: &places[2+i]}))
		}
		wantQuiet(w, pat, shop)
		sameRecord(w, pat, shop, card)
		agreeAfterCrossing(w, pat, shop, card, standing(w, card, pat, shop))
	})
}

// Whose proposal did not prevail may as well propose it anew, on top of what
// did; the other side signs that, and nobody is stuck.
func TestProposedAnewAfterCrossing(t *testing.T) {
	for name, first := range map[string]bool{"by the person": true, "by the vendor": false} {
		t.Run(name, func(t *testing.T) {
			sim.Run(t, 340, func(w *sim.World) {
				tn := newTown(w)
				ctx, p, q := w.T.Context(), tn.pat, tn.cheap
				card := agreed(w, p, q, "SD-BASE")
				if !first {
					p, q = q, p
				}
				here, there, anew := "US-UT", "US-MI", "US-WA"
				must[view.Card](w)(p.AmendCard(ctx, card, view.Amendment{Jurisdiction: &here}))
				must[view.Card](w)(q.AmendCard(ctx, card, view.Amendment{Jurisdiction: &there}))
				wantQuiet(w, p, q)
				must[view.Card](w)(p.AmendCard(ctx, card, view.Amendment{Jurisdiction: &anew}))
				wantQuiet(w, p, q)
				must[view.Card](w)(q.SignCard(ctx, card))
				if got := awaitState(w, p, card, "active"); got.Body.Jurisdiction != anew {
					t.Errorf("in force is jurisdiction %q", got.Body.Jurisdiction)
				}
				sameRecord(w, p, q, card)
			})
		})
	}
}

// What was declined is not smuggled in by what is proposed after it, whoever
// proposes that.
func TestDeclinedIsNotProposedAgainUnasked(t *testing.T) {
	sim.Run(t, 341, func(w *sim.World) {
		tn := newTown(w)
		ctx, pat, shop := w.T.Context(), tn.pat, tn.cheap
		card := agreed(w, pat, shop, "SD-BASE")
		for _, p := range []*sim.Party{shop, pat} {
			must[view.Card](w)(shop.AmendCard(ctx, card, view.Amendment{Terms: "SD-BASE-AT"}))
			awaitState(w, pat, card, "amending")
			must[view.Card](w)(pat.DeclineCard(ctx, card, "no tracking"))
			wantQuiet(w, pat, shop)
			q, where := pat, "US-UT"
			if p == pat {
				q, where = shop, "US-MI"
			}
			must[view.Card](w)(p.AmendCard(ctx, card, view.Amendment{Jurisdiction: &where}))
			awaitState(w, q, card, "amending")
			must[view.Card](w)(q.SignCard(ctx, card))
			if got := awaitState(w, p, card, "active"); got.Body.Terms.ID != "SD-BASE" || got.Body.Jurisdiction != where {
				t.Errorf("in force is %s in %s: what was declined came along", got.Body.Terms.ID, got.Body.Jurisdiction)
			}
		}
		sameRecord(w, pat, shop, card)
	})
}
