//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package result

import (
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// locks says that the system has them.
const locks = true

// lock takes a file for this process. The kernel lets go of it when the file is
// closed or the process ends, however it ends. A file system without locks is
// no obstacle: writers have a log each.
func lock(f *os.File) error {
	err := flock(f)
	for try := 0; try < looks && errors.Is(err, unix.EWOULDBLOCK); try++ {
		time.Sleep(look)
		err = flock(f)
	}
	switch {
	case err == nil, errors.Is(err, unix.ENOTSUP), errors.Is(err, unix.ENOSYS):
		return nil
	case errors.Is(err, unix.EWOULDBLOCK):
		return ErrBusy
	}
	return fmt.Errorf("lock: %w", err)
}

// Whoever looks whether a file is locked has it for a moment: it is asked for a
// few times before somebody else is said to have it.
const (
	looks = 5
	look  = 20 * time.Millisecond
)

func flock(f *os.File) error { return unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB) }

func unlock(f *os.File) error {
	err := unix.Flock(int(f.Fd()), unix.LOCK_UN)
	if errors.Is(err, unix.ENOTSUP) || errors.Is(err, unix.ENOSYS) {
		return nil
	}
	return err
}

// locked reports whether somebody has the file at path, this process included.
func locked(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	return errors.Is(unix.Flock(int(f.Fd()), unix.LOCK_SH|unix.LOCK_NB), unix.EWOULDBLOCK)
}
