package courier

import (
	"context"
	"slices"
	"sync"
	"time"
)

// handed is letters on their way from a transaction that has just written them
// to the dispatcher. They are written as claimed already, which saves reading
// and writing each once more; should this process end first, they are due when
// the claim is over.
type handed struct {
	mu      sync.Mutex
	letters []task
	taken   chan struct{} // has one when some were taken
}

// mostHanded bounds the memory they take: at most 64 KiB each, and 3 as a rule.
const mostHanded = 512

func newHanded() handed { return handed{taken: make(chan struct{}, 1)} }

// room reports whether one more may come.
func (h *handed) room() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.letters) < mostHanded
}

// put adds a letter whose transaction is durable.
func (h *handed) put(t task) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.letters = append(h.letters, t)
}

// take returns up to n letters, the first come first.
func (h *handed) take(n int) []task {
	h.mu.Lock()
	defer h.mu.Unlock()
	n = max(0, min(n, len(h.letters)))
	out := h.letters[:n:n]
	if h.letters = h.letters[n:]; len(h.letters) == 0 {
		h.letters = nil
	}
	if n > 0 {
		select {
		case h.taken <- struct{}{}:
		default:
		}
	}
	return out
}

// sift gives each letter, the first come first, to take, and keeps those that it
// does not want now. take is called with h locked.
func (h *handed) sift(take func(task) bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	before := len(h.letters)
	h.letters = slices.DeleteFunc(h.letters, take)
	if len(h.letters) == before {
		return
	}
	if len(h.letters) == 0 {
		h.letters = nil
	}
	select {
	case h.taken <- struct{}{}:
	default:
	}
}

// low reports whether half of the room is free.
func (h *handed) low() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.letters) <= mostHanded/2
}

// roomLook is how often a wait for room looks by itself: more than one may
// wait.
const roomLook = time.Second

// AwaitRoom waits until what was sent has mostly gone out, or ctx ends. Who
// sends thousands of letters calls it between transactions: a letter that finds
// room goes to the network from memory, one that does not is read from the
// outbox again and written once more. It does not wait for anybody's answer.
func (c *Courier) AwaitRoom(ctx context.Context) {
	for !c.handed.low() {
		t := time.NewTimer(roomLook)
		select {
		case <-ctx.Done():
		case <-c.handed.taken:
		case <-t.C:
		}
		t.Stop()
		if ctx.Err() != nil {
			return
		}
	}
}
