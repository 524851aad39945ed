package node_test

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/identity/webvh"
	"github.com/parley-network/parley/node/courier"
	"github.com/parley-network/parley/node/view"
	"github.com/parley-network/parley/relcard"
	"github.com/parley-network/parley/relcard/archive"
	"github.com/parley-network/parley/sim"
)

// version signs what follows a card's first version.
func (b *besieged) version(w *sim.World, body relcard.Body, by ...identity.Signer) []byte {
	w.T.Helper()
	raw := cbor(w.T, body)
	s := relcard.Signed{Raw: raw}
	for _, signer := range by {
		if signer.DID() == body.Person.DID {
			env := sign(w.T, signer, raw, identity.RolePerson)
			s.Person = &env
		} else {
			env := sign(w.T, signer, raw, identity.RoleVendor)
			s.Vendor = &env
		}
	}
	wire, err := s.Encode()
	if err != nil {
		w.T.Fatal(err)
	}
	return wire
}

func next(card view.Card) relcard.Body {
	body := card.Body
	body.Seq, body.Prev, body.Time = card.Body.Seq+1, card.Head, identity.At(time.Now())
	return body
}

// amendment is the next version of a card, at another price.
func (b *besieged) amendment(w *sim.World, card view.Card, by identity.Signer, price string) []byte {
	w.T.Helper()
	body := next(card)
	body.Lines = slices.Clone(body.Lines)
	m := euro(price)
	body.Lines[0].Price, body.Total = m, &m
	return b.version(w, body, by)
}

// ending is the version that ends a card for one side.
func (b *besieged) ending(w *sim.World, card view.Card, by identity.Signer, side identity.Role) []byte {
	w.T.Helper()
	body := next(card)
	body.Status, body.End = relcard.StatusEnded, &relcard.End{By: side, Reason: "so"}
	body.Lines, body.Extras, body.Total, body.Fulfil, body.Intent, body.Offer, body.Jurisdiction = nil, nil, nil, nil, dagcbor.CID{}, dagcbor.CID{}, ""
	return b.version(w, body, by)
}

// pairwise is the real signer of Pat's side of a card.
func (b *besieged) pairwise(w *sim.World, card view.Card) identity.Signer {
	w.T.Helper()
	return b.realSigner(w, b.pat, "card/"+card.Body.Offer.String()+"/sign", card.ID, card.Body.Person.DID)
}

// vendorSigner is the real signer of the cheap shop.
func (b *besieged) vendorSigner(w *sim.World, card view.Card) identity.Signer {
	w.T.Helper()
	return b.realSigner(w, b.cheap, "vendor/sign", card.ID, card.Body.Vendor.DID)
}

// realSigner signs with the very key that a party keeps for a card of Pat's.
func (b *besieged) realSigner(w *sim.World, p *sim.Party, key string, card dagcbor.CID, did identity.DID) identity.Signer {
	w.T.Helper()
	file := must[[]byte](w)(b.pat.ExportCard(w.T.Context(), card))
	bundle, _, err := archive.Import(bytes.NewReader(file), time.Now())
	if err != nil {
		w.T.Fatal(err)
	}
	for _, l := range bundle.Logs {
		if l.DID != did {
			continue
		}
		h := must[*webvh.History](w)(webvh.Verify(must[*webvh.Log](w)(webvh.Parse(l.Log)), nil, time.Now()))
		return identity.NewSigner(did, h.Latest().ID, secretKey(w, p, key))
	}
	w.T.Fatalf("no log of %s", did)
	return nil
}

// withCard is a town with a card in force between Pat and the cheap shop.
func withCard(w *sim.World) (*besieged, view.Card) {
	w.T.Helper()
	b := siege(w, roses())
	best := must[view.Offer](w)(b.best(w))
	card := must[view.Card](w)(b.pat.Accept(w.T.Context(), best.ID))
	awaitState(w, b.cheap, card.ID, "active")
	card = awaitState(w, b.pat, card.ID, "active")
	b.awaitFulfilled(w)
	return b, card
}

// awaitFulfilled waits until every shop has heard that Pat's intent is met:
// from then on nothing moves by itself.
func (b *besieged) awaitFulfilled(w *sim.World) {
	w.T.Helper()
	w.Eventually(2*time.Minute, "the shops hear that the intent is fulfilled", func() bool {
		return !slices.ContainsFunc([]*sim.Party{b.cheap, b.dear, b.greedy}, func(p *sim.Party) bool {
			v, err := p.Intent(w.T.Context(), b.want.Root)
			return err != nil || v.Body.Status != intentcast.StatusFulfilled
		})
	})
}

// A letter that says the relationship ends can't bring anything else into it:
// a node signs nothing by itself but the end that the other side signed.
func TestEndLetterBringsNoChange(t *testing.T) {
	sim.Run(t, 31, func(w *sim.World) {
		b, card := withCard(w)
		shop, road := card.Body, ownRoute(w, b.pat, "card/"+card.Body.Offer.String())
		offer := must[view.Offer](w)(b.best2(w, shop.Offer))
		person, vendor := b.pairwise(w, card), b.vendorSigner(w, card)
		beforeP, beforeS := holdings(w, b.pat), holdings(w, b.cheap)
		for _, kind := range []string{"end", "end-seen"} {
			cheaper := cbor(w.T, endLetter{1, card.ID, b.amendment(w, card, person, "1")})
			wantRefused(w, kind+": Pat pays less", b.rogue.send(offer.Body.Route, kind, cheaper), kind)
			dearer := cbor(w.T, endLetter{1, card.ID, b.amendment(w, card, vendor, "1000")})
			wantRefused(w, kind+": the shop gets more", b.rogue.send(road, kind, dearer), kind)
		}
		notMine := cbor(w.T, endLetter{1, card.ID, b.ending(w, card, borrowed{person, shop.Vendor.DID}, identity.RoleVendor)})
		wantRefused(w, "Pat ends as the shop", b.rogue.send(offer.Body.Route, "end", notMine), "end")
		unknown := cbor(w.T, endLetter{1, dagcbor.Sum([]byte("x")), b.ending(w, card, person, identity.RolePerson)})
		wantRefused(w, "a card not here", b.rogue.send(offer.Body.Route, "end", unknown), "not found")
		unasked := cbor(w.T, endLetter{1, card.ID, b.ending(w, card, person, identity.RolePerson)})
		wantRefused(w, "seen before it was said", b.rogue.send(offer.Body.Route, "end-seen", unasked), "end-seen")
		wantSame(w, b.pat, beforeP)
		wantSame(w, b.cheap, beforeS)

		// The same keys can end it.
		real := cbor(w.T, endLetter{1, card.ID, b.ending(w, card, person, identity.RolePerson)})
		if l := b.rogue.send(offer.Body.Route, "end", real); l.State != courier.StateDelivered {
			w.T.Errorf("a real end is %s: %s", l.State, l.Problem)
		}
		awaitState(w, b.cheap, card.ID, "ended")
	})
}

// best2 is an offer by its id, whatever became of it.
func (b *besieged) best2(w *sim.World, id dagcbor.CID) (view.Offer, error) {
	offers, err := b.pat.Offers(w.T.Context(), b.want.Root)
	i := slices.IndexFunc(offers, func(o view.Offer) bool { return o.ID == id })
	return offers[i], err
}

// An imported card of others is kept to look at: letters can't touch it.
func TestLettersAboutOthersCards(t *testing.T) {
	sim.Run(t, 32, func(w *sim.World) {
		b, card := withCard(w)
		file := must[[]byte](w)(b.pat.ExportCard(w.T.Context(), card.ID))
		must[view.CardReport](w)(b.dear.ImportCard(w.T.Context(), file))
		before := holdings(w, b.dear)
		route := b.routeOf(w, "dear")
		ending := cbor(w.T, endLetter{1, card.ID, b.ending(w, card, b.pairwise(w, card), identity.RolePerson)})
		for _, kind := range []string{"end", "end-seen"} {
			wantRefused(w, kind, b.rogue.send(route.Body.Route, kind, ending), "somebody else's")
		}
		if _, err := b.dear.EndCard(w.T.Context(), card.ID, "no"); !errors.Is(err, view.ErrConflict) {
			w.T.Errorf("ending another's card: %v", err)
		}
		wantSame(w, b.dear, before)
	})
}

func (b *besieged) routeOf(w *sim.World, vendor string) view.Offer {
	w.T.Helper()
	offers := must[[]view.Offer](w)(b.pat.Offers(w.T.Context(), b.want.Root))
	i := slices.IndexFunc(offers, func(o view.Offer) bool { return o.Body.Vendor.Name == vendor })
	return offers[i]
}

// A person signs two different next versions. Whichever way the second one
// comes, by letter or in a file, the card is frozen, both are kept, an alarm
// is told, and nothing more is changed by it.
func TestForkedCard(t *testing.T) {
	for _, road := range []string{"file", "letter"} {
		t.Run(road, func(t *testing.T) {
			sim.Run(t, 33, func(w *sim.World) {
				b, card := withCard(w)
				ctx := w.T.Context()
				person := b.pairwise(w, card)
				first, second := b.amendment(w, card, person, "25"), b.ending(w, card, person, identity.RolePerson)
				if road == "file" {
					second = b.amendment(w, card, person, "20")
				}
				report := must[view.CardReport](w)(b.cheap.ImportCard(ctx, b.fileWith(w, card, first)))
				if report.Card.State != "amending" {
					w.T.Fatalf("after the first the card is %s: %s", report.Card.State, report.Problem)
				}
				if road == "file" {
					must[view.CardReport](w)(b.cheap.ImportCard(ctx, b.fileWith(w, card, second)))
				} else {
					// An end beside a proposal is no fork; an end beside an agreement is.
					both := b.version(w, agreedTo(w, first), person, b.vendorSigner(w, card))
					must[view.CardReport](w)(b.cheap.ImportCard(ctx, b.fileWith(w, card, both)))
					b.rogue.send(must[view.Offer](w)(b.best2(w, card.Body.Offer)).Body.Route, "end", cbor(w.T, endLetter{1, card.ID, second}))
				}
				b.wantFrozen(w, b.cheap, card.ID)

				// A restart does not thaw it, and neither does the first half again.
				b.cheap.Stop()
				b.cheap.Start()
				must[view.CardReport](w)(b.cheap.ImportCard(ctx, b.fileWith(w, card, first)))
				b.wantFrozen(w, b.cheap, card.ID)
				before := holdings(w, b.cheap)
				more := b.fileWith(w, card, first, b.amendmentOf(w, agreedTo(w, first), person, "15"))
				if r, err := b.cheap.ImportCard(ctx, more); err == nil && r.Card.State != "frozen" {
					w.T.Errorf("a further version: the card is %s", r.Card.State)
				}
				b.wantFrozen(w, b.cheap, card.ID)
				for key := range before {
					if _, ok := holdings(w, b.cheap)[key]; !ok {
						w.T.Errorf("%s is gone", key)
					}
				}

				// Who is shown the frozen card's file sees the proof, and has it too.
				file := must[[]byte](w)(b.cheap.ExportCard(ctx, card.ID))
				if r := must[view.CardReport](w)(b.dear.ImportCard(ctx, file)); !r.Valid || r.Card.State != "frozen" {
					w.T.Errorf("the file: %+v", r)
				}
				if r := must[view.CardReport](w)(b.pat.ImportCard(ctx, file)); r.Card.State != "frozen" {
					w.T.Errorf("at Pat's the card is %s", r.Card.State)
				}
				b.wantFrozen(w, b.pat, card.ID)
			})
		})
	}
}

func agreedTo(w *sim.World, signed []byte) relcard.Body {
	w.T.Helper()
	s := must[relcard.Signed](w)(relcard.DecodeSigned(signed))
	body, _, err := relcard.DecodeBody(s.Raw)
	if err != nil {
		w.T.Fatal(err)
	}
	return *body
}

func (b *besieged) amendmentOf(w *sim.World, body relcard.Body, by identity.Signer, price string) []byte {
	w.T.Helper()
	_, id, err := body.Encode()
	if err != nil {
		w.T.Fatal(err)
	}
	return b.amendment(w, view.Card{Head: id, Body: body}, by, price)
}

// fileWith is the card's file with further versions in it.
func (b *besieged) fileWith(w *sim.World, card view.Card, more ...[]byte) []byte {
	w.T.Helper()
	file := must[[]byte](w)(b.pat.ExportCard(w.T.Context(), card.ID))
	bundle, _, err := archive.Import(bytes.NewReader(file), time.Now())
	if err != nil {
		w.T.Fatal(err)
	}
	bundle.Versions = bundle.Versions[:1]
	for _, m := range more {
		bundle.Versions = append(bundle.Versions, must[relcard.Signed](w)(relcard.DecodeSigned(m)))
	}
	var out bytes.Buffer
	if err := archive.Export(&out, *bundle); err != nil {
		w.T.Fatal(err)
	}
	return out.Bytes()
}

func (b *besieged) wantFrozen(w *sim.World, p *sim.Party, id dagcbor.CID) {
	w.T.Helper()
	card := must[view.Card](w)(p.Card(w.T.Context(), id))
	if card.State != "frozen" || card.Versions < 3 || !strings.Contains(card.Alarm, "fork") {
		w.T.Errorf("at %s the card is %s with %d versions, alarm %q", p.Name, card.State, card.Versions, card.Alarm)
	}
	alarms := 0
	for _, e := range must[[]view.Event](w)(p.Events(w.T.Context(), 0, 0)) {
		if e.Kind == "card.frozen" && e.Ref == id.String() && strings.HasPrefix(e.Text, "ALARM") {
			alarms++
		}
	}
	if alarms != 1 {
		w.T.Errorf("%d alarms at %s, want one", alarms, p.Name)
	}
}
