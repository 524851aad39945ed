package config

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// maxSmall bounds the one-line files of the folder.
const maxSmall = 4096

// readSmall returns the one line a file holds.
func readSmall(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxSmall+1))
	if err != nil {
		return "", err
	}
	line := strings.TrimSuffix(string(b), "\n")
	if len(b) > maxSmall || strings.ContainsAny(line, "\r\n") {
		return "", fmt.Errorf("%s: wants one line", path)
	}
	return line, nil
}

// writeFile puts b in place of path's content in one step, readable by its
// owner alone.
func writeFile(path string, b []byte) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(f.Name())
		}
	}()
	if _, err = f.Write(b); err != nil {
		return err
	}
	if err = f.Sync(); err != nil {
		return err
	}
	if err = f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
