package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"

	"github.com/parley-network/parley/node/store"
)

// errReading is why the log could not be emptied: a View still reads from it.
var errReading = errors.New("a reader still uses the write-ahead log")

// Scrub implements store.Scrubber. Within the database file secure_delete has
// overwritten what was deleted (sqlite.org/pragma.html#pragma_secure_delete);
// the pages of before and after are in the write-ahead log until that is
// brought home and cut to nothing, which Scrub does.
func (s *Store) Scrub(ctx context.Context) error {
	done := make(chan error, 1)
	select {
	case s.writer.scrubs <- done:
	case <-ctx.Done():
		return ctx.Err()
	case <-s.closing:
		return store.ErrClosed
	}
	if err := <-done; err != nil {
		return fmt.Errorf("scrub: %w", explain(s.path, err))
	}
	return nil
}

// scrub empties the log. It waits for readers a moment only: meanwhile no
// Update gets its turn.
func (w *writer) scrub() (err error) {
	if err := w.c.set("busy_timeout = 50"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.c.set("busy_timeout = 5000")) }()
	const truncate = "PRAGMA wal_checkpoint(TRUNCATE)"
	busy := int64(1)
	err = w.c.query(truncate, nil, func(row []driver.Value) error {
		busy, _ = row[0].(int64)
		return nil
	})
	if err = errors.Join(err, w.c.forget(truncate)); err == nil && busy != 0 {
		return errReading
	}
	return err
}
