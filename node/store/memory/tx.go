package memory

import (
	"bytes"
	"fmt"

	"github.com/parley-network/parley/node/store"
)

// tx implements store.Tx on a state of its own.
type tx struct {
	root     root
	readOnly bool
	over     bool
}

// end makes every later use of t fail.
func (t *tx) end() { t.over = true }

func (t *tx) check(write bool) error {
	switch {
	case t.over:
		return store.ErrTxDone
	case write && t.readOnly:
		return store.ErrReadOnly
	}
	return nil
}

// Get implements store.Tx.
func (t *tx) Get(kind store.Kind, id string) (store.Record, error) {
	if err := t.check(false); err != nil {
		return store.Record{}, err
	}
	if err := store.CheckKey(kind, id); err != nil {
		return store.Record{}, err
	}
	rec := t.root.get(kind, id)
	if rec == nil {
		return store.Record{}, fmt.Errorf("get %s %.80q: %w", kind, id, store.ErrNotFound)
	}
	return detach(*rec), nil
}

// Put implements store.Tx.
func (t *tx) Put(r store.Record) error { return t.write(r, false) }

// Insert implements store.Tx.
func (t *tx) Insert(r store.Record) error { return t.write(r, true) }

func (t *tx) write(r store.Record, fresh bool) error {
	if err := t.check(true); err != nil {
		return err
	}
	r, err := r.Normalize()
	if err != nil {
		return err
	}
	if fresh && t.root.get(r.Kind, r.ID) != nil {
		return fmt.Errorf("insert %s %.80q: %w", r.Kind, r.ID, store.ErrExists)
	}
	r = detach(r)
	t.root.put(&r)
	return nil
}

// Delete implements store.Tx.
func (t *tx) Delete(kind store.Kind, id string) error {
	if err := t.check(true); err != nil {
		return err
	}
	if err := store.CheckKey(kind, id); err != nil {
		return err
	}
	t.root.remove(kind, id)
	return nil
}

// List implements store.Tx.
func (t *tx) List(q store.Query) ([]store.Record, error) {
	if err := t.check(false); err != nil {
		return nil, err
	}
	q, err := q.Normalize()
	if err != nil {
		return nil, err
	}
	var out []store.Record
	t.root.scan(q, func(rec *store.Record) bool {
		out = append(out, detach(*rec))
		return q.Limit == 0 || len(out) < q.Limit
	})
	return out, nil
}

// Count implements store.Tx.
func (t *tx) Count(q store.Query) (int, error) {
	if err := t.check(false); err != nil {
		return 0, err
	}
	q, err := q.Normalize()
	if err != nil {
		return 0, err
	}
	q.After, q.AfterDue = "", store.Record{}.Due
	n := 0
	t.root.scan(q, func(*store.Record) bool { n++; return true })
	return n, nil
}

// detach returns r with a body of its own.
func detach(r store.Record) store.Record {
	r.Body = bytes.Clone(r.Body)
	return r
}
