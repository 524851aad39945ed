// Package event is the discrete-event engine: a queue of what is going to
// happen, ordered by time and among equals by who was scheduled first, and a
// clock that goes from one to the next. Pure, one goroutine; for the same
// events it lives the same to the bit on every machine.
package event

import "cmp"

// Queue holds events until their time. Its zero value is empty. A push or pop
// allocates nothing once the queue has had its greatest length, and takes a
// time that grows with the logarithm of the length.
//
// T is the time: seconds as a float64, or a time.Duration; never NaN. E is the
// event, held by value: a small struct of numbers is best.
type Queue[T cmp.Ordered, E any] struct {
	// A heap of four children a node: half as deep as one of two, and the
	// children lie together in memory.
	heap []item[T, E]
	next uint64
}

type item[T cmp.Ordered, E any] struct {
	at    T
	order uint64
	event E
}

func (a *item[T, E]) before(b *item[T, E]) bool {
	return a.at < b.at || a.at == b.at && a.order < b.order
}

// Len returns how many events wait.
func (q *Queue[T, E]) Len() int { return len(q.heap) }

// Grow makes room for n more events.
func (q *Queue[T, E]) Grow(n int) {
	if cap(q.heap)-len(q.heap) < n {
		q.heap = append(make([]item[T, E], 0, len(q.heap)+n), q.heap...)
	}
}

// Reset drops all events and keeps the memory.
func (q *Queue[T, E]) Reset() {
	clear(q.heap)
	q.heap, q.next = q.heap[:0], 0
}

// Push has the event happen at a time.
func (q *Queue[T, E]) Push(at T, event E) {
	it := item[T, E]{at: at, order: q.next, event: event}
	q.next++
	q.heap = append(q.heap, it)
	h, i := q.heap, len(q.heap)-1
	for i > 0 {
		parent := (i - 1) / 4
		if !it.before(&h[parent]) {
			break
		}
		h[i] = h[parent]
		i = parent
	}
	h[i] = it
}

// Next returns the time of the first event, false of none.
func (q *Queue[T, E]) Next() (T, bool) {
	if len(q.heap) == 0 {
		var zero T
		return zero, false
	}
	return q.heap[0].at, true
}

// Pop takes the first event: of those with the earliest time, the one that was
// pushed first. It panics on an empty queue.
func (q *Queue[T, E]) Pop() (T, E) {
	h := q.heap
	first, n := h[0], len(h)-1
	last := h[n]
	h[n] = item[T, E]{}
	q.heap = h[:n]
	if n > 0 {
		sift(h[:n], last)
	}
	return first.at, first.event
}

// sift puts it where it belongs from the root down.
func sift[T cmp.Ordered, E any](h []item[T, E], it item[T, E]) {
	i := 0
	for {
		child := 4*i + 1
		if child >= len(h) {
			break
		}
		least := child
		for j := child + 1; j < min(child+4, len(h)); j++ {
			if h[j].before(&h[least]) {
				least = j
			}
		}
		if !h[least].before(&it) {
			break
		}
		h[i] = h[least]
		i = least
	}
	h[i] = it
}
