package sweep

import "errors"

var errFailed = errors.New("failed elsewhere")

// Started tells that a worker elsewhere began a cell, Reached how far it is,
// in [0,1], and Failed that it has no result. [Meter.Finished] tells that it
// is recorded.
func (m *Meter) Started(cell int) { m.begin(cell) }

// Reached is told of a cell that was started.
func (m *Meter) Reached(cell int, fraction float64) {
	if tell := m.of(cell); tell != nil {
		tell(fraction)
	}
}

// Failed is told of a cell that no worker could run.
func (m *Meter) Failed(cell int) { m.end(cell, errFailed) }
