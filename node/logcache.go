package node

import (
	"crypto/sha256"
	"fmt"
	"time"

	"github.com/parley-network/parley/identity/webvh"
)

// mostLogs bounds the verified key logs kept in memory, some 3 KB each: two
// for each card of somebody who has very many.
const mostLogs = 16384

// logCache keeps key logs that have been verified: a log that held once holds
// for good, and every letter about a card needs two.
type logCache struct {
	known recent[[sha256.Size]byte, *webvh.History]
}

func newLogCache() logCache {
	return logCache{recent[[sha256.Size]byte, *webvh.History]{most: mostLogs}}
}

// history reads and verifies a key log that came with a message.
func (l *logCache) history(log []byte, now time.Time) (*webvh.History, error) {
	id := sha256.Sum256(log)
	if h, ok := l.known.get(id); ok {
		return h, nil
	}
	parsed, err := webvh.Parse(log)
	if err != nil {
		return nil, fmt.Errorf("key log: %w", err)
	}
	// A log made this second on a machine whose clock is ahead is not yet
	// wrong: the same allowance as for every other signed time.
	h, err := webvh.Verify(parsed, nil, now.Add(clockSkew))
	if err != nil {
		return nil, fmt.Errorf("key log: %w", err)
	}
	l.known.put(id, h)
	return h, nil
}
