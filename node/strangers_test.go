package node_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/node/courier"
	"github.com/parley-network/parley/node/store"
	"github.com/parley-network/parley/node/view"
	"github.com/parley-network/parley/relcard/negotiation"
	"github.com/parley-network/parley/relcard/terms"
	"github.com/parley-network/parley/sim"
)

// crowd has so many strangers ask a vendor, to be forgotten at due.
func crowd(w *sim.World, p *sim.Party, from, many int, due time.Time) {
	w.T.Helper()
	ok(w, p.Store.Update(w.T.Context(), func(tx store.Tx) error {
		for i := from; i < from+many; i++ {
			if err := tx.Put(store.Record{Kind: "relation", ID: fmt.Sprintf("did:example:%06d", i), State: "stranger", Due: due}); err != nil {
				return err
			}
		}
		return nil
	}))
}

// A vendor that takes requests from anyone takes so many a day, and so many in
// all; the author of an intent it has answered is let in all the same, and
// whoever came to nothing is forgotten in time.
func TestStrangersAreBounded(t *testing.T) {
	sim.Run(t, 405, func(w *sim.World) {
		tn := newTown(w)
		ctx, pat, shop := w.T.Context(), tn.pat, tn.cheap
		r := newRogue(w, "mallory", tn.all()...)
		ref, _ := terms.Lookup("SD-BASE")
		ask := func() courier.LetterStatus {
			m := stranger(w, r, pat, shop)
			return m.say(m.next(negotiation.KindProffer, negotiation.Proffer{
				Version: 1, Agreements: []terms.Ref{ref.Ref}, Expires: identity.At(time.Now().Add(time.Hour)),
			}), func(l *sayLetter) { l.Log = m.log })
		}
		kept := negotiation.MaxLife + 24*time.Hour
		if l := ask(); l.State != courier.StateDelivered {
			t.Fatalf("the first stranger's letter is %s: %s", l.State, l.Problem)
		}
		crowd(w, shop, 0, 998, time.Now().Add(kept))
		if l := ask(); l.State != courier.StateDelivered {
			t.Fatalf("the last stranger's letter of the day is %s: %s", l.State, l.Problem)
		}
		wantRefused(w, "one more in a day", ask(), "in a day", "tomorrow")

		in := must[view.Intent](w)(pat.Cast(ctx, roses()))
		offer := offersOf(w, pat, in.Root, 2)[0]
		talk := must[view.Negotiation](w)(pat.Proffer(ctx, view.ProfferWant{Offer: offer.ID, Agreements: []string{"SD-BASE"}}))
		awaitTalk(w, pat, talk.ID, negotiation.StateAgreed)

		crowd(w, shop, 0, 1000, time.Now().Add(kept-25*time.Hour))
		if l := ask(); l.State != courier.StateDelivered {
			t.Fatalf("a day later the letter is %s: %s", l.State, l.Problem)
		}
		crowd(w, shop, 1000, 9000, time.Now().Add(kept-25*time.Hour))
		wantRefused(w, "more than are kept", ask(), "until some are forgotten")

		crowd(w, shop, 0, 10_000, time.Now().Add(-time.Second))
		patiently(w, time.Hour, "those whose time is over are forgotten", func() bool { return count(w, shop, "relation") < 10 })
		if l := ask(); l.State != courier.StateDelivered {
			t.Errorf("then the letter is %s: %s", l.State, l.Problem)
		}
	})
}

// With a stranger goes all that was said, and the card that was only signed
// for it.
func TestStrangerIsForgottenWhole(t *testing.T) {
	sim.Run(t, 406, func(w *sim.World) {
		tn := newTown(w)
		pat, shop := tn.pat, tn.cheap
		r := newRogue(w, "mallory", tn.all()...)
		ref, _ := terms.Lookup("SD-BASE")
		m := stranger(w, r, pat, shop)
		m.say(m.next(negotiation.KindProffer, negotiation.Proffer{
			Version: 1, Agreements: []terms.Ref{ref.Ref}, Expires: identity.At(time.Now().Add(time.Hour)),
		}), func(l *sayLetter) { l.Log = m.log })
		w.Eventually(time.Minute, "the shop answers", func() bool { return len(m.heard()) == 1 })
		kinds := []store.Kind{"relation", "relheads", "statement", "negotiation", "card"}
		for _, kind := range kinds {
			if count(w, shop, kind) == 0 {
				t.Errorf("nothing of kind %s is kept of a stranger: the test looks at the wrong thing", kind)
			}
		}
		ok(w, shop.Store.Update(w.T.Context(), func(tx store.Tx) error {
			rec, err := tx.Get("relation", string(m.person))
			if err != nil {
				return err
			}
			rec.Due = time.Now()
			return tx.Put(rec)
		}))
		w.Eventually(2*time.Minute, "the stranger is forgotten", func() bool {
			for _, kind := range kinds {
				if count(w, shop, kind) > 0 {
					return false
				}
			}
			return true
		})
	})
}

// Two proposals cross and each side declines the other's: nothing is asked of
// anybody any more.
func TestBothDeclineWhatCrossed(t *testing.T) {
	sim.Run(t, 407, func(w *sim.World) {
		tn := newTown(w)
		ctx, pat, shop := w.T.Context(), tn.pat, tn.cheap
		card := agreed(w, pat, shop, "SD-BASE")
		here, there := "US-UT", "US-MI"
		must[view.Card](w)(shop.AmendCard(ctx, card, view.Amendment{Jurisdiction: &here}))
		must[view.Card](w)(pat.AmendCard(ctx, card, view.Amendment{Jurisdiction: &there}))
		wantQuiet(w, pat, shop)
		must[view.Card](w)(pat.DeclineCard(ctx, card, "no"))
		must[view.Card](w)(shop.DeclineCard(ctx, card, "no"))
		wantQuiet(w, pat, shop)
		for _, p := range []*sim.Party{pat, shop} {
			if got := awaitState(w, p, card, "active"); got.Body.Seq != 0 {
				t.Errorf("at %s version %d is in force", p.Name, got.Body.Seq)
			}
		}
		sameRecord(w, pat, shop, card)
	})
}
