// Package report makes what a run found readable: one HTML file that needs
// nothing else, the same plots as files, and a page that shows a sweep while it
// runs. All drawings are made here, so that a reader needs no JavaScript; only
// the spread's animation uses some, and shows still frames without.
package report

import (
	"time"

	"github.com/parley-network/parley/sim/outcome"
	"github.com/parley-network/parley/sim/scenario"
)

// Input is all that a report tells.
type Input struct {
	// Scenario is complete; its engine is the one that ran it.
	Scenario scenario.Scenario
	// Program is the version of what ran it, Hash the scenario's SHA-256.
	Program, Hash string
	Started       time.Time
	// Points are the combinations of the sweep's values, by number; one without
	// settings where there is no sweep.
	Points []Point
	Cells  []Cell
	// Notes are doubts about the results, a line each.
	Notes []string
	// Files are beside the report, by their relative names.
	Files []string
}

// Point is one combination of the axes' values.
type Point []Setting

// Setting is a field of the scenario, by its path, and its value.
type Setting struct {
	Field string
	Value any
}

// Cell is one run. Outcome is nil where it has not been finished.
type Cell struct {
	Point, Replicate int
	Seed             uint64
	Outcome          *outcome.Outcome
}

// Options say how a report is made. The zero value is fine.
type Options struct {
	// Values are those shown in the overview and, first, over the sweep; none
	// named: those that matter in most studies.
	Values []string
	// NoPlots leaves out the files in the folder plots.
	NoPlots bool
}
