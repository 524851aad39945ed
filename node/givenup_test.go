package node_test

import (
	"strings"
	"testing"
	"time"

	"github.com/parley-network/parley/node/store/memory"
	"github.com/parley-network/parley/node/view"
	"github.com/parley-network/parley/sim"
)

// A shop loses its store and its signing key and opens anew under another
// identity. Letters to the old one still reach its node, which refuses them;
// Pat is told, and waits for nothing.
func TestLettersRefusedAreTold(t *testing.T) {
	sim.Run(t, 17, func(w *sim.World) {
		tn := newTown(w)
		ctx, pat, shop := w.T.Context(), tn.pat, tn.cheap
		old := vendorOf(w, pat, shop)
		in := must[view.Intent](w)(pat.Cast(ctx, roses()))
		offers := offersOf(w, pat, in.Root, 2)
		shop.Stop()
		shop.Store = memory.New()
		w.Add("the new store", shop.Store)
		for _, name := range []string{"vendor/sign", "vendor/next"} {
			if err := shop.Keys.Delete(name); err != nil {
				t.Logf("%s: %v", name, err)
			}
		}

		talk := must[view.Negotiation](w)(pat.Proffer(ctx, view.ProfferWant{Vendor: old.DID, Agreements: []string{"SD-BASE"}}))
		var card view.Card
		for _, o := range offers {
			if o.Body.Vendor.DID == old.DID {
				card = must[view.Card](w)(pat.Accept(ctx, o.ID))
			}
		}
		shop.Start()
		w.Meet([]sim.Edge{{A: 0, B: 1}, {A: 0, B: 2}}, shop, tn.bystanders[0], tn.bystanders[1])

		var refused view.Card
		w.Eventually(30*time.Minute, "the card is refused", func() bool { // after long silence answers are looked for rarely
			refused = must[view.Card](w)(pat.Card(ctx, card.ID))
			return refused.State == "refused"
		})
		if !strings.Contains(refused.Alarm, "refused by the vendor") {
			w.T.Errorf("the card says %q", refused.Alarm)
		}
		w.Eventually(30*time.Minute, "the negotiation is closed", func() bool {
			g := must[view.Negotiation](w)(pat.Negotiation(ctx, talk.ID))
			return g.State == "closed" && strings.Contains(g.Why, "refused the proffer")
		})
	})
}
