package node

import (
	"context"
	"errors"
	"fmt"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/canary"
	"github.com/parley-network/parley/node/profile"
	"github.com/parley-network/parley/node/store"
	"github.com/parley-network/parley/node/view"
)

// Shared returns what was shared under a card, or under every card for the
// zero root, of one path or of all: who knows what.
func (n *Node) Shared(ctx context.Context, root dagcbor.CID, path string) ([]view.Shared, error) {
	out := []view.Shared{}
	err := n.cfg.Store.View(ctx, func(tx store.Tx) error {
		out = out[:0]
		own, err := ownProfile(tx)
		if err != nil {
			return err
		}
		rs, err := n.relations(tx, root)
		if err != nil {
			return err
		}
		for _, r := range rs {
			some, err := n.sharedIn(tx, r, own, path)
			if err != nil {
				return err
			}
			out = append(out, some...)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read what is shared: %w", err)
	}
	orderShared(out)
	return out, nil
}

// relations returns the relationship of a card, or all there are.
func (n *Node) relations(tx store.Tx, root dagcbor.CID) ([]*relation, error) {
	if !root.IsZero() {
		k, err := n.loadCard(tx, root)
		if err != nil {
			return nil, err
		}
		r, err := relationOf(tx, k)
		return []*relation{r}, err
	}
	recs, err := tx.List(store.Query{Kind: kindRelation})
	if err != nil {
		return nil, err
	}
	return readRelations(tx, recs)
}

func (n *Node) sharedIn(tx store.Tx, r *relation, own profile.Profile, path string) ([]view.Shared, error) {
	l, err := n.ledger(tx, r)
	if err != nil {
		return nil, err
	}
	var out []view.Shared
	for _, e := range l.Entries {
		if path != "" && e.Item.Path != path {
			continue
		}
		v := view.Shared{
			Card: r.body.Card, With: r.name(), Item: e.Item.ID, Path: e.Item.Path, Purpose: e.Item.Purpose, State: string(e.State),
			Since: e.Shared, From: e.Item.From, Until: e.Item.Until, Receipt: e.Receipt, Reason: e.Reason, ReplacedBy: e.ReplacedBy,
		}
		if err := showPiece(tx, r, own, &v); err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}

// showPiece adds the value where it is still here.
func showPiece(tx store.Tx, r *relation, own profile.Profile, v *view.Shared) error {
	rec, err := tx.Get(kindPiece, pieceID(r.body.Person, v.Item))
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	var b pieceBody
	if err := get(rec, &b); err != nil {
		return err
	}
	if len(b.Opening.Value) == 0 {
		return nil
	}
	v.Value, v.Text, v.Canary = b.Opening.Value, pieceText(v.Path, b.Opening.Value), b.Canary != ""
	piece, has := own.Get(profile.Path(v.Path))
	if has && b.Canary != "" {
		if variant, err := canary.Make(canary.Kind(b.Canary), piece, canary.Tag(b.Tag)); err == nil {
			piece = variant
		}
	}
	v.Current = has && r.body.Side == identity.RolePerson && string(piece.Value) == string(b.Opening.Value)
	return nil
}
