package node

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/courier"
	"github.com/parley-network/parley/node/store"
	"github.com/parley-network/parley/node/view"
	"github.com/parley-network/parley/relcard"
)

// cardRouteLife is how long the reply route of a relationship stays open: a
// year, and on from there as long as the card lives.
const cardRouteLife = 365 * 24 * time.Hour

// Accept takes an offer: it makes an identifier and a reply route for this
// relationship alone, signs the card and proposes it to the vendor. The card
// is in force once the vendor's signature has come back.
func (n *Node) Accept(ctx context.Context, id dagcbor.CID) (view.Card, error) {
	n.cards.Lock()
	defer n.cards.Unlock()
	now := time.Now()
	offer, stored, cast, err := n.offerToAccept(ctx, id, now)
	if err != nil {
		return view.Card{}, fmt.Errorf("accept: %w", err)
	}
	id = offer.ID // it may have been renewed
	label := cardLabel(id)
	card, err := n.acceptAs(ctx, label, id, offer, stored, cast)
	if err != nil {
		n.abandon(ctx, label, partyKeys(label)...)
		return view.Card{}, fmt.Errorf("accept: %w", err)
	}
	return n.Card(ctx, card)
}

// acceptAs makes the identifier and the route kept under label, and proposes
// the card.
func (n *Node) acceptAs(ctx context.Context, label string, id dagcbor.CID, offer *intentcast.SignedOffer, stored offerBody, cast *intentcast.Cast) (dagcbor.CID, error) {
	now := time.Now()
	var none dagcbor.CID
	me, err := n.newParty(label, pairwiseDomain, now)
	if err != nil {
		return none, err
	}
	theirs, err := n.routeOfOffer(ctx, &offer.Offer)
	if err != nil {
		return none, err
	}
	route, err := n.replyRoute(ctx, label, now.Add(cardRouteLife), &theirs)
	if err != nil {
		return none, err
	}
	card, err := proposal(offer, me, now)
	if err != nil {
		return none, err
	}
	letter, err := n.proposalLetter(card, me, cast, now)
	if err != nil {
		return none, err
	}
	body := cardBody{
		Side: identity.RolePerson, Logs: sortedLogs(me.log, stored.Log), Theirs: &theirs, Ours: &route,
		Label: label, Intent: cast.Root(), Since: identity.At(now),
	}
	return idOf(card), n.update(ctx, func(c *change) error {
		return n.proposeIn(c, id, card, body, courier.Outgoing{
			To: theirs, From: &route, Kind: letterPropose, Body: letter,
			Expires: now.Add(letterLife), Ref: idOf(card).String(),
		}, offer.Offer.Vendor.Name)
	})
}

// proposeIn makes the acceptance durable: the offer's state, the card and the
// letter, all or none.
func (n *Node) proposeIn(c *change, offer dagcbor.CID, card relcard.Signed, body cardBody, out courier.Outgoing, vendor string) error {
	live, stored, rec, err := storedOffer(c.Tx, offer)
	if err != nil {
		return err
	}
	if live.ID != offer {
		return fmt.Errorf("offer %s was renewed while it was being accepted: accept it again: %w", offer, view.ErrConflict)
	}
	if rec.State != offerOpen {
		return fmt.Errorf("offer %s is already %s: %w", offer, rec.State, view.ErrConflict)
	}
	root, err := dagcbor.ParseCID(rec.Ref)
	if err != nil {
		return err
	}
	_, own, err := ownIntent(c.Tx, root)
	if err != nil {
		return err
	}
	// The intent closes with the card and is forgotten; what it keeps back can
	// be opened as long as the card lives.
	stored.Private = own.Private
	rec.State, rec.Due = offerAccepted, time.Time{}
	if err := put(c.Tx, rec, stored); err != nil {
		return err
	}
	k, err := newCard(card, offer, body, c)
	if err != nil {
		return err
	}
	if err := k.save(c); err != nil {
		return err
	}
	if _, err := n.courier.Send(c, out); err != nil {
		return err
	}
	return c.note("card.proposed", idOf(card), "accepted the offer of %s and signed the card", vendor)
}

// offerToAccept returns an offer that can still be accepted, with its intent.
func (n *Node) offerToAccept(ctx context.Context, id dagcbor.CID, now time.Time) (*intentcast.SignedOffer, offerBody, *intentcast.Cast, error) {
	var (
		offer *intentcast.SignedOffer
		body  offerBody
		rec   store.Record
	)
	var cast *intentcast.Cast
	var own intentBody
	err := n.cfg.Store.View(ctx, func(tx store.Tx) (err error) {
		if offer, body, rec, err = storedOffer(tx, id); err != nil {
			return err
		}
		root, err := dagcbor.ParseCID(rec.Ref)
		if err != nil {
			return err
		}
		cast, own, err = ownIntent(tx, root)
		return err
	})
	if err != nil {
		return nil, body, nil, err
	}
	switch {
	case rec.State != offerOpen:
		err = fmt.Errorf("offer %s is already %s: %w", id, rec.State, view.ErrConflict)
	case !now.Before(offer.Offer.Expires.Std()):
		err = fmt.Errorf("offer %s expired at %s: %w", id, offer.Offer.Expires, view.ErrConflict)
	case cast.Intent.Status != intentcast.StatusOpen:
		err = fmt.Errorf("the intent that offer %s answers is %s: cast it anew: %w", id, cast.Intent.Status, view.ErrConflict)
	case !own.asksTheSame(cast, offer.Offer.Intent):
		err = fmt.Errorf("offer %s answers an earlier version of the intent: %w", id, view.ErrConflict)
	}
	return offer, body, cast, err
}

// proposal is the card an offer becomes, signed by the person.
func proposal(offer *intentcast.SignedOffer, me party, now time.Time) (relcard.Signed, error) {
	body := cardFor(offer, relcard.Party{DID: me.signer.DID()}, now)
	return body.Sign(me.signer, now)
}

// cardFor returns the one card that accepting an offer can mean; both sides
// make it and compare.
func cardFor(offer *intentcast.SignedOffer, person relcard.Party, at time.Time) relcard.Body {
	o := offer.Offer
	body := relcard.Body{
		Version: relcard.BodyVersion, Type: relcard.BodyType, Status: relcard.StatusAgreed,
		Person: person, Vendor: o.Vendor, Terms: o.Terms, Time: identity.At(at),
		Intent: o.Intent, Offer: offer.ID, Extras: o.Extras, Total: &o.Total, Fulfil: o.Fulfil,
	}
	for _, l := range o.Lines {
		body.Lines = append(body.Lines, l.Line)
	}
	return body
}

func (n *Node) proposalLetter(card relcard.Signed, me party, cast *intentcast.Cast, now time.Time) ([]byte, error) {
	author, err := n.authorSigner(cast.Intent.Author)
	if err != nil {
		return nil, err
	}
	env, err := identity.Sign(author, idOf(card), identity.RoleAuthor, now)
	if err != nil {
		return nil, err
	}
	wire, err := card.Encode()
	if err != nil {
		return nil, err
	}
	return encode(proposeLetter{Version: letterVersion, Card: wire, Log: me.log, Author: env})
}

// receiveProposal countersigns a card that is exactly what this vendor
// offered, or says why not. A proposal that comes again gets the same answer.
func (n *Node) receiveProposal(c *change, in courier.Inbound) error {
	if n.vendor == nil {
		return refuse("this node makes no offers")
	}
	var l proposeLetter
	if err := decodeLetter(in.Body, &l, &l.Version); err != nil {
		return err
	}
	card, err := relcard.DecodeSigned(l.Card)
	if err != nil {
		return courier.Refuse("%v", err)
	}
	if in.From == nil {
		return refuse("proposal of card %s names no route for the answer", idOf(card))
	}
	if err := checkRoute(in.From); err != nil { // else every answer fails, and the letter comes for ever
		return refuse("proposal of card %s: the route for the answer: %v", idOf(card), err)
	}
	problem, err := n.tryCountersign(c, in, l, card)
	if err != nil || problem == nil {
		return err
	}
	letter, err := encode(refuseLetter{Version: letterVersion, Card: idOf(card), Reason: problem.Error()})
	if err != nil {
		return err
	}
	if err := n.answerCard(c, in, letterRefuse, letter, idOf(card)); err != nil {
		return err
	}
	return c.note("card.refused", idOf(card), "refused a proposed card: %s", problem)
}

// tryCountersign returns what is wrong with the proposal, if anything, and
// separately an error of this node's own.
func (n *Node) tryCountersign(c *change, in courier.Inbound, l proposeLetter, card relcard.Signed) (problem, err error) {
	body, _, err := relcard.DecodeBody(card.Raw)
	if err != nil {
		return err, nil
	}
	rec, err := c.Get(kindSent, body.Offer.String())
	if errors.Is(err, store.ErrNotFound) {
		return fmt.Errorf("offer %s is not known here", body.Offer), nil
	} else if err != nil {
		return nil, err
	}
	var sent sentBody
	if err := get(rec, &sent); err != nil {
		return nil, err
	}
	offer, err := intentcast.DecodeOffer(sent.Offer)
	if err != nil {
		return nil, err
	}
	if !sent.Card.IsZero() {
		return n.again(c, in, sent.Card, idOf(card))
	}
	if others, err := c.Count(store.Query{Kind: kindSent, Ref: rec.Ref, State: offerAccepted}); err != nil {
		return nil, err
	} else if others > 0 {
		return errors.New("another offer to the same intent has been accepted"), nil
	}
	ring, err := n.keyring(c.now, l.Log, n.vendor.me().log)
	if err != nil {
		return err, nil
	}
	if problem, err := n.checkProposal(c, l, card, body, offer, ring); problem != nil || err != nil {
		return problem, err
	}
	if card, err = card.Sign(n.vendor.me().signer, c.now); err != nil {
		return err, nil
	}
	k, err := newCard(card, body.Offer, cardBody{
		Side: identity.RoleVendor, Logs: sortedLogs(l.Log, n.vendor.me().log), Theirs: in.From, Since: identity.At(c.now),
	}, c)
	if err != nil {
		return err, nil
	}
	return nil, n.countersignIn(c, in, k, card, rec, sent)
}

func (n *Node) countersignIn(c *change, in courier.Inbound, k *card, card relcard.Signed, rec store.Record, sent sentBody) error {
	sent.Card, rec.State, rec.Due = idOf(card), offerAccepted, time.Time{}
	if err := put(c.Tx, rec, sent); err != nil {
		return err
	}
	if err := k.save(c); err != nil {
		return err
	}
	if err := n.negotiated(c, k, k.chain.Root()); err != nil {
		return err
	}
	letter, err := encode(countersignLetter{Version: letterVersion, Card: idOf(card), Envelope: *card.Vendor})
	if err != nil {
		return err
	}
	if err := n.tellKeysOn(c, k); err != nil {
		return err
	}
	if err := n.answerCard(c, in, letterCountersign, letter, idOf(card)); err != nil {
		return err
	}
	return c.note("card.active", idOf(card), "countersigned the card: it is in force")
}

// checkProposal compares a proposed card with the offer it says it accepts.
func (n *Node) checkProposal(c *change, l proposeLetter, card relcard.Signed, body *relcard.Body, offer *intentcast.SignedOffer, ring identity.KeySource) (problem, err error) {
	if !c.now.Before(offer.Offer.Expires.Std()) {
		return fmt.Errorf("the offer expired at %s", offer.Offer.Expires), nil
	}
	want := cardFor(offer, body.Person, body.Time.Std())
	_, wantID, err := want.Encode()
	if err != nil || wantID != idOf(card) {
		return errors.New("the card says something else than the offer"), nil
	}
	if d := body.Time.Std().Sub(c.now); d > clockSkew || d < -letterLife {
		return fmt.Errorf("the card is dated %s, which is not about now", body.Time), nil
	}
	if card.Person == nil {
		return errors.New("the person's signature is missing"), nil
	}
	heard, err := c.Get(kindHeard, offerIntentRoot(c, offer))
	if errors.Is(err, store.ErrNotFound) {
		return errors.New("the intent is no longer known here"), nil
	} else if err != nil {
		return nil, err
	}
	var hb heardBody
	if err := get(heard, &hb); err != nil {
		return nil, err
	}
	cast, err := intentcast.DecodeCast(hb.Cast)
	if err != nil {
		return nil, err
	}
	if l.Author.Signer != cast.Intent.Author {
		return errors.New("who accepts is not who asked"), nil
	}
	return l.Author.Verify(idOf(card), identity.RoleAuthor, nil), nil
}

// offerIntentRoot finds the intent an offer was made to.
func offerIntentRoot(c *change, offer *intentcast.SignedOffer) string {
	r, err := c.Get(kindSent, offer.ID.String())
	if err != nil {
		return "-" // not found: no intent has this id
	}
	return r.Ref
}

// again answers a proposal for an offer that already became a card.
func (n *Node) again(c *change, in courier.Inbound, have, proposed dagcbor.CID) (problem, err error) {
	if have != proposed {
		return errors.New("the offer has already been accepted by another card"), nil
	}
	k, err := n.loadCard(c.Tx, have)
	if err != nil {
		return nil, err
	}
	letter, err := encode(countersignLetter{Version: letterVersion, Card: have, Envelope: *k.chain.Versions()[0].Signed.Vendor})
	if err != nil {
		return nil, err
	}
	return nil, n.answerCard(c, in, letterCountersign, letter, have)
}

// answerCard sends a letter about a card back the way its cause came.
func (n *Node) answerCard(c *change, in courier.Inbound, kind string, body []byte, card dagcbor.CID) error {
	self := n.courier.Self()
	_, err := n.courier.Send(c, courier.Outgoing{
		To: *in.From, From: &self, Kind: kind, Body: body, Expires: c.now.Add(letterLife),
		Ref: card.String(), Direct: true,
	})
	return err
}

// sortedLogs orders two key logs the same on both sides.
func sortedLogs(a, b []byte) [][]byte {
	ha, hb := sha256.Sum256(a), sha256.Sum256(b)
	if string(ha[:]) > string(hb[:]) {
		a, b = b, a
	}
	return [][]byte{a, b}
}

// idOf returns the id of a version's body.
func idOf(s relcard.Signed) dagcbor.CID { return dagcbor.Sum(s.Raw) }
