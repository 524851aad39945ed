package sqlite

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/parley-network/parley/node/store"
)

// lockFile is a file beside the database that a store holds under flock(2)
// while it is open. SQLite's own locks are taken per transaction and would let
// two nodes share one database; flock belongs to the open file, so it also
// keeps out a second store in this process, and the kernel drops it however
// the process ends. The file stays: removing it would let two stores lock two
// files of one name.
type lockFile struct{ f *os.File }

// acquire locks path+".lock", or returns store.ErrLocked, naming the path and
// the process that holds it.
func acquire(path string) (*lockFile, error) {
	f, err := os.OpenFile(path+".lock", os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("create lock file: %w", err)
	}
	switch err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); {
	case errors.Is(err, unix.EWOULDBLOCK):
		holder := readHolder(f)
		f.Close()
		return nil, fmt.Errorf("%s is held by %s: %w", path, holder, store.ErrLocked)
	case err != nil:
		f.Close()
		return nil, fmt.Errorf("lock %s: %w", f.Name(), err)
	}
	l := &lockFile{f}
	l.sign()
	return l, nil
}

// sign writes who holds the lock, for people; a failure (a full disk) is no
// reason not to open.
func (l *lockFile) sign() {
	if l.f.Truncate(0) == nil {
		fmt.Fprintf(io.NewOffsetWriter(l.f, 0), "%d\n", os.Getpid())
	}
}

func readHolder(f *os.File) string {
	b := make([]byte, 20)
	n, _ := f.ReadAt(b, 0)
	if pid := strings.TrimSpace(string(b[:n])); pid != "" {
		return fmt.Sprintf("process %.20q", pid)
	}
	return "another process"
}

func (l *lockFile) release() error { return l.f.Close() }
