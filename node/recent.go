package node

import "sync"

// recent keeps the values put last, one a key, at most so many: the oldest
// makes room. The zero value with most set is ready for use.
type recent[K comparable, V any] struct {
	most int

	mu    sync.Mutex
	known map[K]V
	order []K // a ring, once it is full
	next  int
}

func (r *recent[K, V]) get(k K) (V, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	v, ok := r.known[k]
	return v, ok
}

func (r *recent[K, V]) put(k K, v V) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.known == nil {
		r.known = make(map[K]V)
	}
	if _, there := r.known[k]; !there {
		r.enter(k)
	}
	r.known[k] = v
}

// enter puts a new key in the ring.
func (r *recent[K, V]) enter(k K) {
	if len(r.order) < r.most {
		r.order = append(r.order, k)
		return
	}
	delete(r.known, r.order[r.next])
	r.order[r.next] = k
	r.next = (r.next + 1) % r.most
}
