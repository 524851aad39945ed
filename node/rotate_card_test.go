package node_test

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/store"
	"github.com/parley-network/parley/node/view"
	"github.com/parley-network/parley/relcard/negotiation"
	"github.com/parley-network/parley/sim"
)

// A person rotates the keys of one card, right after a signature and right
// before another: both hold, each under its key, and the vendor's copy is the
// same.
func TestPersonRotates(t *testing.T) {
	sim.Run(t, 602, func(w *sim.World) {
		tn := newTown(w)
		ctx, pat, shop := w.T.Context(), tn.pat, tn.cheap
		card := agreed(w, pat, shop, "SD-BASE")
		label := labelOf(w, pat, must[view.Card](w)(pat.Card(ctx, card)).Body.Person.DID)

		ut, ca := "US-UT", "US-CA"
		must[view.Card](w)(pat.AmendCard(ctx, card, view.Amendment{Jurisdiction: &ut}))
		if r := must[view.KeyRotation](w)(pat.RotateCard(ctx, card)); r.Number != 2 || r.Told != 1 {
			t.Errorf("rotated: %+v", r)
		}
		must[view.Change](w)(pat.SetPiece(ctx, "emails/home", view.ChangeWant{Text: "pat@example.org"}))
		must[[]view.Shared](w)(pat.Share(ctx, card, view.ShareWant{Paths: []string{"emails/home"}, Purpose: []string{"contact"}}))
		awaitShared(w, pat, card, "emails/home", "recorded")
		awaitState(w, shop, card, "amending")
		must[view.Card](w)(shop.SignCard(ctx, card))
		awaitState(w, pat, card, "active")
		must[view.Card](w)(pat.AmendCard(ctx, card, view.Amendment{Jurisdiction: &ca}))
		awaitState(w, shop, card, "amending")
		must[view.Card](w)(shop.SignCard(ctx, card))
		awaitState(w, pat, card, "active")
		wantTold(w, shop, "keys.told", "version 2")
		wantErased(w, pat, []string{label + "/sign", label + "/next", label + "/update"}, []string{label + "/2/sign", label + "/2/next"})
		sameFiles(w, pat, shop, card)
		wantVersions(w, shop, card, identity.RolePerson, 1, 1, 2)

		if _, err := shop.RotateCard(ctx, card); !errors.Is(err, view.ErrConflict) {
			t.Errorf("a vendor rotates one card: %v", err)
		}
		must[view.Card](w)(pat.EndCard(ctx, card, "enough"))
		awaitState(w, shop, card, "ended")
		wantQuiet(w, pat, shop)
		sameFiles(w, pat, shop, card)
		if _, err := pat.RotateCard(ctx, card); !errors.Is(err, view.ErrConflict) {
			t.Errorf("the keys of a card that has ended: %v", err)
		}
	})
}

// All cards of a person are rotated each at a time of its own, over a restart.
func TestPersonRotatesAll(t *testing.T) {
	sim.Run(t, 603, func(w *sim.World) {
		tn := newTown(w)
		ctx, pat := w.T.Context(), tn.pat
		cards := []dagcbor.CID{agreed(w, pat, tn.cheap, "SD-BASE"), agreed(w, pat, tn.dear, "SD-BASE")}
		due := must[[]view.KeyRotationDue](w)(pat.RotateCards(ctx))
		if len(due) != 2 || due[0].Due == due[1].Due || time.Until(due[0].Due.Std()) > time.Hour {
			t.Errorf("due: %+v", due)
		}
		pat.Stop()
		pat.Start()
		w.Meet([]sim.Edge{{A: 0, B: 1}, {A: 0, B: 2}, {A: 0, B: 3}, {A: 0, B: 4}}, pat, tn.cheap, tn.dear, tn.bystanders[0], tn.bystanders[1])
		patiently(w, 2*time.Hour, "both shops have the longer log", func() bool {
			return told(w, tn.cheap, "keys.told", "version 2") == 1 && told(w, tn.dear, "keys.told", "version 2") == 1
		})
		for i, shop := range []*sim.Party{tn.cheap, tn.dear} {
			amendTo(w, pat, shop, cards[i], "US-UT")
			sameFiles(w, pat, shop, cards[i])
			wantVersions(w, shop, cards[i], identity.RolePerson, 1, 2)
		}
		if n, due := told(w, pat, "keys.rotated"), count(w, pat, "rotate"); n != 2 || due != 0 {
			t.Errorf("keys were rotated %d times, and %d cards are due", n, due)
		}
	})
}

// A card that ends before its turn keeps its keys, and nothing is tried again.
func TestCardEndsBeforeItsKeysRotate(t *testing.T) {
	sim.Run(t, 610, func(w *sim.World) {
		tn := newTown(w)
		ctx, pat := w.T.Context(), tn.pat
		card, other := agreed(w, pat, tn.cheap, "SD-BASE"), agreed(w, pat, tn.dear, "SD-BASE")
		label := labelOf(w, pat, must[view.Card](w)(pat.Card(ctx, card)).Body.Person.DID)
		if due := must[[]view.KeyRotationDue](w)(pat.RotateCards(ctx)); len(due) != 2 {
			t.Fatalf("%+v", due)
		}
		must[view.Card](w)(pat.EndCard(ctx, card, "enough"))
		time.Sleep(2 * time.Hour)
		wantErased(w, pat, []string{label + "/2/sign", label + "/2/next"}, []string{label + "/sign"})
		ok(w, pat.Store.View(ctx, func(tx store.Tx) error {
			left, err := tx.List(store.Query{Kind: "rotate"})
			if len(left) != 0 {
				t.Errorf("still to be rotated: %+v", left)
			}
			return err
		}))
		if due := must[[]view.KeyRotationDue](w)(pat.RotateCards(ctx)); len(due) != 1 || due[0].Card != other {
			t.Errorf("%+v", due)
		}
	})
}

// Both sides rotate at once, again and again, while a negotiation and an
// amendment are under way.
func TestBothRotateAtOnce(t *testing.T) {
	sim.Run(t, 604, func(w *sim.World) {
		tn := newTown(w)
		ctx, pat, shop := w.T.Context(), tn.pat, tn.cheap
		card := agreed(w, pat, shop, "SD-BASE")
		talk := must[view.Negotiation](w)(pat.Proffer(ctx, view.ProfferWant{Card: card, Agreements: []string{"SD-BASE-DP"}}))
		awaitTalk(w, pat, talk.ID, negotiation.StateCountered)
		for range 3 {
			done := make(chan error, 2)
			go func() { _, err := pat.RotateCard(ctx, card); done <- err }()
			go func() { _, err := shop.RotateVendor(ctx); done <- err }()
			ok(w, <-done)
			ok(w, <-done)
		}
		must[view.Negotiation](w)(pat.Decide(ctx, talk.ID, false, "as before"))
		awaitTalk(w, shop, talk.ID, negotiation.StateClosed)
		amendTo(w, shop, pat, card, "US-UT")
		must[view.KeyRotation](w)(shop.RotateVendor(ctx))
		amendTo(w, pat, shop, card, "US-CA")
		wantQuiet(w, pat, shop)
		sameFiles(w, pat, shop, card)
		wantVersions(w, shop, card, identity.RolePerson, 1, 0, 4, 4)
		wantVersions(w, pat, card, identity.RoleVendor, 1, 1, 4, 5)
		dispute := must[[]byte](w)(pat.DisputeCard(ctx, card, nil))
		if r := must[view.DisputeReport](w)(shop.VerifyDispute(ctx, dispute)); !r.Valid {
			t.Errorf("the dispute's file: %s", r.Problem)
		}
	})
}

// What is signed with the new key comes first, and the letter with the longer
// log is lost: it is neither refused nor an alarm, and has its effect when the
// log has been told again.
func TestSignatureOvertakesItsKey(t *testing.T) {
	sim.Run(t, 605, func(w *sim.World) {
		tn := newTown(w)
		ctx, pat, shop := w.T.Context(), tn.pat, tn.cheap
		card := agreed(w, pat, shop, "SD-BASE")
		wantQuiet(w, pat, shop)
		pat.Stop()
		must[view.KeyRotation](w)(pat.RotateCard(ctx, card))
		ut := "US-UT"
		must[view.Card](w)(pat.AmendCard(ctx, card, view.Amendment{Jurisdiction: &ut}))
		loseKind(w, pat, "keys")
		pat.Start()
		w.Meet([]sim.Edge{{A: 0, B: 1}, {A: 0, B: 2}, {A: 0, B: 3}}, pat, shop, tn.bystanders[0], tn.bystanders[1])
		time.Sleep(10 * time.Minute)
		if k := must[view.Card](w)(shop.Card(ctx, card)); k.State != "active" || k.Alarm != "" {
			t.Fatalf("the card is %s, %q", k.State, k.Alarm)
		}
		must[view.Card](w)(pat.MoveRoute(ctx, card)) // which looks after all that is to be told, as is done each day
		patiently(w, 6*time.Hour, "the amendment has been taken in", func() bool {
			return must[view.Card](w)(shop.Card(ctx, card)).State == "amending"
		})
		must[view.Card](w)(shop.SignCard(ctx, card))
		awaitState(w, pat, card, "active")
		wantQuiet(w, pat, shop)
		sameFiles(w, pat, shop, card)
		wantVersions(w, pat, card, identity.RolePerson, 1, 2)
		if n := told(w, pat, "letter.refused"); n != 0 {
			t.Errorf("%d letters were refused", n)
		}
	})
}

// loseKind drops the letters of one kind, those that have arrived too.
func loseKind(w *sim.World, p *sim.Party, kind string) {
	w.T.Helper()
	var lost int
	ok(w, p.Store.Update(w.T.Context(), func(tx store.Tx) error {
		lost = 0
		recs, err := tx.List(store.Query{Kind: "letter"})
		for _, r := range recs {
			if !bytes.Contains(r.Body, cbor(w.T, kind)) {
				continue
			}
			lost++
			if err := tx.Delete(r.Kind, r.ID); err != nil {
				return err
			}
		}
		return err
	}))
	if lost == 0 {
		w.T.Fatalf("no letter of kind %s was under way", kind)
	}
}
