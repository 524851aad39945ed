package node

import (
	"context"
	"errors"
	"fmt"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/courier"
	"github.com/parley-network/parley/node/view"
	"github.com/parley-network/parley/relcard"
	"github.com/parley-network/parley/relcard/disclosure"
)

// EndCard ends a relationship from this side alone. The other side is told
// and its acknowledgement becomes part of the card. A person's node also
// demands that what was shared be deleted.
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
	k.body.EndTold = identity.At(c.now)
	if err := k.save(c); err != nil {
		return err
	}
	if err := n.sendEnding(c, k, letterEnd, ending); err != nil {
		return err
	}
	if err := c.note("card.ended", k.chain.Root(), "ended the relationship with %s", k.other()); err != nil {
		return err
	}
	return n.demandAll(c, k)
}

// endAgain sends the own end once more where the letter was given up before
// the other side acknowledged it: an end is told until it is.
func (n *Node) endAgain(ctx context.Context, root dagcbor.CID) error {
	return n.update(ctx, func(c *change) error {
		k, err := n.loadCard(c.Tx, root)
		if err != nil {
			return err
		}
		end, over := k.chain.Ended()
		if !over || end.Body.End.By != k.body.Side || end.Countersigned() || k.body.Theirs == nil || c.now.Sub(k.body.EndTold.Std()) < letterLife {
			return nil
		}
		k.body.EndTold = identity.At(c.now)
		if err := k.save(c); err != nil {
			return err
		}
		return n.sendEnding(c, k, letterEnd, end.Signed)
	})
}

// demandAll has the person's node demand, at the end of a relationship, that
// what was shared be deleted, if anything is still held.
func (n *Node) demandAll(c *change, k *card) error {
	if k.body.Side != identity.RolePerson {
		return nil
	}
	r, err := relationOf(c.Tx, k)
	if err != nil || r.body.Alarm != "" {
		return err
	}
	l, err := n.ledger(c.Tx, r)
	if err != nil || len(l.Live("", c.now)) == 0 {
		return err
	}
	_, err = n.demand(c, r, view.DemandWant{What: string(disclosure.WantDelete), Reason: "the relationship has ended"})
	return err
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
	if err := n.tellKeysOn(c, k); err != nil {
		return err
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
	_, err := n.courier.Send(c, out)
	return err
}

// receiveEnd takes in the other side's ending and acknowledges it.
func (n *Node) receiveEnd(c *change, in courier.Inbound) error {
	k, ending, err := n.endingOfLetter(c, in, func(k *card, by identity.Role) bool { return by != k.body.Side })
	if err != nil {
		return err
	}
	was := k.chain.State()
	if err := k.apply(c, ending); errors.Is(err, relcard.ErrOrphan) {
		return err // what it follows is on its way
	} else if err != nil {
		return unjudged(err)
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
	if err := c.note("card.ended", k.chain.Root(), "%s ended the relationship", k.other()); err != nil {
		return err
	}
	return n.demandAll(c, k)
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
		return unjudged(err)
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
