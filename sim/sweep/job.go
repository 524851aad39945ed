package sweep

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/parley-network/parley/sim/result"
)

// Job is cells to run and how.
type Job struct {
	Manifest result.Manifest
	Engine   Engine
	// Workers is how many cells run at once; below 1: one.
	Workers int
	Source  Source
	Sink    Sink
	// Meter is told what happens; nil: nobody is.
	Meter *Meter
}

// mostFailures is after how many failed cells a job gives up: the rest would
// fail as well.
const mostFailures = 10

// rounds is how often gaps are run again: a source loses cells by crashes, not
// by rule.
const rounds = 3

// Run has workers take cells from the source until it has none. A cell that
// fails or panics does not keep the others from running: all that failed are
// in the error, as [CellError]. When the sink or the source fails, all end.
func (j Job) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var wg sync.WaitGroup
	var mu sync.Mutex
	var failed []error
	for range max(j.Workers, 1) {
		wg.Go(func() {
			for {
				err := j.next(ctx)
				var cell *CellError
				switch {
				case err == nil:
				case errors.Is(err, io.EOF):
					return
				case errors.As(err, &cell):
					mu.Lock()
					failed = append(failed, err)
					enough := len(failed) >= mostFailures
					mu.Unlock()
					if enough {
						cancel(fmt.Errorf("%d cells failed; the others are not tried", mostFailures))
						return
					}
				default:
					cancel(err)
					return
				}
			}
		})
	}
	wg.Wait()
	if ctx.Err() != nil {
		failed = append(failed, context.Cause(ctx))
	}
	return errors.Join(failed...)
}

// next takes one cell from the source and sees it through.
func (j Job) next(ctx context.Context) error {
	task, err := j.Source.Next(ctx)
	if err != nil {
		return sourceError(ctx, err)
	}
	cell := task.Cell()
	if cell < 0 || cell >= len(j.Manifest.Cells) {
		return fmt.Errorf("the queue handed out cell %d of %d: it is another run's", cell, len(j.Manifest.Cells))
	}
	j.Meter.begin(cell)
	err = j.see(ctx, task)
	j.Meter.end(cell, err)
	return err
}

func sourceError(ctx context.Context, err error) error {
	if errors.Is(err, io.EOF) {
		return io.EOF
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return fmt.Errorf("take a cell: %w", err)
}

// see runs a task's cell and records it. The source is told even when ctx has
// ended.
func (j Job) see(ctx context.Context, task Task) error {
	tell := context.WithoutCancel(ctx)
	cell := j.Manifest.Cells[task.Cell()]
	stop := pulse(ctx, task)
	o, err := runCell(ctx, j.Engine, j.Manifest, cell, j.Meter)
	stop()
	if ctx.Err() != nil {
		return errors.Join(context.Cause(ctx), task.Retry(tell))
	}
	if err != nil {
		// Whoever took it would fail as well: it is handed to nobody else, and
		// found missing at the end.
		return errors.Join(&CellError{Cell: cell, Err: err}, task.Done(tell))
	}
	if err := j.Sink.Put(ctx, cell.Index, o); err != nil {
		return errors.Join(err, task.Retry(tell))
	}
	if err := task.Done(tell); err != nil {
		return fmt.Errorf("tell that %v is done: %w", cell, err)
	}
	return nil
}

// pulse tells the source that the task is alive until stop is called. A source
// that doesn't hear it hands the cell out again, which costs time and no more.
func pulse(ctx context.Context, task Task) (stop func()) {
	if _, local := task.(listed); local {
		return func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	wg.Go(func() {
		tick := time.NewTicker(Pulse)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				task.Working(ctx)
			}
		}
	})
	return func() { cancel(); wg.Wait() }
}

// Complete runs the job, and then, from a list, what is still missing: cells
// that the source lost or handed to a worker that died. missing is asked after
// each round. A cell that failed is not tried again.
func (j Job) Complete(ctx context.Context, missing func() []int) error {
	for range rounds {
		if err := j.Run(ctx); err != nil {
			return err
		}
		gaps := missing()
		if len(gaps) == 0 {
			return nil
		}
		j.Source = NewList(gaps)
	}
	if gaps := missing(); len(gaps) > 0 {
		return fmt.Errorf("%d cells are still missing after %d rounds, the first %v", len(gaps), rounds, j.Manifest.Cells[gaps[0]])
	}
	return nil
}
