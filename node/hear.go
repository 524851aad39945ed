package node

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/courier"
	"github.com/parley-network/parley/node/market"
	"github.com/parley-network/parley/node/store"
)

// hearMany takes in intents the gossip service has accepted: they are kept and,
// at a vendor's node, matched and answered, all in one transaction. The commit
// costs as much as keeping a few intents does, so those that wait share one.
// Should one of them fail, each is taken in by itself: what becomes of an
// intent never hangs on its company.
func (n *Node) hearMany(ctx context.Context, casts []*intentcast.Cast) {
	err := n.update(ctx, func(c *change) error {
		for _, cast := range casts {
			if err := n.takeIn(c, cast); err != nil {
				return fmt.Errorf("intent %s: %w", cast.ID, err)
			}
		}
		return nil
	})
	if err == nil || ctx.Err() != nil {
		return
	}
	if len(casts) == 1 {
		n.log.Warn("taking in an intent", "error", err)
		return
	}
	n.log.Debug("taking in intents one by one", "intents", len(casts), "error", err)
	for _, cast := range casts {
		n.hearMany(ctx, []*intentcast.Cast{cast})
	}
}

func (n *Node) takeIn(c *change, cast *intentcast.Cast) error {
	root := cast.Root()
	if _, err := c.Get(kindIntent, root.String()); err == nil {
		return nil // our own, come back
	} else if !errors.Is(err, store.ErrNotFound) {
		return err
	}
	before, err := heardBefore(c, root.String())
	if err != nil || before != nil && before.cast.Intent.Seq >= cast.Intent.Seq {
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
		if stands, err := n.offerStands(c, before, cast); err != nil {
			return err
		} else if stands {
			body.Answer, body.Offer, body.Suggestions = before.body.Answer, before.body.Offer, before.body.Suggestions
		} else if err := n.answer(c, cast, &body); err != nil {
			return err
		}
	} else if err := c.note("intent.closed", root, "the intent %s is %s", short(root), cast.Intent.Status); err != nil {
		return err
	}
	return put(c.Tx, store.Record{
		Kind: kindHeard, ID: root.String(), State: string(cast.Intent.Status), Due: cast.Intent.Expires.Std(),
	}, body)
}

// heardBefore returns the newest version heard of an intent, nil for none.
func heardBefore(tx store.Tx, root string) (*heard, error) {
	r, err := tx.Get(kindHeard, root)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	h := &heard{}
	if err := get(r, &h.body); err != nil {
		return nil, err
	}
	frame, err := intentcast.OpenCast(h.body.Cast)
	if err == nil {
		h.cast, err = frame.Parse() // its signature was checked before it was kept
	}
	if err != nil {
		return nil, fmt.Errorf("record %s %s: %w", r.Kind, r.ID, err)
	}
	h.root = h.cast.Root()
	return h, nil
}

// offerStands reports whether what was offered to the version before answers
// this one too: where it asks the same, only longer, and the offer does not
// end before it for that reason. A vendor then makes no second offer.
func (n *Node) offerStands(c *change, before *heard, cast *intentcast.Cast) (bool, error) {
	if before == nil || before.body.Offer.IsZero() || !sameAsk(&before.cast.Intent, &cast.Intent) {
		return false, nil
	}
	rec, err := c.Get(kindSent, before.body.Offer.String())
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if rec.State == offerAccepted {
		return true, nil
	}
	var sent sentBody
	if err := get(rec, &sent); err != nil {
		return false, err
	}
	offer, err := intentcast.DecodeOffer(sent.Offer)
	if err != nil {
		return false, err
	}
	return offer.Offer.Expires.Before(before.cast.Intent.Expires) && c.now.Before(offer.Offer.Expires.Std()), nil
}

// replaceOffers marks what was offered to an intent before as replaced: a
// vendor has one live offer to each. One that was signed is still honoured if
// its acceptance is on its way, as long as no other of them has become a card.
func replaceOffers(c *change, root dagcbor.CID) error {
	sent, err := c.List(store.Query{Kind: kindSent, Ref: root.String(), State: offerOpen})
	if err != nil {
		return err
	}
	for _, rec := range sent {
		rec.State = offerReplaced
		if err := c.Put(rec); err != nil {
			return err
		}
	}
	return nil
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
			c.OnDurable(func() { n.gossip.Hold(cast.Root()) })
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
	offer, err := intentcast.SignOffer(body, n.vendor.me().signer, c.now)
	if err != nil {
		return nil, err
	}
	wire, err := offer.Encode()
	if err != nil {
		return nil, err
	}
	letter, err := encode(offerLetter{Version: letterVersion, Offer: wire, Log: n.vendor.me().log})
	if err != nil {
		return nil, err
	}
	c.OnDurable(func() { n.gossip.Hold(cast.Root()) })
	if err := replaceOffers(c, cast.Root()); err != nil {
		return nil, err
	}
	if err := put(c.Tx, store.Record{
		Kind: kindSent, ID: offer.ID.String(), Ref: cast.Root().String(), State: offerOpen,
		Due: offer.Offer.Expires.Std().Add(letterLife),
	}, sentBody{Offer: wire, Private: cast.Intent.Private}); err != nil {
		return nil, err
	}
	if _, err := n.courier.Send(c, courier.Outgoing{
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
