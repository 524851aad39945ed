package node

import (
	"context"
	"errors"
	"fmt"

	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/gossip/termupdate"
	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/courier"
	"github.com/parley-network/parley/node/store"
	"github.com/parley-network/parley/node/view"
)

// followTerms has the letters that wait for a vendor go where its newest terms
// say, and soon: it was on a moment ago, and its route may have named no mailbox
// when they were written. A vendor that has told its route in a letter since is
// followed by that alone; see receiveRoute.
func (n *Node) followTerms(c *change, u *termupdate.Update) error {
	refs, err := courier.RefsTo(c.Tx, u.Route.Peer)
	if err != nil {
		return err
	}
	for _, ref := range refs {
		r, err := n.relationByRef(c.Tx, ref)
		if errors.Is(err, view.ErrNotFound) {
			continue
		}
		if err != nil {
			return err
		}
		theirs := r.body.Theirs
		if r.body.Side != identity.RolePerson || r.body.Vendor.DID != u.Vendor.DID || r.body.TheirsSeq > 0 ||
			theirs == nil || theirs.Peer != u.Route.Peer {
			continue // somebody else who names the same peer has no say in it
		}
		if err := n.moveTheirs(c, r, routeBody{Route: u.Route}); err != nil {
			return err
		}
	}
	return nil
}

// relationByRef returns the relationship that letters are sent for: ref is the
// CID of its card, or of the proffer while there is none. The error is
// view.ErrNotFound if it is neither's.
func (n *Node) relationByRef(tx store.Tx, ref string) (*relation, error) {
	root, err := dagcbor.ParseCID(ref)
	if err != nil {
		return nil, view.ErrNotFound
	}
	recs, err := tx.List(store.Query{Kind: kindRelation, Ref: ref, Limit: 1})
	if err != nil {
		return nil, err
	}
	if len(recs) > 0 {
		return readRelation(tx, recs[0])
	}
	rec, err := tx.Get(kindNegotiation, ref)
	if err == nil {
		return loadRelation(tx, identity.DID(rec.Ref))
	}
	if !errors.Is(err, store.ErrNotFound) {
		return nil, err
	}
	k, err := n.loadCard(tx, root)
	if err != nil {
		return nil, err
	}
	return relationOf(tx, k)
}

// routeOfOffer is where the vendor of an offer takes letters by what it has said
// last: in the offer, or in its terms since.
func (n *Node) routeOfOffer(ctx context.Context, o *intentcast.Offer) (intentcast.Route, error) {
	route := o.Route
	err := n.cfg.Store.View(ctx, func(tx store.Tx) error {
		t, err := heardTerms(tx, o.Vendor.DID)
		if errors.Is(err, view.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		if t.Update.Route.Peer == o.Route.Peer && t.Update.Time.Std().After(o.Created.Std()) {
			route = t.Update.Route
		}
		return nil
	})
	if err != nil {
		return route, fmt.Errorf("read the vendor's terms: %w", err)
	}
	return route, nil
}
