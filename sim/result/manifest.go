package result

import (
	"time"

	"github.com/parley-network/parley/sim/scenario"
)

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
	// Scenario is complete: every field has its value. Its engine is the one used.
	Scenario scenario.Scenario `json:"scenario"`
	// Cells are all runs, by index.
	Cells []Cell `json:"cells"`
}

// Cell is one run of a sweep: a point, once.
type Cell struct {
	Index int `json:"cell"`
	// Point numbers the combinations of the axes' values, the last axis turning
	// fastest; Replicate the runs of one.
	Point     int `json:"point"`
	Replicate int `json:"replicate"`
	// Seed is below 2^53, so that every program reads it exactly.
	Seed uint64 `json:"seed"`
	// At is the point: each axis's field and its value there.
	At []scenario.Setting `json:"at,omitempty"`
}
