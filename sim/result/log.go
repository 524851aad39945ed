package result

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"strconv"

	"github.com/parley-network/parley/sim/outcome"
	"github.com/parley-network/parley/sim/scenario"
)

// A log is one writer's part of the journal. Each line is the CRC-32C of the
// rest of it in 8 hex digits, a space, and JSON: first a header, then a record
// for each cell. A line is one write and is synced before the cell counts as
// finished; so what a crash leaves behind is a last line that is torn.
type log struct {
	name    string
	file    *os.File
	end     int64 // of the last line that is whole
	growing bool  // another process is writing it
}

// header binds a log to its run.
type header struct {
	Journal int    `json:"journal"`
	Program string `json:"program"`
	Hash    string `json:"scenario_sha256"`
	Writer  string `json:"writer"`
}

// record is a cell's line.
type record struct {
	Cell    int             `json:"cell"`
	Seed    uint64          `json:"seed"`
	Outcome outcome.Outcome `json:"outcome"`
}

// mostLine is how long a line may be.
const mostLine = 1 << 28

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// prefix is the length of the checksum and the space after it.
const prefix = 9

// frame returns v as a line.
func frame(v any) ([]byte, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	line := fmt.Appendf(make([]byte, 0, len(text)+prefix+1), "%08x ", crc32.Checksum(text, castagnoli))
	return append(append(line, text...), '\n'), nil
}

var errLine = errors.New("checksum does not match")

// unframe returns the JSON of a line without its line feed.
func unframe(line []byte) ([]byte, error) {
	if len(line) < prefix || line[prefix-1] != ' ' {
		return nil, errLine
	}
	sum, err := strconv.ParseUint(string(line[:prefix-1]), 16, 32)
	if err != nil || uint32(sum) != crc32.Checksum(line[prefix:], castagnoli) {
		return nil, errLine
	}
	return line[prefix:], nil
}

// strictly decodes all of text into v.
func strictly(text []byte, v any) error {
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(v); err != nil {
		return err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return errors.New("more after the end")
	}
	return nil
}

// decodeRecord reads a cell's line and checks it against the plan.
func decodeRecord(line []byte, cells []Cell) (record, error) {
	var r record
	text, err := unframe(line)
	if err != nil {
		return r, err
	}
	if err := strictly(text, &r); err != nil {
		return r, err
	}
	switch {
	case r.Cell < 0 || r.Cell >= len(cells):
		return r, fmt.Errorf("there is no cell %d", r.Cell)
	case r.Seed != cells[r.Cell].Seed:
		return r, fmt.Errorf("cell %d has another seed than planned", r.Cell)
	}
	return r, check(r.Outcome)
}

func logPath(dir, name string) string {
	return filepath.Join(dir, journalName, name+logSuffix)
}

// load adds a log to the folder.
func (f *Folder) load(name string) error {
	file, err := os.Open(logPath(f.dir, name))
	if err != nil {
		return fmt.Errorf("read the journal: %w", err)
	}
	l := &log{name: name, file: file, growing: locked(file.Name())}
	if err := f.scan(l); err != nil {
		return errors.Join(fmt.Errorf("journal %s: %w", name, err), file.Close())
	}
	f.logs = append(f.logs, l)
	return nil
}

// scan notes where each record of a log stands. A line that is no record is
// left out and told; only a header of another run is an error.
func (f *Folder) scan(l *log) error {
	lines := bufio.NewReaderSize(io.NewSectionReader(l.file, 0, 1<<62), 1<<16)
	for n, at := 1, int64(0); ; n++ {
		line, err := readLine(lines)
		if errors.Is(err, io.EOF) {
			if len(line) > 0 && !l.growing {
				f.notes = append(f.notes, fmt.Sprintf("journal %s: the last line is torn (%d bytes): left out", l.name, len(line)))
			}
			return nil
		} else if err != nil {
			return fmt.Errorf("line %d: %w", n, err)
		}
		length := len(line)
		if n == 1 {
			err = f.header(line[:length-1])
		} else {
			err = f.record(l, at, line[:length-1])
		}
		if errors.Is(err, ErrForeign) || errors.Is(err, ErrDiffers) || n == 1 && err != nil {
			return err
		} else if err != nil {
			f.notes = append(f.notes, fmt.Sprintf("journal %s, line %d: %v: left out", l.name, n, err))
		}
		at += int64(length)
		l.end = at
	}
}

// readLine is bufio.Reader.ReadBytes with a limit.
func readLine(r *bufio.Reader) ([]byte, error) {
	var line []byte
	for {
		part, err := r.ReadSlice('\n')
		line = append(line, part...)
		if !errors.Is(err, bufio.ErrBufferFull) {
			return line, err
		}
		if len(line) > mostLine {
			return nil, fmt.Errorf("longer than %d bytes", mostLine)
		}
	}
}

func (f *Folder) header(line []byte) error {
	var h header
	text, err := unframe(line)
	if err == nil {
		err = strictly(text, &h)
	}
	if err != nil {
		return fmt.Errorf("its header: %w; move the file away, and its cells are run again", err)
	}
	if h.Journal != Format {
		return fmt.Errorf("%w: format %d, and this program reads %d", ErrForeign, h.Journal, Format)
	}
	return f.Check(h.Program, h.Hash)
}

// record takes a line in. The same result twice is one. Real nodes never give
// the same twice: of two parts that ran a cell, the first log's result counts.
func (f *Folder) record(l *log, offset int64, line []byte) error {
	r, err := decodeRecord(line, f.manifest.Cells)
	if err != nil {
		return err
	}
	if old := f.cells[r.Cell]; old.log != nil {
		first, err := old.line()
		if err != nil {
			return err
		}
		switch {
		case bytes.Equal(first, line):
			return nil
		case f.manifest.Scenario.Engine == scenario.Stack:
			return fmt.Errorf("cell %d was run for journal %s too, whose result counts", r.Cell, old.log.name)
		default:
			return fmt.Errorf("cell %d: %w, in journal %s", r.Cell, ErrDiffers, old.log.name)
		}
	}
	f.cells[r.Cell] = place{l, offset, len(line)}
	return nil
}

// line reads a record's line again.
func (p place) line() ([]byte, error) {
	b := make([]byte, p.length)
	if _, err := p.log.file.ReadAt(b, p.offset); err != nil {
		return nil, fmt.Errorf("read the journal: %w", err)
	}
	return b, nil
}

func (l *log) close() error { return l.file.Close() }
