package node_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/store"
	"github.com/parley-network/parley/node/view"
	"github.com/parley-network/parley/relcard"
	"github.com/parley-network/parley/sim"
)

// awaitCasts waits until a standing want has been cast so often.
func awaitCasts(w *sim.World, p *sim.Party, id string, casts uint64) view.Standing {
	w.T.Helper()
	var s view.Standing
	patiently(w, 3*time.Hour, "the want is cast again", func() bool {
		s = must[view.Standing](w)(p.Want(w.T.Context(), id))
		return s.Casts >= casts
	})
	return s
}

// A standing want is cast each hour, under a key and a route of its own and at
// a moment of its own; the owner is told when it can be met, not again when
// the same comes again, and again when it becomes cheaper.
func TestStandingWant(t *testing.T) {
	sim.Run(t, 416, func(w *sim.World) {
		ctx := w.T.Context()
		tn := newTown(w)
		pat := tn.pat
		once := roses()
		once.Life = "10m"
		s := must[view.Standing](w)(pat.AddWant(ctx, view.StandingWant{Want: once, Every: "RRULE:FREQ=HOURLY", Within: "5h"}))
		if s.State != "active" || s.Casts != 0 || s.Next.IsZero() {
			t.Fatalf("set up: %+v", s)
		}

		first := awaitCasts(w, pat, s.ID, 1)
		offersOf(w, pat, first.Intent, 2)
		w.Eventually(time.Minute, "the owner is told that it can be met", func() bool { return told(w, pat, "want.changed", "it can be met now") == 1 })
		time.Sleep(time.Minute) // the other's offer may have come first and been told of as well
		quiet := told(w, pat, "want.changed")
		if told(w, pat, "offer.received") != 0 || told(w, pat, "want.offer") != 2 {
			t.Error("the offers themselves are in the wrong place of the log")
		}

		second := awaitCasts(w, pat, s.ID, 2)
		offersOf(w, pat, second.Intent, 2)
		time.Sleep(time.Minute)
		if n := told(w, pat, "want.changed"); n != quiet {
			t.Errorf("told %d times of the same offers again", n-quiet)
		}
		apart(w, pat, first.Intent, second.Intent)

		tn.cheap.Stock(stocked("20", "SD-BASE"))
		third := awaitCasts(w, pat, s.ID, 3)
		offersOf(w, pat, third.Intent, 2)
		w.Eventually(time.Minute, "the owner is told of the better price", func() bool {
			return told(w, pat, "want.changed", "now 20 EUR, it was 30 EUR") == 1
		})
		if now := must[view.Standing](w)(pat.Want(ctx, s.ID)); now.Seen.Best.Amount != "20" || !strings.Contains(now.Why, "20 EUR") {
			t.Errorf("the want shows %+v", now)
		}

		ok(w, pat.RemoveWant(ctx, s.ID))
		if in := must[view.Intent](w)(pat.Intent(ctx, third.Intent)); in.Body.Status != intentcast.StatusWithdrawn {
			t.Errorf("after the want was removed its intent is %s", in.Body.Status)
		}
		if _, err := pat.Want(ctx, s.ID); !errors.Is(err, view.ErrNotFound) {
			t.Errorf("the removed want: %v", err)
		}
	})
}

// apart checks that two intents of one want share nothing that they need not.
func apart(w *sim.World, p *sim.Party, a, b dagcbor.CID) {
	w.T.Helper()
	x, y := must[view.Intent](w)(p.Intent(w.T.Context(), a)).Body, must[view.Intent](w)(p.Intent(w.T.Context(), b)).Body
	switch {
	case x.Author == y.Author:
		w.T.Error("both are signed by one key")
	case bytes.Equal(x.Reply.Slot, y.Reply.Slot) || bytes.Equal(x.Reply.Key, y.Reply.Key):
		w.T.Error("both have one reply route")
	case x.Created.Std().Minute() == y.Created.Std().Minute() && x.Created.Std().Second() == y.Created.Std().Second():
		w.T.Errorf("both were made at the same time of the hour: %s and %s", x.Created, y.Created)
	case y.Created.Before(x.Expires):
		w.T.Errorf("both stood at %s", y.Created)
	}
}

// A node that slept casts once, not for each time it missed; a want that rests
// or is over is not cast.
func TestStandingWantAsleep(t *testing.T) {
	sim.Run(t, 417, func(w *sim.World) {
		ctx := w.T.Context()
		tn := newTown(w)
		pat := tn.pat
		once := roses()
		once.Life = "10m"
		s := must[view.Standing](w)(pat.AddWant(ctx, view.StandingWant{Want: once, Every: "FREQ=HOURLY"}))
		rests := must[view.Standing](w)(pat.AddWant(ctx, view.StandingWant{Want: once, Every: "FREQ=HOURLY"}))
		rests = must[view.Standing](w)(pat.PauseWant(ctx, rests.ID, true))
		pat.Stop()
		time.Sleep(5*time.Hour + 30*time.Minute)
		pat.Start()
		w.Meet([]sim.Edge{{A: 0, B: 1}, {A: 0, B: 2}, {A: 0, B: 3}}, pat, tn.cheap, tn.bystanders[0], tn.bystanders[1])
		woke := time.Now()
		awaitCasts(w, pat, s.ID, 1)
		if time.Since(woke) > 21*time.Minute {
			t.Errorf("made good only after %s", time.Since(woke))
		}
		if got := must[view.Standing](w)(pat.Want(ctx, s.ID)); got.Casts != 1 || !got.Next.Std().After(time.Now()) {
			t.Errorf("after waking: %+v", got)
		}
		if got := must[view.Standing](w)(pat.Want(ctx, rests.ID)); got.Casts != 0 || got.State != "paused" || !got.Next.IsZero() {
			t.Errorf("the one that rests: %+v", got)
		}
		if got := must[view.Standing](w)(pat.PauseWant(ctx, rests.ID, false)); got.State != "active" || !got.Next.Std().After(time.Now()) {
			t.Errorf("the one that goes on: %+v", got)
		}
	})
}

// What could never be cast is refused when it is set up.
func TestStandingWantRefuses(t *testing.T) {
	sim.Run(t, 418, func(w *sim.World) {
		ctx := w.T.Context()
		pat := w.Person("pat")
		much, empty, dated, unknown := uint64(101), roses(), roses(), roses()
		empty.Items = nil
		dated.Window = &relcard.Window{}
		unknown.Terms = []string{"SD-NONE"}
		long := roses()
		long.Life = "169h"
		for name, c := range map[string]view.StandingWant{
			"no rule":         {Want: roses()},
			"too often":       {Want: roses(), Every: "FREQ=MINUTELY"},
			"no such zone":    {Want: roses(), Every: "FREQ=DAILY", Zone: "Mars/Olympus"},
			"this machine's":  {Want: roses(), Every: "FREQ=DAILY", Zone: "Local"},
			"no time within":  {Want: roses(), Every: "FREQ=DAILY", Within: "soon"},
			"too much":        {Want: roses(), Every: "FREQ=DAILY", Percent: &much},
			"nothing wanted":  {Want: empty, Every: "FREQ=DAILY"},
			"a date":          {Want: dated, Every: "FREQ=DAILY"},
			"terms of nobody": {Want: unknown, Every: "FREQ=DAILY"},
			"open too long":   {Want: long, Every: "FREQ=DAILY"},
		} {
			if _, err := pat.AddWant(ctx, c); !errors.Is(err, view.ErrInvalid) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if n := count(w, pat, "want"); n != 0 {
			t.Errorf("%d wants are kept", n)
		}
		over := must[view.Standing](w)(pat.AddWant(ctx, view.StandingWant{Want: roses(), Every: "FREQ=DAILY;COUNT=1"}))
		ok(w, pat.Store.Update(ctx, func(tx store.Tx) error {
			r, err := tx.Get("want", over.ID)
			r.State = "over"
			return errors.Join(err, tx.Put(r))
		}))
		if _, err := pat.PauseWant(ctx, over.ID, true); !errors.Is(err, view.ErrConflict) {
			t.Errorf("pausing one that is over: %v", err)
		}
	})
}
