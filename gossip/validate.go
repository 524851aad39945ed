package gossip

import (
	"context"
	"errors"
	"fmt"
	"time"

	pubsub "github.com/libp2p/go-libp2p-pubsub"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/gossip/termupdate"
	"github.com/parley-network/parley/identity"
)

var (
	errSize  = errors.New("larger than a message may be")
	errShard = errors.New("published on a topic that is not its own")
	// errBusy is for a cast that finds the queue full. The ledger does not
	// learn of it, so that a later copy is taken.
	errBusy = errors.New("too many casts are waiting for delivery")
)

// validate decides, in GossipSub's worker, what becomes of a message: accepted
// ones are relayed and delivered, the others neither.
func (s *Service) validate(_ context.Context, from peer.ID, m *pubsub.Message) pubsub.ValidationResult {
	if from == s.cfg.Host.ID() {
		return pubsub.ValidationAccept // our own, admitted by Cast
	}
	s.metrics.received(len(m.GetData()))
	if m.GetTopic() == TermsTopic {
		return s.validateTerms(from, m.GetData())
	}
	c, err := s.admit(m.GetTopic(), m.GetData(), time.Now())
	if err == nil {
		s.metrics.accepted.Inc()
		s.log.Debug("cast accepted", "id", c.ID, "seq", c.Intent.Seq, "topic", m.GetTopic())
		return pubsub.ValidationAccept
	}
	result, reason := judge(err)
	s.metrics.refuse(result, reason)
	s.log.Debug("cast not accepted", "from", from, "topic", m.GetTopic(), "reason", reason, "error", err)
	return result
}

func (s *Service) admit(topic string, data []byte, now time.Time) (*intentcast.Cast, error) {
	if len(data) > intentcast.MaxCast {
		return nil, fmt.Errorf("%d bytes: %w", len(data), errSize)
	}
	c, err := intentcast.DecodeCast(data)
	if err != nil {
		return nil, err
	}
	if want := TopicPrefix + c.Intent.Shard(); topic != want {
		return nil, fmt.Errorf("on %q, belongs on %q: %w", topic, want, errShard)
	}
	return c, s.take(c, data, now)
}

// take holds c, which came as wire, against what is known and queues it for
// delivery, as one step.
func (s *Service) take(c *intentcast.Cast, wire []byte, now time.Time) error {
	s.known.Lock()
	defer s.known.Unlock()
	if s.cfg.Deliver != nil && !s.queue.room(c) {
		return errBusy
	}
	if err := s.ledger.Apply(c, now); err != nil {
		return err
	}
	if s.cfg.Deliver != nil {
		s.queue.push(c)
	}
	s.live.keep(c, wire, now)
	return nil
}

// judge tells what was wrong with a message by itself, which its sender has
// to answer for, from what is only so here and now. The ledger's refusals are
// all of the second kind: an honest peer may not have seen the withdrawal, the
// root, the newer terms or the other half of a fork, and clocks differ.
func judge(err error) (pubsub.ValidationResult, string) {
	var cast intentcast.Refusal
	var update termupdate.Refusal
	switch {
	case errors.As(err, &cast):
		return pubsub.ValidationIgnore, string(cast)
	case errors.As(err, &update):
		return pubsub.ValidationIgnore, string(update)
	case errors.Is(err, errBusy):
		return pubsub.ValidationIgnore, "busy"
	case errors.Is(err, errPace):
		return pubsub.ValidationIgnore, "pace"
	case isNewRoster(err):
		return pubsub.ValidationIgnore, "roster"
	case errors.Is(err, errSize), errors.Is(err, termupdate.ErrSize):
		return pubsub.ValidationReject, "size"
	case errors.Is(err, errShard):
		return pubsub.ValidationReject, "topic"
	case errors.Is(err, identity.ErrSignature):
		return pubsub.ValidationReject, "signature"
	}
	return pubsub.ValidationReject, "form"
}
