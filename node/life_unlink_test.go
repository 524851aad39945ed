package node_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/channel"
	"github.com/parley-network/parley/node/courier/seal"
	"github.com/parley-network/parley/node/courier/wire"
	"github.com/parley-network/parley/node/view"
	"github.com/parley-network/parley/relcard/negotiation"
	"github.com/parley-network/parley/sim"
)

// wholeLife leads p's relationship with v through all there is to a life.
func wholeLife(w *sim.World, p *sim.Party, v spiedVendor) dagcbor.CID {
	w.T.Helper()
	ctx := w.T.Context()
	talk := must[view.Negotiation](w)(p.Proffer(ctx, view.ProfferWant{Vendor: vendorOf(w, p, v.Party).DID, Agreements: []string{"SD-BASE"}}))
	card := awaitTalk(w, p, talk.ID, negotiation.StateAgreed).Card
	awaitState(w, v.Party, card, "active")
	must[[]view.Shared](w)(p.Share(ctx, card, view.ShareWant{Paths: []string{"addresses/home"}, Purpose: []string{"delivery"}}))
	awaitShared(w, p, card, "addresses/home", "recorded")
	must[string](w)(v.SendEvent(ctx, card, view.EventWant{Kind: "message", Data: channel.Data{Title: "Thanks", Text: "Come again."}}))
	return card
}

// Pat shares one address with the florist and the bicycle shop, moves once,
// closes both channels and ends both relationships. Quinn, who lives at the
// same address and moves to the same, does all of it with the baker. What the
// florist and the bicycle shop have received and keep of Pat has nothing in
// common but what the baker has of Quinn too: no identifier, key, digest, salt,
// route or statement, and not more of the address than Quinn's has.
func TestOneLifeAtTwoVendorsSharesNothing(t *testing.T) {
	const before, after = "12 Elm St, Grand Rapids, MI 49503, US", "7 Oak Ave, Grand Rapids, MI 49504, US"
	sim.Run(t, 361, func(w *sim.World) {
		ctx := w.T.Context()
		vendors := []spiedVendor{trades[0].vendor(w), trades[1].vendor(w), trades[2].vendor(w)}
		pat, quinn := w.Person("pat"), w.Person("quinn")
		all := []*sim.Party{vendors[0].Party, vendors[1].Party, vendors[2].Party, pat, quinn}
		for range 6 {
			all = append(all, w.Person("bystander"+string(rune('0'+len(all)))))
		}
		var apart []sim.Edge // buyers and sellers never meet
		for seller := range 3 {
			apart = append(apart, sim.Edge{A: seller, B: 3}, sim.Edge{A: seller, B: 4})
		}
		w.Meet(without(sim.Full(len(all)), apart...), all...)
		w.Eventually(time.Minute, "everybody knows who keeps letters", func() bool { return holders(w, pat) >= 6 && holders(w, quinn) >= 6 })

		cards := make([]dagcbor.CID, 3)
		for _, p := range []*sim.Party{pat, quinn} {
			must[view.Change](w)(p.SetPiece(ctx, "addresses/home", view.ChangeWant{Text: before}))
		}
		of := []*sim.Party{pat, pat, quinn}
		for i, v := range vendors {
			cards[i] = wholeLife(w, of[i], v)
		}
		for _, p := range []*sim.Party{pat, quinn} {
			moved := must[view.Change](w)(p.SetPiece(ctx, "addresses/home", view.ChangeWant{Text: after}))
			w.Eventually(5*time.Minute, "the change is confirmed", func() bool {
				c := must[view.Change](w)(p.Change(ctx, moved.ID))
				return c.Confirmed > 0 && c.Waiting+c.Telling+c.Refused == 0
			})
		}
		routes := routeKeys(w, pat.Keys, quinn.Keys) // before they are gone with the cards
		for i, p := range of {
			must[view.Channel](w)(p.SetChannel(ctx, cards[i], view.ChannelWant{}))
			must[view.Demand](w)(p.Demand(ctx, cards[i], view.DemandWant{What: "copy"}))
			time.Sleep(3 * time.Second)
			must[view.Card](w)(p.EndCard(ctx, cards[i], "enough"))
			awaitState(w, vendors[i].Party, cards[i], "ended")
		}
		wantQuiet(w, pat, quinn, vendors[0].Party, vendors[1].Party, vendors[2].Party)

		got := make([][]byte, 3)
		for i, v := range vendors {
			got[i] = v.everything(w, routes)
		}
		for _, s := range shared(got[0], got[1], got[2]) {
			if strings.HasPrefix(s, "dbodyY") && len(s) <= 8 {
				continue // the name of a field and the length of what follows
			}
			w.T.Errorf("%s and %s both have %q", vendors[0].Name, vendors[1].Name, s)
		}
		if len(shared(got[0], got[0], got[2])) == 0 {
			w.T.Error("nothing is found in common even where all is the same")
		}
		who := traces(w.T, pat.Host)
		for i, v := range vendors[:2] {
			wantNoTrace(w.T, v.Name, got[i], who)
		}
		for _, word := range [][]byte{[]byte("addresses/home"), []byte("Oak Ave")} { // it can tell: what both were given is there
			for i := range got {
				if !bytes.Contains(got[i], word) {
					w.T.Errorf("%s has not been given %q", vendors[i].Name, word)
				}
			}
		}
	})
}

// everything is all that a vendor was sent, sealed and opened, and all that it
// keeps of its relationships.
func (v spiedVendor) everything(w *sim.World, routes []*seal.PrivateKey) []byte {
	w.T.Helper()
	var out []byte
	for _, s := range v.spy.streams(wire.LetterProtocol) {
		out = append(append(out, s.bytes()...), '\n')
	}
	for _, l := range v.letters(w, routes) {
		out = append(append(out, cbor(w.T, l)...), '\n')
	}
	for _, kind := range everyKind {
		switch kind {
		case "route", "peer", "setting", "item", "terms", "letter": // its own; what it sent is at whom it sent it to
			continue
		}
		for _, r := range v.records(w, kind) {
			for _, part := range [][]byte{[]byte(r.ID), []byte(r.Ref), []byte(r.State), r.Body} {
				out = append(append(out, part...), '\n')
			}
		}
	}
	return out
}
