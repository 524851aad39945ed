package gossip

import (
	"context"
	"sync"

	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
)

// queueLimit is how many intents wait for delivery at most: 8 MiB at worst.
const queueLimit = 1024

// deliverBatch is how many casts are delivered at once at most: 2 MiB at worst
// in one transaction, which then takes some 50 ms.
const deliverBatch = 256

// deliver hands accepted casts over until ctx ends.
func (s *Service) deliver(ctx context.Context) error {
	if s.cfg.DeliverMany != nil {
		return s.queue.drainMany(ctx, deliverBatch, s.cfg.DeliverMany)
	}
	return s.queue.drain(ctx, s.cfg.Deliver)
}

// line tells the versions of one intent from all others.
type line struct {
	root   dagcbor.CID
	author identity.DID
}

// queue holds accepted casts, one place for an intent.
type queue = latest[line, *intentcast.Cast]

func newQueue(limit int) *queue { return newLatest(limit, lineOf) }

func lineOf(c *intentcast.Cast) line { return line{c.Root(), c.Intent.Author} }

// latest holds what was accepted until it is delivered. It has one place for
// each key: a newer version takes that of an older one still waiting, so that
// a slow receiver gets the latest and a busy author cannot fill it.
type latest[K comparable, V any] struct {
	limit int
	keyOf func(V) K
	more  chan struct{} // holds a token when something may wait

	mu      sync.Mutex
	order   []K
	waiting map[K]V
}

func newLatest[K comparable, V any](limit int, keyOf func(V) K) *latest[K, V] {
	return &latest[K, V]{limit: limit, keyOf: keyOf, more: make(chan struct{}, 1), waiting: make(map[K]V)}
}

// room reports whether v can be pushed.
func (q *latest[K, V]) room(v V) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	_, waits := q.waiting[q.keyOf(v)]
	return waits || len(q.order) < q.limit
}

// push adds v; the caller has asked for room and is the only one to push.
func (q *latest[K, V]) push(v V) {
	q.mu.Lock()
	defer q.mu.Unlock()
	k := q.keyOf(v)
	if _, waits := q.waiting[k]; !waits {
		q.order = append(q.order, k)
	}
	q.waiting[k] = v
	select {
	case q.more <- struct{}{}:
	default:
	}
}

// pop waits for the first one or the end of ctx.
func (q *latest[K, V]) pop(ctx context.Context) (v V, err error) {
	for {
		if err := ctx.Err(); err != nil {
			return v, err
		}
		if v, ok := q.first(); ok {
			return v, nil
		}
		select {
		case <-q.more:
		case <-ctx.Done():
		}
	}
}

func (q *latest[K, V]) first() (v V, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.order) == 0 {
		return v, false
	}
	k := q.order[0]
	q.order = q.order[1:]
	v = q.waiting[k]
	delete(q.waiting, k)
	return v, true
}

// most returns up to n of those that wait, the first first; it waits for one.
func (q *latest[K, V]) most(ctx context.Context, n int) ([]V, error) {
	first, err := q.pop(ctx)
	if err != nil {
		return nil, err
	}
	vs := []V{first}
	for len(vs) < n {
		v, ok := q.first()
		if !ok {
			break
		}
		vs = append(vs, v)
	}
	return vs, nil
}

// drainMany hands what comes to deliver, all that waits at a time but at most
// n, until ctx ends.
func (q *latest[K, V]) drainMany(ctx context.Context, n int, deliver func(context.Context, []V)) error {
	for {
		vs, err := q.most(ctx, n)
		if err != nil {
			return err
		}
		deliver(ctx, vs)
	}
}

// fill is the share of places taken.
func (q *latest[K, V]) fill() float64 {
	q.mu.Lock()
	defer q.mu.Unlock()
	return float64(len(q.order)) / float64(q.limit)
}

// drain hands what comes to deliver, one at a time, until ctx ends.
func (q *latest[K, V]) drain(ctx context.Context, deliver func(context.Context, V)) error {
	for {
		v, err := q.pop(ctx)
		if err != nil {
			return err
		}
		deliver(ctx, v)
	}
}
