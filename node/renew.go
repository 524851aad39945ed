package node

import (
	"bytes"
	"errors"
	"fmt"
	"time"

	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/store"
	"github.com/parley-network/parley/node/view"
	"github.com/parley-network/parley/relcard"
)

// An offer's id is that of its body, which says until when it stands and which
// version of the intent it answers. So when an intent is extended, and what was
// offered would have ended with it, the vendor's node makes the same offer once
// more, under another id. To whoever asked nothing has changed: one offer of that
// vendor, which can be accepted under the id that was looked at. One that says
// something else takes its place too, but nobody has accepted it by naming the
// other.

// renewedBody says what took the place of an offer.
type renewedBody struct {
	By   dagcbor.CID `cbor:"by"`
	Same bool        `cbor:"same,omitempty"` // it says the same, for as long or longer
}

const (
	// offerPause and offersAtOnce are how often a vendor may offer anew to one
	// intent: as often as an intent may be amended, which is what calls for it.
	offerPause   = 30 * time.Second
	offersAtOnce = 10
	// mostRenewed bounds the ids kept that an offer had before, the last ones.
	mostRenewed = 16
)

// paced returns until when a vendor's offers have used up its pace, with one
// more at now; false: it has to wait.
func paced(until identity.Time, now time.Time) (identity.Time, bool) {
	next := until.Std()
	if next.Before(now) {
		next = now
	}
	next = next.Add(offerPause)
	return identity.At(next), next.Sub(now) <= offersAtOnce*offerPause
}

// sameOffer reports whether b offers what a does, at least as long. Where its
// answer goes may have changed, as a vendor's addresses do; and from when it can
// be had by a tenth of how far ahead that was: a vendor counts its lead from now.
func sameOffer(a, b *intentcast.Offer) bool {
	if b.Expires.Before(a.Expires) {
		return false
	}
	y := *b
	if f, g := a.Fulfil, b.Fulfil; f != nil && g != nil {
		lead, later := f.From.Std().Sub(a.Created.Std()), g.From.Std().Sub(f.From.Std())
		if later >= 0 && later <= lead/10 {
			y.Fulfil = &relcard.Window{From: f.From, Until: g.Until}
		}
	}
	y.Intent, y.Created, y.Expires, y.Route = a.Intent, a.Created, a.Expires, a.Route
	was, errWas := dagcbor.Marshal(a)
	is, errIs := dagcbor.Marshal(&y)
	return errWas == nil && errIs == nil && bytes.Equal(was, is)
}

// replaceOffer puts away the offer whose place another of the same vendor takes,
// and returns the ids under which the same was offered before.
func replaceOffer(c *change, old dagcbor.CID, by *intentcast.SignedOffer) ([]dagcbor.CID, error) {
	offer, body, rec, err := storedOffer(c.Tx, old)
	if errors.Is(err, view.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if err := c.Delete(kindOffer, old.String()); err != nil {
		return nil, err
	}
	same := sameOffer(&offer.Offer, &by.Offer)
	if err := put(c.Tx, store.Record{
		Kind: kindRenewed, ID: old.String(), Ref: rec.Ref, Due: by.Offer.Expires.Std(),
	}, renewedBody{By: by.ID, Same: same}); err != nil || !same {
		return nil, err
	}
	earlier := append(body.Earlier, old)
	return earlier[max(0, len(earlier)-mostRenewed):], nil
}

// liveOffer follows an offer to the one that has taken its place and says the
// same; itself, where none has. The error is view.ErrConflict where that says
// something else.
func liveOffer(tx store.Tx, id dagcbor.CID) (dagcbor.CID, error) {
	for at := id; ; {
		rec, err := tx.Get(kindRenewed, at.String())
		if errors.Is(err, store.ErrNotFound) {
			return at, nil
		}
		if err != nil {
			return id, err
		}
		var b renewedBody
		if err := get(rec, &b); err != nil {
			return id, err
		}
		if !b.Same {
			return id, fmt.Errorf("offer %s: the same vendor has put another in its place, %s, that says something else: %w", id, b.By, view.ErrConflict)
		}
		at = b.By // each was made after the one before: this ends
	}
}
