package apitest

import (
	"context"
	"time"

	"github.com/parley-network/parley/node/view"
)

// Tell makes an event happen, with the next number.
func (n *Node) Tell(kind, text string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.log = append(n.log, view.Event{Seq: uint64(len(n.log) + 1), Time: When, Kind: kind, Text: text})
	if n.more != nil {
		close(n.more)
		n.more = nil
	}
}

// Events implements api.Node.
func (n *Node) Events(ctx context.Context, after uint64, wait time.Duration) ([]view.Event, error) {
	if err := n.call("events after=%d wait=%s", after, wait); err != nil {
		return nil, err
	}
	deadline := time.NewTimer(wait)
	defer deadline.Stop()
	for {
		events, more := n.since(after)
		if len(events) > 0 || wait <= 0 {
			return events, nil
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-deadline.C:
			return nil, nil
		case <-more:
		}
	}
}

// since returns the events after a number and what is closed by the next one.
func (n *Node) since(after uint64) ([]view.Event, <-chan struct{}) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.more == nil {
		n.more = make(chan struct{})
	}
	if after >= uint64(len(n.log)) {
		return nil, n.more
	}
	return n.log[after:], n.more
}
