package node

import (
	"context"
	"errors"
	"fmt"

	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/store"
	"github.com/parley-network/parley/node/view"
)

// heard is one stored intent of somebody else.
type heard struct {
	root dagcbor.CID
	cast *intentcast.Cast
	body heardBody
}

func readHeard(r store.Record) (heard, error) {
	var h heard
	if err := get(r, &h.body); err != nil {
		return h, err
	}
	var err error
	if h.cast, err = intentcast.DecodeCast(h.body.Cast); err != nil {
		return h, fmt.Errorf("record %s %s: %w", r.Kind, r.ID, err)
	}
	h.root = h.cast.Root()
	return h, nil
}

// eachHeard calls fn with every intent of somebody else, the newest first.
func (n *Node) eachHeard(ctx context.Context, fn func(heard)) error {
	var recs []store.Record
	if err := n.cfg.Store.View(ctx, func(tx store.Tx) (err error) {
		recs, err = tx.List(store.Query{Kind: kindHeard})
		return err
	}); err != nil {
		return fmt.Errorf("read heard intents: %w", err)
	}
	all := make([]heard, len(recs))
	for i, r := range recs {
		var err error
		if all[i], err = readHeard(r); err != nil {
			return err
		}
	}
	orderHeard(all)
	for _, h := range all {
		fn(h)
	}
	return nil
}

// Intents returns the owner's intents, or those heard from others, the newest
// first.
func (n *Node) Intents(ctx context.Context, mine bool) ([]view.Intent, error) {
	out := []view.Intent{}
	if !mine {
		err := n.eachHeard(ctx, func(h heard) { out = append(out, heardView(h)) })
		return out, err
	}
	err := n.cfg.Store.View(ctx, func(tx store.Tx) error {
		out = out[:0]
		recs, err := tx.List(store.Query{Kind: kindIntent})
		if err != nil {
			return err
		}
		for _, r := range recs {
			v, err := n.ownView(tx, r)
			if err != nil {
				return err
			}
			out = append(out, v)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read intents: %w", err)
	}
	orderIntents(out)
	return out, nil
}

// Intent returns one intent by the CID of its first version.
func (n *Node) Intent(ctx context.Context, root dagcbor.CID) (view.Intent, error) {
	var v view.Intent
	err := n.cfg.Store.View(ctx, func(tx store.Tx) error {
		r, err := tx.Get(kindIntent, root.String())
		if err == nil {
			v, err = n.ownView(tx, r)
			return err
		}
		if !errors.Is(err, store.ErrNotFound) {
			return err
		}
		if r, err = tx.Get(kindHeard, root.String()); err != nil {
			return err
		}
		h, err := readHeard(r)
		v = heardView(h)
		return err
	})
	if errors.Is(err, store.ErrNotFound) {
		return v, fmt.Errorf("intent %s: %w", root, view.ErrNotFound)
	}
	if err != nil {
		return v, fmt.Errorf("read intent: %w", err)
	}
	return v, nil
}

func (n *Node) ownView(tx store.Tx, r store.Record) (view.Intent, error) {
	var body intentBody
	if err := get(r, &body); err != nil {
		return view.Intent{}, err
	}
	cast, err := intentcast.DecodeCast(body.Cast)
	if err != nil {
		return view.Intent{}, fmt.Errorf("record %s %s: %w", r.Kind, r.ID, err)
	}
	offers, err := tx.Count(store.Query{Kind: kindOffer, Ref: r.ID})
	if err != nil {
		return view.Intent{}, err
	}
	v := view.Intent{ID: cast.ID, Root: cast.Root(), Mine: true, Body: cast.Intent, Offers: offers, Earlier: body.Past}
	if asked, err := body.asked(); err != nil {
		return v, fmt.Errorf("record %s %s: %w", r.Kind, r.ID, err)
	} else if asked != nil {
		v.Asked = &asked.Intent
	}
	if w, working := n.gossip.Working(cast.ID); working {
		v.Answer = w.String()
	} else if body.Told.IsZero() {
		v.Answer = "not yet sent: waiting for a peer that listens"
	}
	return v, nil
}

func heardView(h heard) view.Intent {
	v := view.Intent{ID: h.cast.ID, Root: h.root, Body: h.cast.Intent, Answer: h.body.Answer}
	if !h.body.Offer.IsZero() {
		v.Offers = 1
	}
	return v
}
