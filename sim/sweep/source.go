package sweep

import (
	"context"

	"github.com/parley-network/parley/sim/outcome"
)

// Source hands out the cells to run. One process has a list in memory; several
// share a queue. A source may hand a cell out twice and may lose one: it is
// never the record. What counts is in the journal, which takes a cell once,
// and what is missing there at the end is handed out again.
type Source interface {
	// Next waits for a cell, and returns io.EOF when none is left. It is called
	// by several workers at once.
	Next(ctx context.Context) (Task, error)
}

// Task is one cell in the hands of one worker.
type Task interface {
	// Cell is its number in the plan.
	Cell() int
	// Working tells the source that the worker is alive, so that the cell is not
	// handed to another. It is called at least every [Pulse] while the cell runs.
	Working(ctx context.Context) error
	// Done tells that the cell's result is durably recorded.
	Done(ctx context.Context) error
	// Retry gives the cell back: this worker will not finish it.
	Retry(ctx context.Context) error
}

// Sink takes results. A worker beside the journal writes to it; one elsewhere
// sends to who does.
type Sink interface {
	// Put records a cell's result and returns once it would survive a crash of
	// the machine. Of a cell recorded already, the same result is accepted and
	// not recorded again; another one is an error. It is called by several
	// workers at once.
	Put(ctx context.Context, cell int, o outcome.Outcome) error
}
