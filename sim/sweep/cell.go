package sweep

import (
	"context"
	"fmt"
	"runtime/debug"

	"github.com/parley-network/parley/sim/outcome"
	"github.com/parley-network/parley/sim/result"
)

// CellError is of a cell that its engine could not run.
type CellError struct {
	Cell result.Cell
	Err  error
}

// Error names the cell and says why.
func (e *CellError) Error() string { return fmt.Sprintf("%v: %v", e.Cell, e.Err) }

// Unwrap returns why.
func (e *CellError) Unwrap() error { return e.Err }

// PanicError is of an engine that panicked: a mistake in the program.
type PanicError struct {
	Value any
	// Stack is where, for who mends it.
	Stack []byte
}

// Error says what the panic said, without the stack.
func (e *PanicError) Error() string { return fmt.Sprintf("the engine panicked: %v", e.Value) }

// runCell runs one cell. A panic of the engine in this goroutine is an error.
func runCell(ctx context.Context, e Engine, m result.Manifest, cell result.Cell, meter *Meter) (o outcome.Outcome, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = &PanicError{Value: v, Stack: debug.Stack()}
		}
	}()
	s, err := m.At(cell.Index)
	if err != nil {
		return outcome.Outcome{}, err
	}
	return e.Run(ctx, s, cell.Seed, meter.of(cell.Index))
}
