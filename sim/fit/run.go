package fit

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/parley-network/parley/sim/chart"
)

// Options say what [Run] gives.
type Options struct {
	// JSON has it write what [WriteJSON] does instead of the table.
	JSON bool
	// Plot names a file for the figure, .svg or .png; none: "".
	Plot string
	// Width of the figure, in pixels; 0: 980.
	Width float64
}

// RefusedError is of what [Run] was given: a file that can't be read or has no
// series, a plot of another kind. Nothing was written.
type RefusedError struct{ Err error }

// Error says what is wrong.
func (e *RefusedError) Error() string { return e.Err.Error() }

// Unwrap returns what is wrong.
func (e *RefusedError) Unwrap() error { return e.Err }

// Run fits the series of a CSV file and writes what it found to out. What it
// refuses, before anything is written, is a [RefusedError].
func Run(out io.Writer, file string, o Options) error {
	draw, err := drawing(o.Plot)
	if err != nil {
		return &RefusedError{err}
	}
	series, err := open(file)
	if err != nil {
		return &RefusedError{err}
	}
	results := Fit(series)
	if o.Plot != "" {
		if o.Width == 0 {
			o.Width = 980
		}
		var b bytes.Buffer
		if err := draw(&b, Figure(series, results), o.Width); err != nil {
			return err
		}
		if err := os.WriteFile(o.Plot, b.Bytes(), 0o644); err != nil {
			return fmt.Errorf("write plot: %w", err)
		}
	}
	if o.JSON {
		return WriteJSON(out, results)
	}
	return WriteTable(out, results)
}

func open(file string) ([]Series, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("open series: %w", err)
	}
	defer f.Close()
	series, err := Read(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return series, nil
}

func drawing(file string) (func(io.Writer, chart.Figure, float64) error, error) {
	switch ext := strings.ToLower(filepath.Ext(file)); {
	case file == "", ext == ".svg":
		return chart.SVG, nil
	case ext == ".png":
		return chart.PNG, nil
	default:
		return nil, fmt.Errorf("plot %s: want a name that ends in .svg or .png", file)
	}
}
