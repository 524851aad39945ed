package result

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/parley-network/parley/sim/scenario"
)

// Format is the version of the folder's files.
const Format = 1

// Manifest is what was to be run. It is written once, before the first cell.
type Manifest struct {
	// Format is that of the folder: [Format].
	Format int `json:"format"`
	// Program is the version of what runs it, as it calls itself. Results of
	// another are not mixed in.
	Program string `json:"program"`
	// Started is when the folder was made.
	Started time.Time `json:"started"`
	// Hash is the scenario's, see [scenario.Scenario.Hash].
	Hash string `json:"scenario_sha256"`
	// Scenario is complete: every field has its value. Its engine is the one
	// used; the file it names, if any, lies in this folder.
	Scenario scenario.Scenario `json:"scenario"`
	// Cells are all runs, by index.
	Cells []Cell `json:"cells"`
}

// NewManifest returns what is to be run of a valid scenario, by a program of
// that version.
func NewManifest(s scenario.Scenario, program string, started time.Time) (Manifest, error) {
	hash, err := s.Hash()
	if err != nil {
		return Manifest{}, err
	}
	cells, err := Cells(s)
	if err != nil {
		return Manifest{}, err
	}
	return Manifest{Format: Format, Program: program, Started: started.UTC().Truncate(time.Second),
		Hash: hash, Scenario: s, Cells: cells}, nil
}

// Axes are the fields that the sweep varies, in its order.
func (m Manifest) Axes() []string {
	out := make([]string, len(m.Scenario.Sweep))
	for i, axis := range m.Scenario.Sweep {
		out[i] = axis.Field
	}
	return out
}

// At returns the scenario of one cell, without the sweep.
func (m Manifest) At(cell int) (scenario.Scenario, error) {
	s, _, err := m.Scenario.Point(m.Cells[cell].Point)
	return s, err
}

// mostManifest is how long a manifest may be: that of [scenario.MaxCells] cells
// with a few axes.
const mostManifest = 1 << 30

// readManifest reads the manifest of a folder and finds the scenario's file in
// it.
func readManifest(dir string) (Manifest, error) {
	file, err := os.Open(filepath.Join(dir, manifestName))
	if err != nil {
		return Manifest{}, err
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, mostManifest))
	if err != nil {
		return Manifest{}, err
	}
	m, err := decodeManifest(text)
	if err != nil {
		return Manifest{}, fmt.Errorf("%s: %w", file.Name(), err)
	}
	if n := &m.Scenario.Network; n.Digest != "" {
		if n.File, err = findInput(dir, n.File, n.Digest); err != nil {
			return Manifest{}, err
		}
	}
	return m, nil
}

// ErrAltered is of a folder whose parts don't belong together.
var ErrAltered = errors.New("altered since it was written")

// decodeManifest reads a manifest and checks that its parts agree: the hash is
// the scenario's, and the cells are those that follow from it.
func decodeManifest(text []byte) (Manifest, error) {
	var format struct {
		Format int `json:"format"`
	}
	if err := json.Unmarshal(text, &format); err != nil {
		return Manifest{}, noManifest(text, err)
	}
	if format.Format != Format {
		return Manifest{}, fmt.Errorf("format %d; this program reads %d", format.Format, Format)
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	dec.UseNumber()
	var m Manifest
	if err := dec.Decode(&m); err != nil {
		return Manifest{}, noManifest(text, err)
	}
	if err := m.Scenario.Validate(); err != nil {
		return Manifest{}, fmt.Errorf("the scenario in it: %w", err)
	}
	if n := m.Scenario.Network; n.File != "" && n.Digest == "" {
		return Manifest{}, fmt.Errorf("it names the file %q without its digest: %w", n.File, ErrAltered)
	}
	want, err := NewManifest(m.Scenario, m.Program, m.Started)
	if err != nil {
		return Manifest{}, err
	}
	switch {
	case m.Hash != want.Hash:
		return Manifest{}, fmt.Errorf("the scenario's hash is %s, not the %s it states: %w", short(want.Hash), short(m.Hash), ErrAltered)
	case len(m.Cells) != len(want.Cells):
		return Manifest{}, fmt.Errorf("%d cells instead of %d: %w", len(m.Cells), len(want.Cells), ErrAltered)
	}
	for i := range m.Cells {
		if got := m.Cells[i]; !got.same(want.Cells[i]) {
			return Manifest{}, fmt.Errorf("cell %d is not the one that follows from the scenario: %w", i, ErrAltered)
		}
	}
	return want, nil
}

// noManifest says in which line the text is none, where that can be told.
func noManifest(text []byte, err error) error {
	var syntax *json.SyntaxError
	if !errors.As(err, &syntax) || syntax.Offset > int64(len(text)) {
		return fmt.Errorf("%w: %w", err, ErrAltered)
	}
	return fmt.Errorf("line %d: %w: %w", 1+bytes.Count(text[:syntax.Offset], []byte{'\n'}), err, ErrAltered)
}

// same compares but for the type of numbers, which JSON does not keep.
func (c Cell) same(d Cell) bool {
	a, errA := json.Marshal(c)
	b, errB := json.Marshal(d)
	return errA == nil && errB == nil && bytes.Equal(a, b)
}

func (m Manifest) encode() ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(m); err != nil {
		return nil, fmt.Errorf("write the manifest: %w", err)
	}
	return b.Bytes(), nil
}

func short(hash string) string { return hash[:min(len(hash), 12)] }
