package gossip

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	pubsub "github.com/libp2p/go-libp2p-pubsub"

	"github.com/parley-network/parley/gossip/intentcast"
)

// topics are the topics followed. A topic is followed because somebody joined
// it, or until a time because a cast of ours lives on it.
type topics struct {
	prefix string // of every topic's name; the rest is its shard

	mu     sync.Mutex
	open   map[string]*topic // by shard
	closed bool
}

type topic struct {
	*pubsub.Topic
	leave  pubsub.RelayCancelFunc
	joined bool
	until  time.Time
	since  time.Time
	caught bool // somebody who follows it was asked what there is
}

// Join follows the shards named, beside those followed already: their casts
// are relayed and delivered. Shards are named by intentcast.ShardsFor; no more
// than intentcast.MaxShards can be followed. It waits for Run to start.
func (s *Service) Join(ctx context.Context, shards ...string) error {
	if err := s.wait(ctx); err != nil {
		return fmt.Errorf("join topics: %w", err)
	}
	fresh := false
	for _, shard := range shards {
		if _, err := s.topics.follow(s.pub, shard, func(t *topic) {
			fresh, t.joined = fresh || !t.joined, true
		}); err != nil {
			return fmt.Errorf("join topic of %q: %w", shard, err)
		}
	}
	if fresh {
		s.wantCatchUp()
	}
	return nil
}

// Leave stops following the shards named, except where a cast of this node is
// still alive: leaving then would tell peers whose it was.
func (s *Service) Leave(shards ...string) {
	s.topics.mu.Lock()
	for _, shard := range shards {
		if t := s.topics.open[shard]; t != nil {
			t.joined = false
		}
	}
	s.topics.mu.Unlock()
	s.topics.release(time.Now())
}

// Joined returns the shards followed for any reason, in no order.
func (s *Service) Joined() []string {
	return s.topics.names()
}

func (ts *topics) names() []string {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	shards := make([]string, 0, len(ts.open))
	for shard := range ts.open {
		shards = append(shards, shard)
	}
	return shards
}

// follow opens the topic of a shard if need be and notes why it is followed.
// It relays without a subscription: the validator hands over what it accepts,
// and a subscription would drop what its reader is too slow for.
func (ts *topics) follow(pub *pubsub.PubSub, shard string, because func(*topic)) (*topic, error) {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	if ts.closed {
		return nil, ErrStopped
	}
	t := ts.open[shard]
	if t == nil {
		if len(ts.open) >= intentcast.MaxShards {
			return nil, fmt.Errorf("%d topics are followed, no more are allowed", len(ts.open))
		}
		pt, err := pub.Join(ts.prefix + shard)
		if err != nil {
			return nil, err
		}
		if err := pt.SetScoreParams(topicScore()); err != nil {
			return nil, errors.Join(err, pt.Close())
		}
		leave, err := pt.Relay()
		if err != nil {
			return nil, errors.Join(err, pt.Close())
		}
		t = &topic{Topic: pt, leave: leave, since: time.Now()}
		ts.open[shard] = t
	}
	because(t)
	return t, nil
}

// of returns the topic of a shard that is followed, else nil.
func (ts *topics) of(shard string) *topic {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	return ts.open[shard]
}

// release leaves the topics that nothing needs at now.
func (ts *topics) release(now time.Time) {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	for shard, t := range ts.open {
		if !t.joined && !t.until.After(now) {
			ts.drop(shard, t)
		}
	}
}

func (ts *topics) close() {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	ts.closed = true
	for shard, t := range ts.open {
		ts.drop(shard, t)
	}
}

// drop leaves one topic. Relaying ends before the topic can be closed, and
// GossipSub does both in the order it is told.
func (ts *topics) drop(shard string, t *topic) {
	t.leave()
	if err := t.Close(); err == nil {
		delete(ts.open, shard)
	}
}

func (ts *topics) count() int {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	return len(ts.open)
}
