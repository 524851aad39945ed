package main

import "github.com/parley-network/parley/sim/fit"

type fitCmd struct {
	File string `arg:"" help:"A CSV file with a first line such as series,year,percent."`
	Plot string `help:"Draw the series with their curves into this file, .svg or .png." placeholder:"FILE"`
}

// Help implements kong.HelpProvider.
func (fitCmd) Help() string {
	return `Fits the Bass curve to each cumulative series: p (innovation) and q (imitation)
per year, m (the market, in the series' unit), with standard errors and R². It
says where a Bass curve does not describe a series, and why; where it is no more
than a guess, as for a series that ends before its peak, it says so as well. The
year of launch is estimated where the series begins late.

The file has columns series, year, and one of percent, share, fraction, count,
adopters or value; or a column year and one for each series; or a row for each
series and a column for each year. What was not measured may be left out or
empty.

Example:

    parley-sim fit us_households.csv --plot fits.svg
    parley-sim fit us_households.csv --json`
}

// Run fits the series.
func (c fitCmd) Run(e *env) error {
	return fit.Run(e.out, c.File, fit.Options{JSON: e.asJSON, Plot: c.Plot})
}
