package node

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/store"
	"github.com/parley-network/parley/node/view"
)

// eventLife is how long an event can be read again.
const eventLife = 30 * 24 * time.Hour

// journal numbers events and wakes whoever waits for the next.
type journal struct {
	observe func(view.Event)

	mu   sync.Mutex
	last uint64
	more chan struct{} // closed and replaced when an event is told
	done bool
}

func newJournal(observe func(view.Event)) *journal {
	return &journal{observe: observe, more: make(chan struct{})}
}

// next returns a number above every earlier one: microseconds since 1970,
// so that numbers go on rising over a restart.
func (j *journal) next(now time.Time) uint64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.last = max(j.last+1, uint64(now.UnixMicro()))
	return j.last
}

func (j *journal) tell(events []view.Event) {
	if len(events) == 0 {
		return
	}
	j.mu.Lock()
	if !j.done {
		close(j.more)
		j.more = make(chan struct{})
	}
	j.mu.Unlock()
	if j.observe != nil {
		for _, e := range events {
			j.observe(e)
		}
	}
}

func (j *journal) wait() <-chan struct{} {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.more
}

// close wakes everyone for the last time.
func (j *journal) close() {
	j.mu.Lock()
	defer j.mu.Unlock()
	if !j.done {
		j.done = true
		close(j.more)
	}
}

// change is one transaction of the node: records and the events that tell of
// them are durable together, and events are told only once they are.
type change struct {
	store.Tx
	n      *Node
	now    time.Time
	events []view.Event
	cast   bool // a version of an own intent is to go out
	scrub  bool // what was another's has been deleted, and is to leave the disk
	after  []func()
}

// OnDurable has fn called once the transaction is durable. The courier sends
// the letters of a change by it.
func (c *change) OnDurable(fn func()) { c.after = append(c.after, fn) }

// update runs fn in one transaction and, once it is durable, tells its events,
// sends what was cast and wakes the courier.
func (n *Node) update(ctx context.Context, fn func(*change) error) error {
	c, err := n.enter(ctx, fn)
	if errors.Is(err, errRotated) {
		if err := n.catchUp(ctx); err != nil {
			return err
		}
		c, err = n.enter(ctx, fn)
	}
	if err != nil {
		return err
	}
	n.committed(c)
	return nil
}

// enter is commit for who is not within the gate.
func (n *Node) enter(ctx context.Context, fn func(*change) error) (*change, error) {
	if err := n.gate.enter(ctx); err != nil {
		return nil, err
	}
	defer n.gate.leave()
	return n.commit(ctx, fn)
}

// commit runs fn in one transaction, for who is within the gate.
func (n *Node) commit(ctx context.Context, fn func(*change) error) (*change, error) {
	var c *change
	err := n.cfg.Store.Update(ctx, func(tx store.Tx) error {
		c = &change{Tx: tx, n: n, now: time.Now()}
		n.gate.passed(c.now)
		if err := n.fence(c); err != nil {
			return err
		}
		return fn(c)
	})
	return c, err
}

// committed does what a change asks for once it is durable.
func (n *Node) committed(c *change) {
	n.events.tell(c.events)
	for _, fn := range c.after {
		fn()
	}
	if c.cast {
		n.wakeCast()
	}
	if c.scrub {
		n.wakeScrub()
	}
	if n.courier != nil {
		n.courier.Wake()
	}
}

// journaled is the node's store as the courier sees it: what a letter's
// handler notes is told once the transaction is durable.
type journaled struct {
	store.Store
	n *Node
}

// Update runs fn with a *change as its transaction.
func (s journaled) Update(ctx context.Context, fn func(store.Tx) error) error {
	return s.n.update(ctx, func(c *change) error { return fn(c) })
}

// note records that something happened. ref is the CID it is about.
func (c *change) note(kind string, ref dagcbor.CID, format string, args ...any) error {
	e := view.Event{
		Seq: c.n.events.next(c.now), Time: identity.At(c.now), Kind: kind,
		Ref: ref.String(), Text: fmt.Sprintf(format, args...),
	}
	if err := put(c.Tx, store.Record{Kind: kindEvent, ID: eventID(e.Seq), Due: c.now.Add(eventLife)}, eventBody{
		Kind: e.Kind, Ref: e.Ref, Text: e.Text, Time: e.Time,
	}); err != nil {
		return fmt.Errorf("note %s: %w", kind, err)
	}
	c.events = append(c.events, e)
	return nil
}

func eventID(seq uint64) string { return fmt.Sprintf("%020d", seq) }

// Events returns up to 500 events after the given number, oldest first. When
// there are none it waits for the next one, at most as long as wait.
func (n *Node) Events(ctx context.Context, after uint64, wait time.Duration) ([]view.Event, error) {
	deadline := time.NewTimer(wait)
	defer deadline.Stop()
	for {
		more := n.events.wait()
		events, err := n.eventsAfter(ctx, after)
		if err != nil || len(events) > 0 || wait <= 0 {
			return events, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-deadline.C:
			return nil, nil
		case <-more:
			if n.events.isDone() {
				return nil, nil
			}
		}
	}
}

func (j *journal) isDone() bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.done
}

func (n *Node) eventsAfter(ctx context.Context, after uint64) ([]view.Event, error) {
	var events []view.Event
	err := n.cfg.Store.View(ctx, func(tx store.Tx) error {
		events = nil
		recs, err := tx.List(store.Query{Kind: kindEvent, After: eventID(after), Limit: 500})
		if err != nil {
			return err
		}
		for _, r := range recs {
			var b eventBody
			if err := get(r, &b); err != nil {
				return err
			}
			var seq uint64
			if _, err := fmt.Sscanf(r.ID, "%d", &seq); err != nil {
				return fmt.Errorf("event %q: %w", r.ID, err)
			}
			events = append(events, view.Event{Seq: seq, Time: b.Time, Kind: b.Kind, Ref: b.Ref, Text: b.Text})
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read events: %w", err)
	}
	return events, nil
}
