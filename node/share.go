package node

import (
	"crypto/rand"
	"errors"
	"fmt"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
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

// disclosing is the word that gives the items, whose digests it sets. Where a
// draft gives the same it is opened as there.
func disclosing(given []giving, ahead *foresaid) (word, error) {
	var d disclosure.Disclose
	w := word{kind: disclosure.KindDisclose, ahead: ahead}
	for i := range given {
		g := &given[i]
		o, ok := ahead.opening(i, g.item.ID, g.value)
		if !ok {
			var err error
			if o, err = disclosure.NewOpening(rand.Reader, g.item.ID, g.value); err != nil {
				return w, fmt.Errorf("%w: %w", view.ErrInvalid, err)
			}
		}
		g.item.Digest = o.Digest()
		w.openings, d.Items = append(w.openings, o), append(d.Items, g.item)
	}
	var err error
	if w.content, err = d.Encode(); err != nil {
		return w, fmt.Errorf("%w: %w", view.ErrInvalid, err)
	}
	return w, nil
}

// disclose makes the statement that gives the items, and keeps what opens
// them.
func (n *Node) disclose(c *change, r *relation, given []giving, ahead *foresaid) (dagcbor.CID, error) {
	w, err := disclosing(given, ahead)
	if err != nil {
		return dagcbor.CID{}, err
	}
	s, err := n.say(c, r, w)
	if err != nil {
		return dagcbor.CID{}, err
	}
	for i, g := range given {
		b := pieceBody{
			Person: r.body.Person, Card: r.body.Card, Item: g.item, Opening: w.openings[i], Statement: s.ID(), Canary: g.canary, Tag: g.tag, Told: g.told,
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
