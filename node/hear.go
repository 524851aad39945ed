package node

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/node/courier"
	"github.com/parley-network/parley/node/market"
	"github.com/parley-network/parley/node/store"
)

// hear takes in an intent the gossip service has accepted: it is kept and, at
// a vendor's node, matched and answered, all in one transaction.
func (n *Node) hear(ctx context.Context, cast *intentcast.Cast) {
	if err := n.update(ctx, func(c *change) error { return n.takeIn(c, cast) }); err != nil && ctx.Err() == nil {
		n.log.Warn("taking in an intent", "intent", cast.ID, "error", err)
	}
}

func (n *Node) takeIn(c *change, cast *intentcast.Cast) error {
	root := cast.Root()
	if _, err := c.Get(kindIntent, root.String()); err == nil {
		return nil // our own, come back
	} else if !errors.Is(err, store.ErrNotFound) {
		return err
	}
	known, err := knownSeq(c, root.String())
	if err != nil || known >= int64(cast.Intent.Seq) {
		return err
	}
	wire, err := cast.Encode()
	if err != nil {
		return err
	}
	body := heardBody{Cast: wire}
	if cast.Intent.Status == intentcast.StatusOpen {
		if err := c.note("intent.heard", root, "heard an intent: %s", summary(&cast.Intent)); err != nil {
			return err
		}
		if err := n.answer(c, cast, &body); err != nil {
			return err
		}
	} else if err := c.note("intent.closed", root, "the intent %s is %s", short(root), cast.Intent.Status); err != nil {
		return err
	}
	return put(c.Tx, store.Record{
		Kind: kindHeard, ID: root.String(), State: string(cast.Intent.Status), Due: cast.Intent.Expires.Std(),
	}, body)
}

// knownSeq returns the sequence number of the newest version heard, -1 for none.
func knownSeq(tx store.Tx, root string) (int64, error) {
	r, err := tx.Get(kindHeard, root)
	if errors.Is(err, store.ErrNotFound) {
		return -1, nil
	}
	if err != nil {
		return 0, err
	}
	var body heardBody
	if err := get(r, &body); err != nil {
		return 0, err
	}
	cast, err := intentcast.DecodeCast(body.Cast)
	if err != nil {
		return 0, err
	}
	return int64(cast.Intent.Seq), nil
}

// answer matches an intent at a vendor's node and sends an offer where the
// rules say so.
func (n *Node) answer(c *change, cast *intentcast.Cast, body *heardBody) error {
	if n.vendor == nil {
		return nil
	}
	catalogue, rules := n.vendor.current()
	a := market.Match(&cast.Intent, catalogue, rules, c.now)
	for _, s := range a.Suggestions {
		body.Suggestions = append(body.Suggestions, suggestionBody{Item: s.Item.Name, Why: s.Why})
	}
	if a.Draft == nil || a.Ask {
		body.Answer = reasonsText(a.Reasons)
		if a.Draft != nil {
			body.Answer = "it matches; the rules leave the answer to you"
		}
		return c.note("offer.silent", cast.Root(), "made no offer: %s", body.Answer)
	}
	if err := checkRoute(cast.Intent.Reply); err != nil {
		body.Answer = fmt.Sprintf("it matches, but its reply route is of no use: %v", err)
		return c.note("offer.silent", cast.Root(), "made no offer: %s", body.Answer)
	}
	offer, err := n.makeOffer(c, cast, a.Draft)
	if err != nil {
		return fmt.Errorf("make offer: %w", err)
	}
	body.Offer, body.Answer = offer.ID, fmt.Sprintf("offered %s", offer.Offer.Total)
	return nil
}

// makeOffer signs a draft, keeps it, and hands it to the courier.
func (n *Node) makeOffer(c *change, cast *intentcast.Cast, d *market.Draft) (*intentcast.SignedOffer, error) {
	self := n.courier.Self()
	body := d.Offer()
	body.Intent, body.Recipient, body.Created = cast.ID, cast.Intent.Reply.KeyHash(), identity.At(c.now)
	body.Vendor, body.Route = n.vendor.name(), self
	if cast.Intent.Expires.Before(body.Expires) {
		body.Expires = cast.Intent.Expires
	}
	offer, err := intentcast.SignOffer(body, n.vendor.party.signer, c.now)
	if err != nil {
		return nil, err
	}
	wire, err := offer.Encode()
	if err != nil {
		return nil, err
	}
	letter, err := encode(offerLetter{Version: letterVersion, Offer: wire, Log: n.vendor.party.log})
	if err != nil {
		return nil, err
	}
	if err := put(c.Tx, store.Record{
		Kind: kindSent, ID: offer.ID.String(), Ref: cast.Root().String(), State: offerOpen,
		Due: offer.Offer.Expires.Std().Add(letterLife),
	}, sentBody{Offer: wire, Private: cast.Intent.Private}); err != nil {
		return nil, err
	}
	if _, err := n.courier.Send(c.Tx, courier.Outgoing{
		To: *cast.Intent.Reply, From: &self, Kind: letterOffer, Body: letter,
		Expires: cast.Intent.Expires.Std(), Ref: offer.ID.String(), Direct: true,
	}); err != nil {
		return nil, err
	}
	return offer, c.note("offer.sent", offer.ID, "offered %s for %s, sealed to the asker's key", offer.Offer.Total, lineNames(&offer.Offer))
}

func reasonsText(reasons []market.Reason) string {
	texts := make([]string, len(reasons))
	for i, r := range reasons {
		texts[i] = r.Text
	}
	return strings.Join(texts, "; ")
}

// now is the node's clock, the one place besides transactions that reads it.
func (n *Node) now() time.Time { return time.Now() }
