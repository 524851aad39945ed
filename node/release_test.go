package node_test

import (
	"testing"
	"time"

	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/node/view"
	"github.com/parley-network/parley/sim"
)

// A detail that the intent keeps back can be opened after the offer has been
// accepted, when the intent is closed: the florist needs the name on the card
// only then. Once the card has ended nothing is opened any more.
func TestReleaseAfterAcceptance(t *testing.T) {
	sim.Run(t, 401, func(w *sim.World) {
		ctx := w.T.Context()
		tn := newTown(w)
		want := roses()
		want.Private = map[string]string{"name": "Maria", "door": "the green one"}
		in := must[view.Intent](w)(tn.pat.Cast(ctx, want))
		best := offersOf(w, tn.pat, in.Root, 2)[0]
		card := must[view.Card](w)(tn.pat.Accept(ctx, best.ID))
		awaitState(w, tn.pat, card.ID, "active")
		w.Eventually(time.Minute, "the shop hears that the intent is met", func() bool {
			heard, err := tn.cheap.Intent(ctx, in.Root)
			return err == nil && heard.Body.Status == intentcast.StatusFulfilled
		})
		must[[]view.Released](w)(tn.pat.Release(ctx, view.ReleaseWant{Offer: best.ID, Names: []string{"name"}}))
		w.Eventually(time.Minute, "the detail arrives", func() bool {
			got := must[[]view.Released](w)(tn.cheap.Released(ctx, in.Root))
			return len(got) == 1 && got[0].Detail == "Maria"
		})

		must[view.Card](w)(tn.pat.EndCard(ctx, card.ID, "enough roses"))
		if _, err := tn.pat.Release(ctx, view.ReleaseWant{Offer: best.ID, Names: []string{"door"}}); err == nil {
			t.Error("a detail was opened under a card that has ended")
		}
	})
}
