package node

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/courier"
	"github.com/parley-network/parley/node/store"
	"github.com/parley-network/parley/node/view"
	"github.com/parley-network/parley/relcard"
)

// releaseLetter opens private details of an intent to one bidder. That they
// are the author's is shown by the commitments in the intent itself.
type releaseLetter struct {
	Version uint64        `cbor:"v"`
	Intent  dagcbor.CID   `cbor:"intent"` // root
	Parts   []privatePart `cbor:"parts"`
}

// releasedBody is a detail that was opened: by the owner to a bidder, or by an
// author to this vendor.
type releasedBody struct {
	Intent dagcbor.CID   `cbor:"intent"`
	Offer  dagcbor.CID   `cbor:"offer,omitzero"`
	To     string        `cbor:"to,omitempty"`
	Part   privatePart   `cbor:"part"`
	At     identity.Time `cbor:"at"`
}

// mostReleased bounds what one letter opens.
const mostReleased = 32

// Release opens private details of an own intent to the vendor of one offer,
// and to nobody else.
func (n *Node) Release(ctx context.Context, w view.ReleaseWant) ([]view.Released, error) {
	out := []view.Released{}
	err := n.update(ctx, func(c *change) error {
		out = out[:0]
		offer, stored, rec, err := storedOffer(c.Tx, w.Offer)
		if err != nil {
			return err
		}
		root, err := dagcbor.ParseCID(rec.Ref)
		if err != nil {
			return err
		}
		private, from, err := n.keptBack(c.Tx, root, rec, stored)
		if err != nil {
			return err
		}
		l := releaseLetter{Version: letterVersion, Intent: root}
		for _, name := range w.Names {
			at := slices.IndexFunc(private, func(p privatePart) bool { return p.Name == name })
			if at < 0 {
				return fmt.Errorf("the intent keeps back nothing called %q: %w", name, view.ErrNotFound)
			}
			l.Parts = append(l.Parts, private[at])
			out = append(out, view.Released{Intent: root, Name: name, Detail: private[at].Detail, At: identity.At(c.now)})
		}
		if err := n.sendRelease(c, from, offer, l); err != nil {
			return err
		}
		return c.note("intent.released", root, "opened %s to %s", strings.Join(w.Names, ", "), offer.Offer.Vendor.Name)
	})
	if err != nil {
		return nil, fmt.Errorf("release: %w", err)
	}
	return out, nil
}

// keptBack returns what may be opened to the vendor of an offer, and the own
// route it goes by. Before the offer is accepted that is the intent's; after,
// it is what the version that was answered keeps back, by the card's route, as
// long as the card lives.
func (n *Node) keptBack(tx store.Tx, root dagcbor.CID, rec store.Record, stored offerBody) ([]privatePart, *intentcast.Route, error) {
	cards, err := tx.List(store.Query{Kind: kindCard, Ref: rec.ID, Limit: 1})
	if err != nil {
		return nil, nil, err
	}
	if len(cards) == 0 || stored.Private == nil {
		cast, body, err := ownIntent(tx, root)
		if err != nil {
			return nil, nil, err
		}
		return body.Private, cast.Intent.Reply, nil
	}
	k, err := n.readCard(cards[0])
	if err != nil {
		return nil, nil, err
	}
	switch s := k.state(); s {
	case string(relcard.StateEnded), string(relcard.StateFrozen), stateRefused:
		return nil, nil, fmt.Errorf("card %s is %s: nothing is opened under it: %w", k.chain.Root(), s, view.ErrConflict)
	}
	return stored.Private, k.body.Ours, nil
}

func (n *Node) sendRelease(c *change, from *intentcast.Route, offer *intentcast.SignedOffer, l releaseLetter) error {
	letter, err := encode(l)
	if err != nil {
		return err
	}
	if _, err := n.courier.Send(c, courier.Outgoing{
		To: offer.Offer.Route, From: from, Kind: letterRelease, Body: letter, Expires: c.now.Add(letterLife), Ref: offer.ID.String(),
	}); err != nil {
		return err
	}
	for _, p := range l.Parts {
		err := put(c.Tx, store.Record{
			Kind: kindReleased, ID: fmt.Sprintf("to %s %s", offer.ID, p.Name), Ref: l.Intent.String(),
		}, releasedBody{Intent: l.Intent, Offer: offer.ID, To: offer.Offer.Vendor.Name, Part: p, At: identity.At(c.now)})
		if err != nil {
			return err
		}
	}
	return nil
}

// receiveRelease takes in details of an intent heard here, each as the intent
// committed to it.
func (n *Node) receiveRelease(c *change, in courier.Inbound) error {
	var l releaseLetter
	if err := decodeLetter(in.Body, &l, &l.Version); err != nil {
		return err
	}
	promised, due, err := commitments(c.Tx, l.Intent)
	if errors.Is(err, store.ErrNotFound) {
		return refuse("the intent %s is not known here", l.Intent)
	}
	if err != nil {
		return err
	}
	if len(l.Parts) == 0 || len(l.Parts) > mostReleased {
		return refuse("%d details, 1 to %d are taken", len(l.Parts), mostReleased)
	}
	for _, p := range l.Parts {
		if err := committed(promised, p); err != nil {
			return err
		}
		err := put(c.Tx, store.Record{
			Kind: kindReleased, ID: fmt.Sprintf("from %s %s", l.Intent, p.Name), Ref: l.Intent.String(), Due: due,
		}, releasedBody{Intent: l.Intent, Part: p, At: identity.At(c.now)})
		if err != nil {
			return err
		}
	}
	return c.note("intent.released", l.Intent, "the author opened %d details of its intent", len(l.Parts))
}

// commitments returns what the versions of an intent that this vendor knows
// keep back: the newest and each it has made an offer to, since an intent that
// is met closes without them. due is when what is opened is forgotten: never
// by itself where the offer has become a card.
func commitments(tx store.Tx, root dagcbor.CID) (all []intentcast.Commitment, due time.Time, err error) {
	rec, err := tx.Get(kindHeard, root.String())
	known := err == nil
	if known {
		h, err := readHeard(rec)
		if err != nil {
			return nil, due, err
		}
		all, due = h.cast.Intent.Private, h.cast.Intent.Expires.Std().Add(letterLife)
	} else if !errors.Is(err, store.ErrNotFound) {
		return nil, due, err
	}
	sent, listErr := tx.List(store.Query{Kind: kindSent, Ref: root.String()})
	if listErr != nil {
		return nil, due, listErr
	}
	if !known && len(sent) == 0 {
		return nil, due, err
	}
	agreed := false
	for _, rec := range sent {
		var s sentBody
		if err := get(rec, &s); err != nil {
			return nil, due, err
		}
		all, agreed = append(all, s.Private...), agreed || !s.Card.IsZero()
		if due.Before(rec.Due) {
			due = rec.Due
		}
	}
	if agreed {
		due = noTime
	}
	return all, due, nil
}

// committed reports whether one of the commitments is what p opens.
func committed(promised []intentcast.Commitment, p privatePart) error {
	want, err := intentcast.Commit(p.Name, p.Salt, []byte(p.Detail))
	if err != nil {
		return refuse("detail %.40q: %v", p.Name, err)
	}
	for _, c := range promised {
		if c.Name == p.Name && subtle.ConstantTimeCompare(c.SHA256, want.SHA256) == 1 {
			return nil
		}
	}
	return refuse("detail %.40q is not what the intent committed to", p.Name)
}

// Released returns the details of intents that were opened: by the owner, or
// to this vendor.
func (n *Node) Released(ctx context.Context, root dagcbor.CID) ([]view.Released, error) {
	out := []view.Released{}
	err := n.cfg.Store.View(ctx, func(tx store.Tx) error {
		out = out[:0]
		recs, err := tx.List(store.Query{Kind: kindReleased, Ref: root.String()})
		if err != nil {
			return err
		}
		for _, rec := range recs {
			var b releasedBody
			if err := get(rec, &b); err != nil {
				return err
			}
			out = append(out, view.Released{Intent: b.Intent, Name: b.Part.Name, Detail: b.Part.Detail, At: b.At, To: b.To})
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read released details: %w", err)
	}
	orderReleased(out)
	return out, nil
}
