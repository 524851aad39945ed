package gossip

import (
	"context"
	"errors"
	"fmt"
	"time"

	pubsub "github.com/libp2p/go-libp2p-pubsub"

	"github.com/parley-network/parley/gossip/intentcast"
)

// meshWait is how long Cast waits for the first peer on a topic.
const meshWait = 10 * time.Second

// ErrNoPeers is returned for a cast that nobody was there to take.
var ErrNoPeers = errors.New("no peer follows the topic")

// Cast publishes c. It first follows c's topic, and goes on to until c
// expires, so that the message leaves this node as a relayed one would; and
// waits up to ten seconds for a peer in the topic's mesh, else ErrNoPeers:
// the caller tries again later. Casting a version again is allowed, and does
// nothing within the two minutes that GossipSub remembers it. A version that
// the ledger refuses, as when a newer one is known, is an error.
//
// Where neighbours ask for work, it is done first, on one core, which Working
// tells of; ending ctx gives it up. If neighbours refuse what was published
// for want of work, now or any time before c expires, the work is done and c
// published again without the caller's doing.
func (s *Service) Cast(ctx context.Context, c *intentcast.Cast) error {
	if err := s.cast(ctx, c); err != nil {
		return fmt.Errorf("cast %s: %w", c.ID, err)
	}
	return nil
}

func (s *Service) cast(ctx context.Context, c *intentcast.Cast) error {
	if err := s.wait(ctx); err != nil {
		return err
	}
	wire, err := c.Encode()
	if err != nil {
		return err
	}
	// c may have been put together by hand; peers would hold it against us.
	if c, err = intentcast.DecodeCast(wire); err != nil {
		return err
	}
	if err := s.casting(c, 0, time.Now()); err != nil {
		return err
	}
	fresh := false
	t, err := s.topics.follow(s.pub, c.Intent.Shard(), func(t *topic) {
		fresh = !t.joined && t.until.IsZero()
		if until := c.Intent.Expires.Std(); t.until.Before(until) {
			t.until = until
		}
	})
	if err != nil {
		return err
	}
	if fresh {
		s.wantCatchUp()
	}
	// A stamp that is not this node's own is no use here.
	own := s.works.begin(c.WithWork(nil), t.String(), time.Now())
	if c, err = s.stamped(ctx, own); err != nil {
		return err
	}
	if wire, err = c.Encode(); err != nil {
		return err
	}
	if err := s.casting(c, own.stamped(&s.works), time.Now()); err != nil {
		return err
	}
	if err := publish(ctx, t, wire); err != nil {
		return err
	}
	s.metrics.cast.Inc()
	s.told(c, wire, time.Now())
	return nil
}

// casting takes in a cast of this node with what work it has done, or finds it
// known. Others are told of it only once it has been published: see hold.
func (s *Service) casting(c *intentcast.Cast, bits int, now time.Time) error {
	s.known.Lock()
	defer s.known.Unlock()
	change, err := s.ledger.Keep(c, bits, now)
	s.turnOut(c.Intent.Shard(), change.Out, now)
	if err != nil && !errors.Is(err, intentcast.Duplicate) {
		return err
	}
	return nil
}

// told lets others who ask have a cast that was published, if it still counts.
func (s *Service) told(c *intentcast.Cast, wire []byte, now time.Time) {
	s.known.Lock()
	defer s.known.Unlock()
	if e, ok := s.ledger.Lookup(c.Root()); ok && e.ID == c.ID && !e.Hidden {
		s.live.keep(c, wire, now)
	}
}

func publish(ctx context.Context, t *topic, wire []byte) error {
	if err := pause(ctx, relayAfter); err != nil { // as what is relayed has to, so that haste tells nobody whose it is
		return err
	}
	waiting, cancel := context.WithTimeout(ctx, meshWait)
	defer cancel()
	err := t.Publish(waiting, wire, pubsub.WithReadiness(pubsub.MinTopicSize(1)))
	if waiting.Err() != nil && ctx.Err() == nil && err != nil {
		return ErrNoPeers
	}
	return err
}
