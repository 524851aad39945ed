package node_test

import (
	"strings"
	"testing"
	"time"

	"github.com/parley-network/parley/node/store"
	"github.com/parley-network/parley/node/view"
	"github.com/parley-network/parley/relcard/negotiation"
	"github.com/parley-network/parley/sim"
)

// loseLetters drops every letter of p's that is under way, as if each had been
// given up.
func loseLetters(w *sim.World, p *sim.Party) (lost int) {
	w.T.Helper()
	ok(w, p.Store.Update(w.T.Context(), func(tx store.Tx) error {
		lost = 0
		recs, err := tx.List(store.Query{Kind: "letter"})
		for _, r := range recs {
			if err := tx.Delete(r.Kind, r.ID); err != nil {
				return err
			}
			lost++
		}
		return err
	}))
	return lost
}

// A first letter that was lost is asked for, and shows again that its sender
// is the author of the intent the vendor has made an offer to: one that takes
// requests only from those it knows answers as it would have at first.
func TestFirstLetterLost(t *testing.T) {
	sim.Run(t, 403, func(w *sim.World) {
		tn := newTown(w)
		ctx, pat, shop := w.T.Context(), tn.pat, tn.cheap
		rules, _ := stocked("30", "SD-BASE")
		rules.Requests = negotiation.Known
		ok(w, shop.SetRules(ctx, rules))
		in := must[view.Intent](w)(pat.Cast(ctx, roses()))
		offer := offersOf(w, pat, in.Root, 2)[0]
		shop.Stop()
		talk := must[view.Negotiation](w)(pat.Proffer(ctx, view.ProfferWant{Offer: offer.ID, Agreements: []string{"SD-BASE"}}))
		if loseLetters(w, pat) == 0 {
			t.Fatal("no letter was under way")
		}
		time.Sleep(5 * time.Minute) // the attempts under way end
		must[view.Negotiation](w)(pat.Decide(ctx, talk.ID, false, "on second thoughts"))
		shop.Start()
		w.Meet([]sim.Edge{{A: 0, B: 1}, {A: 0, B: 2}, {A: 0, B: 3}}, shop, tn.dear, tn.bystanders[0], tn.bystanders[1])
		var heard view.Negotiation
		patiently(w, 6*time.Hour, "the shop hears the proffer", func() bool {
			var err error
			heard, err = shop.Negotiation(ctx, talk.ID)
			return err == nil && len(heard.Log) >= 3
		})
		for _, said := range heard.Log {
			if strings.Contains(said.Text, "refuse") {
				t.Errorf("the shop took the author of the intent for a stranger: %+v", said)
			}
		}
		wantQuiet(w, pat, shop)
	})
}

// A copy handed over on a demand whose letter was lost is sent again beside
// the statement.
func TestCopyLost(t *testing.T) {
	sim.Run(t, 404, func(w *sim.World) {
		tn := newTown(w)
		ctx, pat, shop := w.T.Context(), tn.pat, tn.cheap
		rules, _ := stocked("30", "SD-BASE")
		rules.Comply = "ask"
		ok(w, shop.SetRules(ctx, rules))
		card := agreed(w, pat, shop, "SD-BASE")
		must[view.Change](w)(pat.SetPiece(ctx, "emails/home", view.ChangeWant{Text: "pat@example.org"}))
		must[[]view.Shared](w)(pat.Share(ctx, card, view.ShareWant{Paths: []string{"emails/home"}, Purpose: []string{"contact"}}))
		awaitShared(w, pat, card, "emails/home", "recorded")
		d := must[view.Demand](w)(pat.Demand(ctx, card, view.DemandWant{What: "copy"}))
		w.Eventually(time.Minute, "the shop hears the demand", func() bool { return len(must[[]view.Demand](w)(shop.Demands(ctx, card))) == 1 })
		wantQuiet(w, pat, shop)
		again := must[view.Demand](w)(pat.Demand(ctx, card, view.DemandWant{What: "delete", Items: []uint64{1}}))
		w.Eventually(time.Minute, "the shop hears the other", func() bool { return len(must[[]view.Demand](w)(shop.Demands(ctx, card))) == 2 })
		wantQuiet(w, pat, shop)

		others := []*sim.Party{pat, tn.dear, tn.greedy, tn.bystanders[0], tn.bystanders[1]}
		for _, p := range others {
			w.Cut(shop.Host, p.Host)
		}
		must[view.Demand](w)(shop.Comply(ctx, card, view.ComplyWant{Demand: d.ID, Did: "copied"}))
		if loseLetters(w, shop) == 0 {
			t.Fatal("no letter was under way")
		}
		time.Sleep(5 * time.Minute) // the attempts under way end
		for _, p := range others {
			w.Heal(shop.Host, p.Host)
		}
		w.Meet([]sim.Edge{{A: 0, B: 1}, {A: 0, B: 2}}, shop, pat, tn.bystanders[0])
		must[view.Demand](w)(shop.Comply(ctx, card, view.ComplyWant{Demand: again.ID, Did: "refused", Reason: "tax law"}))
		patiently(w, 6*time.Hour, "the copy is there", func() bool {
			for _, v := range must[[]view.Demand](w)(pat.Demands(ctx, card)) {
				if v.ID == d.ID {
					return len(v.Copy) == 1 && strings.Contains(v.Copy[0].Text, "pat@example.org")
				}
			}
			return false
		})
		wantQuiet(w, pat, shop)
	})
}
