package node_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/node/market"
	"github.com/parley-network/parley/node/view"
	"github.com/parley-network/parley/relcard"
	"github.com/parley-network/parley/relcard/terms"
	"github.com/parley-network/parley/sim"
)

// Offers to an intent that was withdrawn have lapsed, and whoever would accept
// one is told why it can't be.
func TestOffersLapseWithTheIntent(t *testing.T) {
	sim.Run(t, 414, func(w *sim.World) {
		ctx := w.T.Context()
		tn := newTown(w)
		in := must[view.Intent](w)(tn.pat.Cast(ctx, roses()))
		offersOf(w, tn.pat, in.Root, 2)
		must[view.Intent](w)(tn.pat.Withdraw(ctx, in.Root))
		offers := must[[]view.Offer](w)(tn.pat.Offers(ctx, in.Root))
		if len(offers) != 2 {
			t.Fatalf("%d offers", len(offers))
		}
		for _, o := range offers {
			if o.State != "lapsed" || o.Acceptable || o.Reasons[0].Text != "The intent is withdrawn." {
				t.Errorf("%s is %s, acceptable %v: %v", o.Body.Vendor.Name, o.State, o.Acceptable, o.Reasons)
			}
		}
		if _, err := tn.pat.Accept(ctx, offers[0].ID); !errors.Is(err, view.ErrConflict) || !strings.Contains(err.Error(), "is withdrawn") {
			t.Errorf("%v", err)
		}
	})
}

// What could only be had by yesterday is not cast.
func TestWindowInThePastIsNotCast(t *testing.T) {
	sim.Run(t, 416, func(w *sim.World) {
		want := roses()
		want.Window = &relcard.Window{Until: identity.At(time.Now().Add(-time.Hour))}
		if _, err := w.Person("pat").Cast(w.T.Context(), want); !errors.Is(err, view.ErrInvalid) || !strings.Contains(err.Error(), "window.until") {
			t.Errorf("%v", err)
		}
	})
}

// Rules may name an agreement of the roster by its id; one half named is wrong.
func TestRulesNameAgreementsByID(t *testing.T) {
	sim.Run(t, 415, func(w *sim.World) {
		ctx := w.T.Context()
		tn := newTown(w)
		set := func(r terms.Ref) error {
			return tn.cheap.SetRules(ctx, market.Rules{Answer: market.ModeAuto, Accepts: []terms.Ref{r}})
		}
		if err := set(terms.Ref{ID: "SD-BASE"}); err != nil {
			t.Fatal(err)
		}
		full, _ := terms.Lookup("SD-BASE")
		if got := must[market.Rules](w)(tn.cheap.Rules(ctx)); len(got.Accepts) != 1 || got.Accepts[0] != full.Ref {
			t.Errorf("kept as %+v", got.Accepts)
		}
		for _, r := range []terms.Ref{{ID: "SD-BASE", Version: "7"}, {ID: "SD-NONE"}} {
			if err := set(r); !errors.Is(err, view.ErrInvalid) {
				t.Errorf("%+v: %v", r, err)
			}
		}
	})
}
