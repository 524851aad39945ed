package node

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"slices"

	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/courier"
	"github.com/parley-network/parley/node/store"
	"github.com/parley-network/parley/node/view"
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
		offer, _, rec, err := storedOffer(c.Tx, w.Offer)
		if err != nil {
			return err
		}
		root, err := dagcbor.ParseCID(rec.Ref)
		if err != nil {
			return err
		}
		cast, body, err := ownIntent(c.Tx, root)
		if err != nil {
			return err
		}
		l := releaseLetter{Version: letterVersion, Intent: root}
		for i, name := range w.Names {
			at := slices.IndexFunc(body.Private, func(p privatePart) bool { return p.Name == name })
			if at < 0 {
				return view.Invalid(fmt.Sprintf("names[%d]", i), "the intent keeps back nothing called %q", name)
			}
			l.Parts = append(l.Parts, body.Private[at])
			out = append(out, view.Released{Intent: root, Name: name, Detail: body.Private[at].Detail, At: identity.At(c.now)})
		}
		if err := n.sendRelease(c, cast, offer, l); err != nil {
			return err
		}
		return c.note("intent.released", root, "opened %s to %s", pathsText(w.Names), offer.Offer.Vendor.Name)
	})
	if err != nil {
		return nil, fmt.Errorf("release: %w", err)
	}
	return out, nil
}

func (n *Node) sendRelease(c *change, cast *intentcast.Cast, offer *intentcast.SignedOffer, l releaseLetter) error {
	letter, err := encode(l)
	if err != nil {
		return err
	}
	if _, err := n.courier.Send(c.Tx, courier.Outgoing{
		To: offer.Offer.Route, From: cast.Intent.Reply, Kind: letterRelease, Body: letter, Expires: c.now.Add(letterLife), Ref: l.Intent.String(),
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
	rec, err := c.Get(kindHeard, l.Intent.String())
	if errors.Is(err, store.ErrNotFound) {
		return refuse("the intent %s is not known here", l.Intent)
	}
	if err != nil {
		return err
	}
	h, err := readHeard(rec)
	if err != nil {
		return err
	}
	if len(l.Parts) == 0 || len(l.Parts) > mostReleased {
		return refuse("%d details, 1 to %d are taken", len(l.Parts), mostReleased)
	}
	for _, p := range l.Parts {
		if err := committed(h.cast, p); err != nil {
			return err
		}
		err := put(c.Tx, store.Record{
			Kind: kindReleased, ID: fmt.Sprintf("from %s %s", l.Intent, p.Name), Ref: l.Intent.String(), Due: h.cast.Intent.Expires.Std().Add(letterLife),
		}, releasedBody{Intent: l.Intent, Part: p, At: identity.At(c.now)})
		if err != nil {
			return err
		}
	}
	return c.note("intent.released", l.Intent, "the author opened %d details of its intent", len(l.Parts))
}

// committed reports whether the intent holds the commitment that p opens.
func committed(cast *intentcast.Cast, p privatePart) error {
	want, err := intentcast.Commit(p.Name, p.Salt, []byte(p.Detail))
	if err != nil {
		return refuse("detail %.40q: %v", p.Name, err)
	}
	for _, c := range cast.Intent.Private {
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
	return out, nil
}
