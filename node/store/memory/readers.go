package memory

import "sync"

// readers counts the Views under way, so that Close can wait for them. A
// sync.WaitGroup would not do: it allows no Add that races with Wait.
type readers struct {
	mu   sync.Mutex
	n    int
	gone chan struct{} // set by shut, closed when n has reached 0
}

// enter reports whether a View may begin; if so, leave must follow.
func (r *readers) enter() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.gone != nil {
		return false
	}
	r.n++
	return true
}

func (r *readers) leave() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.n--; r.n == 0 && r.gone != nil {
		close(r.gone)
	}
}

// shut refuses further Views and waits for those under way.
func (r *readers) shut() {
	r.mu.Lock()
	if r.gone == nil {
		r.gone = make(chan struct{})
		if r.n == 0 {
			close(r.gone)
		}
	}
	gone := r.gone
	r.mu.Unlock()
	<-gone
}
