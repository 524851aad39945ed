package report

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/parley-network/parley/sim/result"
)

// Write makes the report of a run's folder: the page is the file out, by
// default report.html in the folder, and the plots go to the folder plots
// beside it. Cells that are not finished are left out, and the report says so.
// It returns the page's path.
func Write(dir, out string, o Options) (string, error) {
	folder, err := result.Open(dir)
	if err != nil {
		return "", err
	}
	defer folder.Close()
	if out == "" {
		out = filepath.Join(dir, "report.html")
	}
	in, err := Read(folder)
	if err != nil {
		return "", err
	}
	if err := in.has(o.Values); err != nil {
		return "", err
	}
	if in.Files, err = beside(dir, out); err != nil {
		return "", err
	}
	if err := Save(out, in, o); err != nil {
		return "", err
	}
	return out, nil
}

// has refuses a value that no cell found, and names those there are.
func (in Input) has(values []string) error {
	var names []string
	for _, c := range in.Cells {
		if c.Outcome == nil {
			continue
		}
		for _, v := range c.Outcome.Values {
			names = append(names, v.Name)
		}
		break
	}
	for _, v := range values {
		if len(names) > 0 && !slices.Contains(names, v) {
			return fmt.Errorf("no value is called %q; there are %s", v, strings.Join(names, ", "))
		}
	}
	return nil
}

// Read takes what a folder holds.
func Read(folder *result.Folder) (Input, error) {
	m := folder.Manifest()
	in := Input{Scenario: m.Scenario, Program: m.Program, Hash: m.Hash, Started: m.Started,
		Points: Points(m), Notes: folder.Notes()}
	for _, c := range m.Cells {
		cell := Cell{Point: c.Point, Replicate: c.Replicate, Seed: c.Seed}
		o, err := folder.Outcome(c.Index)
		switch {
		case err == nil:
			if c.Replicate > 0 {
				o.Spread = nil // one a point is shown, and they are large
			}
			cell.Outcome = &o
		case !errors.Is(err, result.ErrMissing):
			return Input{}, fmt.Errorf("%v: %w", c, err)
		}
		in.Cells = append(in.Cells, cell)
	}
	return in, nil
}

// Points are the combinations of the sweep's values, by number.
func Points(m result.Manifest) []Point {
	out := make([]Point, m.Scenario.Points())
	for _, c := range m.Cells {
		if out[c.Point] == nil {
			for _, s := range c.At {
				out[c.Point] = append(out[c.Point], Setting{s.Field, s.Value})
			}
		}
	}
	return out
}

// beside names the folder's files relative to the page, where they are below
// it or beside it; elsewhere links would break as soon as either moved.
func beside(dir, out string) ([]string, error) {
	at, err := filepath.Abs(filepath.Dir(out))
	if err != nil {
		return nil, fmt.Errorf("find the page's folder: %w", err)
	}
	from, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("find the run's folder: %w", err)
	}
	var names []string
	for _, name := range []string{result.RunsCSV, result.SeriesCSV, result.SeriesParquet, result.SamplesCSV, "manifest.json"} {
		path := filepath.Join(from, name)
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			continue
		} else if err != nil {
			return nil, fmt.Errorf("look at the run's files: %w", err)
		}
		rel, err := filepath.Rel(at, path)
		if err != nil || !filepath.IsLocal(rel) {
			continue
		}
		names = append(names, filepath.ToSlash(rel))
	}
	return names, nil
}
