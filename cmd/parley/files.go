package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"unicode/utf8"
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
		return e.text(b)
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

// text writes b to standard output. With --json it stays JSON if it is, and is
// else the text, or the bytes in base64, of a JSON object.
func (e *env) text(b []byte) error {
	if !e.asJSON || json.Valid(b) {
		_, err := e.out.Write(b)
		return err
	}
	var out struct {
		Text  string `json:"text,omitempty"`
		Bytes []byte `json:"base64,omitempty"`
	}
	if utf8.Valid(b) {
		out.Text = string(b)
	} else {
		out.Bytes = b
	}
	return e.show(out, nil)
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
// sees the old one or the new one whole. Where a link leads, the file there is
// written; what is no file, such as a pipe or /dev/stdout, is written into and
// stays.
func writeOver(path string, b []byte) error {
	if to, err := filepath.EvalSymlinks(path); err == nil {
		path = to
	}
	if info, err := os.Stat(path); err == nil && info.Mode().Type()&(fs.ModeDevice|fs.ModeNamedPipe|fs.ModeSocket) != 0 {
		return os.WriteFile(path, b, 0o600)
	}
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
