package node

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/courier"
	"github.com/parley-network/parley/node/market"
	"github.com/parley-network/parley/node/store"
	"github.com/parley-network/parley/node/view"
)

// receiveOffer takes in a vendor's offer to an own intent: only for the
// version it answers, within the cap, one live offer a vendor.
func (n *Node) receiveOffer(c *change, in courier.Inbound) error {
	var l offerLetter
	if err := decodeLetter(in.Body, &l, &l.Version); err != nil {
		return err
	}
	offer, err := intentcast.DecodeOffer(l.Offer)
	if err != nil {
		return courier.Refuse("%v", err)
	}
	cast, own, err := n.castForLabel(c, in.Label)
	if err != nil {
		return err
	}
	ring, err := n.keyring(c.now, l.Log)
	if err != nil {
		return courier.Refuse("%v", err)
	}
	if cast.Intent.Status != intentcast.StatusOpen || !c.now.Before(cast.Intent.Expires.Std()) {
		return refuse("offer %s: the intent is no longer open", offer.ID)
	}
	if err := offer.CheckAnswers(own.answered(cast, offer.Offer.Intent), ring, c.now); err != nil {
		return courier.Refuse("%v", err)
	}
	if err := checkRoute(&offer.Offer.Route); err != nil { // it could never be accepted
		return refuse("offer %s: route: %v", offer.ID, err)
	}
	replaced, err := roomForOffer(c, cast, offer)
	if err != nil {
		return err
	}
	var earlier []dagcbor.CID
	if !replaced.IsZero() {
		if earlier, err = replaceOffer(c, replaced, offer); err != nil {
			return err
		}
	}
	err = put(c.Tx, store.Record{
		Kind: kindOffer, ID: offer.ID.String(), Ref: cast.Root().String(), State: offerOpen, Due: offer.Offer.Expires.Std(),
	}, offerBody{Offer: l.Offer, Log: l.Log, Received: identity.At(c.now), Earlier: earlier})
	if err != nil {
		return err
	}
	kind := "offer.received"
	if own.Standing != "" {
		kind = "want.offer" // told only if it is material
		if err := n.standingOffer(c, cast, own); err != nil {
			return err
		}
	}
	if len(earlier) > 0 && own.Standing == "" {
		return c.note("offer.renewed", offer.ID, "%s has renewed its offer of %s, until %s", offer.Offer.Vendor.Name, offer.Offer.Total, offer.Offer.Expires)
	}
	return c.note(kind, offer.ID, "%s offers %s for %s", offer.Offer.Vendor.Name, offer.Offer.Total, lineNames(&offer.Offer))
}

// castForLabel finds the own intent whose reply route a letter came by.
func (n *Node) castForLabel(c *change, label string) (*intentcast.Cast, intentBody, error) {
	var none intentBody
	author, ok := strings.CutPrefix(label, intentLabel(""))
	if !ok {
		return nil, none, refuse("an offer came by a route that is no intent's")
	}
	recs, err := c.List(store.Query{Kind: kindIntent, Ref: author, Limit: 1})
	if err != nil {
		return nil, none, err
	}
	if len(recs) == 0 {
		return nil, none, refuse("the intent is no longer here")
	}
	root, err := dagcbor.ParseCID(recs[0].ID)
	if err != nil {
		return nil, none, err
	}
	return ownIntent(c.Tx, root)
}

// bidderID is the key of a vendor's place among the offers to an intent.
func bidderID(root dagcbor.CID, vendor identity.DID) string {
	return root.String() + " " + string(vendor)
}

// roomForOffer enforces the responder cap and one live offer a vendor, and
// takes the vendor's place for this one. A later offer takes the place of an
// earlier one, whose id is returned. A vendor that makes offer after offer is
// refused: each is a line in the owner's events.
func roomForOffer(c *change, cast *intentcast.Cast, offer *intentcast.SignedOffer) (dagcbor.CID, error) {
	root, vendor := cast.Root(), offer.Offer.Vendor.DID
	var replaced dagcbor.CID
	var used identity.Time
	rec, err := c.Get(kindBidder, bidderID(root, vendor))
	switch {
	case err == nil:
		var b bidderBody
		if err := get(rec, &b); err != nil {
			return replaced, err
		}
		if b.Offer == offer.ID || !b.Created.Before(offer.Offer.Created) || accepted(c, b.Offer) {
			return replaced, refuse("offer %s: an offer of the same vendor as new or newer, or accepted, is here", offer.ID)
		}
		replaced, used = b.Offer, b.Used
	case errors.Is(err, store.ErrNotFound):
		have, err := c.Count(store.Query{Kind: kindBidder, Ref: root.String()})
		if err != nil {
			return replaced, err
		}
		if limit := cast.Intent.MaxResponders; limit > 0 && uint64(have) >= limit {
			return replaced, refuse("offer %s: the intent takes %d offers and has them", offer.ID, limit)
		}
	default:
		return replaced, err
	}
	used, ok := paced(used, c.now)
	if !ok {
		return replaced, refuse("offer %s: %d offers of the same vendor have come within minutes, and no more are taken for now", offer.ID, offersAtOnce)
	}
	return replaced, put(c.Tx, store.Record{
		Kind: kindBidder, ID: bidderID(root, vendor), Ref: root.String(), Due: cast.Intent.Expires.Std(),
	}, bidderBody{Offer: offer.ID, Created: offer.Offer.Created, Used: used})
}

// accepted reports whether a received offer has become a card.
func accepted(c *change, offer dagcbor.CID) bool {
	r, err := c.Get(kindOffer, offer.String())
	return err == nil && r.State == offerAccepted
}

func readOffer(r store.Record) (*intentcast.SignedOffer, offerBody, error) {
	var body offerBody
	if err := get(r, &body); err != nil {
		return nil, body, err
	}
	o, err := intentcast.DecodeOffer(body.Offer)
	if err != nil {
		return nil, body, fmt.Errorf("record %s %s: %w", r.Kind, r.ID, err)
	}
	return o, body, nil
}

func lineNames(o *intentcast.Offer) string {
	names := make([]string, len(o.Lines))
	for i, l := range o.Lines {
		names[i] = l.Line.Name
	}
	return strings.Join(names, ", ")
}

// Offers returns the offers to an own intent, the best first, each with the
// reasons for its place.
func (n *Node) Offers(ctx context.Context, root dagcbor.CID) ([]view.Offer, error) {
	var (
		cast *intentcast.Cast
		body intentBody
		recs []store.Record
	)
	err := n.cfg.Store.View(ctx, func(tx store.Tx) (err error) {
		if cast, body, err = ownIntent(tx, root); err != nil {
			return err
		}
		recs, err = tx.List(store.Query{Kind: kindOffer, Ref: root.String()})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read offers: %w", err)
	}
	return n.rankOffers(cast, body, recs)
}

// rankOffers ranks the offers to the intent's newest version, or to its last
// open one once it is closed; those to an earlier one have lapsed and follow in
// the order of their ids.
func (n *Node) rankOffers(cast *intentcast.Cast, body intentBody, recs []store.Record) ([]view.Offer, error) {
	closed := cast.Intent.Status
	if asked, err := body.asked(); err != nil {
		return nil, err
	} else if asked != nil {
		cast = asked
	}
	var received []market.Received
	var lapsed []view.Offer
	byID := make(map[dagcbor.CID]view.Offer, len(recs))
	for _, r := range recs {
		o, b, err := readOffer(r)
		if err != nil {
			return nil, err
		}
		v := view.Offer{ID: o.ID, Intent: cast.Root(), Body: o.Offer, Received: b.Received, State: r.State, Earlier: b.Earlier}
		if !body.asksTheSame(cast, o.Offer.Intent) && r.State == offerOpen {
			v.State = offerLapsed
			v.Reasons = []market.Reason{{Code: market.CodeExpired, Text: "It answers an earlier version of the intent."}}
			lapsed = append(lapsed, v)
			continue
		}
		if closed != intentcast.StatusOpen && r.State == offerOpen {
			v.State = offerLapsed
		}
		byID[o.ID] = v
		received = append(received, market.Received{ID: o.ID, Offer: &o.Offer})
	}
	out := make([]view.Offer, 0, len(recs))
	for _, r := range market.Rank(&cast.Intent, received, market.Preferences{Worth: body.Worth}, n.now()) {
		v := byID[r.ID]
		v.Acceptable, v.Reasons = r.Acceptable && v.State != offerLapsed, r.Reasons
		if v.State == offerLapsed {
			v.Reasons = append([]market.Reason{{Code: market.CodeExpired, Text: fmt.Sprintf("The intent is %s.", closed)}}, r.Reasons...)
		}
		out = append(out, v)
	}
	out = append(out, lapsed...)
	for i := range out {
		out[i].Rank = i + 1
	}
	return out, nil
}

// Best returns the best offer to an own intent that meets everything asked,
// or false when none does.
func (n *Node) Best(ctx context.Context, root dagcbor.CID) (view.Offer, bool, error) {
	offers, err := n.Offers(ctx, root)
	if err != nil || len(offers) == 0 || !offers[0].Acceptable || offers[0].State != offerOpen {
		return view.Offer{}, false, err
	}
	return offers[0], true, nil
}

// storedOffer reads one received offer, or the one that has taken its place and
// says the same.
func storedOffer(tx store.Tx, id dagcbor.CID) (*intentcast.SignedOffer, offerBody, store.Record, error) {
	id, err := liveOffer(tx, id)
	if err != nil {
		return nil, offerBody{}, store.Record{}, err
	}
	r, err := tx.Get(kindOffer, id.String())
	if errors.Is(err, store.ErrNotFound) {
		return nil, offerBody{}, r, fmt.Errorf("offer %s: %w", id, view.ErrNotFound)
	}
	if err != nil {
		return nil, offerBody{}, r, err
	}
	o, body, err := readOffer(r)
	return o, body, r, err
}
