package main

import "time"

// pollEvery is how often poll looks.
const pollEvery = 200 * time.Millisecond

// poll looks until it is there or the time is up, and returns what it saw
// last. It looks at least once. Who waits is told for what, unless that is "".
func poll[T any](e *env, what string, atMost time.Duration, look func() (T, bool, error)) (T, error) {
	defer e.waiting(what, atMost)()
	end := time.NewTimer(atMost)
	defer end.Stop()
	for {
		v, there, err := look()
		if there || err != nil || atMost <= 0 {
			return v, err
		}
		select {
		case <-e.ctx.Done():
			return v, e.ctx.Err()
		case <-end.C:
			return v, nil
		case <-time.After(pollEvery):
		}
	}
}

// await does what may take long, and tells who waits for what.
func await[T any](e *env, what string, do func() (T, error)) (T, error) {
	defer e.waiting(what, 0)()
	return do()
}
