package node

import (
	"context"
	"fmt"
	"slices"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/canary"
	"github.com/parley-network/parley/node/profile"
	"github.com/parley-network/parley/node/store"
	"github.com/parley-network/parley/node/view"
)

// CheckLeak says which relationships a value came from that has turned up
// where it should not be: an alias address, a spelling, or the plain value.
// Where several had it, all are named.
func (n *Node) CheckLeak(ctx context.Context, value string) (view.Leak, error) {
	out := view.Leak{Hits: []view.LeakHit{}}
	err := n.cfg.Store.View(ctx, func(tx store.Tx) error {
		out.Hits = out.Hits[:0]
		given, pieces, err := n.given(tx)
		if err != nil {
			return err
		}
		for _, h := range canary.Match(value, given) {
			p := pieces[givenKey(h.Given)]
			r, err := loadRelation(tx, p.Person)
			if err != nil {
				return err
			}
			out.Hits = append(out.Hits, view.LeakHit{
				Card: p.Card, With: r.name(), Item: p.Item.ID, Path: p.Item.Path, Canary: p.Canary != "",
				Since: identity.At(h.Given.Since), Why: h.Reason,
			})
		}
		return nil
	})
	if err != nil {
		return out, fmt.Errorf("check leak: %w", err)
	}
	out.Certain = len(out.Hits) > 0 && !slices.ContainsFunc(out.Hits, func(h view.LeakHit) bool { return h.Card != out.Hits[0].Card })
	switch {
	case len(out.Hits) == 0:
		out.Text = "No relationship was given this value."
	case out.Certain:
		out.Text = fmt.Sprintf("Only %s was given this value.", out.Hits[0].With)
	default:
		out.Text = fmt.Sprintf("%d relationships were given this value: it could be any of them.", len(out.Hits))
	}
	return out, nil
}

// given is everything that was ever shared, as the leak check wants it.
func (n *Node) given(tx store.Tx) ([]canary.Given, map[string]pieceBody, error) {
	recs, err := tx.List(store.Query{Kind: kindPiece})
	if err != nil {
		return nil, nil, err
	}
	var out []canary.Given
	pieces := make(map[string]pieceBody, len(recs))
	for _, rec := range recs {
		var b pieceBody
		if err := get(rec, &b); err != nil {
			return nil, nil, err
		}
		if len(b.Opening.Value) == 0 {
			continue
		}
		st, err := sharedAt(tx, b)
		if err != nil {
			return nil, nil, err
		}
		g := canary.Given{
			Card: b.Card.String(), Path: profile.Path(b.Item.Path), Value: b.Opening.Value, Since: st.Std(),
			Kind: canary.Kind(b.Canary), Tag: canary.Tag(b.Tag),
		}
		pieces[givenKey(g)] = b
		out = append(out, g)
	}
	return out, pieces, nil
}

// givenKey tells pieces apart by what was given to whom.
func givenKey(g canary.Given) string { return g.Card + " " + string(g.Path) + " " + string(g.Value) }

// sharedAt is when a piece was disclosed.
func sharedAt(tx store.Tx, b pieceBody) (identity.Time, error) {
	r, err := loadRelation(tx, b.Person)
	if err != nil {
		return identity.Time{}, err
	}
	said, err := statements(tx, r, identity.RolePerson)
	if err != nil {
		return identity.Time{}, err
	}
	all, err := opened(said)
	if err != nil {
		return identity.Time{}, err
	}
	for _, s := range all {
		if s.ID == b.Statement {
			return s.Body.Time, nil
		}
	}
	return identity.Time{}, nil
}

// LeakEvidence is a file that shows a stranger what one relationship was
// given: its card, both logs, and the opening of the item that leaked.
func (n *Node) LeakEvidence(ctx context.Context, root dagcbor.CID, item uint64) ([]byte, error) {
	return n.disputeFile(ctx, root, []uint64{item})
}
