package node

import (
	"context"
	"errors"
	"fmt"
	"syscall"

	"github.com/parley-network/parley/node/courier"
	"github.com/parley-network/parley/node/store"
	"github.com/parley-network/parley/node/view"
)

// full says of an error for want of room what it is in the owner's terms, so
// that the API can tell it from a failure of the node's.
func full(err error) error {
	if errors.Is(err, store.ErrFull) || errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return fmt.Errorf("%w: %w", view.ErrFull, err)
	}
	return err
}

// roomyStore is a store whose changes fail with view.ErrFull where there is no
// room for them.
type roomyStore struct{ store.Store }

func (s roomyStore) Update(ctx context.Context, fn func(store.Tx) error) error {
	return full(s.Store.Update(ctx, fn))
}

// roomyKeys is the same for keys.
type roomyKeys struct{ Secrets }

func (k roomyKeys) PutAll(secrets map[string][]byte) error { return full(k.Secrets.PutAll(secrets)) }

// Purge erases what was deleted, if the keys can do that.
func (k roomyKeys) Purge() error {
	if p, ok := k.Secrets.(courier.Purger); ok {
		return full(p.Purge())
	}
	return nil
}
