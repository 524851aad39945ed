package result

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// Altered is a table that is not, to the byte, what the journal would be
// written as.
type Altered struct {
	Name string `json:"name"`
	// Absent says that there is no such file; else Line, counted from 1, and Byte,
	// from 0, are where it differs first.
	Absent bool  `json:"absent,omitempty"`
	Line   int   `json:"line,omitempty"`
	Byte   int64 `json:"byte,omitempty"`
}

// AlteredTables compares the tables with the journal.
func (f *Folder) AlteredTables() ([]Altered, error) {
	var out []Altered
	for _, t := range f.tables() {
		a, differs, err := f.compare(t)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", t.name, err)
		}
		if differs {
			out = append(out, a)
		}
	}
	return out, nil
}

func (f *Folder) compare(t table) (Altered, bool, error) {
	file, err := os.Open(filepath.Join(f.dir, t.name))
	if errors.Is(err, os.ErrNotExist) {
		return Altered{Name: t.name, Absent: true}, true, nil
	} else if err != nil {
		return Altered{}, false, err
	}
	defer file.Close()
	c := comparer{has: bufio.NewReaderSize(file, 1<<16), line: 1}
	switch err := t.write(&c); {
	case c.differs:
	case err != nil:
		return Altered{}, false, err
	default:
		if _, err := c.has.ReadByte(); errors.Is(err, io.EOF) {
			return Altered{}, false, nil
		} else if err != nil {
			return Altered{}, false, err
		}
	}
	return Altered{Name: t.name, Line: c.line, Byte: c.at}, true, nil
}

// comparer is a writer of what a file ought to have, up to where it has not.
type comparer struct {
	has  *bufio.Reader
	buf  []byte
	line int
	at   int64

	differs bool
}

var errHere = errors.New("it differs here")

func (c *comparer) Write(want []byte) (int, error) {
	if len(c.buf) < len(want) {
		c.buf = make([]byte, len(want))
	}
	n, err := io.ReadFull(c.has, c.buf[:len(want)])
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return 0, err
	}
	got := c.buf[:n]
	same := 0
	for same < n && got[same] == want[same] {
		same++
	}
	c.at += int64(same)
	c.line += bytes.Count(want[:same], []byte{'\n'})
	if same < len(want) {
		c.differs = true
		return same, errHere
	}
	return same, nil
}
