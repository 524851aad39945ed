package scenario

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// mostBytes is how big a scenario's file may be.
const mostBytes = 1 << 18

// File is a scenario and where each part of it was written.
type File struct {
	Path     string
	Scenario Scenario
	lines    map[string]int    // by path
	changed  map[string]string // what changed a field since, by path
}

// Load reads a complete scenario from a TOML or YAML file, told apart by its
// name. What the file leaves out has its default. The error is [Problems] where
// the file can be read and says something that is not allowed.
func Load(path string) (Scenario, error) {
	f, err := Open(path)
	if err != nil {
		return Scenario{}, err
	}
	return f.Scenario, nil
}

// Open is [Load] for who wants to tell later what was written where.
func Open(path string) (*File, error) {
	text, err := read(path)
	if err != nil {
		return nil, fmt.Errorf("read the scenario: %w", err)
	}
	f, problems := Parse(path, text)
	if len(problems) == 0 {
		problems = f.resolve()
	}
	if err := problems.err(); err != nil {
		return nil, err
	}
	return f, nil
}

func read(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, mostBytes+1))
	if err == nil && len(text) > mostBytes {
		err = fmt.Errorf("%s: longer than the %d bytes a scenario may have", path, mostBytes)
	}
	return text, err
}

// Parse is [Open] of a text, whose format the path tells. It looks at no other
// file: an edge list is neither found nor read.
func Parse(path string, text []byte) (*File, Problems) {
	f := &File{Path: path, Scenario: Default()}
	var tree map[string]any
	var err error
	text = bytes.TrimPrefix(text, []byte("\ufeff")) // as some editors put it before UTF-8
	switch ext := strings.ToLower(filepath.Ext(path)); ext {
	case ".toml":
		tree, f.lines, err = parseTOML(text)
	case ".yaml", ".yml":
		tree, f.lines, err = parseYAML(text)
	default:
		err = Problem{Reason: fmt.Sprintf("a scenario's file ends in .toml or .yaml, not %q", ext)}
	}
	if err != nil {
		return nil, f.placed(Problems{asProblem(err)})
	}
	problems := decode(tree, &f.Scenario)
	if len(problems) == 0 {
		problems, _ = asProblems(f.Scenario.Validate())
	}
	if len(problems) > 0 {
		return nil, f.placed(problems)
	}
	if err := f.Scenario.plainAxes(); err != nil { // Validate has set each of them
		return nil, f.placed(Problems{asProblem(err)})
	}
	if problems := f.beneath(); len(problems) > 0 {
		return nil, f.placed(problems)
	}
	return f, nil
}

func asProblem(err error) Problem {
	var p Problem
	if errors.As(err, &p) {
		return p
	}
	return Problem{Reason: err.Error()}
}

// At tells where a field was written, as "file:line"; where it was not, only
// the file; of one that was changed since, what changed it.
func (f *File) At(field string) string {
	if by := f.by(field); by != "" {
		return by
	}
	if line := f.line(field); line > 0 {
		return fmt.Sprintf("%s:%d", f.Path, line)
	}
	return f.Path
}

// line is the field's, or that of what it is part of.
func (f *File) line(field string) int {
	for field != "" {
		if line, ok := f.lines[field]; ok {
			return line
		}
		field = field[:max(strings.LastIndexAny(field, ".["), 0)]
	}
	return 0
}

func (f *File) placed(ps Problems) Problems {
	for i := range ps {
		ps[i].File = f.Path
		if by := f.by(ps[i].Field); by != "" {
			ps[i].File = by
		} else if ps[i].Line == 0 {
			ps[i].Line = f.line(ps[i].Field)
		}
	}
	ps.err() // for the order
	return ps
}

// resolve finds the files that the scenario names, from where it lies itself.
func (f *File) resolve() Problems {
	if at := f.Scenario.Calibration; at != "" {
		if !filepath.IsAbs(at) {
			at = filepath.Join(filepath.Dir(f.Path), at)
		}
		if err := f.calibrate(at); err != nil {
			return f.placed(Problems{{Field: "calibration", Reason: plainReason(err)}})
		}
	}
	n := &f.Scenario.Network
	if n.Kind != "file" {
		return nil
	}
	if !filepath.IsAbs(n.File) {
		n.File = filepath.Join(filepath.Dir(f.Path), n.File)
	}
	digest, err := DigestFile(n.File)
	if err != nil {
		return f.placed(Problems{{Field: "network.file", Reason: plainReason(err)}})
	}
	n.Digest = digest
	return nil
}

// Calibrate gives the scenario the constants in a file, found from where the
// process is; by is what asked for it, as in [File.Change].
func (f *File) Calibrate(path, by string) error {
	if err := f.calibrate(path); err != nil {
		return errors.New(plainReason(err))
	}
	return f.Change("calibration", f.Scenario.Calibration, by)
}

// mostConstants is how long a file of constants may be.
const mostConstants = 1 << 16

func (f *File) calibrate(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, mostConstants+1))
	switch {
	case err != nil:
		return err
	case len(text) > mostConstants:
		return fmt.Errorf("%s: longer than the %d bytes that constants may have", path, mostConstants)
	case !json.Valid(text):
		return fmt.Errorf("%s: no JSON; parley-sim calibrate --out writes such a file", path)
	}
	constants, err := canonical(json.RawMessage(text))
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	f.Scenario.Calibration, f.Scenario.Constants = filepath.Base(path), constants
	return nil
}

// DigestFile returns the SHA-256 of a regular file's bytes, in hex.
func DigestFile(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	if info, err := file.Stat(); err != nil {
		return "", err
	} else if !info.Mode().IsRegular() {
		return "", fmt.Errorf("%s is no regular file", path)
	}
	h := sha256.New()
	if _, err := io.Copy(h, file); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// plainReason says what went wrong with a file without the system call's name.
func plainReason(err error) string {
	var p *os.PathError
	if errors.As(err, &p) {
		return fmt.Sprintf("%s: %v", p.Path, p.Err)
	}
	return err.Error()
}
