package node_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/node/store"
	"github.com/parley-network/parley/node/view"
	"github.com/parley-network/parley/sim"
)

// mortal is a store whose user dies at one of its transactions: the next one
// that changes the records of a rotation or the key log, after so many.
type mortal struct {
	store.Store
	left *atomic.Int32 // how many such transactions it lives through; <0: it is dead
	late *atomic.Bool  // it dies when the last is written, and not before
}

func newMortal(s store.Store) mortal {
	m := mortal{s, new(atomic.Int32), new(atomic.Bool)}
	m.left.Store(forever)
	return m
}

const forever = 1 << 30

func (m mortal) Update(ctx context.Context, fn func(store.Tx) error) error {
	if m.left.Load() < 0 {
		return errPower
	}
	err := m.Store.Update(ctx, func(tx store.Tx) error {
		seen := &watched{Tx: tx}
		if err := fn(seen); err != nil || !seen.rotation {
			return err
		}
		if m.left.Add(-1) < 0 && !m.late.Load() {
			return errPower
		}
		return nil
	})
	if err == nil && m.left.Load() < 0 {
		return errPower
	}
	return err
}

// watched notices what a transaction writes.
type watched struct {
	store.Tx
	rotation bool
}

func (w *watched) Put(r store.Record) error {
	w.note(r.Kind, r.ID)
	return w.Tx.Put(r)
}

func (w *watched) Delete(kind store.Kind, id string) error {
	w.note(kind, id)
	return w.Tx.Delete(kind, id)
}

func (w *watched) note(kind store.Kind, id string) {
	if kind == "replica" || kind == "setting" && (id == "rotation" || id == "vendor-log") {
		w.rotation = true
	}
}

// Either replica dies at any step of a rotation, before or after what it wrote
// last is durable. The log goes on from where it was, once or not at all; what
// the other signs meanwhile holds, and both sign under one log afterwards.
func TestReplicasCutOff(t *testing.T) {
	sim.Run(t, 623, func(w *sim.World) {
		c := newChain(w)
		ctx := w.T.Context()
		both := []*sim.Party{c.a, c.b}
		var stores []mortal
		for _, p := range both {
			m := newMortal(p.Store)
			stores, p.Store = append(stores, m), m
			restarted(w, c.town, p)
		}
		log, versions, signed := must[[]byte](w)(c.a.KeyLog(ctx)), 1, []int{1}
		rotated := 0
		for _, cut := range []struct {
			victim int
			step   int32
		}{{0, 0}, {0, 1}, {1, 0}} { // a asks, a lengthens the log; b takes part
			for _, late := range []bool{false, true} {
				p, other, m := both[cut.victim], both[1-cut.victim], stores[cut.victim]
				what := fmt.Sprintf("%s dies at step %d, late: %t", p.Name, cut.step, late)
				m.late.Store(late)
				m.left.Store(cut.step)
				_, err := c.a.RotateVendor(ctx)
				if m.left.Load() >= 0 {
					t.Fatalf("%s: it lives, %v", what, err)
				}
				p.Stop()
				n := verified(w, c.stored(w)).Latest().Number
				if n != versions && n != versions+1 || n == versions && err == nil {
					t.Fatalf("%s: %d versions after %d, %v", what, n, versions, err)
				}
				rotated += n - versions
				versions = n
				// The other one goes on, with what is in force.
				place := []string{"US-UT", "US-NV"}[len(signed)%2]
				must[view.Card](w)(other.AmendCard(ctx, c.card, view.Amendment{Jurisdiction: &place}))
				signed = append(signed, versions)
				awaitState(w, c.pat, c.card, "amending")
				must[view.Card](w)(c.pat.SignCard(ctx, c.card))
				m.left.Store(forever)
				p.Start()
				meet(w, c.town, p)
				log = c.wantLog(w, log, versions)
				patiently(w, time.Hour, "both have signed what the other proposed", func() bool {
					return must[view.Card](w)(p.Card(ctx, c.card)).State == "active"
				})
			}
		}
		if rotated != 2 { // the log was durable at a, and b said so that it takes part
			t.Errorf("%d rotations came about", rotated)
		}
		amendTo(w, c.b, c.pat, c.card, "US-CA")
		wantQuiet(w, c.pat, c.a)
		sameFiles(w, c.pat, c.a, c.card)
		wantVersions(w, c.pat, c.card, identity.RoleVendor, append(signed, versions)...)
	})
}
