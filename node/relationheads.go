package node

import (
	"bytes"
	"errors"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/node/store"
	"github.com/parley-network/parley/relcard/statement"
)

// relationHeads is what of a relationship changes with every statement. It has
// a record of its own beside the rest, which is 6 KB of key logs and routes
// that stay the same for months: to write those each time, as long as they were
// one record, was a third of what a commit wrote.
type relationHeads struct {
	Mine   statement.Head `cbor:"mine"`
	Other  statement.Head `cbor:"other"`
	Asked  identity.Time  `cbor:"asked,omitzero"`
	Resent identity.Time  `cbor:"resent,omitzero"`
}

// swapHeads exchanges those in b for h.
func (b *relationBody) swapHeads(h relationHeads) (was relationHeads) {
	was = relationHeads{b.Mine, b.Other, b.Asked, b.Resent}
	b.Mine, b.Other, b.Asked, b.Resent = h.Mine, h.Other, h.Asked, h.Resent
	return was
}

// readRelation returns the relationship of a record of kindRelation. One that
// an earlier release has written has its heads in it.
func readRelation(tx store.Tx, rec store.Record) (*relation, error) {
	r := &relation{rec: rec}
	if err := get(rec, &r.body); err != nil {
		return nil, err
	}
	r.kept = true
	heads, err := tx.Get(kindHeads, rec.ID)
	if errors.Is(err, store.ErrNotFound) {
		return r, nil
	}
	if err != nil {
		return nil, err
	}
	var h relationHeads
	if err := get(heads, &h); err != nil {
		return nil, err
	}
	r.body.swapHeads(h)
	return r, nil
}

func readRelations(tx store.Tx, recs []store.Record) (out []*relation, err error) {
	out = make([]*relation, len(recs))
	for i, rec := range recs {
		if out[i], err = readRelation(tx, rec); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// keep writes r where it has changed since it was read.
func (r *relation) keep(c *change, rec store.Record) error {
	b := r.body
	heads := b.swapHeads(relationHeads{})
	body, err := encode(b)
	if err != nil {
		return err
	}
	same := r.kept && rec.State == r.rec.State && rec.Ref == r.rec.Ref && rec.Due.Equal(r.rec.Due) && bytes.Equal(body, r.rec.Body)
	if rec.Body = body; !same {
		if err := c.Put(rec); err != nil {
			return err
		}
		r.rec, r.kept = rec, true
	}
	return put(c.Tx, store.Record{Kind: kindHeads, ID: rec.ID}, heads)
}
