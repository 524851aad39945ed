package node

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/canary"
	"github.com/parley-network/parley/node/profile"
	"github.com/parley-network/parley/node/store"
	"github.com/parley-network/parley/node/view"
	"github.com/parley-network/parley/relcard/disclosure"
	"github.com/parley-network/parley/relcard/statement"
)

// pieceBody is one piece that was shared under a card, as both sides keep it.
type pieceBody struct {
	Person    identity.DID       `cbor:"person"`
	Card      dagcbor.CID        `cbor:"card"`
	Item      disclosure.Item    `cbor:"item"`
	Opening   disclosure.Opening `cbor:"opening"` // without salt and value where it has been deleted
	Statement dagcbor.CID        `cbor:"statement"`
	Canary    string             `cbor:"canary,omitempty"` // kind of variant; only at the person's
	Tag       string             `cbor:"tag,omitempty"`
	Told      string             `cbor:"told,omitempty"` // ID of the told record of the change that gave it; only at the person's
}

// States of a piece's record.
const (
	pieceLive = "live"
	pieceGone = "gone" // replaced, refused, taken back or deleted
)

func pieceID(person identity.DID, item uint64) string { return fmt.Sprintf("%s %07d", person, item) }

// bothLogs reads the logs of a relationship.
func bothLogs(tx store.Tx, r *relation) (person, vendor []statement.Statement, err error) {
	for by, to := range map[identity.Role]*[]statement.Statement{identity.RolePerson: &person, identity.RoleVendor: &vendor} {
		recs, err := tx.List(logOf(r.body.Person, by))
		if err != nil {
			return nil, nil, err
		}
		*to = make([]statement.Statement, len(recs))
		for i, rec := range recs {
			if (*to)[i], err = statement.Decode(rec.Body); err != nil {
				return nil, nil, fmt.Errorf("record %s %s: %w", rec.Kind, rec.ID, err)
			}
		}
	}
	return person, vendor, nil
}

// Share gives the other side of a card pieces of the profile, for a purpose
// and a time. A piece shared before is replaced.
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
		if _, err := n.disclose(c, r, given); err != nil {
			return err
		}
		return c.note("data.shared", root, "shared %s with %s", pathsText(w.Paths), r.name())
	})
	if err != nil {
		return nil, fmt.Errorf("share: %w", err)
	}
	return n.Shared(ctx, root, "")
}

func pathsText(paths []string) string {
	s := ""
	for i, p := range paths {
		if i > 0 {
			s += ", "
		}
		s += p
	}
	return s
}

// giving is one item about to be disclosed.
type giving struct {
	item   disclosure.Item
	value  []byte
	canary string
	tag    string
	told   string // ID of the told record, if a change gives it
}

func (n *Node) toShare(c *change, r *relation, w view.ShareWant) ([]giving, error) {
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
		piece, ok := p.Get(profile.Path(path))
		if !ok {
			return nil, view.Invalid(fmt.Sprintf("paths[%d]", i), "the profile has no %q", path)
		}
		if slices.Contains(w.Paths[:i], path) {
			return nil, view.Invalid(fmt.Sprintf("paths[%d]", i), "%q is there twice", path)
		}
		g := giving{item: disclosure.Item{ID: l.NextID + uint64(i), Path: path, Purpose: w.Purpose, Until: w.Until}, value: piece.Value}
		if live := l.Live(path, c.now); len(live) > 0 {
			g.item.Replaces = live[len(live)-1].Item.ID
		}
		if w.Canary != "" {
			if err := n.mark(c, &g, w.Canary, piece); err != nil {
				return nil, err
			}
		}
		out = append(out, g)
	}
	return out, nil
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

// disclose makes the statement that gives the items, and keeps what opens
// them.
func (n *Node) disclose(c *change, r *relation, given []giving) (dagcbor.CID, error) {
	var d disclosure.Disclose
	openings := make([]disclosure.Opening, len(given))
	for i := range given {
		g := &given[i]
		o, err := disclosure.NewOpening(rand.Reader, g.item.ID, g.value)
		if err != nil {
			return dagcbor.CID{}, fmt.Errorf("%w: %w", view.ErrInvalid, err)
		}
		g.item.Digest, openings[i] = o.Digest(), o
		d.Items = append(d.Items, g.item)
	}
	content, err := d.Encode()
	if err != nil {
		return dagcbor.CID{}, fmt.Errorf("%w: %w", view.ErrInvalid, err)
	}
	s, err := n.say(c, r, word{kind: disclosure.KindDisclose, content: content, openings: openings})
	if err != nil {
		return dagcbor.CID{}, err
	}
	for i, g := range given {
		b := pieceBody{
			Person: r.body.Person, Card: r.body.Card, Item: g.item, Opening: openings[i], Statement: s.ID(), Canary: g.canary, Tag: g.tag, Told: g.told,
		}
		if err := keepPiece(c, r, b); err != nil {
			return dagcbor.CID{}, err
		}
	}
	return s.ID(), nil
}

// keepPiece stores a piece and puts away the one it replaces. At the vendor's
// it is due when it is to be deleted.
func keepPiece(c *change, r *relation, b pieceBody) error {
	rec := store.Record{Kind: kindPiece, ID: pieceID(b.Person, b.Item.ID), Ref: b.Item.Path, State: pieceLive}
	if r.body.Side == identity.RoleVendor && !b.Item.Until.IsZero() {
		rec.Due = b.Item.Until.Std()
	}
	if err := put(c.Tx, rec, b); err != nil {
		return err
	}
	if b.Item.Replaces == 0 {
		return nil
	}
	if r.body.Side == identity.RoleVendor && !b.Item.From.IsZero() {
		return dueBy(c.Tx, b.Person, b.Item.Replaces, b.Item.From) // both hold until then
	}
	return retirePiece(c, r, b.Item.Replaces)
}

// retirePiece puts a piece away. The vendor's copy loses the value, and the
// store's files are cleaned of it.
func retirePiece(c *change, r *relation, item uint64) error {
	rec, err := c.Get(kindPiece, pieceID(r.body.Person, item))
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
	rec.State, rec.Due = pieceGone, noTime
	if r.body.Side == identity.RoleVendor {
		b.Opening.Salt, b.Opening.Value = nil, nil
		c.scrub = true
		if err := forgetCopies(c, r); err != nil {
			return err
		}
	}
	return put(c.Tx, rec, b)
}

// retireAndRevive puts pieces away that are taken back or refused. What they
// were to replace, and have not, stays in its place.
func (n *Node) retireAndRevive(c *change, r *relation, items []uint64) error {
	l, err := n.ledger(c.Tx, r)
	if err != nil {
		return err
	}
	for _, item := range items {
		if err := retirePiece(c, r, item); err != nil {
			return err
		}
		e, ok := l.Entry(item)
		if !ok || e.Item.Replaces == 0 {
			continue
		}
		if before, ok := l.Entry(e.Item.Replaces); ok && before.Live() {
			if err := revivePiece(c.Tx, r, before); err != nil {
				return err
			}
		}
	}
	return nil
}

// revivePiece has a piece that was to be replaced stay as long as it may.
func revivePiece(tx store.Tx, r *relation, e ledgerEntry) error {
	rec, err := tx.Get(kindPiece, pieceID(r.body.Person, e.Item.ID))
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	rec.State, rec.Due = pieceLive, noTime
	if r.body.Side == identity.RoleVendor {
		for _, end := range []identity.Time{e.Item.Until, e.ReplacedAt} {
			if !end.IsZero() && (rec.Due.IsZero() || end.Std().Before(rec.Due)) {
				rec.Due = end.Std()
			}
		}
	}
	return tx.Put(rec)
}

// dueBy has the vendor's copy of an item deleted at a time.
func dueBy(tx store.Tx, person identity.DID, item uint64, at identity.Time) error {
	rec, err := tx.Get(kindPiece, pieceID(person, item))
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if rec.Due.IsZero() || at.Std().Before(rec.Due) {
		rec.Due = at.Std()
	}
	return tx.Put(rec)
}

// Retract takes shared items back: the vendor may not use them any more.
func (n *Node) Retract(ctx context.Context, root dagcbor.CID, items []uint64, reason string) ([]view.Shared, error) {
	err := n.update(ctx, func(c *change) error {
		r, _, err := n.relationOfCard(c.Tx, root)
		if err != nil {
			return err
		}
		if r.body.Side != identity.RolePerson {
			return fmt.Errorf("to take data back is the person's part: %w", view.ErrConflict)
		}
		slices.Sort(items)
		return n.retract(c, r, slices.Compact(items), reason)
	})
	if err != nil {
		return nil, fmt.Errorf("retract: %w", err)
	}
	return n.Shared(ctx, root, "")
}

func (n *Node) retract(c *change, r *relation, items []uint64, reason string) error {
	content, err := disclosure.Retract{Items: items, Reason: reason}.Encode()
	if err != nil {
		return fmt.Errorf("%w: %w", view.ErrInvalid, err)
	}
	if err := n.wouldHold(c, r, disclosure.KindRetract, content); err != nil {
		return err
	}
	if _, err := n.say(c, r, word{kind: disclosure.KindRetract, content: content}); err != nil {
		return err
	}
	if err := n.retireAndRevive(c, r, items); err != nil {
		return err
	}
	return c.note("data.retracted", r.ref(), "took back %d pieces of data from %s", len(items), r.name())
}

// wouldHold asks the ledger whether an own statement would be valid.
func (n *Node) wouldHold(c *change, r *relation, kind statement.Kind, content []byte) error {
	l, err := n.ledger(c.Tx, r)
	if err != nil {
		return err
	}
	b := r.body.Mine.Next(r.body.Side, r.body.Person, r.body.Vendor.DID, r.body.Other, c.now)
	b.Kind, b.Content, b.Card = kind, content, r.body.Card
	if err := l.Check(&statement.Statement{Body: b}); err != nil {
		return fmt.Errorf("%w: %w", view.ErrInvalid, err)
	}
	return nil
}

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
	out := make([]*relation, len(recs))
	for i, rec := range recs {
		if out[i], err = readRelation(rec); err != nil {
			return nil, err
		}
	}
	return out, nil
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
			Since: e.Shared, From: e.Item.From, Until: e.Item.Until, Receipt: e.Receipt, Reason: e.Reason,
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
