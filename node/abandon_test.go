package node_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/parley-network/parley/node/store"
	"github.com/parley-network/parley/node/view"
	"github.com/parley-network/parley/sim"
)

// balky is a store in which no new thing of some kinds can be kept, while it
// balks.
type balky struct {
	store.Store
	balks atomic.Bool
}

var errBalks = errors.New("the store balks")

func (s *balky) Update(ctx context.Context, fn func(store.Tx) error) error {
	return s.Store.Update(ctx, func(tx store.Tx) error { return fn(balkyTx{tx, s}) })
}

type balkyTx struct {
	store.Tx
	s *balky
}

func (t balkyTx) Put(r store.Record) error {
	if t.s.balks.Load() && slices.Contains([]store.Kind{"negotiation", "card", "intent"}, r.Kind) {
		return errBalks
	}
	return t.Tx.Put(r)
}

// A proffer, an acceptance or an intent that fails leaves no key and no route.
func TestFailureLeavesNothingBehind(t *testing.T) {
	sim.Run(t, 410, func(w *sim.World) {
		ctx := w.T.Context()
		tn := newTown(w)
		pat := tn.pat
		vendor := vendorOf(w, pat, tn.cheap).DID
		pat.Stop()
		b := &balky{Store: pat.Store}
		pat.Store = b
		pat.Start()
		w.Meet([]sim.Edge{{A: 0, B: 1}, {A: 0, B: 2}, {A: 0, B: 3}}, pat, tn.dear, tn.bystanders[0], tn.bystanders[1])
		w.Eventually(time.Minute, "two peers keep letters", func() bool { return holders(w, pat) >= 2 })
		in := must[view.Intent](w)(pat.Cast(ctx, roses()))
		offer := offersOf(w, pat, in.Root, 2)[0]

		held := func() (what []string) {
			what = slices.DeleteFunc(pat.Keys.Names(), func(name string) bool { return strings.HasPrefix(name, "courier/") })
			ok(w, b.View(ctx, func(tx store.Tx) error {
				recs, err := tx.List(store.Query{Kind: "route"})
				for _, r := range recs {
					what = append(what, r.ID)
				}
				return err
			}))
			slices.Sort(what)
			return what
		}
		before := held()
		b.balks.Store(true)
		for name, do := range map[string]func() error{
			"proffer": func() error {
				_, err := pat.Proffer(ctx, view.ProfferWant{Vendor: vendor, Agreements: []string{"SD-BASE"}})
				return err
			},
			"proffer to a bidder": func() error {
				_, err := pat.Proffer(ctx, view.ProfferWant{Offer: offer.ID, Agreements: []string{"SD-BASE"}})
				return err
			},
			"acceptance": func() error { _, err := pat.Accept(ctx, offer.ID); return err },
			"intent":     func() error { _, err := pat.Cast(ctx, roses()); return err },
		} {
			if err := do(); !errors.Is(err, errBalks) {
				t.Errorf("%s: %v, want the store's error", name, err)
			}
			w.Eventually(time.Minute, name+" leaves nothing behind", func() bool { return slices.Equal(held(), before) })
		}
		b.balks.Store(false)
		card := must[view.Card](w)(pat.Accept(ctx, offer.ID))
		awaitState(w, pat, card.ID, "active")
	})
}
