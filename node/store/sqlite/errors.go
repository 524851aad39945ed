package sqlite

import (
	"errors"
	"fmt"
	"syscall"

	modernc "modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/parley-network/parley/node/store"
)

// explain turns an error of the database at path into the store's own, by
// SQLite's result code (sqlite.org/rescode.html).
func explain(path string, err error) error {
	if err == nil {
		return nil
	}
	if kind := classify(err); kind != nil {
		return fmt.Errorf("store %s: %w: %w", path, kind, err)
	}
	return fmt.Errorf("store %s: %w", path, err)
}

func classify(err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return store.ErrFull
	}
	var e *modernc.Error
	if !errors.As(err, &e) {
		return nil
	}
	switch e.Code() {
	case sqlite3.SQLITE_IOERR_SHMSIZE, sqlite3.SQLITE_IOERR_SHMMAP: // the -shm file could not grow
		return store.ErrFull
	}
	switch e.Code() & 0xff {
	case sqlite3.SQLITE_FULL:
		return store.ErrFull
	case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
		return store.ErrCorrupt
	case sqlite3.SQLITE_BUSY:
		// We hold the lock against other stores, so it is another program,
		// such as a shell or a backup, that has held SQLite's for patience.
		return store.ErrLocked
	}
	return nil
}
