package node

import (
	"context"
	"crypto/rand"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/canary"
	"github.com/parley-network/parley/node/profile"
	"github.com/parley-network/parley/node/view"
	"github.com/parley-network/parley/relcard/disclosure"
)

// mostSideBySide bounds the items by which one relationship holds one piece,
// each for purposes of its own: a change of the piece tells all of them in one
// statement.
const mostSideBySide = 16

// Share gives the other side of a card pieces of the profile, for a purpose
// and a time. What was given before for these purposes is replaced; what was
// given for others stands beside it, unless w asks to replace that too.
func (n *Node) Share(ctx context.Context, root dagcbor.CID, w view.ShareWant) ([]view.Shared, error) {
	err := n.update(ctx, func(c *change) error {
		r, err := n.inForce(c.Tx, root, identity.RolePerson)
		if err != nil {
			return err
		}
		given, err := n.toShare(c, r, w)
		if err != nil {
			return err
		}
		var needless []uint64
		for _, g := range given {
			needless = append(needless, g.needless...)
		}
		if len(needless) > 0 {
			slices.Sort(needless)
			if err := n.retract(c, r, needless, "given anew for all of its purposes"); err != nil {
				return err
			}
		}
		if _, err := n.disclose(c, r, given, nil); err != nil {
			return err
		}
		return c.note("data.shared", root, "shared %s with %s for %s", strings.Join(w.Paths, ", "), r.name(), strings.Join(w.Purpose, ", "))
	})
	if err != nil {
		return nil, fmt.Errorf("share: %w", err)
	}
	return n.Shared(ctx, root, "")
}

// giving is one item about to be disclosed.
type giving struct {
	item     disclosure.Item
	value    []byte
	canary   string
	tag      string
	told     string   // ID of the told record, if a change gives it
	needless []uint64 // items whose purposes it covers, beside the one it replaces
}

func (n *Node) toShare(c *change, r *relation, w view.ShareWant) ([]giving, error) {
	if err := checkPurposes(w.Purpose); err != nil {
		return nil, err
	}
	p, err := ownProfile(c.Tx)
	if err != nil {
		return nil, err
	}
	l, err := n.ledger(c.Tx, r)
	if err != nil {
		return nil, err
	}
	var out []giving
	for i, path := range w.Paths {
		field := fmt.Sprintf("paths[%d]", i)
		piece, ok := p.Get(profile.Path(path))
		if !ok {
			return nil, fmt.Errorf("the profile has no %q: %w", path, view.ErrNotFound)
		}
		if slices.Contains(w.Paths[:i], path) {
			return nil, view.Invalid(field, "%q is there twice", path)
		}
		g := giving{item: disclosure.Item{ID: l.NextID + uint64(i), Path: path, Purpose: w.Purpose, Until: w.Until}, value: piece.Value}
		held := disclosure.Newest(l.Live(path, c.now))
		if len(g.replace(held, w.Replace)) >= mostSideBySide {
			return nil, fmt.Errorf("%q is shared %d times already, each for purposes of its own: retract some, or replace them all: %w", path, mostSideBySide, view.ErrConflict)
		}
		if err := n.variant(c, r, &g, w, held, piece); err != nil {
			return nil, err
		}
		out = append(out, g)
	}
	return out, nil
}

// checkPurposes takes the words that every side understands: what a vendor
// does not understand it must not do, so that another would be given in vain.
func checkPurposes(words []string) error {
	known := disclosure.Purposes()
	for i, word := range words {
		field := fmt.Sprintf("purpose[%d]", i)
		if _, ok := known[word]; !ok {
			return view.Invalid(field, "%.40q is no purpose that every side understands; those are %s", word,
				strings.Join(slices.Sorted(maps.Keys(known)), ", "))
		}
		if slices.Contains(words[:i], word) {
			return view.Invalid(field, "%q is there twice", word)
		}
	}
	return nil
}

// replace has the item take the places of those of held whose purposes it
// covers, or of all, and returns the others: they stand beside it.
func (g *giving) replace(held []ledgerEntry, all bool) (beside []ledgerEntry) {
	for _, e := range held {
		covered := !slices.ContainsFunc(e.Item.Purpose, func(word string) bool { return !slices.Contains(g.item.Purpose, word) })
		if !covered && !all {
			beside = append(beside, e)
			continue
		}
		if g.item.Replaces != 0 {
			g.needless = append(g.needless, g.item.Replaces)
		}
		g.item.Replaces = e.Item.ID
	}
	return beside
}

// variant makes the value the variant that is asked for. Where none is, and
// nothing says to replace what is there, the relationship is given again the
// variant it knows: the plain value beside it would tell the two apart.
func (n *Node) variant(c *change, r *relation, g *giving, w view.ShareWant, held []ledgerEntry, piece profile.Piece) error {
	if w.Canary != "" {
		return n.mark(c, g, w.Canary, piece)
	}
	if w.Replace || len(held) == 0 {
		return nil
	}
	rec, err := c.Get(kindPiece, pieceID(r.body.Person, held[len(held)-1].Item.ID))
	if err != nil {
		return err
	}
	var before pieceBody
	if err := get(rec, &before); err != nil || before.Canary == "" {
		return err
	}
	if err := g.vary(before.Canary, before.Tag, piece); err != nil {
		return view.Invalid("canary", "%v", err)
	}
	return nil
}

// mark makes the value a variant of piece that this relationship alone gets.
func (n *Node) mark(c *change, g *giving, kind string, piece profile.Piece) error {
	before, _, err := n.given(c.Tx)
	if err != nil {
		return err
	}
	variant, tag, err := canary.Fresh(canary.Kind(kind), piece, rand.Reader, before)
	if err != nil {
		return view.Invalid("canary", "%v", err)
	}
	g.value, g.canary, g.tag = variant.Value, kind, string(tag)
	return nil
}

// vary makes the value the variant of piece with the mark it had before.
func (g *giving) vary(kind, tag string, piece profile.Piece) error {
	variant, err := canary.Make(canary.Kind(kind), piece, canary.Tag(tag))
	if err != nil {
		return fmt.Errorf("%s: the variant of before can't be made of the new value: %w", piece.Path, err)
	}
	g.value, g.canary, g.tag = variant.Value, kind, tag
	return nil
}
