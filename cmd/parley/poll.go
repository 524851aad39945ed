package main

import (
	"context"
	"time"
)

// pollEvery is how often poll looks.
const pollEvery = 200 * time.Millisecond

// poll looks until it is there or the time is up, and returns what it saw
// last. It looks at least once.
func poll[T any](ctx context.Context, atMost time.Duration, look func() (T, bool, error)) (T, error) {
	end := time.NewTimer(atMost)
	defer end.Stop()
	for {
		v, there, err := look()
		if there || err != nil || atMost <= 0 {
			return v, err
		}
		select {
		case <-ctx.Done():
			return v, ctx.Err()
		case <-end.C:
			return v, nil
		case <-time.After(pollEvery):
		}
	}
}
