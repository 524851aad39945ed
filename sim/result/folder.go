package result

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
)

const (
	manifestName = "manifest.json"
	inputsName   = "inputs"
	journalName  = "journal"
	logSuffix    = ".log"
)

var (
	// ErrNoRun is of a place without a run in it.
	ErrNoRun = errors.New("is no run's folder")
	// ErrExists is of a folder that holds a run already.
	ErrExists = errors.New("holds a run already")
	// ErrMissing is of a cell without a result.
	ErrMissing = errors.New("no result yet")
	// ErrBusy is of a journal that another process writes.
	ErrBusy = errors.New("another process is writing it")
	// ErrDiffers is of a second result of a cell that is not the first's.
	ErrDiffers = errors.New("differs from the result recorded already")
	// ErrForeign is of results from another program or scenario.
	ErrForeign = errors.New("results of another run")
)

// Folder is a run's. Its methods may be called by several goroutines.
type Folder struct {
	dir      string
	manifest Manifest

	mu    sync.Mutex
	cells []place // by cell; no log: none
	logs  []*log
	notes []string
}

// place is where a cell's record stands.
type place struct {
	log    *log
	offset int64
	length int
}

// Create makes a run's folder, and what is above it. It returns [ErrExists]
// where there is one, and refuses a folder with anything else in it. The file
// that the scenario names is copied, so that the folder is complete.
func Create(dir string, m Manifest) (*Folder, error) {
	if err := emptyEnough(dir); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Join(dir, journalName), 0o777); err != nil {
		return nil, fmt.Errorf("make the run's folder: %w", err)
	}
	if m.Scenario.Network.Digest != "" {
		name, err := copyInput(dir, m.Scenario.Network.File, m.Scenario.Network.Digest)
		if err != nil {
			return nil, err
		}
		m.Scenario.Network.File = name
	}
	text, err := m.encode()
	if err != nil {
		return nil, err
	}
	if err := writeOnce(filepath.Join(dir, manifestName), text); err != nil {
		return nil, err
	}
	return Open(dir)
}

// emptyEnough allows what another process that makes the same folder has put
// there.
func emptyEnough(dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	} else if err != nil {
		return fmt.Errorf("look into the run's folder: %w", err)
	}
	for _, e := range entries {
		switch name := e.Name(); {
		case name == manifestName:
			return fmt.Errorf("%s %w", dir, ErrExists)
		case name != inputsName && name != journalName && !strings.HasPrefix(name, tempPrefix):
			return fmt.Errorf("%s is neither empty nor a run's folder: there is %s in it", dir, name)
		}
	}
	return nil
}

// Open reads a run's folder. Results of another program or scenario are an
// error; what was torn or damaged is left out, and [Folder.Notes] tells.
func Open(dir string) (*Folder, error) {
	m, err := readManifest(dir)
	if errors.Is(err, os.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return nil, fmt.Errorf("%s %w: there is no %s in it", dir, ErrNoRun, manifestName)
	} else if err != nil {
		return nil, err
	}
	f := &Folder{dir: dir, manifest: m, cells: make([]place, len(m.Cells))}
	entries, err := os.ReadDir(filepath.Join(dir, journalName))
	if err != nil {
		return nil, fmt.Errorf("read the journal: %w", err)
	}
	for _, e := range entries { // sorted by name
		if name, ok := strings.CutSuffix(e.Name(), logSuffix); ok {
			if err := f.load(name); err != nil {
				return nil, errors.Join(err, f.Close())
			}
		}
	}
	return f, nil
}

// Close lets go of the folder's files.
func (f *Folder) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	var errs []error
	for _, l := range f.logs {
		errs = append(errs, l.close())
	}
	f.logs = nil
	return errors.Join(errs...)
}

// Dir is the folder's path.
func (f *Folder) Dir() string { return f.dir }

// Manifest is what was to be run.
func (f *Folder) Manifest() Manifest { return f.manifest }

// Has reports whether a cell has a result.
func (f *Folder) Has(cell int) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return cell >= 0 && cell < len(f.cells) && f.cells[cell].log != nil
}

// Missing are the cells without a result.
func (f *Folder) Missing() []int {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []int
	for cell, p := range f.cells {
		if p.log == nil {
			out = append(out, cell)
		}
	}
	return out
}

// Notes say, a line each, what was found torn or damaged in the journal. The
// cells in question are missing.
func (f *Folder) Notes() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.notes)
}

// Check returns [ErrForeign] with what differs where a program of that version
// and a scenario of that hash would not go on with this run.
func (f *Folder) Check(program, hash string) error {
	switch m := f.manifest; {
	case hash != m.Hash:
		return fmt.Errorf("%s: %w: its scenario is %s, this one is %s", f.dir, ErrForeign, short(m.Hash), short(hash))
	case program != m.Program:
		return fmt.Errorf("%s: %w: it was begun by %s, and this is %s", f.dir, ErrForeign, m.Program, program)
	}
	return nil
}
