package node_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/identity/webvh"
	"github.com/parley-network/parley/node/view"
	"github.com/parley-network/parley/relcard/archive"
	"github.com/parley-network/parley/sim"
)

// sameFiles waits until both sides' files of a card are the same, byte for
// byte, and returns it, verified with nothing else.
func sameFiles(w *sim.World, a, b *sim.Party, card dagcbor.CID) *archive.Report {
	w.T.Helper()
	ctx := w.T.Context()
	var file []byte
	patiently(w, 2*time.Hour, "both sides have the same file of the card", func() bool {
		file = must[[]byte](w)(a.ExportCard(ctx, card))
		return bytes.Equal(file, must[[]byte](w)(b.ExportCard(ctx, card)))
	})
	_, report, err := archive.Import(bytes.NewReader(file), time.Now())
	if err != nil {
		w.T.Fatalf("the card's file: %v", err)
	}
	sameRecord(w, a, b, card)
	return report
}

// keyVersions are the numbers of the key-log versions that a party's signatures
// on a card name, oldest first; 0 for a version it has not signed.
func keyVersions(w *sim.World, p *sim.Party, card dagcbor.CID, of identity.Role) []int {
	w.T.Helper()
	_, report, err := archive.Import(bytes.NewReader(must[[]byte](w)(p.ExportCard(w.T.Context(), card))), time.Now())
	if err != nil {
		w.T.Fatal(err)
	}
	var all []int
	for _, v := range report.Chain.Versions() {
		env := v.Signed.Person
		if of == identity.RoleVendor {
			env = v.Signed.Vendor
		}
		number := 0
		if env != nil {
			number, _ = webvh.VersionNumber(env.KeyVersion)
		}
		all = append(all, number)
	}
	return all
}

func wantVersions(w *sim.World, p *sim.Party, card dagcbor.CID, of identity.Role, want ...int) {
	w.T.Helper()
	got := keyVersions(w, p, card, of)
	if len(got) != len(want) {
		w.T.Errorf("%s's copy has %d versions, want %d", p.Name, len(got), len(want))
		return
	}
	for i := range want {
		if got[i] != want[i] {
			w.T.Errorf("the %s signed version %d with key version %d, want %d", of, i, got[i], want[i])
		}
	}
}

// amendTo has one side propose and the other sign a version with another
// place.
func amendTo(w *sim.World, by, other *sim.Party, card dagcbor.CID, where string) {
	w.T.Helper()
	must[view.Card](w)(by.AmendCard(w.T.Context(), card, view.Amendment{Jurisdiction: &where}))
	for _, step := range []struct {
		p     *sim.Party
		state string
	}{{other, "amending"}, {by, "active"}} {
		patiently(w, 6*time.Hour, "the card at "+step.p.Name+" is "+step.state, func() bool {
			return must[view.Card](w)(step.p.Card(w.T.Context(), card)).State == step.state
		})
		if step.p == other {
			must[view.Card](w)(other.SignCard(w.T.Context(), card))
		}
	}
}

// wantErased checks that a party's private keys of an earlier version are gone,
// and those that it needs are there.
func wantErased(w *sim.World, p *sim.Party, gone, kept []string) {
	w.T.Helper()
	for _, name := range gone {
		if _, err := p.Keys.Get(name); err == nil {
			w.T.Errorf("%s still has the key %s", p.Name, name)
		}
	}
	for _, name := range kept {
		if _, err := p.Keys.Get(name); err != nil {
			w.T.Errorf("%s lacks the key %s: %v", p.Name, name, err)
		}
	}
}

// A vendor rotates its keys: every card of before holds, both sides' copies stay
// the same, and what follows is signed with the new key. A new card is made as
// before.
func TestVendorRotates(t *testing.T) {
	sim.Run(t, 601, func(w *sim.World) {
		tn := newTown(w)
		ctx, pat, shop := w.T.Context(), tn.pat, tn.cheap
		card := agreed(w, pat, shop, "SD-BASE")
		offer := cheapest(w, tn)
		before := must[[]byte](w)(shop.ExportCard(ctx, card))
		time.Sleep(time.Hour)

		r := must[view.KeyRotation](w)(shop.RotateVendor(ctx))
		if r.Number != 2 || r.DID != vendorOf(w, pat, shop).DID || r.Told != 1 {
			t.Errorf("rotated: %+v", r)
		}
		wantErased(w, shop, []string{"vendor/sign", "vendor/next", "vendor/update"}, []string{"vendor/2/sign", "vendor/2/next"})
		w.Eventually(5*time.Minute, "pat is told", func() bool { return told(w, pat, "keys.told", "version 2") == 1 })
		sameFiles(w, pat, shop, card)

		amendTo(w, shop, pat, card, "US-UT")
		amendTo(w, pat, shop, card, "US-CA")
		sameFiles(w, pat, shop, card)
		wantVersions(w, pat, card, identity.RoleVendor, 1, 2, 2)

		// The offer of before and its key log still make a card.
		bought := must[view.Card](w)(pat.Accept(ctx, offer.ID)).ID
		awaitState(w, pat, bought, "active")
		awaitState(w, shop, bought, "active")
		sameFiles(w, pat, shop, bought)
		wantVersions(w, pat, bought, identity.RoleVendor, 2)

		must[view.Card](w)(shop.EndCard(ctx, card, "closing down"))
		awaitState(w, pat, card, "ended")
		wantQuiet(w, pat, shop)
		sameFiles(w, pat, shop, card)
		if _, _, err := archive.Import(bytes.NewReader(before), time.Now()); err != nil {
			t.Errorf("the card's file of before: %v", err)
		}
		published := must[[]byte](w)(shop.KeyLog(ctx))
		if terms, err := shop.OwnTerms(ctx); err != nil || !bytes.Equal(terms.Log, published) || bytes.Count(published, []byte("\n")) != 2 {
			t.Errorf("the terms carry another key log than the one published (%v)", err)
		}
	})
}

// cheapest casts an intent of pat's and returns the offer of the cheap shop.
func cheapest(w *sim.World, tn *town) view.Offer {
	w.T.Helper()
	root := must[view.Intent](w)(tn.pat.Cast(w.T.Context(), roses())).Root
	for _, o := range offersOf(w, tn.pat, root, 2) {
		if o.Body.Vendor.DID == vendorOf(w, tn.pat, tn.cheap).DID {
			return o
		}
	}
	w.T.Fatal("no offer of the cheap shop's")
	return view.Offer{}
}
