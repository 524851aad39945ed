package main

import (
	"fmt"
	"io"

	page "github.com/parley-network/parley/sim/report"
)

type reportCmd struct {
	Dir   string   `arg:"" help:"The run's folder."`
	Out   string   `help:"The HTML file; by default report.html in that folder." placeholder:"FILE"`
	Value []string `help:"A value to show first, instead of those that matter in most studies; may be repeated." placeholder:"NAME"`
	Plots bool     `help:"Write each plot as SVG and PNG into the folder plots beside the page." default:"true" negatable:""`
}

// Help implements kong.HelpProvider.
func (reportCmd) Help() string {
	return `The page needs no network, no server and no JavaScript. What is not finished is
left out, and the page says so.

Example:

    parley-sim new small
    parley-sim run small.toml
    parley-sim report small.run
    parley-sim report small.run --value fill_network --value delay_p99_seconds`
}

// Run writes the report.
func (c reportCmd) Run(e *env) error {
	out, err := page.Write(c.Dir, c.Out, page.Options{Values: c.Value, NoPlots: !c.Plots})
	if err != nil {
		return err
	}
	return e.show(struct {
		Page string `json:"page"`
	}{out}, func(w io.Writer) { fmt.Fprintf(w, "Wrote %s\n", out) })
}
