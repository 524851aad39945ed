// Package memory is the store of a simulated node: the semantics of the
// durable backends, held in memory and gone with the process. An empty store
// takes a few hundred bytes, so that thousands fit in one simulation.
package memory

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/parley-network/parley/node/store"
)

// Store is a store.Store in memory; [New] makes one. Readers never wait: each
// has the state that was committed when it began.
type Store struct {
	current atomic.Pointer[root]
	writer  chan struct{} // holds a token while an Update runs; a channel, so that waiting is visible to testing/synctest
	closed  chan struct{}
	closing atomic.Bool
	open    readers
}

// New returns an empty store. Made within a testing/synctest bubble, it
// belongs to that bubble.
func New() *Store {
	s := &Store{writer: make(chan struct{}, 1), closed: make(chan struct{})}
	s.current.Store(&root{})
	return s
}

// View implements store.Store.
func (s *Store) View(ctx context.Context, fn func(store.Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if !s.open.enter() {
		return store.ErrClosed
	}
	defer s.open.leave()
	t := &tx{root: *s.current.Load(), readOnly: true}
	defer t.end()
	return fn(t)
}

// Update implements store.Store.
func (s *Store) Update(ctx context.Context, fn func(store.Tx) error) error {
	select {
	case s.writer <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	case <-s.closed:
		return store.ErrClosed
	}
	defer func() { <-s.writer }()
	if s.closing.Load() {
		return store.ErrClosed
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	t := &tx{root: *s.current.Load()}
	defer t.end()
	if err := fn(t); err != nil {
		return err
	}
	committed := t.root
	s.current.Store(&committed)
	return nil
}

// Claim implements store.Store.
func (s *Store) Claim(ctx context.Context, kind store.Kind, now time.Time, lease time.Duration, limit int) (claimed []store.Record, err error) {
	err = s.Update(ctx, func(t store.Tx) error {
		claimed, err = store.ClaimIn(t, kind, now, lease, limit)
		return err
	})
	if err != nil {
		return nil, err
	}
	return claimed, nil
}

// Close implements store.Store.
func (s *Store) Close() error {
	if s.closing.CompareAndSwap(false, true) {
		close(s.closed)
	}
	s.writer <- struct{}{} // the last Update has ended
	<-s.writer
	s.open.shut()
	s.current.Store(&root{})
	return nil
}
