package node

import (
	"crypto/sha256"
	"fmt"
	"sync"
	"time"

	"github.com/parley-network/parley/identity/webvh"
)

// mostLogs bounds the verified key logs kept in memory, some 3 KB each.
const mostLogs = 4096

// logCache keeps key logs that have been verified: a log that held once holds
// for good, and every letter about a card needs two.
type logCache struct {
	mu    sync.Mutex
	known map[[sha256.Size]byte]*webvh.History
	order [][sha256.Size]byte // a ring: the oldest makes room
	next  int
}

// history reads and verifies a key log that came with a message.
func (l *logCache) history(log []byte, now time.Time) (*webvh.History, error) {
	id := sha256.Sum256(log)
	l.mu.Lock()
	h := l.known[id]
	l.mu.Unlock()
	if h != nil {
		return h, nil
	}
	parsed, err := webvh.Parse(log)
	if err != nil {
		return nil, fmt.Errorf("key log: %w", err)
	}
	// A log made this second on a machine whose clock is ahead is not yet
	// wrong: the same allowance as for every other signed time.
	if h, err = webvh.Verify(parsed, nil, now.Add(clockSkew)); err != nil {
		return nil, fmt.Errorf("key log: %w", err)
	}
	l.keep(id, h)
	return h, nil
}

func (l *logCache) keep(id [sha256.Size]byte, h *webvh.History) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.known == nil {
		l.known = make(map[[sha256.Size]byte]*webvh.History)
	}
	if _, there := l.known[id]; there {
		return
	}
	if len(l.order) < mostLogs {
		l.order = append(l.order, id)
	} else {
		delete(l.known, l.order[l.next])
		l.order[l.next] = id
		l.next = (l.next + 1) % mostLogs
	}
	l.known[id] = h
}
