package courier

import "sync"

// handed is letters on their way from a transaction that has just written them
// to the dispatcher. They are written as claimed already, which saves reading
// and writing each once more; should this process end first, they are due when
// the claim is over.
type handed struct {
	mu      sync.Mutex
	letters []task
}

// mostHanded bounds the memory they take: at most 64 KiB each, and 3 as a rule.
const mostHanded = 512

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
	return out
}
