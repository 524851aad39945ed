package main

import (
	"fmt"
	"io"
	"os"

	"github.com/parley-network/parley/sim/mesh"
	"github.com/parley-network/parley/sim/study"
)

type calibrateCmd struct {
	beside
	Out string `help:"Write the constants into this file, instead of printing them." placeholder:"FILE"`
}

// Help implements kong.HelpProvider.
func (calibrateCmd) Help() string {
	return `Measures real nodes and fits the constants of the model's gossip to them: what a
hop takes beside its link, what a lost packet takes to come again, the bytes of
copies and of idling. What it finds names the runs it was measured on. The
constants that the program ships with were found like this.

Example:

    parley-sim calibrate --sizes 100,200 --out calibration.json`
}

// Run calibrates.
func (c calibrateCmd) Run(e *env) error {
	p, err := c.plan(e)
	if err != nil {
		return err
	}
	found, err := study.Calibrate(e.ctx, p, mesh.Default())
	if err != nil {
		return err
	}
	b, err := found.Constants.JSON()
	if err != nil {
		return err
	}
	if c.Out != "" {
		if err := os.WriteFile(c.Out, b, 0o644); err != nil {
			return fmt.Errorf("write the constants: %w", err)
		}
	}
	var told error
	err = e.show(found, func(w io.Writer) {
		if c.Out == "" {
			fmt.Fprintf(w, "%s\n", b)
		} else {
			fmt.Fprintf(w, "Wrote %s\n", c.Out)
		}
		fmt.Fprintf(w, "Distance before %.4f, after %.4f (see parley-sim compare).\n", found.Before, found.After)
		told = study.WriteTable(w, append(append([]study.Pair(nil), found.Even...), found.Lossy...))
	})
	return either(err, told)
}
