package main

import (
	"errors"

	"github.com/parley-network/parley/sim/fit"
)

type fitCmd struct {
	File string `arg:"" help:"A CSV file with a first line such as series,year,percent."`
	Plot string `help:"Draw the series with their curves into this file, .svg or .png." placeholder:"FILE"`
}

// Help implements kong.HelpProvider.
func (fitCmd) Help() string {
	return `Fits the Bass curve to each cumulative series by least squares: p (innovation)
and q (imitation) per year, m (the market, in the series' unit), with standard
errors. It says where a Bass curve does not describe a series, and why; where it
is no more than a guess, as for a series that ends before its peak, it says so.

The year of launch is estimated where the series tells it. Most don't: then it
is fixed, at the last leading zero or an interval before the first value, and
"yes, if launched in 1967" is the answer. p and q hold for that launch alone;
what an earlier one would make of them stands below.

R² is 1 - (squared residuals) / (squared deviations from the mean) of the
cumulative values as they are in the file. Anything that rises has a high one,
so that R² of what is gained from point to point stands beside it. A Bass curve
describes a series from R² 0.97 on, if the series shows its inflection and does
not fall.

The file has columns series, year, and one of percent, share, fraction, count,
adopters or value; or a column year and one for each series; or a row for each
series and a column for each year. Fields are parted by commas, semicolons, tabs
or |, and between all but commas the comma may be decimal. What was not measured
may be left out, empty or NA. Another unit of time may stand for the year, as in
a column month; p and q are per month then.

Example:

    printf '%s\n' year,tv 1990,2 1991,6 1992,13 1993,24 1994,39 1995,55 1996,69 1997,79 1998,85 >tv.csv
    parley-sim fit tv.csv --plot tv.svg
    parley-sim fit tv.csv --json`
}

// Run fits the series.
func (c fitCmd) Run(e *env) error {
	err := fit.Run(e.out, c.File, fit.Options{JSON: e.asJSON, Plot: c.Plot})
	var refused *fit.RefusedError
	if errors.As(err, &refused) {
		return usageError{err}
	}
	return err
}
