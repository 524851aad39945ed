package node

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/courier"
	"github.com/parley-network/parley/node/view"
	"github.com/parley-network/parley/relcard"
	"github.com/parley-network/parley/relcard/decline"
	"github.com/parley-network/parley/relcard/negotiation"
	"github.com/parley-network/parley/relcard/terms"
)

// amendLetter carries the card's next version with its proposer's signature.
type amendLetter struct {
	Version  uint64      `cbor:"v"`
	Card     dagcbor.CID `cbor:"card"` // of version 0
	Proposal []byte      `cbor:"proposal"`
}

// signLetter carries one party's envelope over a version that the other has
// signed: the version is in force with it.
type signLetter struct {
	Version  uint64            `cbor:"v"`
	Card     dagcbor.CID       `cbor:"card"` // of version 0
	Of       dagcbor.CID       `cbor:"of"`   // the version signed
	Envelope identity.Envelope `cbor:"env"`
}

// AmendCard proposes the card's next version to the other side. It is in
// force when that has signed it too; the version before binds until then.
func (n *Node) AmendCard(ctx context.Context, root dagcbor.CID, a view.Amendment) (view.Card, error) {
	n.cards.Lock()
	defer n.cards.Unlock()
	err := n.update(ctx, func(c *change) error {
		k, err := n.loadCard(c.Tx, root)
		if err != nil {
			return err
		}
		if err := k.writable(); err != nil {
			return err
		}
		body, err := k.nextBody(c)
		if err != nil {
			return err
		}
		if err := amend(&body, a); err != nil {
			return err
		}
		return n.proposeVersion(c, k, body)
	})
	if err != nil {
		return view.Card{}, fmt.Errorf("amend card: %w", err)
	}
	return n.Card(ctx, root)
}

// writable reports whether this node may propose or sign anything on the card.
func (k *card) writable() error {
	switch {
	case k.body.Side == "":
		return fmt.Errorf("card %s is somebody else's: %w", k.chain.Root(), view.ErrConflict)
	case k.body.Forked || k.chain.State() == relcard.StateFrozen:
		return fmt.Errorf("card %s is frozen: %s: %w", k.chain.Root(), k.body.Alarm, view.ErrConflict)
	}
	if _, ok := k.chain.Agreed(); !ok {
		return fmt.Errorf("card %s is not in force yet: %w", k.chain.Root(), view.ErrConflict)
	}
	return nil
}

// amend changes what a asks for.
func amend(body *relcard.Body, a view.Amendment) error {
	before := *body
	if a.Terms != "" {
		agreement, ok := terms.Lookup(a.Terms)
		if !ok {
			return view.Invalid("terms", "%q is not in the roster", a.Terms)
		}
		body.Terms = agreement.Ref
	}
	if a.Jurisdiction != nil {
		if err := checkCountry(*a.Jurisdiction); err != nil {
			return err
		}
		body.Jurisdiction = *a.Jurisdiction
	}
	if a.Location != nil {
		body.Location = *a.Location
	}
	if a.Fulfil != nil {
		body.Fulfil = a.Fulfil
	}
	if a.Term != nil {
		body.Term = a.Term
	}
	if a.Lines != nil {
		body.Lines, body.Extras, body.Total = *a.Lines, a.Extras, a.Total
	}
	if err := body.Check(); err != nil {
		return fmt.Errorf("%w: %w", view.ErrInvalid, err)
	}
	if sameDeal(&before, body) {
		return view.Invalid("", "the amendment changes nothing")
	}
	return nil
}

func sameDeal(a, b *relcard.Body) bool {
	_, x, errA := a.Encode()
	_, y, errB := b.Encode()
	return errA == nil && errB == nil && x == y
}

func (n *Node) proposeVersion(c *change, k *card, body relcard.Body) error {
	if err := k.chain.MaySign(&body, k.body.Side); err != nil {
		return fmt.Errorf("%w: %w", view.ErrConflict, err)
	}
	signer, err := n.signer(k)
	if err != nil {
		return err
	}
	s, err := body.Sign(signer, c.now)
	if err != nil {
		return err
	}
	if err := k.apply(c, s); err != nil {
		return err
	}
	if err := k.save(c); err != nil {
		return err
	}
	raw, err := s.Encode()
	if err != nil {
		return err
	}
	letter, err := encode(amendLetter{Version: letterVersion, Card: k.chain.Root(), Proposal: raw})
	if err != nil {
		return err
	}
	if err := n.toOther(c, k, letterAmend, letter); err != nil {
		return err
	}
	return c.note("card.amending", k.chain.Root(), "proposed version %d of the card to %s", body.Seq, k.other())
}

// receiveAmend takes in a version that the other side proposes. Nothing is
// signed unasked: it waits for SignCard or DeclineCard, but where it says no
// more than this side's own proposal did. Terms that the owner's preferences
// never agree to are declined at once.
func (n *Node) receiveAmend(c *change, in courier.Inbound) error {
	var l amendLetter
	if err := decodeLetter(in.Body, &l, &l.Version); err != nil {
		return err
	}
	k, err := n.cardOfLetter(c, l.Card, in)
	if err != nil {
		return err
	}
	if _, ok := k.chain.Agreed(); !ok && c.now.Sub(in.Sent) < overtaking {
		return fmt.Errorf("card %s is not in force yet", l.Card) // the signature that does so is on its way
	}
	if err := k.writable(); err != nil {
		return courier.Refuse("%v", err)
	}
	s, err := relcard.DecodeSigned(l.Proposal)
	if err != nil {
		return courier.Refuse("%v", err)
	}
	body, id, err := relcard.DecodeBody(s.Raw)
	switch {
	case err != nil:
		return courier.Refuse("%v", err)
	case body.Status != relcard.StatusAgreed:
		return refuse("card %s: an end is not proposed, it is told", l.Card)
	}
	if _, known := k.chain.Version(id); known {
		return nil
	}
	if err := k.apply(c, s); err != nil {
		if errors.Is(err, relcard.ErrOrphan) {
			return err // what it follows is on its way
		}
		return unjudged(err)
	}
	if err := k.save(c); err != nil {
		return err
	}
	if k.restates(body) {
		return n.signVersion(c, k, s)
	}
	if no, why, err := n.neverAgrees(c, k, body); no || err != nil {
		if err != nil {
			return err
		}
		r, err := relationOf(c.Tx, k)
		if err != nil {
			return err
		}
		return n.declineIn(c, r, k, id, "declined by the person's preferences: "+why)
	}
	return c.note("card.amending", l.Card, "%s proposes version %d of the card: sign or decline it", k.other(), body.Seq)
}

// neverAgrees asks the person's preferences about the terms of a proposed
// version, where they are others than those in force.
func (n *Node) neverAgrees(c *change, k *card, body *relcard.Body) (bool, string, error) {
	agreed, ok := k.chain.Agreed()
	if k.body.Side != identity.RolePerson || ok && agreed.Body.Terms == body.Terms {
		return false, "", nil
	}
	prefs, err := preferences(c.Tx)
	if err != nil {
		return false, "", err
	}
	category, err := categoryOf(c.Tx, body.Vendor.DID)
	if err != nil {
		return false, "", err
	}
	decision, why := prefs.Decide(body.Vendor.DID, category, body.Terms)
	return decision == negotiation.Never, why, nil
}

// SignCard countersigns what the other side proposes: the card's next version
// is in force. Where that has crossed with a proposal of this side's, and
// stands, the same is proposed on top of it instead, and is in force when the
// other side's node has signed it, which it does by itself.
func (n *Node) SignCard(ctx context.Context, root dagcbor.CID) (view.Card, error) {
	n.cards.Lock()
	defer n.cards.Unlock()
	err := n.update(ctx, func(c *change) error {
		k, err := n.loadCard(c.Tx, root)
		if err != nil {
			return err
		}
		v, err := k.theirProposal()
		if err != nil {
			return err
		}
		if k.mustRestate(&v) {
			return n.restate(c, k)
		}
		return n.signVersion(c, k, v.Signed)
	})
	if err != nil {
		return view.Card{}, fmt.Errorf("sign card: %w", err)
	}
	return n.Card(ctx, root)
}

// theirProposal is the version that waits for this side's word: the newest that
// it may sign, or the one that it says yes to by saying the same on top.
func (k *card) theirProposal() (relcard.Version, error) {
	if err := k.writable(); err != nil {
		return relcard.Version{}, err
	}
	var crossed error
	for _, v := range slices.Backward(k.chain.Pending()) {
		if slices.Contains(k.body.Declines, v.ID) || k.signedBy(&v, k.body.Side) {
			continue
		}
		err := k.chain.MayCountersign(&v.Body, k.body.Side)
		if err == nil || k.mustRestate(&v) {
			return v, nil
		}
		crossed = err
	}
	if crossed != nil {
		return relcard.Version{}, fmt.Errorf("card %s: what %s proposes has crossed with what you propose, and that stands: it is for the other side to agree, or to propose again (%w): %w",
			k.chain.Root(), k.other(), crossed, view.ErrConflict)
	}
	return relcard.Version{}, fmt.Errorf("card %s: %s proposes nothing: %w", k.chain.Root(), k.other(), view.ErrConflict)
}

func (k *card) signedBy(v *relcard.Version, side identity.Role) bool {
	if side == identity.RolePerson {
		return v.Signed.Person != nil
	}
	return v.Signed.Vendor != nil
}

// signVersion puts this side's envelope to a version and sends it.
func (n *Node) signVersion(c *change, k *card, s relcard.Signed) error {
	body, id, err := relcard.DecodeBody(s.Raw)
	if err != nil {
		return err
	}
	if err := k.chain.MayCountersign(body, k.body.Side); err != nil {
		return fmt.Errorf("%w: %w", view.ErrConflict, err)
	}
	signer, err := n.signer(k)
	if err != nil {
		return err
	}
	if s, err = s.Sign(signer, c.now); err != nil {
		return err
	}
	if err := k.apply(c, s); err != nil {
		return err
	}
	if err := k.save(c); err != nil {
		return err
	}
	env := s.Person
	if k.body.Side == identity.RoleVendor {
		env = s.Vendor
	}
	letter, err := encode(signLetter{Version: letterVersion, Card: k.chain.Root(), Of: id, Envelope: *env})
	if err != nil {
		return err
	}
	if err := n.toOther(c, k, letterSign, letter); err != nil {
		return err
	}
	if err := n.negotiated(c, k, id); err != nil {
		return err
	}
	return c.note("card.active", k.chain.Root(), "signed version %d of the card with %s: it is in force", body.Seq, k.other())
}

// DeclineCard says no to the version that the other side proposes. The one in
// force goes on binding.
func (n *Node) DeclineCard(ctx context.Context, root dagcbor.CID, reason string) (view.Card, error) {
	n.cards.Lock()
	defer n.cards.Unlock()
	err := n.update(ctx, func(c *change) error {
		r, k, err := n.relationOfCard(c.Tx, root)
		if err != nil {
			return err
		}
		v, err := k.theirNewest()
		if err != nil {
			return err
		}
		return n.declineIn(c, r, k, v.ID, reason)
	})
	if err != nil {
		return view.Card{}, fmt.Errorf("decline: %w", err)
	}
	return n.Card(ctx, root)
}

// declineIn says no to a proposed version, for the record.
func (n *Node) declineIn(c *change, r *relation, k *card, version dagcbor.CID, reason string) error {
	if len(reason) > decline.MaxReason {
		return view.Invalid("reason", "has %d bytes, more than %d", len(reason), decline.MaxReason)
	}
	content, err := decline.Content{Proposal: version, Reason: reason}.Encode()
	if err != nil {
		return err
	}
	if _, err := n.say(c, r, word{kind: decline.Kind, content: content}); err != nil {
		return err
	}
	k.decline(version)
	if err := k.save(c); err != nil {
		return err
	}
	return c.note("card.declined", k.chain.Root(), "declined a proposed version of the card: %s", reason)
}

// receiveSign puts the other side's envelope to a version this side has
// signed.
func (n *Node) receiveSign(c *change, in courier.Inbound) error {
	var l signLetter
	if err := decodeLetter(in.Body, &l, &l.Version); err != nil {
		return err
	}
	k, err := n.cardOfLetter(c, l.Card, in)
	if err != nil {
		return err
	}
	v, known := k.chain.Version(l.Of)
	switch {
	case k.body.Forked:
		return refuse("card %s is frozen: %s", l.Card, clip(k.body.Alarm, 120))
	case !known:
		return refuse("card %s: no version %s is known here", l.Card, l.Of)
	case !k.signedBy(&v, k.body.Side):
		return refuse("card %s: this side has not signed version %s", l.Card, l.Of)
	case v.Body.Status == relcard.StatusEnded:
		return refuse("card %s: version %s is an end", l.Card, l.Of)
	}
	s := v.Signed
	if k.body.Side == identity.RolePerson {
		s.Vendor = &l.Envelope
	} else {
		s.Person = &l.Envelope
	}
	was := v.Countersigned()
	if err := k.apply(c, s); err != nil {
		return unjudged(err)
	}
	k.body.Refused = false
	if err := k.save(c); err != nil {
		return err
	}
	if err := n.negotiated(c, k, l.Of); err != nil || was {
		return err
	}
	return c.note("card.active", l.Card, "%s signed version %d of the card: it is in force", k.other(), v.Body.Seq)
}
