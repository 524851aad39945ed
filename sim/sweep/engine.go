package sweep

import (
	"context"
	"time"

	"github.com/parley-network/parley/sim/outcome"
	"github.com/parley-network/parley/sim/scenario"
)

// Engine runs one cell.
type Engine interface {
	// Expect returns what a run takes: processor time of one core, and memory in
	// bytes.
	Expect(s scenario.Scenario) (time.Duration, int64)
	// Run lives the scenario with the seed; done reports progress in [0,1] and
	// may be nil. It is called by several workers at once, and an outcome holds
	// no NaN and no infinity: what can't be told is left out.
	Run(ctx context.Context, s scenario.Scenario, seed uint64, done func(float64)) (outcome.Outcome, error)
}

// Checker is what an engine may be besides: it tells what it can't run. Check
// is asked about every point of a sweep before anything runs; its error says
// which of the scenario's fields is in the way.
type Checker interface {
	Check(s scenario.Scenario) error
}

// Pulse is how often a worker tells a [Task] that it is alive, at least.
const Pulse = 5 * time.Second
