package keystore

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// makeDir makes the folder of a store, or checks that nobody else may enter
// the one there.
func makeDir(dir string) error {
	info, err := os.Stat(dir)
	if err == nil {
		return checkMode(dir, info, 0o700)
	}
	if !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	return syncDir(filepath.Dir(dir))
}

// checkMode refuses a file or folder that others may use.
func checkMode(path string, info fs.FileInfo, most fs.FileMode) error {
	if mode := info.Mode().Perm(); mode&^most != 0 {
		return fmt.Errorf("%s has mode %04o, which lets others at the keys; run: chmod %o %s", path, mode, most, path)
	}
	return nil
}

// openPrivate opens a file that only its owner may read.
func openPrivate(path string) (*os.File, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a regular file", path)
	}
	if err := checkMode(path, info, 0o600); err != nil {
		return nil, err
	}
	return os.OpenFile(path, os.O_RDWR, 0)
}

// createPrivate makes a file that only its owner may read.
func createPrivate(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
}

// syncDir makes a rename in dir last.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
