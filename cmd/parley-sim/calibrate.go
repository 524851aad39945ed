package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/parley-network/parley/sim/scenario"
	"github.com/parley-network/parley/sim/study"
)

type calibrateCmd struct {
	sidesFlags
	Out string `help:"Write the constants into this file." placeholder:"FILE"`
}

// Help implements kong.HelpProvider.
func (calibrateCmd) Help() string {
	return `Measures real nodes, with packets lost and without, and fits the constants of
the model that are measured: what a hop takes beside its link, what a lost packet
takes to come again, the bytes of copies and of idling. It shows how near the
model comes with them; "compare --from" does so again, and "run --calibration",
or calibration = "constants.json" in a scenario, has the model go by them: they
are part of the scenario then, of its hash and of the run, whatever becomes of
the file.

Example:

    parley-sim calibrate --sizes 50 --seeds 2 --out constants.json
    parley-sim compare --sizes 100 --seeds 2 --from constants.json
    parley-sim new small
    parley-sim run small.toml --calibration constants.json`
}

// Run calibrates the model.
func (c calibrateCmd) Run(e *env) error {
	p, start, err := c.plan(e, scenario.Default().Protocol)
	if err != nil {
		return err
	}
	if err := writable(c.Out); err != nil {
		return fmt.Errorf("write the constants: %w", err)
	}
	found, err := study.Calibrate(e.ctx, p, start)
	if err != nil {
		return err
	}
	if c.Out != "" {
		text, err := json.MarshalIndent(found.Constants, "", "  ")
		if err != nil {
			return fmt.Errorf("write the constants: %w", err)
		}
		if err := os.WriteFile(c.Out, append(text, '\n'), 0o644); err != nil {
			return fmt.Errorf("write the constants: %w", err)
		}
	}
	var written error
	err = e.show(found, func(w io.Writer) {
		fmt.Fprintf(w, "distance %.4g before, %.4g after\n", found.Before, found.After)
		written = errors.Join(study.WriteTable(w, found.Even), study.WriteTable(w, found.Lossy))
	})
	return errors.Join(err, written)
}

// writable tries whether a file can be put at path, before what it is to hold is
// measured for minutes.
func writable(path string) error {
	if path == "" {
		return nil
	}
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return fmt.Errorf("%s is a folder", path)
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".tmp-*")
	if err != nil {
		return err
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}
