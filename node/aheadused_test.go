package node_test

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/node/store"
	"github.com/parley-network/parley/node/view"
	"github.com/parley-network/parley/relcard/disclosure"
	"github.com/parley-network/parley/relcard/statement"
	"github.com/parley-network/parley/sim"
)

// tardy is a store whose writers wait for their turn, while it is slow. It notes
// how old the person's disclosures are when they are written.
type tardy struct {
	store.Store
	slow atomic.Bool

	mu   sync.Mutex
	ages []time.Duration
}

const tardyTurn = 2 * time.Second

func (s *tardy) Update(ctx context.Context, fn func(store.Tx) error) error {
	if s.slow.Load() {
		time.Sleep(tardyTurn)
	}
	return s.Store.Update(ctx, func(tx store.Tx) error { return fn(tardyTx{tx, s}) })
}

type tardyTx struct {
	store.Tx
	s *tardy
}

func (t tardyTx) Put(r store.Record) error {
	if r.Kind == "statement" {
		if st, err := statement.Decode(r.Body); err == nil && st.Body.By == identity.RolePerson && st.Body.Kind == disclosure.KindDisclose {
			t.s.mu.Lock()
			t.s.ages = append(t.s.ages, time.Since(st.Body.Time.Std()))
			t.s.mu.Unlock()
		}
	}
	return t.Tx.Put(r)
}

// What tells of a change is signed before the writer's turn comes, and what was
// signed then is what is said: it is dated from before that turn. Signed in the
// turn itself, as what a person gives by hand is, it would be dated within it.
func TestTellingIsSignedAhead(t *testing.T) {
	sim.Run(t, 357, func(w *sim.World) {
		tn := newTown(w)
		ctx, pat := w.T.Context(), tn.pat
		pat.Stop()
		s := &tardy{Store: pat.Store}
		pat.Store = s
		pat.Start()
		w.Meet([]sim.Edge{{A: 0, B: 1}, {A: 0, B: 2}, {A: 0, B: 3}}, pat, tn.cheap, tn.dear, tn.bystanders[0])
		must[view.Change](w)(pat.SetPiece(ctx, "emails/home", view.ChangeWant{Text: "pat@example.org"}))
		shops := []*sim.Party{tn.cheap, tn.dear}
		for _, shop := range shops {
			card := agreed(w, pat, shop, "SD-BASE")
			must[[]view.Shared](w)(pat.Share(ctx, card, view.ShareWant{Paths: []string{"emails/home"}, Purpose: []string{"support"}}))
		}
		wantQuiet(w, append(shops, pat)...)
		s.slow.Store(true)
		change := must[view.Change](w)(pat.SetPiece(ctx, "emails/home", view.ChangeWant{Text: "new@example.org"}))
		w.Eventually(10*time.Minute, "both confirm", func() bool {
			return must[view.Change](w)(pat.Change(ctx, change.ID)).Confirmed == len(shops)
		})
		s.mu.Lock()
		defer s.mu.Unlock()
		if len(s.ages) != 2*len(shops) || slices.Max(s.ages[:2]) >= tardyTurn || slices.Min(s.ages[2:]) < tardyTurn {
			t.Errorf("written at ages of %v; want the first two in their turn, the others from before it", s.ages)
		}
	})
}
