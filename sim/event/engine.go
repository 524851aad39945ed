package event

import (
	"cmp"
	"context"
	"fmt"
)

// Number is what time is counted in.
type Number interface {
	~int64 | ~float64
	cmp.Ordered
}

// Engine is a clock and what is going to happen. Its zero value stands at zero
// with nothing to come.
type Engine[T Number, E any] struct {
	queue Queue[T, E]
	now   T
	lived uint64
}

// Now returns the time of the event that is being lived, or was last.
func (e *Engine[T, E]) Now() T { return e.now }

// Waiting returns how many events are to come.
func (e *Engine[T, E]) Waiting() int { return e.queue.Len() }

// Lived returns how many events have been.
func (e *Engine[T, E]) Lived() uint64 { return e.lived }

// At has an event happen at a time, and panics if that is past or no number:
// an event in the past is a mistake in the model that nothing would show.
func (e *Engine[T, E]) At(at T, event E) {
	if !(at >= e.now) {
		panic(fmt.Sprintf("event at %v: it is %v", at, e.now))
	}
	e.queue.Push(at, event)
}

// After has an event happen in a while from now.
func (e *Engine[T, E]) After(d T, event E) { e.At(e.now+d, event) }

// Run lives what happens up to and including until, in order: at each event the
// clock is set and live is called, which may schedule more. It ends at until
// with the clock set to it; or when ctx does, asked about every 4,096 events,
// with ctx's error and what is left still waiting.
func (e *Engine[T, E]) Run(ctx context.Context, until T, live func(E)) error {
	for {
		at, any := e.queue.Next()
		if !any || at > until {
			e.now = max(e.now, until)
			return nil
		}
		if e.lived%4096 == 0 && ctx.Err() != nil {
			return fmt.Errorf("simulate at %v: %w", e.now, context.Cause(ctx))
		}
		var event E
		e.now, event = e.queue.Pop()
		e.lived++
		live(event)
	}
}
