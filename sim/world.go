package sim

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/go-hclog"
)

const (
	// A closer that takes longer is reported: with hosts ticking beside it,
	// it would otherwise hang until go test's timeout.
	closeTimeout = 2 * time.Minute

	// After everything is closed, libraries' goroutines that wait out a timer
	// (QUIC's draining period, a last ping) have this long to end.
	settleTime = 2 * time.Minute

	// How often Eventually looks.
	pollEvery = 10 * time.Millisecond
)

// World is what a scenario is built in: hosts, links, processes and a clock,
// all inside one bubble. Its methods may be called from any goroutine of the
// bubble, except those that fail the test, which are for the goroutine of
// [Run]: Host, Connect, Wire, Eventually.
type World struct {
	// T is the bubble's test: its Cleanup functions run inside, after
	// everything the world holds is closed.
	T *testing.T
	// Rand draws for the scenario itself. It is not for concurrent use; give
	// a node [World.RandFor] its name.
	Rand *rand.Rand

	seed     uint64
	begin    time.Time
	timeline *timeline
	net      *fabric

	mu    sync.Mutex // held for bookkeeping only, never while waiting
	stack []closer
	hosts map[string]*port
}

type closer struct {
	name  string
	close func() error
}

func newWorld(t *testing.T, seed uint64, tl *timeline) *World {
	w := &World{T: t, seed: seed, begin: time.Now(), timeline: tl, hosts: make(map[string]*port)}
	w.Rand = w.RandFor("")
	w.net = newFabric(seed)
	return w
}

// RandFor returns a source of its own for name: what one part of a scenario
// draws does not change what another gets. The same seed and name give the
// same draws.
func (w *World) RandFor(name string) *rand.Rand {
	return rand.New(rand.NewPCG(w.seed, hash(name)))
}

func hash(s string) uint64 {
	h := fnv.New64a()
	io.WriteString(h, s)
	return h.Sum64()
}

// Elapsed is the virtual time since the run began.
func (w *World) Elapsed() time.Duration { return time.Since(w.begin) }

// Event records that what happened to who, with alternating keys and values.
// Values are kept as they are, for [Event.Arg]: don't change them afterwards.
func (w *World) Event(who, what string, kv ...any) {
	w.timeline.add(Event{At: w.Elapsed(), Who: who, What: what, Args: kv})
}

// Timeline returns what was recorded so far, in order of recording.
func (w *World) Timeline() []Event { return w.timeline.copy() }

// Log returns a logger whose lines, from debug up, become events of who, and so
// are seen only if the run fails.
func (w *World) Log(who string) hclog.Logger {
	return hclog.New(&hclog.LoggerOptions{
		Name: who, Level: hclog.Debug, DisableTime: true, Output: eventWriter{w, who},
	})
}

type eventWriter struct {
	w   *World
	who string
}

func (e eventWriter) Write(line []byte) (int, error) {
	text := line
	if n := len(text); n > 0 && text[n-1] == '\n' {
		text = text[:n-1]
	}
	e.w.Event(e.who, "log", string(text))
	return len(line), nil
}

// Add hands c to the world, which closes it at the end, after everything
// added later. An error from it fails the test.
func (w *World) Add(name string, c io.Closer) { w.Defer(name, c.Close) }

// Defer is [World.Add] for a function.
func (w *World) Defer(name string, fn func() error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.stack = append(w.stack, closer{name, fn})
}

// Start runs a process, such as a node's Run, in a goroutine. Its context ends
// and it is joined when stop is called, or at the end in reverse order. An
// error other than the context's fails the test.
func (w *World) Start(name string, run func(context.Context) error) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer w.onPanic()
		w.Event(name, "started")
		err := run(ctx)
		if err != nil && !(ctx.Err() != nil && errors.Is(err, context.Canceled)) {
			w.Event(name, "failed", "err", err)
			w.T.Errorf("%s: %v", name, err)
			return
		}
		w.Event(name, "stopped")
	}()
	// No sync.Once: a second caller would wait for a mutex, and time with it.
	stop = func() {
		cancel()
		<-done
	}
	w.Defer(name, func() error { stop(); return nil })
	return stop
}

// Go is [World.Start] for a part of the scenario: fn must return when its
// context ends, and is joined at the end.
func (w *World) Go(fn func(context.Context)) {
	w.Start("scenario", func(ctx context.Context) error { fn(ctx); return nil })
}

// Eventually waits until cond holds and fails the test if it does not within d
// of virtual time. What says what was waited for. cond is called every 10 ms,
// from the caller's goroutine.
func (w *World) Eventually(d time.Duration, what string, cond func() bool) {
	w.T.Helper()
	for end := time.Now().Add(d); !cond(); time.Sleep(pollEvery) {
		if !time.Now().Before(end) {
			w.Event("scenario", "waited in vain", "for", what, "d", d)
			w.T.Fatalf("waited %s for %s", d, what)
		}
	}
}

// close closes what the world holds, the last first, then the network, and
// leaves time for what is ending to end. Whatever is left after that makes
// synctest report a deadlock with its stack.
func (w *World) close() {
	for {
		c, ok := w.pop()
		if !ok {
			break
		}
		if err := closeWithin(closeTimeout, c.close); err != nil {
			w.Event(c.name, "not closed", "err", err)
			w.T.Errorf("close %s: %v", c.name, err)
		}
	}
	w.net.Close()
	time.Sleep(settleTime)
	synctest.Wait()
}

func (w *World) pop() (closer, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := len(w.stack)
	if n == 0 {
		return closer{}, false
	}
	c := w.stack[n-1]
	w.stack = w.stack[:n-1]
	return c, true
}

// closeWithin gives up on fn after d. It then leaves its goroutine behind, for
// synctest to report with its stack.
func closeWithin(d time.Duration, fn func() error) error {
	done := make(chan error, 1)
	go func() { done <- fn() }()
	select {
	case err := <-done:
		return err
	case <-time.After(d):
		return fmt.Errorf("not done after %s of virtual time", d)
	}
}
