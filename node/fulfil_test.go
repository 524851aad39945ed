package node_test

import (
	"testing"
	"time"

	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/node/view"
	"github.com/parley-network/parley/sim"
)

// Once a card is in force the market hears at once that its intent is met, and
// not at the next look at what has yet to go out.
func TestMarketHearsAtOnceThatAnIntentIsMet(t *testing.T) {
	sim.Run(t, 1, func(w *sim.World) {
		ctx := w.T.Context()
		tn := newTown(w)
		in := must[view.Intent](w)(tn.pat.Cast(ctx, roses()))
		offers := offersOf(w, tn.pat, in.Root, 2)
		card := must[view.Card](w)(tn.pat.Accept(ctx, offers[0].ID))
		awaitState(w, tn.pat, card.ID, "active")
		w.Eventually(2*time.Second, "the shops hear that the intent is met", func() bool {
			for _, p := range []*sim.Party{tn.cheap, tn.dear, tn.greedy} {
				heard, err := p.Intent(ctx, in.Root)
				if err != nil || heard.Body.Status != intentcast.StatusFulfilled {
					return false
				}
			}
			return true
		})
	})
}
