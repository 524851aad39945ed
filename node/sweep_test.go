package node_test

import (
	"testing"
	"time"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/node/store"
	"github.com/parley-network/parley/node/view"
	"github.com/parley-network/parley/relcard/negotiation"
	"github.com/parley-network/parley/sim"
)

// A record that can't be read stops nothing else from falling due, and the
// node from starting again no more.
func TestDamagedRecordStopsNoOther(t *testing.T) {
	sim.Run(t, 408, func(w *sim.World) {
		tn := newTown(w)
		ctx, pat := w.T.Context(), tn.pat
		vendor := vendorOf(w, pat, tn.cheap).DID
		must[view.Intent](w)(pat.Cast(ctx, roses()))
		tn.cheap.Stop()
		ok(w, pat.Store.Update(ctx, func(tx store.Tx) error {
			for _, r := range []store.Record{
				{Kind: "negotiation", ID: "a", State: string(negotiation.StateProffered), Due: time.Now()},
				{Kind: "change", ID: "a", Due: time.Now()},
				{Kind: "told", ID: "a", State: "telling"},
				{Kind: "piece", ID: "a", State: "live", Due: time.Now()},
				{Kind: "intent", ID: "a", Due: time.Now().Add(24 * time.Hour)},
				{Kind: "heard", ID: "a", Due: time.Now().Add(24 * time.Hour)},
			} {
				r.Body = []byte("damaged")
				if err := tx.Put(r); err != nil {
					return err
				}
			}
			return nil
		}))
		pat.Stop()
		pat.Start()
		w.Meet([]sim.Edge{{A: 0, B: 1}, {A: 0, B: 2}, {A: 0, B: 3}}, pat, tn.dear, tn.bystanders[0], tn.bystanders[1])
		w.Eventually(time.Minute, "two peers keep letters", func() bool { return holders(w, pat) >= 2 })
		talk := must[view.Negotiation](w)(pat.Proffer(ctx, view.ProfferWant{
			Vendor: vendor, Agreements: []string{"SD-BASE"}, Expires: identity.At(time.Now().Add(time.Minute)),
		}))
		must[view.Change](w)(pat.SetPiece(ctx, "emails/home", view.ChangeWant{Text: "pat@example.org", From: identity.At(time.Now().Add(time.Minute))}))
		time.Sleep(3 * time.Minute)
		if rec := record(w, pat, "negotiation", talk.ID.String()); rec.State != string(negotiation.StateClosed) {
			t.Errorf("the negotiation behind the damaged one is %s in the store", rec.State)
		}
		if told(w, pat, "profile.changed", "emails/home is now") != 1 {
			t.Error("the change behind the damaged one has not taken effect")
		}
	})
}

// A change to come takes effect when it is due, not at the next sweep after.
func TestChangeTakesEffectOnTime(t *testing.T) {
	sim.Run(t, 409, func(w *sim.World) {
		ctx := w.T.Context()
		pat := w.Person("pat")
		time.Sleep(10 * time.Second) // between two sweeps
		from := time.Now().Truncate(time.Second).Add(7 * time.Second)
		must[view.Change](w)(pat.SetPiece(ctx, "emails/home", view.ChangeWant{Text: "pat@example.org", From: identity.At(from)}))
		pieces := func() (n int) {
			for _, p := range must[[]view.Piece](w)(pat.Profile(ctx)) {
				if p.Next == nil {
					n++
				}
			}
			return n
		}
		time.Sleep(time.Until(from) - 10*time.Millisecond)
		if pieces() != 0 {
			t.Error("the change took effect too early")
		}
		time.Sleep(20 * time.Millisecond)
		if pieces() != 1 {
			t.Error("the change is late")
		}
	})
}
