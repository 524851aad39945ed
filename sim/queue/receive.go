package queue

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// receiveBatch is how many results are asked for at once.
const receiveBatch = 32

// receive records results until every job has one. It is the only one who
// records.
func (c *coordinator) receive(ctx context.Context) error {
	var cons jetstream.Consumer
	for c.open() > 0 {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if cons == nil {
			found, err := c.link.js.Consumer(ctx, resultsStream, recordName(c.Run))
			if err != nil { // the keeper makes it, and tells
				_ = wait(ctx, min(reconnectWait, c.Timing.Check))
				continue
			}
			cons = found
		}
		err := c.batch(ctx, cons)
		var stop *recordError
		switch {
		case errors.As(err, &stop):
			return err
		case err != nil && !isTimeout(err) && !errors.Is(err, context.Canceled):
			cons = nil
			_ = wait(ctx, min(reconnectWait, c.Timing.Check))
		}
	}
	close(c.finished)
	c.drain(ctx)
	return nil
}

// batch settles what comes within a second, and returns at once when the last
// job is done.
func (c *coordinator) batch(ctx context.Context, cons jetstream.Consumer) error {
	fetch, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	batch, err := cons.Fetch(receiveBatch, jetstream.FetchContext(fetch))
	if err != nil {
		return err
	}
	for msg := range batch.Messages() {
		if err := c.settle(ctx, msg); err != nil {
			return err
		}
		if c.open() == 0 {
			cancel()
		}
	}
	return batch.Error()
}

// drain settles what lies there after the last job: results that came twice
// and are to be compared. The consumer is made anew, because one that was being
// delivered when the last batch ended would otherwise come too late.
func (c *coordinator) drain(ctx context.Context) {
	if c.resetRecord(ctx) != nil {
		return
	}
	cons, err := c.link.js.Consumer(ctx, resultsStream, recordName(c.Run))
	if err != nil {
		return
	}
	for n := 1; n > 0 && ctx.Err() == nil; {
		batch, err := cons.FetchNoWait(receiveBatch)
		if err != nil {
			return
		}
		n = 0
		for msg := range batch.Messages() {
			n++
			if c.settle(ctx, msg) != nil {
				return
			}
		}
	}
}

// recordError is a record's, and ends a run.
type recordError struct{ err error }

func (e *recordError) Error() string { return e.err.Error() }
func (e *recordError) Unwrap() error { return e.err }

// settle records a message's result, or refuses it and tells; then it is taken
// off the queue. Only a record that fails leaves it there.
func (c *coordinator) settle(ctx context.Context, msg jetstream.Msg) error {
	r, err := decodeReply(msg.Data())
	if err == nil && msg.Subject() != resultSubject(r.Run, r.Cell) {
		err = fmt.Errorf("result of cell %d of run %s on subject %s", r.Cell, r.Run, msg.Subject())
	}
	if err != nil {
		c.teller.tell(Note{Kind: Refused, Cell: -1, Text: err.Error()})
		return msg.Ack()
	}
	body, err := c.judge(ctx, r)
	if errors.Is(err, errLater) {
		return msg.NakWithDelay(c.Timing.Backoff)
	}
	if err == nil {
		err = c.accept(r, body)
		var stop *recordError
		if errors.As(err, &stop) {
			return err
		}
	}
	if err != nil {
		if err := c.refuse(r, err); err != nil {
			return err
		}
	}
	if r.Object != "" {
		c.link.drop(ctx, r.Object)
	}
	return msg.Ack()
}

// errLater is that a result can't be looked at now.
var errLater = errors.New("the object store does not answer")

// judge tells whether the result is of this version and of what the plan has
// at that cell, and returns its body.
func (c *coordinator) judge(ctx context.Context, r reply) ([]byte, error) {
	if r.Version != c.Version {
		return nil, fmt.Errorf("it is of version %.80q, and this is %q", r.Version, c.Version)
	}
	p := c.jobs[r.Cell]
	switch {
	case p == nil && (c.Recorded == nil || c.Recorded(r.Cell) == nil):
		return nil, errors.New("the plan has no such cell")
	case p != nil && r.Task != p.task:
		return nil, fmt.Errorf("it is of another scenario or seed (task %.12s…) than the plan's (%.12s…)", r.Task, p.task)
	case r.Failed != "":
		return nil, nil
	}
	packed := r.Packed
	if r.Object != "" {
		var err error
		if packed, err = c.link.get(ctx, r.Object, r.Size+r.Size/100+4096); err != nil {
			if errors.Is(err, jetstream.ErrObjectNotFound) || errors.Is(err, jetstream.ErrBucketNotFound) || errors.Is(err, errTooLarge) {
				return nil, err
			}
			return nil, fmt.Errorf("%w: %w", errLater, err)
		}
	}
	return unpack(packed, r.Size, r.Sum)
}

// accept records the first result of a cell, and compares any other with it.
func (c *coordinator) accept(r reply, body []byte) error {
	p := c.jobs[r.Cell]
	switch {
	case p == nil:
		return c.compare(r, sumText(c.Recorded(r.Cell)))
	case p.done && p.failed:
		return nil // recorded as failed; a late success changes nothing
	case p.done:
		return c.compare(r, p.result)
	}
	err := c.Record(Result{Cell: r.Cell, Body: body, Failed: r.Failed, Worker: r.Worker, Attempt: r.Attempt, Took: r.Took})
	if err != nil {
		return &recordError{fmt.Errorf("record cell %d: %w", r.Cell, err)}
	}
	c.finish(p, r)
	return nil
}

func (c *coordinator) finish(p *progress, r reply) {
	c.mu.Lock()
	defer c.mu.Unlock()
	p.done, p.failed, p.result = true, r.Failed != "", r.Sum
	c.left--
}

// compare tells if a second result of a cell is not the first.
func (c *coordinator) compare(r reply, first string) error {
	if !c.Exact || r.Failed != "" || r.Sum == first {
		return nil
	}
	c.differ = append(c.differ, r.Cell)
	c.teller.tell(Note{Kind: Differed, Cell: r.Cell, Worker: r.Worker, Text: fmt.Sprintf(
		"run twice, its results differ: %.12s… is recorded, %.12s… came later; for one seed they must be the same to the bit", first, r.Sum)})
	return nil
}

// refuse tells why a result is not taken. The keeper publishes its cell again;
// one that is refused again and again counts as failed.
func (c *coordinator) refuse(r reply, why error) error {
	c.teller.tell(Note{Kind: Refused, Cell: r.Cell, Worker: r.Worker, Text: why.Error()})
	p := c.jobs[r.Cell]
	if p == nil || p.done {
		return nil
	}
	if p.refusals++; p.refusals < refusalsMost {
		return nil
	}
	r.Failed, r.Sum = fmt.Sprintf("%d results of it were refused, the last: %v", p.refusals, why), ""
	return c.accept(r, nil)
}
