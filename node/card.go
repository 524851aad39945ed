package node

import (
	"errors"
	"fmt"
	"slices"
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
	if !k.body.Declined.IsZero() {
		k.decline(k.body.Declined)
		k.body.Declined = dagcbor.CID{}
	}
	versions := make([]relcard.Signed, len(k.body.Versions))
	for i, raw := range k.body.Versions {
		var err error
		if versions[i], err = relcard.DecodeSigned(raw); err != nil {
			return nil, fmt.Errorf("card %s: %w", rec.ID, err)
		}
	}
	k.body.Logs = n.currentLogs(k.body.Logs)
	now := n.now()
	var err error
	if k.ring, err = n.keyring(now, k.body.Logs...); err != nil {
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
	ring, err := c.n.keyring(c.now, body.Logs...)
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
	k.rec.State = k.state()
	return put(c.Tx, k.rec, k.body)
}

// state is the chain's, and what only this node knows: that the other side
// said no, and that the parties' statements have parted.
func (k *card) state() string {
	s := k.chain.State()
	switch {
	case k.body.Forked:
		s = relcard.StateFrozen
	case s == relcard.StateProposed && k.body.Refused:
		return stateRefused
	case s == relcard.StateAmending && k.declined():
		s = relcard.StateActive
	}
	return string(s)
}

// declined reports whether all that is proposed has been declined.
func (k *card) declined() bool {
	for _, v := range k.chain.Pending() {
		if !slices.Contains(k.body.Declines, v.ID) {
			return false
		}
	}
	return true
}

// mostDeclines bounds what is remembered as declined: above what a card's
// chain keeps of versions, so that none of those that could come up again is
// forgotten.
const mostDeclines = 300

// decline remembers that a proposed version was said no to.
func (k *card) decline(version dagcbor.CID) {
	if slices.Contains(k.body.Declines, version) {
		return
	}
	k.body.Declines = append(k.body.Declines, version)
	k.body.Declines = k.body.Declines[max(0, len(k.body.Declines)-mostDeclines):]
}

// signer returns the key this node signs the card with.
func (n *Node) signer(k *card) (identity.Signer, error) {
	if k.body.Side == identity.RoleVendor {
		if n.vendor == nil {
			return nil, errNotVendor
		}
		return n.vendor.me().signer, nil
	}
	return n.keyOf(k.chain.Versions()[0].Body.Person.DID, k.body.Label, k.body.Logs)
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
		return unjudged(err)
	}
	if err := k.save(c); err != nil {
		return err
	}
	if was != relcard.StateProposed || k.chain.State() != relcard.StateActive {
		return nil
	}
	if err := n.negotiated(c, k, l.Card); err != nil {
		return err
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
