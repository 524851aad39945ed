package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// deliver writes b to a new file and says so in the given words, or writes it
// to standard output for "-".
func (e *env) deliver(path string, b []byte, words string) error {
	return e.deliverBy(writeNew, path, b, words)
}

// deliverAgain does the same over a file that is there.
func (e *env) deliverAgain(path string, b []byte, words string) error {
	return e.deliverBy(writeOver, path, b, words)
}

func (e *env) deliverBy(write func(string, []byte) error, path string, b []byte, words string) error {
	if path == "-" {
		_, err := e.out.Write(b)
		return err
	}
	if err := write(path, b); err != nil {
		return err
	}
	out := struct {
		File  string `json:"file"`
		Bytes int    `json:"bytes"`
	}{path, len(b)}
	return e.show(out, func(w io.Writer) { fmt.Fprintln(w, words) })
}

// writeNew writes a file that is not there yet.
func writeNew(path string, b []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, os.ErrExist) {
		return fmt.Errorf("%s is there already: choose another name with -o", path)
	}
	if err != nil {
		return err
	}
	if _, err := f.Write(b); err != nil {
		return errors.Join(err, f.Close(), os.Remove(path))
	}
	return f.Close()
}

// writeOver writes a file in the place of the one there is; whoever reads it
// sees the old one or the new one whole.
func writeOver(path string, b []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return err
	}
	if _, err := f.Write(b); err != nil {
		return errors.Join(err, f.Close(), os.Remove(f.Name()))
	}
	if err := f.Close(); err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}
