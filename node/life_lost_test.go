package node_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parley-network/parley/node/store"
	"github.com/parley-network/parley/node/store/memory"
	"github.com/parley-network/parley/node/view"
	"github.com/parley-network/parley/relcard/archive"
	"github.com/parley-network/parley/sim"
)

// everyKind is what a node and its courier keep.
var everyKind = []store.Kind{
	"event", "intent", "heard", "offer", "bidder", "sent", "card", "relation", "relheads", "statement", "early", "terms", "negotiation", "piece",
	"change", "told", "awaited", "copy", "inbox", "released", "item", "setting", "peer", "letter", "letter-seen", "route",
}

// backup copies a party's store as it is.
func backup(w *sim.World, p *sim.Party) store.Store {
	w.T.Helper()
	to := memory.New()
	w.Add("a backup of "+p.Name, to)
	err := p.Store.View(w.T.Context(), func(from store.Tx) error {
		return to.Update(w.T.Context(), func(tx store.Tx) error {
			for _, kind := range everyKind {
				recs, err := from.List(store.Query{Kind: kind})
				if err != nil {
					return err
				}
				for _, r := range recs {
					if err := tx.Put(r); err != nil {
						return err
					}
				}
			}
			return nil
		})
	})
	if err != nil {
		w.T.Fatal(err)
	}
	return to
}

// A person's node comes back from an old backup and goes on: its next
// statement takes a number that it has used. Nothing is overwritten, both
// sides freeze, and each has a file that shows who told two stories.
func TestNodeRestoredFromAnOldBackup(t *testing.T) {
	sim.Run(t, 351, func(w *sim.World) {
		tn := newTown(w)
		ctx, pat, shop := w.T.Context(), tn.pat, tn.cheap
		card := agreed(w, pat, shop, "SD-BASE")
		other := agreed(w, pat, tn.dear, "SD-BASE")
		must[view.Change](w)(pat.SetPiece(ctx, "emails/home", view.ChangeWant{Text: "pat@example.org"}))
		wantQuiet(w, pat, shop, tn.dear)
		old := backup(w, pat)

		must[view.Channel](w)(pat.SetChannel(ctx, card, view.ChannelWant{}))
		wantQuiet(w, pat, shop)
		sameRecord(w, pat, shop, card)
		before := must[view.Relationship](w)(shop.Relationship(ctx, card)).Person

		pat.Stop()
		pat.Store = old
		pat.Start()
		w.Meet([]sim.Edge{{A: 0, B: 1}, {A: 0, B: 2}, {A: 0, B: 3}}, pat, tn.dear, tn.bystanders[0], tn.bystanders[1])
		must[[]view.Shared](w)(pat.Share(ctx, card, view.ShareWant{Paths: []string{"emails/home"}, Purpose: []string{"contact"}}))
		awaitState(w, shop, card, "frozen")
		patiently(w, 2*time.Hour, "the person's side freezes too", func() bool {
			return must[view.Card](w)(pat.Card(ctx, card)).State == "frozen"
		})
		wantTold(w, shop, "card.frozen", "ALARM", "the person")
		wantTold(w, pat, "card.frozen", "ALARM")
		after := must[view.Relationship](w)(shop.Relationship(ctx, card)).Person
		same := func(a, b view.Statement) bool { return a.ID == b.ID }
		if !slices.EqualFunc(before, after, same) {
			t.Errorf("the shop's copy of the person's log has changed: %d statements, %d before", len(after), len(before))
		}
		if held := heldText(w, shop, card, "emails/home"); held != "" {
			t.Errorf("the shop took in %q by the statement that forked the log", held)
		}
		for _, p := range []*sim.Party{pat, shop} {
			file := must[[]byte](w)(p.DisputeCard(ctx, card, nil))
			_, report, err := archive.ImportDispute(bytes.NewReader(file), time.Now())
			if err != nil {
				t.Errorf("%s's file: %v", p.Name, err)
				continue
			}
			t.Logf("by %s:\n%s", p.Name, report)
			if p == shop && !strings.Contains(report.String(), "the person") {
				t.Errorf("%s's file does not say who told two stories:\n%s", p.Name, report)
			}
		}
		// Every other relationship goes on.
		must[[]view.Shared](w)(pat.Share(ctx, other, view.ShareWant{Paths: []string{"emails/home"}, Purpose: []string{"contact"}}))
		awaitShared(w, pat, other, "emails/home", "recorded")
		sameRecord(w, pat, tn.dear, other)
		wantQuiet(w, pat, shop, tn.dear)
	})
}

// A person's node comes back from an old backup and says nothing: what the
// vendor says next shows it that its log is short.
func TestRestoredNodeHearsThatItsLogIsShort(t *testing.T) {
	sim.Run(t, 353, func(w *sim.World) {
		tn := newTown(w)
		ctx, pat, shop := w.T.Context(), tn.pat, tn.cheap
		rules, _ := stocked("30", "SD-BASE")
		rules.Comply = "ask"
		ok(w, shop.SetRules(ctx, rules))
		card := agreed(w, pat, shop, "SD-BASE")
		must[view.Change](w)(pat.SetPiece(ctx, "emails/home", view.ChangeWant{Text: "pat@example.org"}))
		must[[]view.Shared](w)(pat.Share(ctx, card, view.ShareWant{Paths: []string{"emails/home"}, Purpose: []string{"contact"}}))
		awaitShared(w, pat, card, "emails/home", "recorded")
		wantQuiet(w, pat, shop)
		old := backup(w, pat)
		d := must[view.Demand](w)(pat.Demand(ctx, card, view.DemandWant{What: "delete"}))
		w.Eventually(time.Minute, "the shop hears the demand", func() bool { return len(must[[]view.Demand](w)(shop.Demands(ctx, card))) == 1 })
		wantQuiet(w, pat, shop)

		pat.Stop()
		pat.Store = old
		pat.Start()
		w.Meet([]sim.Edge{{A: 0, B: 1}, {A: 0, B: 2}, {A: 0, B: 3}}, pat, tn.dear, tn.bystanders[0], tn.bystanders[1])
		must[view.Demand](w)(shop.Comply(ctx, card, view.ComplyWant{Demand: d.ID, Did: "deleted"}))
		awaitState(w, pat, card, "frozen")
		awaitState(w, shop, card, "frozen")
		for _, p := range []*sim.Party{pat, shop} {
			file := must[[]byte](w)(p.DisputeCard(ctx, card, nil))
			if _, report, err := archive.ImportDispute(bytes.NewReader(file), time.Now()); err != nil {
				t.Errorf("%s's file: %v", p.Name, err)
			} else {
				t.Logf("by %s:\n%s", p.Name, report)
			}
		}
		wantQuiet(w, pat, shop)
	})
}
