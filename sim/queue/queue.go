package queue

import (
	"context"
	"errors"
	"time"
)

// Job is a cell to be run.
type Job struct {
	// Cell is its number in the plan.
	Cell int
	// Body is all that a worker has to know, at most 512 KiB. Its SHA-256 is
	// what makes a result this cell's: a result of another body is refused.
	Body []byte
}

// File is one that jobs name, sent along to workers elsewhere.
type File struct {
	// Name is what the jobs call it, Path where it is here.
	Name, Path string
}

// Result is what became of a cell.
type Result struct {
	Cell int
	// Body is what the worker's [Execute] returned; empty where it failed.
	Body []byte
	// Failed is why there is no body, after as many attempts as are made.
	Failed string
	// Worker is whose result it is, Took how long it ran there.
	Worker  string
	Attempt int
	Took    time.Duration
}

// Execute runs a cell: it makes a result's body of a job's. Files are where
// the [File]s are on this machine, by name. Done reports progress in [0,1] and
// may be called from one goroutine at a time. An error has the cell tried
// again, by whichever worker is free, until its attempts are used up.
type Execute func(ctx context.Context, body []byte, files map[string]string, done func(float64)) ([]byte, error)

// Timing is how patient a queue is. A zero field means its default.
type Timing struct {
	// AckWait is how long a worker may be silent before its cell goes to another;
	// by default 30 seconds. Workers tell thrice as often that they live.
	AckWait time.Duration
	// Check is how often the record is compared with the queue; by default 5 s.
	Check time.Duration
	// Backoff is how long a cell that failed waits for its second attempt; the
	// third waits twice as long, and so on up to a minute. By default 1 second.
	Backoff time.Duration
}

func (t Timing) withDefaults() Timing {
	if t.AckWait <= 0 {
		t.AckWait = 30 * time.Second
	}
	if t.Check <= 0 {
		t.Check = 5 * time.Second
	}
	if t.Backoff <= 0 {
		t.Backoff = time.Second
	}
	return t
}

// delay is how long a cell waits after its nth attempt failed.
func (t Timing) delay(n int) time.Duration {
	d := t.Backoff
	for ; n > 1 && d < time.Minute; n-- {
		d *= 2
	}
	return min(d, time.Minute)
}

// ErrDiffers is that two runs of one cell gave two results where they must be
// the same to the bit. The record has the first.
var ErrDiffers = errors.New("two results of one cell differ")
