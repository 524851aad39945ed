package gossip

import (
	"context"
	"errors"
	"fmt"
	"time"

	pubsub "github.com/libp2p/go-libp2p-pubsub"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/parley-network/parley/gossip/admission"
	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/gossip/termupdate"
	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
)

var (
	errSize  = errors.New("larger than a message may be")
	errShard = errors.New("published on a topic that is not its own")
	// errBusy is for a cast that finds the queue full. The ledger does not
	// learn of it, so that a later copy is taken.
	errBusy = errors.New("too many casts are waiting for delivery")
	// errStamp is for a stamp that did not do the work it claims.
	errStamp = errors.New("the stamp did not do its work")
	// errWork is for a cast with less work than is asked for here and now.
	errWork = errors.New("less work than is asked for")
	// errAmended is for an intent whose author changes it all the time.
	errAmended = errors.New("this intent was amended too often")
)

// inspect is asked by GossipSub about each frame before it looks at its
// messages. What is over a peer's quota is taken out unread, and unseen: had
// the validator ignored it, it would count as seen, and a peer could keep an
// honest cast from us by being first to send it. Control messages stay.
func (s *Service) inspect(from peer.ID, rpc *pubsub.RPC) error {
	n := len(rpc.Publish)
	if n == 0 {
		return nil
	}
	allowed := s.gate.admits(from, n, time.Now())
	if allowed < n {
		clear(rpc.Publish[allowed:])
		rpc.Publish = rpc.Publish[:allowed]
		s.metrics.ignored.WithLabelValues("quota").Add(float64(n - allowed))
	}
	return nil
}

// validate decides, in GossipSub's worker, what becomes of a message: accepted
// ones are relayed and delivered, the others neither.
func (s *Service) validate(_ context.Context, from peer.ID, m *pubsub.Message) pubsub.ValidationResult {
	if from == s.cfg.Host.ID() {
		s.conduct.makes(m.GetTopic(), messageID(m.Message), time.Now())
		return pubsub.ValidationAccept // our own, admitted by Cast
	}
	s.metrics.received(len(m.GetData()))
	now := time.Now()
	if m.GetTopic() == TermsTopic {
		result := s.validateTerms(from, m.GetData())
		if result == pubsub.ValidationReject {
			s.gate.fault(from, 1, now)
		}
		return result
	}
	c, err := s.admitFrom(from, m.GetTopic(), m.GetData(), now)
	if err == nil {
		s.metrics.accepted.Inc()
		s.log.Debug("cast accepted", "id", c.ID, "seq", c.Intent.Seq, "topic", m.GetTopic())
		return pubsub.ValidationAccept
	}
	result, reason := judge(err)
	s.metrics.refuse(result, reason)
	if result == pubsub.ValidationReject {
		s.gate.fault(from, 1, now)
	}
	s.log.Debug("cast not accepted", "from", from, "topic", m.GetTopic(), "reason", reason, "error", err)
	return result
}

// admit is admitFrom for a cast of no peer in particular.
func (s *Service) admit(topic string, data []byte, now time.Time) (*intentcast.Cast, error) {
	return s.admitFrom("", topic, data, now)
}

// admitFrom decides about a cast that a peer sent on a topic, cheap to dear:
// size, frame, stamp (3 µs up to here), the rest of its form and what is known
// of its intent (15 µs), its author's signature (50 µs, or half in a batch).
// What is refused early is judged as it would be at the end.
func (s *Service) admitFrom(from peer.ID, topic string, data []byte, now time.Time) (*intentcast.Cast, error) {
	if len(data) > intentcast.MaxCast {
		return nil, fmt.Errorf("%d bytes: %w", len(data), errSize)
	}
	c, bits, again, err := s.examine(from, topic, data, now)
	if err != nil {
		s.tellPrice(from, topic, c, err)
		return nil, err
	}
	check, err := c.Check()
	if err != nil {
		return nil, err
	}
	if err := s.verifier.verify(from, check, now); err != nil {
		return nil, fmt.Errorf("decode cast: %w", err)
	}
	if amended := c.Intent.Seq > 0 && c.Intent.Status == intentcast.StatusOpen; !again && amended && !s.gate.amends(c.Root(), now) {
		return nil, errAmended
	}
	if err := s.take(c, data, bits, now); err != nil {
		s.tellPrice(from, topic, c, err)
		return nil, err
	}
	s.trail.note(c.ID, topic, from, bits, lifeBits(c))
	return c, nil
}

// tellPrice has the peer told what would have been enough for a cast that
// finds the ledger full of what did more.
func (s *Service) tellPrice(from peer.ID, topic string, c *intentcast.Cast, err error) {
	var full *intentcast.FullError
	if c != nil && errors.As(err, &full) {
		s.notices.refuse(from, topic, c.ID, full.Needs)
	}
}

// lifeBits is what a cast's life adds to every price.
func lifeBits(c *intentcast.Cast) int {
	return admission.LifeBits(c.Intent.Expires.Std().Sub(c.Intent.Created.Std()))
}

// examine is all of admitFrom that needs no signature. again is true for a
// cast that is known, with a better stamp or after it was turned out of the
// ledger: it has been refused for want of work somewhere and is to be relayed
// once more, but is nothing new here. The cast comes with an error too, where
// it could be read.
func (s *Service) examine(from peer.ID, topic string, data []byte, now time.Time) (c *intentcast.Cast, bits int, again bool, err error) {
	frame, err := intentcast.OpenCast(data)
	if err != nil {
		return nil, 0, false, err
	}
	bits, err = stampOf(frame, topic)
	if err != nil {
		return nil, 0, false, err
	}
	had, known := s.trail.bits(frame.ID)
	better := known && bits > had
	switch asks := s.gate.asks(topic); {
	case bits >= asks:
	case known && !better: // asked for no work when it came
		return nil, bits, false, fmt.Errorf("cast %s: %w", frame.ID, intentcast.Duplicate)
	default:
		return nil, bits, false, s.underWorked(from, topic, frame.ID, bits, asks, now)
	}
	if c, err = frame.Parse(); err != nil {
		return nil, bits, false, err
	}
	if asks, extra := s.gate.asks(topic), lifeBits(c); asks > 0 && bits < asks+extra {
		return nil, bits, false, s.underWorked(from, topic, frame.ID, bits-extra, asks, now)
	}
	if want := TopicPrefix + c.Intent.Shard(); topic != want {
		return nil, bits, false, fmt.Errorf("on %q, belongs on %q: %w", topic, want, errShard)
	}
	s.known.Lock()
	again, err = s.ledger.Expects(c, bits, now)
	s.known.Unlock()
	switch {
	case errors.Is(err, intentcast.Full):
		s.gate.came(topic, refusedWeight, now)
	case err == nil && !(again && better):
		s.gate.came(topic, 1, now)
	}
	return c, bits, again, err
}

// underWorked refuses a cast that did less than is asked for of a life of a
// day, and has the peer told.
func (s *Service) underWorked(from peer.ID, topic string, id dagcbor.CID, did, asks int, now time.Time) error {
	s.gate.came(topic, refusedWeight, now)
	s.notices.refuse(from, topic, id, asks)
	return fmt.Errorf("%d bits for each day where %d are asked for: %w", did, asks, errWork)
}

// stampOf is the difficulty that a cast's stamp has done, 0 without one. A
// stamp that did not do what it claims is an error.
func stampOf(f *intentcast.Frame, topic string) (int, error) {
	if f.Work == nil {
		return 0, nil
	}
	stamp, err := admission.ParseStamp(f.Work)
	if err != nil {
		return 0, fmt.Errorf("%w: %w", errStamp, err)
	}
	if !stamp.Done(admission.ForCast(topic, f.ID)) {
		return 0, fmt.Errorf("%d bits claimed: %w", stamp.Bits, errStamp)
	}
	return stamp.Bits, nil
}

// take holds c, which came as wire with a stamp of so many bits, against what
// is known and queues it for delivery if it is news, as one step.
func (s *Service) take(c *intentcast.Cast, wire []byte, bits int, now time.Time) error {
	s.known.Lock()
	defer s.known.Unlock()
	if s.cfg.delivers() && !s.queue.room(c) {
		return errBusy
	}
	change, err := s.ledger.Apply(c, bits, now)
	s.turnOut(c.Intent.Shard(), change.Out, now)
	if err != nil {
		return err
	}
	if s.cfg.delivers() && !change.Again {
		s.queue.push(c)
	}
	if !change.Aside {
		s.live.keep(c, wire, now)
	}
	return nil
}

// judge tells what was wrong with a message by itself, which its sender has
// to answer for, from what is only so here and now. The ledger's refusals are
// all of the second kind: an honest peer may not have seen the withdrawal, the
// root, the newer terms or the other half of a fork, and clocks differ. So is
// a lack of work, since each node asks for what its own load makes it.
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
	case errors.Is(err, errWork):
		return pubsub.ValidationIgnore, "work"
	case errors.Is(err, errAmended):
		return pubsub.ValidationIgnore, "amended too often"
	case isNewRoster(err):
		return pubsub.ValidationIgnore, "roster"
	case errors.Is(err, errSize), errors.Is(err, termupdate.ErrSize):
		return pubsub.ValidationReject, "size"
	case errors.Is(err, errShard):
		return pubsub.ValidationReject, "topic"
	case errors.Is(err, errStamp):
		return pubsub.ValidationReject, "stamp"
	case errors.Is(err, identity.ErrSignature):
		return pubsub.ValidationReject, "signature"
	}
	return pubsub.ValidationReject, "form"
}
