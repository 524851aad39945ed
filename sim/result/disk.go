package result

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/parley-network/parley/sim/scenario"
)

// tempPrefix is of files that are not whole yet.
const tempPrefix = ".tmp-"

// writeFile has write fill a file, and puts it at path when it is whole and on
// the disk.
func writeFile(path string, write func(io.Writer) error) error {
	temp, err := writeTemp(path, write)
	if err != nil {
		return err
	}
	err = os.Rename(temp, path)
	if errors.Is(err, os.ErrNotExist) { // dropTemps of another process came just between
		if temp, err = writeTemp(path, write); err != nil {
			return err
		}
		err = os.Rename(temp, path)
	}
	if err != nil {
		os.Remove(temp) // the first error is told
		return err
	}
	return syncFolder(filepath.Dir(path))
}

// dropTemps removes what processes that were killed left half written in a
// folder. What is being written is locked.
func dropTemps(dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, os.ErrNotExist) || !locks {
		return nil
	} else if err != nil {
		return err
	}
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		if !e.Type().IsRegular() || !strings.HasPrefix(e.Name(), tempPrefix) || locked(path) {
			continue
		}
		if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return nil
}

func writeTemp(path string, write func(io.Writer) error) (name string, err error) {
	f, err := os.CreateTemp(filepath.Dir(path), tempPrefix+filepath.Base(path)+"-*")
	if err != nil {
		return "", err
	}
	err = lock(f)
	if err == nil {
		err = write(f)
	}
	if err == nil {
		err = f.Chmod(0o644)
	}
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return "", errors.Join(fmt.Errorf("write %s: %w", path, err), os.Remove(f.Name()))
	}
	return f.Name(), nil
}

// writeOnce puts text at path where there is no file, whoever else tries to; it
// returns [ErrExists] where there is one.
func writeOnce(path string, text []byte) error {
	temp, err := writeTemp(path, func(w io.Writer) error { _, err := w.Write(text); return err })
	if err != nil {
		return err
	}
	defer os.Remove(temp)
	switch err := os.Link(temp, path); {
	case errors.Is(err, os.ErrExist):
		return fmt.Errorf("%s %w", filepath.Dir(path), ErrExists)
	case err != nil: // a file system without hard links
		if _, err := os.Lstat(path); err == nil {
			return fmt.Errorf("%s %w", filepath.Dir(path), ErrExists)
		}
		if err := os.Rename(temp, path); err != nil {
			return err
		}
	}
	return syncFolder(filepath.Dir(path))
}

// syncFolder has the disk take what became of a folder's names.
func syncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// copyInput puts a copy of the file with that digest into the folder, and
// returns where, from there.
func copyInput(dir, path, digest string) (string, error) {
	name := filepath.Join(inputsName, short(digest)+"-"+filepath.Base(path))
	if err := os.MkdirAll(filepath.Join(dir, inputsName), 0o777); err != nil {
		return "", fmt.Errorf("copy the scenario's file: %w", err)
	}
	in, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("copy the scenario's file: %w", err)
	}
	defer in.Close()
	if err := writeFile(filepath.Join(dir, name), func(w io.Writer) error { _, err := io.Copy(w, in); return err }); err != nil {
		return "", fmt.Errorf("copy the scenario's file: %w", err)
	}
	if _, err := findInput(dir, name, digest); err != nil {
		return "", err
	}
	return filepath.ToSlash(name), nil
}

// findInput returns the path of a copy that is what it was.
func findInput(dir, name, digest string) (string, error) {
	if !filepath.IsLocal(filepath.FromSlash(name)) {
		return "", fmt.Errorf("the scenario's file %q is not in the folder: %w", name, ErrAltered)
	}
	path := filepath.Join(dir, filepath.FromSlash(name))
	got, err := scenario.DigestFile(path)
	if err != nil {
		return "", fmt.Errorf("the scenario's file: %w", err)
	}
	if got != digest {
		return "", fmt.Errorf("%s: %w", path, ErrAltered)
	}
	return path, nil
}
