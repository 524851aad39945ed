package node

import (
	"context"
	"errors"

	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/store"
	"github.com/parley-network/parley/node/view"
	"github.com/parley-network/parley/relcard"
)

// recipient says who a letter is for, and what it is about.
type recipient struct {
	with, about string
	card        *dagcbor.CID
}

// addressed writes on each letter who it is for, as far as what it refers to
// is still known here.
func (n *Node) addressed(ctx context.Context, letters []view.Letter) error {
	return n.cfg.Store.View(ctx, func(tx store.Tx) error {
		known := map[string]recipient{}
		for i := range letters {
			l := &letters[i]
			to, seen := known[l.Ref]
			if !seen {
				var err error
				if to, err = recipientOf(tx, l.Ref); err != nil {
					return err
				}
				known[l.Ref] = to
			}
			l.With, l.About, l.Card = to.with, to.about, to.card
		}
		return nil
	})
}

// recipientOf looks for what ref names: a card, a proffer, an offer.
func recipientOf(tx store.Tx, ref string) (recipient, error) {
	for _, look := range []struct {
		kind store.Kind
		read func(store.Tx, store.Record) (recipient, error)
	}{
		{kindCard, ofCard}, {kindNegotiation, ofTalk}, {kindOffer, ofOffer}, {kindSent, ofSent},
	} {
		rec, err := tx.Get(look.kind, ref)
		if errors.Is(err, store.ErrNotFound) {
			continue
		}
		if err != nil {
			return recipient{}, err
		}
		return look.read(tx, rec)
	}
	return recipient{}, nil
}

// ofCard reads who a card is with from its first version, whose signatures need
// not be looked at for that.
func ofCard(_ store.Tx, rec store.Record) (recipient, error) {
	var b cardBody
	if err := get(rec, &b); err != nil || len(b.Versions) == 0 {
		return recipient{}, err
	}
	s, err := relcard.DecodeSigned(b.Versions[0])
	if err != nil {
		return recipient{}, err
	}
	body, id, err := relcard.DecodeBody(s.Raw)
	if err != nil {
		return recipient{}, err
	}
	to := recipient{with: body.Vendor.Name, about: whatOf(body), card: &id}
	if b.Side == identity.RoleVendor {
		if to.with = body.Person.Name; to.with == "" {
			to.with = "the person"
		}
	}
	return to, nil
}

func ofTalk(tx store.Tx, rec store.Record) (recipient, error) {
	r, err := loadRelation(tx, identity.DID(rec.Ref))
	if errors.Is(err, view.ErrNotFound) {
		return recipient{}, nil
	}
	if err != nil {
		return recipient{}, err
	}
	to := recipient{with: r.name(), about: "the terms"}
	if !r.body.Card.IsZero() {
		to.card = &r.body.Card
	}
	return to, nil
}

func ofOffer(_ store.Tx, rec store.Record) (recipient, error) {
	var b offerBody
	if err := get(rec, &b); err != nil {
		return recipient{}, err
	}
	o, err := intentcast.DecodeOffer(b.Offer)
	if err != nil {
		return recipient{}, err
	}
	return recipient{with: o.Offer.Vendor.Name, about: "details of what was asked for"}, nil
}

// ofSent is about an offer made: it goes to somebody without a name.
func ofSent(tx store.Tx, rec store.Record) (recipient, error) {
	to := recipient{with: "who asked"}
	heardRec, err := tx.Get(kindHeard, rec.Ref)
	if errors.Is(err, store.ErrNotFound) {
		return to, nil
	}
	if err != nil {
		return to, err
	}
	h, err := readHeard(heardRec)
	if err == nil {
		to.about = "an offer of " + summary(&h.cast.Intent)
	}
	return to, err
}
