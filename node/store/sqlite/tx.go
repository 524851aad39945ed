package sqlite

import (
	"database/sql/driver"
	"errors"
	"fmt"
	"time"

	"github.com/parley-network/parley/node/store"
)

const (
	selectRecord = `SELECT kind, id, ref, state, due, body FROM record`
	insertRecord = `INSERT INTO record (kind, id, ref, state, due, body) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (kind, id) DO `
	replaceOld   = `UPDATE SET ref = excluded.ref, state = excluded.state, due = excluded.due, body = excluded.body`
	deleteRecord = `DELETE FROM record WHERE kind = ? AND id = ?`
)

// tx implements store.Tx on a connection with a transaction open.
type tx struct {
	c        *conn
	path     string
	readOnly bool
	over     bool
	known    known
	// broken is the first failure of the database itself. What it has undone
	// is not known, so nothing more is done and nothing is committed.
	broken error
}

func (t *tx) check(write bool) error {
	switch {
	case t.over:
		return store.ErrTxDone
	case write && t.readOnly:
		return store.ErrReadOnly
	}
	return t.broken
}

// fail marks the transaction as broken by err, if that is not nil.
func (t *tx) fail(err error) error {
	if err != nil && t.broken == nil {
		t.broken = explain(t.path, err)
	}
	return t.broken
}

// Get implements store.Tx.
func (t *tx) Get(kind store.Kind, id string) (store.Record, error) {
	if err := t.check(false); err != nil {
		return store.Record{}, err
	}
	if err := store.CheckKey(kind, id); err != nil {
		return store.Record{}, err
	}
	found, err := t.records(selectRecord+` WHERE kind = ? AND id = ?`, []any{string(kind), id}, 1)
	switch {
	case err != nil:
		return store.Record{}, err
	case len(found) == 0:
		return store.Record{}, fmt.Errorf("get %s %.80q: %w", kind, id, store.ErrNotFound)
	}
	return found[0], nil
}

// Put implements store.Tx.
func (t *tx) Put(r store.Record) error {
	return t.write(r, func(r store.Record, due any) error {
		n, err := t.change(r, due)
		if err == nil && n == 0 {
			_, err = t.insert(r, due, replaceOld)
		}
		return err
	})
}

// Insert implements store.Tx.
func (t *tx) Insert(r store.Record) error {
	return t.write(r, func(r store.Record, due any) error {
		n, err := t.insert(r, due, `NOTHING`)
		if err == nil && n == 0 {
			return fmt.Errorf("insert %s %.80q: %w", r.Kind, r.ID, store.ErrExists)
		}
		return err
	})
}

// write has do write r, whose Due is NULL or microseconds.
func (t *tx) write(r store.Record, do func(r store.Record, due any) error) error {
	if err := t.check(true); err != nil {
		return err
	}
	r, err := r.Normalize()
	if err != nil {
		return err
	}
	var due any
	if !r.Due.IsZero() {
		due = r.Due.UnixMicro()
	}
	if r.Body == nil {
		r.Body = []byte{} // nil would be NULL
	}
	err = do(r, due)
	if err == nil {
		t.known.put(r.Kind, r.ID, indexed{r.Ref, r.State, due})
	}
	if errors.Is(err, store.ErrExists) {
		return err
	}
	return t.fail(err)
}

// insert adds r, or does what orElse says if there is one of its key.
func (t *tx) insert(r store.Record, due any, orElse string) (int64, error) {
	return t.c.exec(insertRecord+orElse, string(r.Kind), r.ID, r.Ref, r.State, due, r.Body)
}

// change writes what is new of r in place of a record that this transaction has
// seen, and returns 0 if it has not seen it.
func (t *tx) change(r store.Record, due any) (int64, error) {
	was, ok := t.known.get(r.Kind, r.ID)
	if !ok {
		return 0, nil
	}
	set, args := "body = ?", []any{r.Body}
	if was.ref != r.Ref {
		set, args = set+", ref = ?", append(args, r.Ref)
	}
	if was.state != r.State {
		set, args = set+", state = ?", append(args, r.State)
	}
	if was.due != due {
		set, args = set+", due = ?", append(args, due)
	}
	return t.c.exec("UPDATE record SET "+set+" WHERE kind = ? AND id = ?", append(args, string(r.Kind), r.ID)...)
}

// Delete implements store.Tx.
func (t *tx) Delete(kind store.Kind, id string) error {
	if err := t.check(true); err != nil {
		return err
	}
	if err := store.CheckKey(kind, id); err != nil {
		return err
	}
	t.known.drop(kind, id)
	_, err := t.c.exec(deleteRecord, string(kind), id)
	return t.fail(err)
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
	where, args := condition(q)
	tail, more := page(q)
	return t.records(selectRecord+where+tail, append(args, more...), min(q.Limit, 64))
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
	where, args := condition(q)
	v, err := t.c.value(`SELECT count(*) FROM record`+where, args...)
	if err != nil {
		return 0, t.fail(err)
	}
	n, ok := v.(int64)
	if !ok {
		return 0, t.fail(fmt.Errorf("count is %v: %w", v, store.ErrCorrupt))
	}
	return int(n), nil
}

// condition returns q's selection as a WHERE clause. The clauses on the empty
// string and NULL say nothing new; they let SQLite use the partial indexes.
func condition(q store.Query) (string, []any) {
	where, args := ` WHERE kind = ?`, []any{string(q.Kind)}
	if q.Ref != "" {
		where, args = where+` AND ref = ? AND ref <> ''`, append(args, q.Ref)
	}
	if q.State != "" {
		where, args = where+` AND state = ? AND state <> ''`, append(args, q.State)
	}
	if q.Prefix != "" {
		where, args = where+` AND id >= ? AND id < ?`, append(args, q.Prefix, q.PrefixEnd())
	}
	if !q.DueBefore.IsZero() {
		where, args = where+` AND due < ? AND due IS NOT NULL`, append(args, q.DueBefore.UnixMicro())
	}
	return where, args
}

// page returns q's position, order and limit as the rest of the statement.
func page(q store.Query) (tail string, args []any) {
	switch {
	case q.DueBefore.IsZero():
		if q.After != "" {
			tail, args = ` AND id > ?`, []any{q.After}
		}
		tail += ` ORDER BY id`
	default:
		if q.After != "" {
			tail, args = ` AND (due, id) > (?, ?)`, []any{q.AfterDue.UnixMicro(), q.After}
		}
		tail += ` ORDER BY due, id`
	}
	if q.Limit > 0 {
		// Not a bare parameter: since its value may change the plan, SQLite
		// would prepare the statement anew each time.
		tail, args = tail+` LIMIT ? + 0`, append(args, int64(q.Limit))
	}
	return tail, args
}

// records returns the records that sql selects, expecting about n.
func (t *tx) records(sql string, args []any, n int) ([]store.Record, error) {
	out := make([]store.Record, 0, n)
	err := t.c.query(sql, args, func(row []driver.Value) error {
		r, err := scan(row)
		out = append(out, r)
		if !t.readOnly {
			t.known.put(r.Kind, r.ID, indexed{r.Ref, r.State, row[4]})
		}
		return err
	})
	if err != nil {
		return nil, t.fail(err)
	}
	return out, nil
}

// scan reads a row of selectRecord. The table is STRICT, so a value of
// another type is damage.
func scan(row []driver.Value) (store.Record, error) {
	kind, ok1 := row[0].(string)
	id, ok2 := row[1].(string)
	ref, ok3 := row[2].(string)
	state, ok4 := row[3].(string)
	body, ok5 := row[5].([]byte)
	if !ok1 || !ok2 || !ok3 || !ok4 || !ok5 {
		return store.Record{}, fmt.Errorf("record %v %v: a column of the wrong type: %w", row[0], row[1], store.ErrCorrupt)
	}
	r := store.Record{Kind: store.Kind(kind), ID: id, Ref: ref, State: state, Body: body}
	switch due := row[4].(type) {
	case nil:
	case int64:
		r.Due = time.UnixMicro(due).UTC()
	default:
		return r, fmt.Errorf("record %s %.80q: due is a %T: %w", kind, id, due, store.ErrCorrupt)
	}
	if len(r.Body) == 0 {
		r.Body = nil
	}
	return r, nil
}
