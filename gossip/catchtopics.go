package gossip

import (
	"context"
	"slices"
	"time"

	pubsub "github.com/libp2p/go-libp2p-pubsub"
	"github.com/libp2p/go-libp2p/core/peer"
)

// tellAlone is when a node that found nobody to ask about a topic tells others
// what it has.
const tellAlone = time.Minute

// tellable are the shards about which others are answered at now: those on
// which this node has what its peers have. See hold.
func (ts *topics) tellable(now time.Time) map[string]bool {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	shards := make(map[string]bool, len(ts.open))
	for shard, t := range ts.open {
		if t.caught || now.Sub(t.since) >= tellAlone {
			shards[shard] = true
		}
	}
	return shards
}

// caughtUp notes that p has been asked about the shards; of those that it
// follows this node now has what others have.
func (ts *topics) caughtUp(pub *pubsub.PubSub, p peer.ID, shards []string) {
	for _, shard := range ts.behind(shards) {
		if !slices.Contains(pub.ListPeers(ts.prefix+shard), p) {
			continue
		}
		ts.mu.Lock()
		if t := ts.open[shard]; t != nil {
			t.caught = true
		}
		ts.mu.Unlock()
	}
}

func (ts *topics) behind(shards []string) []string {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(shards), func(shard string) bool {
		t := ts.open[shard]
		return t == nil || t.caught
	})
}

// relay publishes on a topic followed what was got by asking. Peers that have
// it drop it.
func (ts *topics) relay(ctx context.Context, shard string, wire []byte) {
	ts.mu.Lock()
	t := ts.open[shard]
	ts.mu.Unlock()
	if t != nil {
		_ = t.Publish(ctx, wire) // fails when the topic is being left
	}
}
