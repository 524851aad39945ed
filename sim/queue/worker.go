package queue

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/semaphore"
)

// Workers are those of one process.
type Workers struct {
	// Version is the program's: cells of another version are not seen.
	Version string
	// Name tells these workers from others in what is told; such as host and
	// process id.
	Name string
	// Count is how many cells are run at once.
	Count   int
	Execute Execute
	// Takes is the memory in bytes that a cell is expected to take, and Memory
	// how much all cells at once may; a cell that takes more alone is not run
	// here. Without either there is no limit.
	Takes  func(body []byte) int64
	Memory int64
	// Backoff is [Timing]'s.
	Backoff time.Duration
	// Idle ends a worker that got no cell for so long; 0: never.
	Idle time.Duration
	// Cache is a folder for the files of runs elsewhere, made if it isn't there;
	// by default the user's for caches.
	Cache string
	// Tell hears what is worth telling; it is called by one goroutine at a time.
	Tell func(Note)
}

// Work runs cells of any run in the cluster until ctx ends, or nothing came
// for Idle, and then returns nil. A cell that was being run when ctx ended is
// given back. It returns an error if the cluster is not to be reached at
// first, or stops taking who this is; when it is away later, it is waited for.
func Work(ctx context.Context, a Address, w Workers) error {
	if w.Cache == "" {
		dir, err := os.UserCacheDir()
		if err != nil {
			return fmt.Errorf("folder for files: %w", err)
		}
		w.Cache = filepath.Join(dir, "parley-sim")
	}
	l, err := dial(a, "parley-sim worker "+w.Name)
	if err != nil {
		return err
	}
	defer l.close()
	return newCrew(l, w, nil).run(ctx)
}

// crew is the workers of one process at work.
type crew struct {
	Workers
	link   *link
	memory *semaphore.Weighted
	teller *teller
	files  *cache
}

// newCrew takes local, where the files of the only run are on this machine, or
// nil for workers elsewhere.
func newCrew(l *link, w Workers, local map[string]string) *crew {
	c := &crew{Workers: w, link: l, teller: &teller{to: w.Tell}, files: newCache(l, w.Cache, local)}
	if w.Memory > 0 && w.Takes != nil {
		c.memory = semaphore.NewWeighted(w.Memory)
	}
	return c
}

func (c *crew) run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(undated{ctx})
	for i := range c.Count {
		g.Go(func() error { return c.slot(ctx, clip(fmt.Sprintf("%s/%d", c.Name, i+1), maxWorker)) })
	}
	err := g.Wait()
	_ = c.link.nc.FlushTimeout(time.Second) // what was given back reaches the server
	return err
}

// slot takes one cell after another.
func (c *crew) slot(ctx context.Context, name string) error {
	var cons jetstream.Consumer
	trouble, last := "", time.Now()
	for ctx.Err() == nil {
		if c.Idle > 0 && time.Since(last) > c.Idle {
			return nil
		}
		msg, err := c.next(ctx, &cons)
		switch {
		case err == nil:
			c.handle(ctx, msg, cons.CachedInfo().Config.AckWait, name)
			trouble, last = "", time.Now()
		case ctx.Err() != nil || errors.Is(err, context.DeadlineExceeded): // nothing came
		case final(err):
			return fmt.Errorf("worker %s: %w", name, err)
		default:
			cons = nil
			if s := noCell(err); s != trouble {
				trouble = s
				c.teller.tell(Note{Kind: Troubled, Cell: -1, Worker: name, Text: s})
			}
			_ = wait(ctx, reconnectWait)
		}
	}
	return nil
}

// noCell says why there was none.
func noCell(err error) string {
	if gone(err) {
		return "no run of this version has put a cell into the queue yet; waiting for one"
	}
	return "no cell to be had: " + err.Error()
}

// next waits for a cell. The error is DeadlineExceeded if there was none.
func (c *crew) next(ctx context.Context, cons *jetstream.Consumer) (jetstream.Msg, error) {
	ctx, cancel := context.WithTimeout(ctx, idleWait)
	defer cancel()
	if *cons == nil {
		found, err := c.link.js.Consumer(ctx, tasksStream, workersName(c.Version))
		if err != nil {
			return nil, err
		}
		*cons = found
	}
	return next(ctx, *cons)
}

// next waits until ctx ends for one message.
func next(ctx context.Context, cons jetstream.Consumer) (jetstream.Msg, error) {
	msg, err := cons.Next(jetstream.FetchContext(ctx))
	if err != nil && (ctx.Err() != nil || isTimeout(err)) {
		return nil, context.DeadlineExceeded
	}
	return msg, err
}

// handle runs one task to its end: a result sent, or the cell given back.
func (c *crew) handle(ctx context.Context, msg jetstream.Msg, ackWait time.Duration, name string) {
	t, attempt, err := c.open(msg)
	if err != nil { // who published it will miss it
		c.teller.tell(Note{Kind: Refused, Cell: -1, Worker: name, Text: err.Error()})
		_ = msg.TermWithReason("not a task of this version")
		return
	}
	tell := func(n Note) {
		n.Cell, n.Worker = t.Cell, name
		c.teller.tell(n)
		send(c.link.nc, t.Run, n)
	}
	stop := beat(msg, ackWait)
	defer stop()
	r := reply{Format: format, Run: t.Run, Cell: t.Cell, Version: c.Version, Task: t.Sum, Worker: name, Attempt: attempt}
	var body []byte
	if attempt > t.Attempts {
		r.Failed = fmt.Sprintf("given up after %d attempts: the worker that ran it last ended without a word", t.Attempts)
	} else {
		tell(Note{Kind: Started})
		start := time.Now()
		body, err = c.execute(ctx, t, progressor(func(done float64) { tell(Note{Kind: Progressed, Done: done}) }))
		r.Took = time.Since(start)
		switch {
		case ctx.Err() != nil:
			_ = msg.Nak()
			return
		case err != nil && attempt < t.Attempts:
			tell(Note{Kind: Retried, Text: fmt.Sprintf("attempt %d of %d: %v", attempt, t.Attempts, err)})
			_ = msg.NakWithDelay(Timing{Backoff: c.Backoff}.withDefaults().delay(attempt))
			return
		case err != nil:
			r.Failed = failure(attempt, err)
		}
	}
	if err := c.answer(ctx, t, r, body); err != nil {
		tell(Note{Kind: Retried, Text: "the result was not taken: " + err.Error()})
		_ = msg.Nak()
		return
	}
	ack, cancel := context.WithTimeout(ctx, requestWait)
	defer cancel()
	// Without the server's word the cell may be run once more, and then found to
	// be recorded.
	_ = msg.DoubleAck(ack)
}

// panicked begins the reason of a cell whose engine did; its stack follows, from
// the second line.
const panicked = "the engine panicked: "

// failure is the reason of a cell that is not tried again.
func failure(attempts int, err error) string {
	s := err.Error()
	if attempts > 1 {
		s += fmt.Sprintf("\n(given up after %d attempts)", attempts)
	}
	return clip(s, maxReason)
}

// open reads a task and which attempt at it this is.
func (c *crew) open(msg jetstream.Msg) (task, int, error) {
	meta, err := msg.Metadata()
	if err != nil {
		return task{}, 0, err
	}
	t, err := decodeTask(msg.Data())
	if err != nil {
		return task{}, 0, err
	}
	if t.Version != c.Version || msg.Subject() != taskSubject(t.Version, t.Run, t.Cell) {
		return task{}, 0, fmt.Errorf("task of version %.80q on subject %s", t.Version, msg.Subject())
	}
	return t, int(meta.NumDelivered), nil
}

// execute runs the cell once there is memory for it. A panic in it is an error
// of this cell, and not the end of those beside it.
func (c *crew) execute(ctx context.Context, t task, done func(float64)) (body []byte, err error) {
	files, err := c.files.fetch(ctx, t)
	if err != nil {
		return nil, err
	}
	if c.memory != nil {
		n := max(c.Takes(t.Body), 0)
		if n > c.Memory {
			return nil, fmt.Errorf("it is expected to take %d MiB, and this worker has %d", n>>20, c.Memory>>20)
		}
		if err := c.memory.Acquire(ctx, n); err != nil {
			return nil, err
		}
		defer c.memory.Release(n)
	}
	defer func() {
		if p := recover(); p != nil {
			body, err = nil, fmt.Errorf("%s%v\n%s", panicked, p, clip(string(debug.Stack()), maxReason/2))
		}
	}()
	body, err = c.Execute(ctx, t.Body, files, done)
	if err == nil && (len(body) == 0 || len(body) > maxResult) {
		return nil, fmt.Errorf("a result of %d bytes; want 1 to %d", len(body), maxResult)
	}
	return body, err
}

// answer stores the result in the queue, where its coordinator finds it. An
// equal result of the same publication is taken once.
func (c *crew) answer(ctx context.Context, t task, r reply, body []byte) error {
	ctx, cancel := context.WithTimeout(ctx, publishWait)
	defer cancel()
	if r.Failed == "" {
		r.Size, r.Sum = int64(len(body)), sumText(body)
		packed, err := pack(body)
		if err != nil {
			return err
		}
		if len(packed) <= min(maxInline, int(c.link.nc.MaxPayload()/2)) {
			r.Packed = packed
		} else {
			r.Object = objectName(r.Run, r.Cell, r.Sum)
			if err := c.link.put(ctx, r.Object, packed); err != nil {
				return err
			}
		}
	}
	b, err := json.Marshal(r)
	if err != nil {
		return err
	}
	id := strings.Join([]string{t.ID, r.Sum}, "/")
	return c.link.publish(ctx, resultSubject(r.Run, r.Cell), id, b, publishWait)
}

// beat tells the server thrice in each ackWait that the cell is being run,
// until stop is called.
func beat(msg jetstream.Msg, ackWait time.Duration) (stop func()) {
	quit, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(max(ackWait/3, 10*time.Millisecond))
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				_ = msg.InProgress()
			case <-quit:
				return
			}
		}
	}()
	return func() { close(quit); <-done }
}
