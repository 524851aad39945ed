package result

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"

	"github.com/parley-network/parley/sim/outcome"
)

// Writer adds results to the journal, in a log of its own. It may be used by
// several goroutines.
type Writer struct {
	folder *Folder
	log    *log

	mu   sync.Mutex
	lost error // what made the log unusable
}

var writerName = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{0,99}$`)

// Writer opens the log of that name to add to: one for a process on its own,
// one for each shard. It returns [ErrBusy] while another process has it. What a
// crash left torn at its end is cut off.
func (f *Folder) Writer(name string) (*Writer, error) {
	if !writerName.MatchString(name) {
		return nil, fmt.Errorf("journal %q: a name is of small letters, digits, dots and hyphens", name)
	}
	file, err := os.OpenFile(logPath(f.dir, name), os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return nil, fmt.Errorf("open the journal: %w", err)
	}
	l, err := f.takeOver(name, file)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("journal %s: %w", name, err), file.Close())
	}
	return &Writer{folder: f, log: l}, nil
}

// takeOver reads a log under its lock, as another process may have added to it
// since the folder was opened, and makes it ready for the next line.
func (f *Folder) takeOver(name string, file *os.File) (*log, error) {
	if err := lock(file); err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	var l *log
	for _, known := range f.logs {
		if known.name == name {
			l = known
		}
	}
	if l == nil {
		l = &log{name: name}
		f.logs = append(f.logs, l)
	} else {
		l.file.Close() // it was only read
		f.forget(l)
	}
	l.file, l.end, l.growing = file, 0, false
	if err := f.scan(l); err != nil {
		return nil, err
	}
	if err := file.Truncate(l.end); err != nil {
		return nil, err
	}
	if l.end > 0 {
		return l, nil
	}
	line, err := frame(header{Journal: Format, Program: f.manifest.Program, Hash: f.manifest.Hash, Writer: name})
	if err != nil {
		return nil, err
	}
	if err := l.add(line); err != nil {
		return nil, err
	}
	return l, syncFolder(filepath.Dir(file.Name()))
}

// forget drops what is known of a log before it is read again.
func (f *Folder) forget(l *log) {
	for cell := range f.cells {
		if f.cells[cell].log == l {
			f.cells[cell] = place{}
		}
	}
	prefix := "journal " + l.name
	kept := f.notes[:0]
	for _, note := range f.notes {
		if len(note) <= len(prefix) || note[:len(prefix)] != prefix || note[len(prefix)] != ':' && note[len(prefix)] != ',' {
			kept = append(kept, note)
		}
	}
	f.notes = kept
}

// add writes a line at the end and has the disk take it.
func (l *log) add(line []byte) error {
	if _, err := l.file.WriteAt(line, l.end); err != nil {
		return err
	}
	if err := l.file.Sync(); err != nil {
		return err
	}
	l.end += int64(len(line))
	return nil
}

// Put records what a cell found and returns once it would survive a crash of
// the machine. The same again is accepted and written once; another result for
// a cell is [ErrDiffers]. When the disk is full nothing of the line stays, and
// the cell is missing.
func (w *Writer) Put(_ context.Context, cell int, o outcome.Outcome) error {
	cells := w.folder.manifest.Cells
	if cell < 0 || cell >= len(cells) {
		return fmt.Errorf("there is no cell %d: the run has %d", cell, len(cells))
	}
	if err := check(o); err != nil {
		return fmt.Errorf("%v: %w", cells[cell], err)
	}
	line, err := frame(record{Cell: cell, Seed: cells[cell].Seed, Outcome: o})
	if err != nil {
		return fmt.Errorf("%v: %w", cells[cell], err)
	}
	if len(line) > mostLine {
		return fmt.Errorf("%v: a result of %d bytes, at most %d: record less", cells[cell], len(line), mostLine)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.lost != nil {
		return w.lost
	}
	if known, err := w.known(cell, line[:len(line)-1]); known || err != nil {
		return err
	}
	at := w.log.end
	if err := w.log.add(line); err != nil {
		err = fmt.Errorf("record %v in journal %s: %w", cells[cell], w.log.name, err)
		if cut := w.log.file.Truncate(at); cut != nil {
			w.lost = fmt.Errorf("journal %s can't be written any more: %w", w.log.name, cut)
		}
		return err
	}
	w.folder.mu.Lock()
	w.folder.cells[cell] = place{w.log, at, len(line) - 1}
	w.folder.mu.Unlock()
	return nil
}

func (w *Writer) known(cell int, line []byte) (bool, error) {
	w.folder.mu.Lock()
	defer w.folder.mu.Unlock()
	old := w.folder.cells[cell]
	if old.log == nil {
		return false, nil
	}
	first, err := old.line()
	if err == nil && !bytes.Equal(first, line) {
		err = fmt.Errorf("%v: %w", w.folder.manifest.Cells[cell], ErrDiffers)
	}
	return true, err
}

// Close lets others write the log. What it holds can still be read.
func (w *Writer) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.lost == nil {
		w.lost = os.ErrClosed
	}
	return unlock(w.log.file)
}

// Busy names the logs that others are writing, this process's own writers
// included, of those that mind is told of and says yes to.
func (f *Folder) Busy(mind func(log string) bool) ([]string, error) {
	entries, err := os.ReadDir(filepath.Join(f.dir, journalName)) // some may have been made since the folder was opened
	if err != nil {
		return nil, fmt.Errorf("read the journal: %w", err)
	}
	var out []string
	for _, e := range entries {
		name, ok := strings.CutSuffix(e.Name(), logSuffix)
		if ok && mind(name) && locked(logPath(f.dir, name)) {
			out = append(out, name)
		}
	}
	return out, nil
}
