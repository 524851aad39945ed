package node_test

import (
	"slices"
	"testing"
	"time"

	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/channel"
	"github.com/parley-network/parley/node/view"
	"github.com/parley-network/parley/sim"
)

// states are those of the letters of a kind that p has sent about a card, the
// newest first.
func states(w *sim.World, p *sim.Party, card dagcbor.CID, kind string) (out []string) {
	w.T.Helper()
	for _, l := range must[[]view.Letter](w)(p.Letters(w.T.Context(), card)) {
		if l.Kind == kind {
			out = append(out, l.State)
		}
	}
	return out
}

// What a person reads is told the vendor only if the person wants that; what a
// vendor reads is told the person unless the vendor does not. Once, and never
// what was read before.
func TestReadIsToldWhereTheReaderLetsIt(t *testing.T) {
	sim.Run(t, 431, func(w *sim.World) {
		ctx := w.T.Context()
		tn := newTown(w)
		pat, shop := tn.pat, tn.cheap
		card := agreed(w, pat, shop, "SD-BASE")
		said := len(states(w, pat, card, "say"))
		send := func(title string) string {
			before := len(must[[]view.InboxEntry](w)(pat.Inbox(ctx, true)))
			must[string](w)(shop.SendEvent(ctx, card, view.EventWant{Kind: "message", Data: channel.Data{Title: title}}))
			w.Eventually(5*time.Minute, title+" is there", func() bool { return len(must[[]view.InboxEntry](w)(pat.Inbox(ctx, true))) > before })
			return must[[]view.InboxEntry](w)(pat.Inbox(ctx, true))[0].ID
		}
		is := func(p *sim.Party, kind string, want ...string) {
			w.T.Helper()
			if got := states(w, p, card, kind); !slices.Equal(got[:min(len(want), len(got))], want) {
				w.T.Errorf("letters of kind %s are %v, want %v", kind, got, want)
			}
		}

		quiet := send("first")
		ok(w, pat.MarkRead(ctx, quiet))
		time.Sleep(10 * time.Minute)
		is(shop, "event", "delivered")
		if got := states(w, pat, card, "read"); len(got) != 0 {
			w.T.Errorf("a person's node told what was read: %v", got)
		}

		ok(w, pat.SetReceipts(ctx, view.Receipts{Send: true}))
		told := send("second")
		for range 2 {
			ok(w, pat.MarkRead(ctx, told))
			ok(w, pat.MarkRead(ctx, quiet))
		}
		time.Sleep(10 * time.Minute)
		is(shop, "event", "read", "delivered")
		if got := states(w, pat, card, "read"); len(got) != 1 {
			w.T.Errorf("%d letters said what was read", len(got))
		}

		demand := func() {
			d := must[view.Demand](w)(pat.Demand(ctx, card, view.DemandWant{What: "copy"}))
			w.Eventually(5*time.Minute, "the shop hears it", func() bool {
				return slices.ContainsFunc(must[[]view.Demand](w)(shop.Demands(ctx, card)), func(o view.Demand) bool { return o.ID == d.ID && o.Unread })
			})
			time.Sleep(10 * time.Minute)
			is(pat, "say", "delivered")
			for range 2 {
				ok(w, shop.MarkRead(ctx, d.ID.String()))
			}
			time.Sleep(10 * time.Minute)

		}
		demand()
		is(pat, "say", "read")
		ok(w, shop.SetReceipts(ctx, view.Receipts{}))
		demand()
		is(pat, "say", "delivered", "read")
		if got := len(states(w, pat, card, "say")); got != said+2 {
			w.T.Errorf("%d statements sent", got-said)
		}
		if must[view.Receipts](w)(pat.Receipts(ctx)) != (view.Receipts{Send: true}) || must[view.Receipts](w)(tn.dear.Receipts(ctx)) != (view.Receipts{Send: true}) {
			w.T.Error("the settings are not what was set, or a vendor's are not on")
		}
		if must[view.Receipts](w)(tn.bystanders[0].Receipts(ctx)).Send {
			w.T.Error("a person's are on")
		}
	})
}
