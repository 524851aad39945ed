package courier

import (
	"sync"
	"time"

	"github.com/parley-network/parley/node/courier/seal"
)

// A line is a session with the holder of a route, about that route's slot
// alone: a signature and a hybrid key exchange for each poll are most of what
// a poll in vain costs both ends. Nothing of it is stored.
type line struct {
	session *seal.Session
	next    uint64 // number of the next request
	since   time.Time
}

// A line is given up in time, so that who takes the memory of this node learns
// little of what was asked before.
const (
	lineLife = 24 * time.Hour
	lineMost = 4096
)

// lineHolder has the line of a route while nobody uses it: of two requests at a
// time the second begins another.
type lineHolder struct {
	mu   sync.Mutex
	idle *line
}

func (h *lineHolder) take(now time.Time) *line {
	h.mu.Lock()
	defer h.mu.Unlock()
	l := h.idle
	h.idle = nil
	if l == nil || now.Sub(l.since) > lineLife || l.next >= lineMost {
		return nil
	}
	return l
}

func (h *lineHolder) put(l *line) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.idle = l
}
