package node_test

import (
	"bytes"
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/node/store"
	"github.com/parley-network/parley/node/view"
	"github.com/parley-network/parley/sim"
)

// Ways in which a store fails its owner.
const (
	works   = iota
	fails   // nothing is written
	answers // all is written, and the answer is lost
)

var errPower = errors.New("the power is out")

type frailStore struct {
	store.Store
	how *atomic.Int32
}

func (s frailStore) Update(ctx context.Context, fn func(store.Tx) error) error {
	switch s.how.Load() {
	case fails:
		return errors.Join(errPower, s.Store.View(ctx, func(store.Tx) error { return nil }))
	case answers:
		return errors.Join(errPower, s.Store.Update(ctx, fn))
	}
	return s.Store.Update(ctx, fn)
}

// The keystore and the store share no transaction: a node that is cut off
// between the two, at every place, has keys to sign with, before it is started
// again and after.
func TestRotationCutOff(t *testing.T) {
	sim.Run(t, 606, func(w *sim.World) {
		tn := newTown(w)
		ctx, pat, shop := w.T.Context(), tn.pat, tn.cheap
		card := agreed(w, pat, shop, "SD-BASE")
		label := labelOf(w, pat, must[view.Card](w)(pat.Card(ctx, card)).Body.Person.DID)
		var how atomic.Int32
		restart := func(p, other *sim.Party) {
			p.Stop()
			p.Start()
			w.Meet([]sim.Edge{{A: 0, B: 1}, {A: 0, B: 2}, {A: 0, B: 3}}, p, other, tn.bystanders[0], tn.bystanders[1])
		}
		for _, p := range []*sim.Party{pat, shop} {
			p.Store = frailStore{p.Store, &how}
		}
		restart(pat, shop)
		restart(shop, pat)
		rotate := func() (vendor, person error) {
			_, vendor = shop.RotateVendor(ctx)
			_, person = pat.RotateCard(ctx, card)
			return
		}

		// Cut off with the new keys kept and the log as it was.
		how.Store(fails)
		if v, p := rotate(); !errors.Is(v, errPower) || !errors.Is(p, errPower) {
			t.Fatalf("the store failed: %v, %v", v, p)
		}
		how.Store(works)
		orphans := [][]byte{must[[]byte](w)(shop.Keys.Get("vendor/2/sign")), must[[]byte](w)(pat.Keys.Get(label + "/2/sign"))}
		amendTo(w, shop, pat, card, "US-UT")
		restart(pat, shop)
		restart(shop, pat)
		amendTo(w, pat, shop, card, "US-CA")
		wantVersions(w, pat, card, identity.RoleVendor, 1, 1, 1)
		wantVersions(w, pat, card, identity.RolePerson, 1, 1, 1)

		// The next attempt uses these keys. Its answer is lost: the node
		// goes by what is stored.
		how.Store(answers)
		if v, p := rotate(); !errors.Is(v, errPower) || !errors.Is(p, errPower) {
			t.Fatalf("the answer was lost: %v, %v", v, p)
		}
		how.Store(works)
		for i, have := range [][]byte{must[[]byte](w)(shop.Keys.Get("vendor/2/sign")), must[[]byte](w)(pat.Keys.Get(label + "/2/sign"))} {
			if !bytes.Equal(have, orphans[i]) {
				t.Error("keys that were kept for a version are replaced by others")
			}
		}
		amendTo(w, shop, pat, card, "US-NV")
		amendTo(w, pat, shop, card, "US-OR")

		// Cut off before the spent keys are erased: the next start does it.
		wantErased(w, shop, nil, []string{"vendor/sign"})
		wantErased(w, pat, nil, []string{label + "/sign"})
		restart(pat, shop)
		restart(shop, pat)
		wantErased(w, shop, []string{"vendor/sign", "vendor/next", "vendor/update"}, []string{"vendor/2/sign", "vendor/2/next"})
		wantErased(w, pat, []string{label + "/sign", label + "/next", label + "/update"}, []string{label + "/2/sign", label + "/2/next"})
		if v, p := rotate(); v != nil || p != nil {
			t.Fatalf("once more: %v, %v", v, p)
		}
		amendTo(w, shop, pat, card, "US-WA")
		time.Sleep(10 * time.Minute)
		wantQuiet(w, pat, shop)
		sameFiles(w, pat, shop, card)
		wantVersions(w, pat, card, identity.RoleVendor, 1, 1, 1, 2, 2, 3)
		wantVersions(w, pat, card, identity.RolePerson, 1, 1, 1, 2, 2, 3)
	})
}
