package node_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/node/channel"
	"github.com/parley-network/parley/node/view"
	"github.com/parley-network/parley/relcard"
	"github.com/parley-network/parley/relcard/negotiation"
	"github.com/parley-network/parley/sim"
)

// Everything at once on one card, from both sides: each call does all of its
// work or says why not, nothing that was acknowledged is lost, nobody waits for
// ever, and in the end both sides hold one record. (Run with -race.)
func TestEverythingAtOnceOnOneCard(t *testing.T) {
	sim.Run(t, 371, func(w *sim.World) {
		tn := newTown(w)
		ctx, pat, shop := w.T.Context(), tn.pat, tn.cheap
		card := agreed(w, pat, shop, "SD-BASE")
		for i := range 4 {
			must[view.Change](w)(pat.SetPiece(ctx, fmt.Sprint("emails/m", i), view.ChangeWant{Text: "pat@example.org"}))
		}
		var (
			wg   sync.WaitGroup
			mu   sync.Mutex
			done = make(map[string]int)
		)
		many := func(what string, times int, do func(ctx context.Context, i int) error) {
			wg.Go(func() {
				for i := range times {
					err := do(ctx, i)
					switch {
					case err == nil:
						mu.Lock()
						done[what]++
						mu.Unlock()
					case !errors.Is(err, view.ErrConflict) && !errors.Is(err, view.ErrInvalid) && !errors.Is(err, view.ErrNotFound):
						w.T.Errorf("%s: %v", what, err)
					}
					time.Sleep(time.Duration(1+i) * 37 * time.Millisecond)
				}
			})
		}
		const times = 6
		purpose := []string{"contact"}
		many("share", times, func(ctx context.Context, i int) error {
			return second(pat.Share(ctx, card, view.ShareWant{Paths: []string{fmt.Sprint("emails/m", i%4)}, Purpose: purpose}))
		})
		many("share too", times, func(ctx context.Context, i int) error {
			return second(pat.Share(ctx, card, view.ShareWant{Paths: []string{fmt.Sprint("emails/m", (i+1)%4)}, Purpose: purpose}))
		})
		many("set", times, func(ctx context.Context, i int) error {
			return second(pat.SetPiece(ctx, "emails/m1", view.ChangeWant{Text: fmt.Sprintf("m%d@example.org", i)}))
		})
		many("retract", times, func(ctx context.Context, i int) error {
			return second(pat.Retract(ctx, card, []uint64{uint64(2 * i)}, "no"))
		})
		many("channel", times, func(ctx context.Context, i int) error {
			return second(pat.SetChannel(ctx, card, view.ChannelWant{Open: i%2 == 1}))
		})
		many("loyalty", times, func(ctx context.Context, i int) error {
			return second(pat.StateLoyalty(ctx, card, view.LoyaltyWant{Level: "regular"}))
		})
		many("proffer", times, func(ctx context.Context, i int) error {
			return second(pat.Proffer(ctx, view.ProfferWant{Card: card, Agreements: []string{"SD-BASE"}}))
		})
		many("amend", times, func(ctx context.Context, i int) error {
			until := identity.At(time.Now().AddDate(1, 0, i))
			return second(pat.AmendCard(ctx, card, view.Amendment{Term: &relcard.Term{Until: until}}))
		})
		many("amend there", times, func(ctx context.Context, i int) error {
			where := []string{"US-UT", "US-MI"}[i%2]
			return second(shop.AmendCard(ctx, card, view.Amendment{Jurisdiction: &where}))
		})
		many("sign", 2*times, func(ctx context.Context, i int) error { return second(pat.SignCard(ctx, card)) })
		many("sign there", 2*times, func(ctx context.Context, i int) error { return second(shop.SignCard(ctx, card)) })
		many("decline there", times, func(ctx context.Context, i int) error { return second(shop.DeclineCard(ctx, card, "no")) })
		many("demand", 2, func(ctx context.Context, i int) error {
			return second(pat.Demand(ctx, card, view.DemandWant{What: "copy"}))
		})
		many("event there", times, func(ctx context.Context, i int) error {
			return second(shop.SendEvent(ctx, card, view.EventWant{Kind: "message", Data: channel.Data{Title: "Hello", Text: "There."}}))
		})
		many("read", 2*times, func(ctx context.Context, i int) error {
			_, err := pat.Relationship(ctx, card)
			return errors.Join(err, second(pat.Changes(ctx)), second(pat.Agenda(ctx)), second(shop.Negotiations(ctx)))
		})
		many("end", 1, func(ctx context.Context, i int) error {
			time.Sleep(20 * time.Second)
			return second(pat.EndCard(ctx, card, "enough"))
		})
		many("end there", 1, func(ctx context.Context, i int) error {
			time.Sleep(20 * time.Second)
			return second(shop.EndCard(ctx, card, "enough"))
		})
		wg.Wait()
		t.Log(done)
		wantQuiet(w, pat, shop)
		awaitState(w, pat, card, "ended")
		awaitState(w, shop, card, "ended")
		sameRecord(w, pat, shop, card)

		kinds := make(map[string]int)
		r := must[view.Relationship](w)(shop.Relationship(ctx, card))
		for _, s := range r.Person {
			kinds[s.Kind]++
		}
		if n := kinds["channel"]; n != done["channel"] {
			t.Errorf("%d channel statements for %d calls", n, done["channel"])
		}
		if n := kinds["retract"]; n != done["retract"] {
			t.Errorf("%d retract statements for %d calls", n, done["retract"])
		}
		if n := kinds["loyalty"]; n != done["loyalty"] {
			t.Errorf("%d loyalty statements for %d calls", n, done["loyalty"])
		}
		if n := kinds["proffer"]; n != done["proffer"]+1 {
			t.Errorf("%d proffers for %d calls", n, done["proffer"])
		}
		if n := kinds["disclose"]; n < done["share"]+done["share too"] {
			t.Errorf("%d disclose statements for %d calls", n, done["share"]+done["share too"])
		}
		for _, p := range []*sim.Party{pat, shop} {
			for _, v := range must[[]view.Negotiation](w)(p.Negotiations(ctx)) {
				if v.State == negotiation.StateProffered || v.State == negotiation.StateAccepted {
					t.Errorf("at %s a negotiation is still %s", p.Name, v.State)
				}
			}
		}
		for _, c := range must[[]view.Change](w)(pat.Changes(ctx)) {
			if c.Telling+c.Waiting > 0 {
				t.Errorf("the change %s is still told to %d, and %d have not answered", c.ID, c.Telling, c.Waiting)
			}
		}
	})
}
