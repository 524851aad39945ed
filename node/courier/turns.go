package courier

import (
	"container/heap"
	"context"
	"sync"
	"time"
)

// turns says which route is polled next: the one that is due first. Between
// its turns a route is an entry here and has no goroutine.
type turns struct {
	mu    sync.Mutex
	due   dueHeap
	news  chan struct{} // has one when the first entry has changed
	waits int           // fetches that wait at holders
}

func newTurns() *turns { return &turns{news: make(chan struct{}, 1)} }

// turn is what turns knows of a poller. It is guarded by turns.mu.
type turn struct {
	due    time.Time
	at     int           // in the heap; -1: it is its turn, or it has ended
	sooner time.Time     // during its turn: when it shall have the next, at the latest; zero: no matter
	cancel func()        // during its turn
	idle   chan struct{} // during its turn: closed at its end
	over   bool          // it gets no further turn
}

// put enters a new poller.
func (q *turns) put(p *poller, due time.Time) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.push(p, due)
}

func (q *turns) push(p *poller, due time.Time) {
	p.turn.due = due
	heap.Push(&q.due, p)
	q.signal(p)
}

// signal wakes next if p is the first.
func (q *turns) signal(p *poller) {
	if p.turn.at != 0 {
		return
	}
	select {
	case q.news <- struct{}{}:
	default:
	}
}

// hasten has p's next turn come at due, if it would come later.
func (q *turns) hasten(p *poller, due time.Time) {
	q.mu.Lock()
	defer q.mu.Unlock()
	switch t := &p.turn; {
	case t.over:
	case t.at < 0:
		if t.sooner.IsZero() || due.Before(t.sooner) {
			t.sooner = due
		}
	case due.Before(t.due):
		t.due = due
		heap.Fix(&q.due, t.at)
		q.signal(p)
	}
}

// next waits for a poller's turn to come, and begins it; nil when ctx ends.
func (q *turns) next(ctx context.Context) (*poller, context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil, nil
		case <-timer.C:
		case <-q.news:
		}
		p, turnCtx, wait := q.begin(ctx, time.Now())
		if p != nil {
			return p, turnCtx
		}
		timer.Reset(wait)
	}
}

// idleTurns is how long next sleeps with nothing to poll.
const idleTurns = time.Hour

func (q *turns) begin(ctx context.Context, now time.Time) (*poller, context.Context, time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.due) == 0 {
		return nil, nil, idleTurns
	}
	p := q.due[0]
	if wait := p.turn.due.Sub(now); wait > 0 {
		return nil, nil, wait
	}
	heap.Pop(&q.due)
	ctx, p.turn.cancel = context.WithCancel(ctx)
	p.turn.idle = make(chan struct{})
	return p, ctx, 0
}

// end ends p's turn. Its next comes at due, or sooner if that was asked for;
// never if p has ended.
func (q *turns) end(p *poller, due time.Time, ended bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	t := &p.turn
	t.cancel()
	close(t.idle)
	t.over = t.over || ended
	if t.over {
		return
	}
	if !t.sooner.IsZero() && t.sooner.Before(due) {
		due = t.sooner
	}
	t.sooner = time.Time{}
	q.push(p, due)
}

// drop ends p: it gets no further turn, and one under way is cut short. What
// it returns is closed when p is at rest.
func (q *turns) drop(p *poller) <-chan struct{} {
	q.mu.Lock()
	defer q.mu.Unlock()
	t := &p.turn
	switch {
	case t.at >= 0:
		heap.Remove(&q.due, t.at)
		t.idle = make(chan struct{})
		close(t.idle)
	case !t.over:
		t.cancel()
	}
	t.over = true
	return t.idle
}

// mayWait counts in a fetch that waits for letters, if fewer than most do and,
// unless always, nobody else is due. Who got true calls waited.
func (q *turns) mayWait(most int, always bool) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.waits >= most || !always && q.late(time.Now()) {
		return false
	}
	q.waits++
	return true
}

func (q *turns) waited() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.waits--
}

// quiet reports whether fewer than most fetches wait and nobody is due.
func (q *turns) quiet(most int) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.waits < most && !q.late(time.Now())
}

func (q *turns) late(now time.Time) bool {
	return len(q.due) > 0 && !now.Before(q.due[0].turn.due)
}

// dueHeap is a [heap.Interface] of pollers, the first due on top.
type dueHeap []*poller

func (h dueHeap) Len() int           { return len(h) }
func (h dueHeap) Less(i, j int) bool { return h[i].turn.due.Before(h[j].turn.due) }

func (h dueHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].turn.at, h[j].turn.at = i, j
}

func (h *dueHeap) Push(x any) {
	p := x.(*poller)
	p.turn.at = len(*h)
	*h = append(*h, p)
}

func (h *dueHeap) Pop() any {
	last := len(*h) - 1
	p := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	p.turn.at = -1
	return p
}
