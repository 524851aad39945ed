package sqlite

import (
	"context"
	"errors"

	"github.com/parley-network/parley/node/store"
)

// maxReaders is how many Views run at once; others wait their turn.
const maxReaders = 4

// readers is a pool of connections that read.
type readers struct {
	path string
	pool chan *conn // maxReaders places; nil is one not opened yet
}

func newReaders(path string) *readers {
	r := &readers{path: path, pool: make(chan *conn, maxReaders)}
	for range maxReaders {
		r.pool <- nil
	}
	return r
}

// view runs fn in a read transaction.
func (r *readers) view(ctx context.Context, closing <-chan struct{}, fn func(store.Tx) error) error {
	var c *conn
	select {
	case <-closing:
		return store.ErrClosed
	default:
	}
	select {
	case c = <-r.pool:
	case <-ctx.Done():
		return ctx.Err()
	case <-closing:
		return store.ErrClosed
	}
	back := (*conn)(nil)
	defer func() { r.pool <- back }()
	if c == nil {
		var err error
		if c, err = dial(r.path, readPragmas...); err != nil {
			return explain(r.path, err)
		}
	}
	if _, err := c.exec("BEGIN"); err != nil {
		return explain(r.path, errors.Join(err, c.close()))
	}
	t := &tx{c: c, path: r.path, readOnly: true}
	defer func() {
		t.over = true
		if _, err := c.exec("ROLLBACK"); err != nil {
			c.close() // a fresh one takes its place
			return
		}
		back = c
	}()
	return fn(t)
}

// close waits for the Views under way and closes every connection.
func (r *readers) close() error {
	var errs []error
	for range maxReaders {
		if c := <-r.pool; c != nil {
			errs = append(errs, c.close())
		}
	}
	return errors.Join(errs...)
}
