package sim

import (
	"os"
	"testing"
	"testing/synctest"
	"time"
)

// Run plays fn in a new virtual world. When fn returns, or fails its test,
// everything the world holds is closed in reverse order of building and every
// goroutine must end. If the test has failed by then, or goroutines are left,
// or the bubble deadlocks, the timeline is printed; otherwise it is not.
//
// seed decides every draw of the world: see the package's documentation for
// what is the same under the same seed. Run may be called several times in a
// test, and by parallel tests.
func Run(t *testing.T, seed uint64, fn func(*World)) {
	t.Helper()
	tl := &timeline{seed: seed}
	defer watch(t, tl)()

	// A deadlock panics out of synctest.Test, a failure leaves it by Goexit;
	// only a run in order gets past it.
	inOrder := false
	defer func() {
		if !inOrder {
			tl.print(t.Output(), "which failed")
		}
	}()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, seed, tl)
		defer w.close()
		defer w.onPanic()
		fn(w)
	})
	inOrder = true
}

// onPanic prints the timeline before a panic ends the process: go test would
// not print what was logged inside a bubble. It is deferred in the goroutines
// that the world starts; it can't help those that nodes start themselves.
func (w *World) onPanic() {
	if r := recover(); r != nil {
		w.timeline.print(os.Stderr, "which panicked")
		panic(r) // the stack still shows where from
	}
}

// watch prints the timeline shortly before go test gives up on the test,
// which a hang in virtual time would otherwise reach without a word. It runs
// outside the bubble, in real time. The caller calls stop at the end.
func watch(t *testing.T, tl *timeline) (stop func()) {
	deadline, ok := t.Deadline()
	if !ok {
		return func() {}
	}
	left := time.Until(deadline)
	timer := time.NewTimer(left - min(left/10, 5*time.Second))
	stopped, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		select {
		case <-timer.C:
			tl.print(os.Stderr, "still running at the test's deadline ("+t.Name()+")")
		case <-stopped:
		}
	}()
	return func() {
		timer.Stop()
		close(stopped)
		<-done
	}
}
