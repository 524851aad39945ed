package node_test

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/channel"
	"github.com/parley-network/parley/node/view"
	"github.com/parley-network/parley/relcard"
	"github.com/parley-network/parley/relcard/disclosure"
	"github.com/parley-network/parley/sim"
)

// held is what a party's node says of the items of a piece, by number.
func held(w *sim.World, p *sim.Party, path string) map[uint64]string {
	w.T.Helper()
	out := map[uint64]string{}
	for _, s := range must[[]view.Shared](w)(p.Shared(w.T.Context(), dagcbor.CID{}, path)) {
		out[s.Item] = strings.Join(s.Purpose, " ") + ": " + s.State
	}
	return out
}

func wantHeld(w *sim.World, path string, want map[uint64]string, parties ...*sim.Party) {
	w.T.Helper()
	wantQuiet(w, parties...)
	for _, p := range parties {
		if got := held(w, p, path); !maps.Equal(got, want) {
			w.T.Errorf("at %s: %v, want %v", p.Name, got, want)
		}
	}
}

// A piece is given for one purpose and then for another: both stand, each for
// its own time, and a change of the piece reaches both in one statement.
func TestSecondPurposeStandsBesideTheFirst(t *testing.T) {
	sim.Run(t, 351, func(w *sim.World) {
		tn := newTown(w)
		ctx, pat, shop := w.T.Context(), tn.pat, tn.cheap
		card := agreed(w, pat, shop, "SD-BASE")
		must[view.Change](w)(pat.SetPiece(ctx, "emails/home", view.ChangeWant{Text: "pat@example.org"}))
		share := func(want view.ShareWant) {
			w.T.Helper()
			want.Paths = []string{"emails/home"}
			must[[]view.Shared](w)(pat.Share(ctx, card, want))
		}
		share(view.ShareWant{Purpose: []string{"delivery"}})
		share(view.ShareWant{Purpose: []string{"support"}, Until: identity.At(time.Now().AddDate(1, 0, 0))})
		wantHeld(w, "emails/home", map[uint64]string{1: "delivery: recorded", 2: "support: recorded"}, pat, shop)

		// The same purpose again takes the place of the first time.
		share(view.ShareWant{Purpose: []string{"delivery"}})
		wantHeld(w, "emails/home", map[uint64]string{1: "delivery: replaced", 2: "support: recorded", 3: "delivery: recorded"}, pat, shop)

		// Changed once, told for both; each keeps its purpose and its time.
		change := must[view.Change](w)(pat.SetPiece(ctx, "emails/home", view.ChangeWant{Text: "new@example.org"}))
		w.Eventually(5*time.Minute, "the shop confirms", func() bool {
			return must[view.Change](w)(pat.Change(ctx, change.ID)).Confirmed == 1
		})
		all := must[[]view.Shared](w)(shop.Shared(ctx, card, "emails/home"))
		live := slices.DeleteFunc(all, func(s view.Shared) bool { return s.State != "recorded" })
		if len(live) != 2 || live[0].Text != "new@example.org" || live[1].Text != "new@example.org" {
			t.Fatalf("the shop holds %+v", live)
		}
		for _, s := range live {
			if dated := !s.Until.IsZero(); dated != slices.Equal(s.Purpose, []string{"support"}) {
				t.Errorf("item %d for %v until %s", s.Item, s.Purpose, s.Until)
			}
		}

		// For both at once, and then for something else in place of everything.
		share(view.ShareWant{Purpose: []string{"support", "delivery"}})
		after := map[uint64]string{
			1: "delivery: replaced", 2: "support: replaced", 3: "delivery: replaced",
			4: "support: retracted", 5: "delivery: replaced", 6: "support delivery: recorded",
		}
		wantHeld(w, "emails/home", after, pat, shop)
		share(view.ShareWant{Purpose: []string{"billing"}, Replace: true})
		after[6], after[7] = "support delivery: replaced", "billing: recorded"
		wantHeld(w, "emails/home", after, pat, shop)
		sameRecord(w, pat, shop, card)
	})
}

// Whoever looks at a change sees whom each answer is of: while it is told, and
// after a restart.
func TestChangeSaysWhom(t *testing.T) {
	sim.Run(t, 356, func(w *sim.World) {
		tn := newTown(w)
		ctx, pat := w.T.Context(), tn.pat
		want := map[dagcbor.CID]string{}
		must[view.Change](w)(pat.SetPiece(ctx, "emails/home", view.ChangeWant{Text: "pat@example.org"}))
		for _, shop := range []*sim.Party{tn.cheap, tn.dear} {
			card := agreed(w, pat, shop, "SD-BASE")
			want[card] = must[view.Card](w)(pat.Card(ctx, card)).Body.Vendor.Name
			must[[]view.Shared](w)(pat.Share(ctx, card, view.ShareWant{Paths: []string{"emails/home"}, Purpose: []string{"support"}}))
		}
		says := func(when string, c view.Change) {
			w.T.Helper()
			got := map[dagcbor.CID]string{}
			for _, k := range c.Cards {
				got[k.Card] = k.With
			}
			if !maps.Equal(got, want) || slices.Contains(slices.Collect(maps.Values(got)), "") {
				w.T.Errorf("%s: %v, want %v", when, got, want)
			}
		}
		change := must[view.Change](w)(pat.SetPiece(ctx, "emails/home", view.ChangeWant{Text: "new@example.org"}))
		says("as it is made", change)
		pat.Stop()
		pat.Start()
		says("after a restart", must[view.Change](w)(pat.Change(ctx, change.ID)))
		w.Eventually(5*time.Minute, "both confirm", func() bool {
			return must[view.Change](w)(pat.Change(ctx, change.ID)).Confirmed == 2
		})
		says("when all have answered", must[view.Change](w)(pat.Change(ctx, change.ID)))
	})
}

// A word that not every side understands is refused, with those that are.
func TestShareForAnUnknownPurpose(t *testing.T) {
	sim.Run(t, 352, func(w *sim.World) {
		tn := newTown(w)
		ctx, pat := w.T.Context(), tn.pat
		card := agreed(w, pat, tn.cheap, "SD-BASE")
		must[view.Change](w)(pat.SetPiece(ctx, "emails/home", view.ChangeWant{Text: "pat@example.org"}))
		for _, words := range [][]string{{"fun"}, {"delivery", "fun"}, {"delivery", "delivery"}, {"Delivery"}} {
			_, err := pat.Share(ctx, card, view.ShareWant{Paths: []string{"emails/home"}, Purpose: words})
			if !errors.Is(err, view.ErrInvalid) {
				t.Fatalf("%v: %v", words, err)
			}
			for word := range disclosure.Purposes() {
				if words[len(words)-1] != "delivery" && !strings.Contains(err.Error(), word) {
					t.Errorf("%v: the error does not name %q: %v", words, word, err)
				}
			}
		}
		wantHeld(w, "emails/home", map[uint64]string{}, pat, tn.cheap)
	})
}

// A vendor that was given a variant is given the same for a second purpose: the
// plain value beside it would undo what the variant is for.
func TestSecondPurposeKeepsTheVariant(t *testing.T) {
	sim.Run(t, 353, func(w *sim.World) {
		tn := newTown(w)
		ctx, pat, shop := w.T.Context(), tn.pat, tn.cheap
		card := agreed(w, pat, shop, "SD-BASE")
		must[view.Change](w)(pat.SetPiece(ctx, "emails/home", view.ChangeWant{Text: "pat@example.org"}))
		paths := []string{"emails/home"}
		must[[]view.Shared](w)(pat.Share(ctx, card, view.ShareWant{Paths: paths, Purpose: []string{"delivery"}, Canary: "subaddress"}))
		all := must[[]view.Shared](w)(pat.Share(ctx, card, view.ShareWant{Paths: paths, Purpose: []string{"support"}}))
		if len(all) != 2 || all[0].Text != all[1].Text || !all[0].Canary || all[0].Text == "pat@example.org" {
			t.Errorf("shared is %+v", all)
		}
		all = must[[]view.Shared](w)(pat.Share(ctx, card, view.ShareWant{Paths: paths, Purpose: []string{"billing"}, Replace: true}))
		if all[0].Text != "pat@example.org" || all[0].Canary {
			t.Errorf("asked to replace it all, shared is %+v", all[0])
		}
	})
}

// Who takes back what has been replaced hears by what, and nothing is said to
// the vendor.
func TestRetractWhatIsReplaced(t *testing.T) {
	sim.Run(t, 354, func(w *sim.World) {
		tn := newTown(w)
		ctx, pat, shop := w.T.Context(), tn.pat, tn.cheap
		card := agreed(w, pat, shop, "SD-BASE")
		must[view.Change](w)(pat.SetPiece(ctx, "emails/home", view.ChangeWant{Text: "pat@example.org"}))
		want := view.ShareWant{Paths: []string{"emails/home"}, Purpose: []string{"support"}}
		must[[]view.Shared](w)(pat.Share(ctx, card, want))
		must[[]view.Shared](w)(pat.Share(ctx, card, want))
		before := must[view.Relationship](w)(pat.Relationship(ctx, card)).Digest
		for name, tc := range map[string]struct {
			items []uint64
			kind  error
			want  string
		}{
			"replaced":           {[]uint64{1}, view.ErrConflict, "item 1, emails/home, has been replaced by item 2, which was shared on "},
			"one of them is":     {[]uint64{1, 2}, view.ErrConflict, "has been replaced by item 2"},
			"never shared":       {[]uint64{9}, view.ErrNotFound, "item 9 is not known here"},
			"nothing to retract": {nil, view.ErrInvalid, "items"},
		} {
			if _, err := pat.Retract(ctx, card, tc.items, ""); !errors.Is(err, tc.kind) || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if after := must[view.Relationship](w)(pat.Relationship(ctx, card)).Digest; after != before {
			t.Error("something was said")
		}
		must[[]view.Shared](w)(pat.Retract(ctx, card, []uint64{2}, ""))
		if _, err := pat.Retract(ctx, card, []uint64{2}, ""); err == nil || !strings.Contains(err.Error(), "item 2, emails/home, is retracted already") {
			t.Errorf("taken back twice: %v", err)
		}
		wantHeld(w, "emails/home", map[uint64]string{1: "support: replaced", 2: "support: retracted"}, pat, shop)
	})
}

// The one list of subscriptions has what runs and what sends mail, and no
// single sale.
func TestSubscriptionsAreWhatRunsOrSends(t *testing.T) {
	sim.Run(t, 355, func(w *sim.World) {
		tn := newTown(w)
		ctx, pat, shop := w.T.Context(), tn.pat, tn.cheap
		card := agreed(w, pat, shop, "SD-BASE")
		listed := func() []view.Subscription {
			return must[view.Subscriptions](w)(pat.Subscriptions(ctx)).Items
		}
		send := func(kind string) {
			must[string](w)(shop.SendEvent(ctx, card, view.EventWant{Kind: kind, Data: channel.Data{Title: "A " + kind, Text: "There."}}))
			wantQuiet(w, shop)
		}
		send("order")
		if all := listed(); len(all) != 0 {
			t.Fatalf("a sale is a subscription: %+v", all)
		}
		send("message")
		if all := listed(); len(all) != 1 || !all[0].Sends || all[0].Every != "" {
			t.Fatalf("who sends mail is not on the list: %+v", all)
		}
		must[view.Channel](w)(pat.SetChannel(ctx, card, view.ChannelWant{Open: true, Welcome: []string{"order"}}))
		if all := listed(); len(all) != 0 {
			t.Fatalf("its mail is not taken any more: %+v", all)
		}
		must[view.Card](w)(shop.AmendCard(ctx, card, view.Amendment{Term: &relcard.Term{Every: "P1M", Renews: true}}))
		awaitState(w, pat, card, "amending")
		if all := listed(); len(all) != 0 {
			t.Fatalf("what is proposed is not agreed: %+v", all)
		}
		must[view.Card](w)(pat.SignCard(ctx, card))
		if all := listed(); len(all) != 1 || all[0].Sends || all[0].Every != "P1M" {
			t.Fatalf("what renews is not on the list: %+v", all)
		}
	})
}

// The status counts what it says: what binds, what is open, what waits.
func TestStatusCounts(t *testing.T) {
	sim.Run(t, 356, func(w *sim.World) {
		tn := newTown(w)
		ctx, pat, shop := w.T.Context(), tn.pat, tn.cheap
		want := func(p *sim.Party, what string, cards, inForce, asks int, intents view.IntentCounts) {
			w.T.Helper()
			s := must[view.Status](w)(p.Status(ctx))
			if s.Cards != cards || s.InForce != inForce || s.Asks != asks || s.Intents != intents {
				t.Errorf("%s, at %s: %d cards, %d in force, %d asks, %+v", what, p.Name, s.Cards, s.InForce, s.Asks, s.Intents)
			}
		}
		want(pat, "at first", 0, 0, 0, view.IntentCounts{})
		in := must[view.Intent](w)(pat.Cast(ctx, roses()))
		w.Eventually(time.Minute, "the shop hears of it", func() bool {
			return must[view.Status](w)(shop.Status(ctx)).Intents.HeardOpen == 1
		})
		want(pat, "cast", 0, 0, 0, view.IntentCounts{Mine: 1, MineOpen: 1})
		must[view.Intent](w)(pat.Withdraw(ctx, in.Root))
		w.Eventually(time.Minute, "the shop hears of that", func() bool {
			return must[view.Status](w)(shop.Status(ctx)).Intents == view.IntentCounts{Heard: 1}
		})
		gone := view.IntentCounts{Mine: 1}
		want(pat, "withdrawn", 0, 0, 0, gone)

		card := agreed(w, pat, shop, "SD-BASE")
		want(pat, "agreed", 1, 1, 0, gone)
		where := "US-UT"
		must[view.Card](w)(shop.AmendCard(ctx, card, view.Amendment{Jurisdiction: &where}))
		awaitState(w, pat, card, "amending")
		want(pat, "an amendment is proposed", 1, 1, 1, gone)
		want(shop, "an amendment is proposed", 1, 1, 0, view.IntentCounts{Heard: 1})
		must[view.CardReport](w)(tn.dear.ImportCard(ctx, must[[]byte](w)(pat.ExportCard(ctx, card))))
		if s := must[view.Status](w)(tn.dear.Status(ctx)); s.Cards != 1 || s.InForce != 0 {
			t.Errorf("somebody else's card: %d cards, %d in force", s.Cards, s.InForce)
		}
		must[view.Card](w)(pat.EndCard(ctx, card, "enough"))
		want(pat, "ended", 1, 0, 0, gone)
	})
}
