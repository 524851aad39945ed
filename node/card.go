package node

import (
	"context"
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/courier"
	"github.com/parley-network/parley/node/store"
	"github.com/parley-network/parley/node/view"
	"github.com/parley-network/parley/relcard"
)

// stateRefused is a proposal the vendor said no to, beside relcard's states.
const stateRefused = "refused"

// card is one stored card: its record, its chain and whose keys verify it.
type card struct {
	rec   store.Record
	body  cardBody
	chain relcard.Chain
	ring  relcard.Keyring
}

// readCard opens a stored card. One that has forked is no error: its chain
// says so.
func (n *Node) readCard(rec store.Record) (*card, error) {
	k := &card{rec: rec}
	if err := get(rec, &k.body); err != nil {
		return nil, err
	}
	versions := make([]relcard.Signed, len(k.body.Versions))
	for i, raw := range k.body.Versions {
		var err error
		if versions[i], err = relcard.DecodeSigned(raw); err != nil {
			return nil, fmt.Errorf("card %s: %w", rec.ID, err)
		}
	}
	now := n.now()
	var err error
	if k.ring, err = keyring(now, k.body.Logs...); err != nil {
		return nil, fmt.Errorf("card %s: %w", rec.ID, err)
	}
	var fork *relcard.ForkError
	if k.chain, err = relcard.NewChain(versions, k.ring, now); err != nil && !errors.As(err, &fork) {
		return nil, fmt.Errorf("card %s: %w", rec.ID, err)
	}
	return k, nil
}

// loadCard returns a stored card by the CID of its first version.
func (n *Node) loadCard(tx store.Tx, root dagcbor.CID) (*card, error) {
	rec, err := tx.Get(kindCard, root.String())
	if errors.Is(err, store.ErrNotFound) {
		return nil, fmt.Errorf("card %s: %w", root, view.ErrNotFound)
	}
	if err != nil {
		return nil, err
	}
	return n.readCard(rec)
}

// newCard begins a card with its first version.
func newCard(first relcard.Signed, offer dagcbor.CID, body cardBody, c *change) (*card, error) {
	ring, err := keyring(c.now, body.Logs...)
	if err != nil {
		return nil, err
	}
	k := &card{rec: store.Record{Kind: kindCard, Ref: offer.String()}, body: body, ring: ring}
	if k.chain, err = (relcard.Chain{}).Apply(first, ring, c.now); err != nil {
		return nil, err
	}
	k.rec.ID = k.chain.Root().String()
	return k, nil
}

// apply adds a version or an envelope. A fork freezes the card: both branches
// are kept and the alarm is told, and the error is nil, since what was
// received must not be lost.
func (k *card) apply(c *change, s relcard.Signed) error {
	before := k.chain.State()
	next, err := k.chain.Apply(s, k.ring, c.now)
	var fork *relcard.ForkError
	if err != nil && !errors.As(err, &fork) {
		return err
	}
	k.chain = next
	if next.State() != before {
		k.body.Since = identity.At(c.now)
	}
	if fork == nil {
		return nil
	}
	k.body.Alarm = fork.Error()
	if before == relcard.StateFrozen {
		return nil
	}
	return c.note("card.frozen", k.chain.Root(), "ALARM: the card is frozen, it has two continuations: %s", fork)
}

// save writes the card with its newest state.
func (k *card) save(c *change) error {
	k.body.Versions = k.body.Versions[:0]
	for _, v := range k.chain.Versions() {
		raw, err := v.Signed.Encode()
		if err != nil {
			return err
		}
		k.body.Versions = append(k.body.Versions, raw)
	}
	k.rec.State = string(k.chain.State())
	if k.body.Refused && k.chain.State() == relcard.StateProposed {
		k.rec.State = stateRefused
	}
	return put(c.Tx, k.rec, k.body)
}

// signer returns the key this node signs the card with.
func (n *Node) signer(k *card) (identity.Signer, error) {
	if k.body.Side == identity.RoleVendor {
		if n.vendor == nil {
			return nil, errNotVendor
		}
		return n.vendor.party.signer, nil
	}
	me := k.chain.Versions()[0].Body.Person.DID
	for _, log := range k.body.Logs {
		p, err := n.openParty(k.body.Label, log, n.now())
		if err == nil && p.signer.DID() == me {
			return p.signer, nil
		}
	}
	return nil, fmt.Errorf("the key of %s is not here", me)
}

// other is the party across the table, by the name the card gives it.
func (k *card) other() string {
	b := k.chain.Versions()[0].Body
	if k.body.Side == identity.RoleVendor {
		return "the person"
	}
	return b.Vendor.Name
}

// receiveCountersign puts the vendor's signature to an own proposal: the card
// is in force, and the intent it came from is met.
func (n *Node) receiveCountersign(c *change, in courier.Inbound) error {
	var l countersignLetter
	if err := decodeLetter(in.Body, &l, &l.Version); err != nil {
		return err
	}
	k, err := n.cardOfLetter(c, l.Card, in)
	if err != nil {
		return err
	}
	was := k.chain.State()
	signed := k.chain.Versions()[0].Signed
	signed.Vendor = &l.Envelope
	if err := k.apply(c, signed); err != nil {
		return courier.Refuse("%v", err)
	}
	if err := k.save(c); err != nil {
		return err
	}
	if was != relcard.StateProposed || k.chain.State() != relcard.StateActive {
		return nil
	}
	if err := c.note("card.active", l.Card, "%s countersigned: the card is in force", k.other()); err != nil {
		return err
	}
	return n.fulfilled(c, k.body.Intent)
}

// cardOfLetter finds the card a letter is about and checks that the letter
// came the way letters about this card come.
func (n *Node) cardOfLetter(c *change, root dagcbor.CID, in courier.Inbound) (*card, error) {
	k, err := n.loadCard(c.Tx, root)
	if errors.Is(err, view.ErrNotFound) {
		return nil, courier.Refuse("%v", err)
	}
	if err != nil {
		return nil, err
	}
	if k.body.Side == "" {
		return nil, refuse("card %s: it is somebody else's, kept here to look at", root)
	}
	if in.Label != k.body.Label {
		return nil, refuse("card %s: the letter came by another route than the card's", root)
	}
	return k, nil
}

// receiveRefusal records that the vendor will not sign.
func (n *Node) receiveRefusal(c *change, in courier.Inbound) error {
	var l refuseLetter
	if err := decodeLetter(in.Body, &l, &l.Version); err != nil {
		return err
	}
	k, err := n.cardOfLetter(c, l.Card, in)
	if err != nil {
		return err
	}
	if k.chain.State() != relcard.StateProposed {
		return refuse("card %s is %s and can't be refused any more", l.Card, k.chain.State())
	}
	k.body.Refused, k.body.Alarm = true, "refused by the vendor: "+clip(l.Reason, maxReason)
	k.body.Since = identity.At(c.now)
	if err := k.save(c); err != nil {
		return err
	}
	return c.note("card.refused", l.Card, "%s refused the card: %s", k.other(), clip(l.Reason, maxReason))
}

// maxReason bounds another party's words in events and cards.
const maxReason = 500

// clip cuts text to at most so many bytes and a mark that it was cut.
func clip(s string, most int) string {
	if len(s) <= most {
		return s
	}
	for most > 0 && !utf8.RuneStart(s[most]) {
		most--
	}
	return s[:most] + "…"
}

// EndCard ends a relationship from this side alone. The other side is told
// and its acknowledgement becomes part of the card.
func (n *Node) EndCard(ctx context.Context, root dagcbor.CID, reason string) (view.Card, error) {
	n.cards.Lock()
	defer n.cards.Unlock()
	err := n.update(ctx, func(c *change) error {
		k, err := n.loadCard(c.Tx, root)
		if err != nil {
			return err
		}
		if k.body.Side == "" {
			return fmt.Errorf("card %s is somebody else's: %w", root, view.ErrConflict)
		}
		body, err := k.chain.End(k.body.Side, reason, c.now)
		if err != nil {
			return fmt.Errorf("%w: %w", view.ErrConflict, err)
		}
		return n.endIn(c, k, body)
	})
	if err != nil {
		return view.Card{}, fmt.Errorf("end card: %w", err)
	}
	return n.Card(ctx, root)
}

func (n *Node) endIn(c *change, k *card, body relcard.Body) error {
	signer, err := n.signer(k)
	if err != nil {
		return err
	}
	ending, err := body.Sign(signer, c.now)
	if err != nil {
		return err
	}
	if err := k.apply(c, ending); err != nil {
		return err
	}
	if err := k.save(c); err != nil {
		return err
	}
	if err := n.sendEnding(c, k, letterEnd, ending); err != nil {
		return err
	}
	return c.note("card.ended", k.chain.Root(), "ended the relationship with %s", k.other())
}

func (n *Node) sendEnding(c *change, k *card, kind string, ending relcard.Signed) error {
	raw, err := ending.Encode()
	if err != nil {
		return err
	}
	letter, err := encode(endLetter{Version: letterVersion, Card: k.chain.Root(), Ending: raw})
	if err != nil {
		return err
	}
	return n.toOther(c, k, kind, letter)
}

// toOther sends a letter about a card to its other side.
func (n *Node) toOther(c *change, k *card, kind string, letter []byte) error {
	if k.body.Theirs == nil {
		return fmt.Errorf("card %s: no route to the other side", k.chain.Root())
	}
	out := courier.Outgoing{
		To: *k.body.Theirs, Kind: kind, Body: letter, Expires: c.now.Add(letterLife),
		Ref: k.chain.Root().String(), Direct: k.body.Side == identity.RoleVendor,
	}
	if out.Direct {
		self := n.courier.Self()
		out.From = &self
	} else {
		out.From = k.body.Ours
	}
	_, err := n.courier.Send(c.Tx, out)
	return err
}

// receiveEnd takes in the other side's ending and acknowledges it.
func (n *Node) receiveEnd(c *change, in courier.Inbound) error {
	k, ending, err := n.endingOfLetter(c, in, func(k *card, by identity.Role) bool { return by != k.body.Side })
	if err != nil {
		return err
	}
	was := k.chain.State()
	if err := k.apply(c, ending); err != nil {
		return courier.Refuse("%v", err)
	}
	signer, err := n.signer(k)
	if err != nil {
		return err
	}
	if body, _, err := relcard.DecodeBody(ending.Raw); err == nil && k.chain.MaySign(body, k.body.Side) == nil {
		if ending, err = ending.Sign(signer, c.now); err != nil {
			return err
		}
		if err := k.apply(c, ending); err != nil {
			return err
		}
	}
	if err := k.save(c); err != nil {
		return err
	}
	if err := n.sendEnding(c, k, letterEndSeen, ending); err != nil {
		return err
	}
	if was == relcard.StateEnded || k.chain.State() != relcard.StateEnded {
		return nil
	}
	return c.note("card.ended", k.chain.Root(), "%s ended the relationship", k.other())
}

// receiveEndSeen puts the other side's acknowledgement to an own ending.
func (n *Node) receiveEndSeen(c *change, in courier.Inbound) error {
	k, ending, err := n.endingOfLetter(c, in, func(k *card, by identity.Role) bool { return by == k.body.Side })
	if err != nil {
		return err
	}
	if _, known := k.chain.Version(idOf(ending)); !known {
		return refuse("card %s: this node has not ended it so", k.chain.Root())
	}
	if err := k.apply(c, ending); err != nil {
		return courier.Refuse("%v", err)
	}
	if err := k.save(c); err != nil {
		return err
	}
	return c.note("card.end-seen", k.chain.Root(), "%s acknowledged the end", k.other())
}

// endingOfLetter reads a letter with an ending by the party that by allows. It
// must be an ending: what a node acknowledges unasked may do nothing else.
func (n *Node) endingOfLetter(c *change, in courier.Inbound, by func(*card, identity.Role) bool) (*card, relcard.Signed, error) {
	var l endLetter
	if err := decodeLetter(in.Body, &l, &l.Version); err != nil {
		return nil, relcard.Signed{}, err
	}
	k, err := n.cardOfLetter(c, l.Card, in)
	if err != nil {
		return nil, relcard.Signed{}, err
	}
	ending, err := relcard.DecodeSigned(l.Ending)
	if err != nil {
		return nil, relcard.Signed{}, courier.Refuse("%v", err)
	}
	body, _, err := relcard.DecodeBody(ending.Raw)
	switch {
	case err != nil:
		return nil, relcard.Signed{}, courier.Refuse("%v", err)
	case body.Status != relcard.StatusEnded || body.End == nil:
		return nil, relcard.Signed{}, refuse("card %s: version %d is no ending: its status is %q", l.Card, body.Seq, body.Status)
	case !by(k, body.End.By):
		return nil, relcard.Signed{}, refuse("card %s: the ending is the %s's, which this letter can't be about", l.Card, body.End.By)
	}
	return k, ending, nil
}
