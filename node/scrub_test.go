package node_test

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/parley-network/parley/node/store/sqlite"
	"github.com/parley-network/parley/node/view"
	"github.com/parley-network/parley/sim"
)

// When a vendor has complied with the demand to delete, what it held is in
// none of its database's files: not in free pages and not in the log.
func TestDeletedDataLeavesTheDisk(t *testing.T) {
	sim.Run(t, 402, func(w *sim.World) {
		ctx := w.T.Context()
		tn := newTown(w)
		pat, shop := tn.pat, tn.cheap
		path := filepath.Join(t.TempDir(), "shop.db")
		shop.Stop()
		db := must[*sqlite.Store](w)(sqlite.Open(path))
		w.Add("the shop's database", db)
		shop.Store = db
		shop.Start()
		shop.Stock(stocked("30", "SD-BASE"))
		w.Meet([]sim.Edge{{A: 0, B: 1}, {A: 0, B: 2}, {A: 0, B: 3}}, shop, pat, tn.bystanders[0], tn.bystanders[1])
		secrets := []string{"12 Elm St", "Maria of the green door"}
		onDisk := func() (found []string) {
			for _, suffix := range []string{"", "-wal", "-shm"} {
				b := must[[]byte](w)(os.ReadFile(path + suffix))
				for _, s := range secrets {
					if bytes.Contains(b, []byte(s)) {
						found = append(found, s+" in shop.db"+suffix)
					}
				}
			}
			return found
		}

		want := roses()
		want.Private = map[string]string{"name": secrets[1]}
		in := must[view.Intent](w)(pat.Cast(ctx, want))
		var offer view.Offer
		w.Eventually(2*time.Minute, "the shop offers", func() bool {
			all := must[[]view.Offer](w)(pat.Offers(ctx, in.Root))
			at := slices.IndexFunc(all, func(o view.Offer) bool { return o.Body.Vendor.Name == "cheap" })
			if at >= 0 {
				offer = all[at]
			}
			return at >= 0
		})
		card := must[view.Card](w)(pat.Accept(ctx, offer.ID)).ID
		awaitState(w, pat, card, "active")
		must[[]view.Released](w)(pat.Release(ctx, view.ReleaseWant{Offer: offer.ID, Names: []string{"name"}}))
		must[view.Change](w)(pat.SetPiece(ctx, "addresses/home", view.ChangeWant{Text: secrets[0] + ", Grand Rapids, MI 49503, US"}))
		must[[]view.Shared](w)(pat.Share(ctx, card, view.ShareWant{Paths: []string{"addresses/home"}, Purpose: []string{"delivery"}}))
		awaitShared(w, pat, card, "addresses/home", "recorded")
		w.Eventually(time.Minute, "the shop holds both on its disk", func() bool { return len(onDisk()) >= 2 })

		must[view.Demand](w)(pat.Demand(ctx, card, view.DemandWant{What: "delete"}))
		w.Eventually(5*time.Minute, "the shop complies", func() bool {
			d := must[[]view.Demand](w)(pat.Demands(ctx, card))
			return len(d) == 1 && d[0].State == "complied"
		})
		w.Eventually(2*time.Minute, "the shop's files are clean", func() bool { return len(onDisk()) == 0 })
		if got := must[[]view.Released](w)(shop.Released(ctx, in.Root)); len(got) > 0 {
			t.Errorf("the shop still holds %+v", got)
		}
	})
}
