// Package sqlite is the store of a node on one machine: one SQLite database
// in one file, without cgo.
//
// The database is in WAL mode with synchronous=FULL: an Update that has
// returned nil survives a killed process and a power cut, as far as the disk
// keeps its word. There is one connection that writes, which commits waiting
// Updates together, and a few that read, which never wait for it.
package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/parley-network/parley/node/store"
)

// Store is a store.Store in a file; [Open] makes one.
type Store struct {
	path    string
	lock    *lockFile
	writer  *writer
	readers *readers
	closing chan struct{}
	begun   atomic.Bool   // Close has begun
	closed  chan struct{} // Close has ended
}

// Open opens the store in the file at path, creating it (mode 0600) if it is
// absent or empty, in a folder that exists. The files path-wal and path-shm
// belong to it and path.lock guards it. Opened within a testing/synctest
// bubble, the store belongs to that bubble.
//
// Besides errors of the file system it returns store.ErrLocked if another
// process or Store has the file open, store.ErrNewer if a later release wrote
// it, store.ErrCorrupt if it is damaged or not a store, and store.ErrFull.
// Damage deeper in the file shows when it is met, or with [Store.Check].
func Open(path string) (*Store, error) {
	path, err := resolve(path)
	if err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	lock, err := acquire(path)
	if err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	s, err := openLocked(path, lock)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open store: %w", explain(path, err)), lock.release())
	}
	return s, nil
}

// resolve returns the one name of the file at path, whatever symbolic links
// lead to it, so that it has one lock.
func resolve(path string) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	if file, err := filepath.EvalSymlinks(path); err == nil {
		return file, nil
	}
	dir, err := filepath.EvalSymlinks(filepath.Dir(path))
	return filepath.Join(dir, filepath.Base(path)), err
}

func openLocked(path string, lock *lockFile) (*Store, error) {
	c, err := connect(path)
	if err != nil {
		return nil, err
	}
	closing := make(chan struct{})
	s := &Store{
		path: path, lock: lock, closing: closing, closed: make(chan struct{}),
		readers: newReaders(path),
		writer:  &writer{c: c, path: path, jobs: make(chan *job), scrubs: make(chan chan<- error), closing: closing, done: make(chan struct{})},
	}
	go s.writer.loop()
	return s, nil
}

// connect returns the connection that writes, to a database of the newest
// schema. A file it refuses is left as it was.
func connect(path string) (*conn, error) {
	if err := create(path); err != nil {
		return nil, err
	}
	c, err := dial(path, commonPragmas...)
	if err != nil {
		return nil, err
	}
	if err := prepare(c, path); err != nil {
		return nil, errors.Join(err, c.close())
	}
	return c, nil
}

func prepare(c *conn, path string) error {
	if err := recognise(c, migrations); err != nil {
		return err
	}
	// Before there is a -wal or -shm, which SQLite gives the same mode.
	if err := os.Chmod(path, 0o600); err != nil {
		return err
	}
	if err := c.set(writePragmas...); err != nil {
		return err
	}
	return migrate(c, migrations)
}

// create makes an empty file of mode 0600 at path unless there is a file: SQLite
// would make one that others may read.
func create(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return f.Close()
}

// Pragmas of every connection, of the one that writes, and of those that
// read. busy_timeout, in milliseconds, is for programs other than ours, such
// as a backup.
var (
	commonPragmas = []string{"busy_timeout = 5000", "temp_store = MEMORY"}
	writePragmas  = []string{
		"journal_mode = WAL",
		"synchronous = FULL",
		"fullfsync = 1", "checkpoint_fullfsync = 1", // where fsync alone leaves data in the drive
		"journal_size_limit = 16777216",
		// The log comes home when it is as long as that: pages that change often
		// are brought home, and flushed, once for many commits.
		"wal_autocheckpoint = 4096",
		"cache_size = -32768", // KiB at most: a commit touches pages all over the file
		"secure_delete = ON",  // what is deleted or replaced is overwritten; see Scrub for the log
	}
	readPragmas = append(commonPragmas[:2:2], "query_only = 1")
)

// Update implements store.Store.
func (s *Store) Update(ctx context.Context, fn func(store.Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return s.writer.update(ctx, fn)
}

// View implements store.Store.
func (s *Store) View(ctx context.Context, fn func(store.Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return s.readers.view(ctx, s.closing, fn)
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

// Check reads the whole file and returns store.ErrCorrupt, with what SQLite
// found, if it is damaged. It takes time in proportion to the file's size and
// holds up nobody.
func (s *Store) Check(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return s.readers.view(ctx, s.closing, func(t store.Tx) error {
		verdict, err := t.(*tx).c.value("PRAGMA integrity_check(1)")
		if err != nil {
			return explain(s.path, err)
		}
		if verdict != "ok" {
			return explain(s.path, fmt.Errorf("%v: %w", verdict, store.ErrCorrupt))
		}
		return nil
	})
}

// Close implements store.Store. It brings the -wal file home into the
// database.
func (s *Store) Close() error {
	if !s.begun.CompareAndSwap(false, true) {
		<-s.closed
		return nil
	}
	defer close(s.closed)
	close(s.closing)
	<-s.writer.done
	err := errors.Join(s.readers.close(), s.writer.c.close())
	if err = errors.Join(err, s.lock.release()); err != nil {
		return fmt.Errorf("close: %w", explain(s.path, err))
	}
	return nil
}
