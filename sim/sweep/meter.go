package sweep

import (
	"sync"
	"time"

	"github.com/parley-network/parley/sim/result"
)

// Progress is how far a job has come.
type Progress struct {
	// Cells are all to be run; of them Done are recorded, Failed failed and
	// Running run.
	Cells, Done, Failed, Running int
	// Fraction of the work is done, by the time the engine expects.
	Fraction float64
	// Elapsed is since the start, Left how long it takes still, 0 while nobody
	// can tell.
	Elapsed, Left time.Duration
}

// Meter adds up how far cells have come. A nil Meter takes everything and tells
// nothing.
type Meter struct {
	manifest result.Manifest
	weights  []time.Duration
	total    time.Duration
	cells    int
	start    time.Time

	mu      sync.Mutex
	did     time.Duration
	done    int
	failed  int
	running map[int]float64
}

// NewMeter returns a meter for the cells of an estimate, which begin at start.
func NewMeter(m result.Manifest, e Estimate, start time.Time) *Meter {
	return &Meter{manifest: m, weights: e.weights, total: e.Work, cells: e.Cells, start: start, running: map[int]float64{}}
}

// Finished tells that another process recorded a cell.
func (m *Meter) Finished(cell int) { m.end(cell, nil) }

// Progress returns how far the cells have come by now.
func (m *Meter) Progress(now time.Time) Progress {
	m.mu.Lock()
	defer m.mu.Unlock()
	did := m.did
	for cell, fraction := range m.running {
		did += time.Duration(fraction * float64(m.weight(cell)))
	}
	p := Progress{Cells: m.cells, Done: m.done, Failed: m.failed, Running: len(m.running), Elapsed: now.Sub(m.start)}
	if m.total > 0 {
		p.Fraction = min(float64(did)/float64(m.total), 1)
	}
	if p.Fraction > 0 {
		p.Left = time.Duration(float64(p.Elapsed) * (1 - p.Fraction) / p.Fraction)
	}
	return p
}

func (m *Meter) weight(cell int) time.Duration { return m.weights[m.manifest.Cells[cell].Point] }

func (m *Meter) begin(cell int) {
	if m == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.running[cell] = 0
}

// of is the function that an engine tells a cell's progress.
func (m *Meter) of(cell int) func(float64) {
	if m == nil {
		return nil
	}
	return func(fraction float64) {
		m.mu.Lock()
		defer m.mu.Unlock()
		if _, runs := m.running[cell]; runs {
			m.running[cell] = min(max(fraction, 0), 1)
		}
	}
}

func (m *Meter) end(cell int, err error) {
	if m == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.running, cell)
	m.did += m.weight(cell)
	if err == nil {
		m.done++
	} else {
		m.failed++
	}
}
