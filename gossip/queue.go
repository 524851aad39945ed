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

// line tells the versions of one intent from all others.
type line struct {
	root   dagcbor.CID
	author identity.DID
}

// queue holds accepted casts until they are delivered. It has one place for an
// intent: a newer version takes that of an older one still waiting, so that a
// slow receiver gets the latest and a busy author cannot fill it.
type queue struct {
	limit int
	more  chan struct{} // holds a token when something may wait

	mu      sync.Mutex
	order   []line
	waiting map[line]*intentcast.Cast
}

func newQueue(limit int) *queue {
	return &queue{limit: limit, more: make(chan struct{}, 1), waiting: make(map[line]*intentcast.Cast)}
}

func lineOf(c *intentcast.Cast) line { return line{c.Root(), c.Intent.Author} }

// room reports whether c can be pushed.
func (q *queue) room(c *intentcast.Cast) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.waiting[lineOf(c)] != nil || len(q.order) < q.limit
}

// push adds c; the caller has asked for room and is the only one to push.
func (q *queue) push(c *intentcast.Cast) {
	q.mu.Lock()
	defer q.mu.Unlock()
	l := lineOf(c)
	if q.waiting[l] == nil {
		q.order = append(q.order, l)
	}
	q.waiting[l] = c
	select {
	case q.more <- struct{}{}:
	default:
	}
}

// pop waits for the first cast or the end of ctx.
func (q *queue) pop(ctx context.Context) (*intentcast.Cast, error) {
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if c := q.first(); c != nil {
			return c, nil
		}
		select {
		case <-q.more:
		case <-ctx.Done():
		}
	}
}

func (q *queue) first() *intentcast.Cast {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.order) == 0 {
		return nil
	}
	l := q.order[0]
	q.order = q.order[1:]
	c := q.waiting[l]
	delete(q.waiting, l)
	return c
}
