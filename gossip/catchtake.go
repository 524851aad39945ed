package gossip

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	pubsub "github.com/libp2p/go-libp2p-pubsub"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/gossip/reconcile"
	"github.com/parley-network/parley/gossip/termupdate"
)

const (
	// passFor is how long a record that this node refused for a reason of here
	// and now is not asked for again.
	passFor = 10 * time.Minute
	// passFull is the same for one that did too little to get into the ledger,
	// or was turned out of it. Peers that follow fewer topics have room for it
	// and would offer it all the time.
	passFull = 6 * time.Hour
	// relayYoung is how young an intent is relayed by gossip that was got by
	// asking: gossip would have brought it by now if it could, so that others
	// have not heard it either. What is older is known to those who could be
	// told.
	relayYoung = 30 * time.Second
)

// take takes in one record. It is an error when the conversation is not to go
// on: the record is not one that was asked for or is wrong by itself, or there
// is no room for more.
func (a *asking) take(ctx context.Context, rec reconcile.Record, wanted map[uint64]bool) error {
	expects := func(id digest) error {
		short := a.key.Short(id[:])
		if !wanted[short] {
			return fmt.Errorf("record %x was not asked for: %w", id, reconcile.ErrGarbage)
		}
		delete(wanted, short)
		a.got++
		return nil
	}
	var err error
	if rec.Kind == reconcile.KindTerms {
		err = a.takeTerms(rec.Wire, expects)
	} else {
		err = a.takeCast(ctx, rec.Wire, expects)
	}
	if err == nil {
		a.taken++
		a.s.metrics.catch.got.WithLabelValues(kindName(rec.Kind)).Inc()
	}
	if errors.Is(err, errPassed) {
		return nil
	}
	return err
}

// errPassed is for a record that this node does not want, which is not the
// peer's fault.
var errPassed = errors.New("not taken in")

func (a *asking) takeCast(ctx context.Context, wire []byte, expects func(digest) error) error {
	now := time.Now()
	c, err := a.s.admitPulled(a.st.Conn().RemotePeer(), wire, now, func(c *intentcast.Cast) error {
		if !slices.Contains(a.shards, c.Intent.Shard()) {
			return fmt.Errorf("a cast on %q was not asked for: %w", c.Intent.Shard(), reconcile.ErrGarbage)
		}
		return expects(digestOf(c.ID))
	})
	if err == nil && now.Sub(c.Envelope.Time.Std()) < relayYoung {
		a.s.topics.relay(ctx, c.Intent.Shard(), wire)
	}
	if err == nil || errors.Is(err, errBusy) || errors.Is(err, reconcile.ErrGarbage) {
		return err
	}
	result, reason := judge(err)
	a.s.metrics.refuse(result, reason)
	if result == pubsub.ValidationReject {
		return fmt.Errorf("%w: %w", reconcile.ErrGarbage, err)
	}
	until := now.Add(passFor)
	var refusal intentcast.Refusal
	switch {
	case !errors.As(err, &refusal):
	case settled(refusal):
		until = c.Intent.Expires.Std()
	case refusal == intentcast.Full:
		until = now.Add(passFull)
	}
	a.s.live.pass(digestOf(c.ID), until, now)
	return fmt.Errorf("%w: %w", errPassed, err)
}

// settled reports whether a refusal of the ledger's holds as long as the cast
// lives.
func settled(r intentcast.Refusal) bool {
	switch r {
	case intentcast.Duplicate, intentcast.Stale, intentcast.Dead, intentcast.Fork, intentcast.Forged, intentcast.Moved:
		return true
	}
	return false
}

func (a *asking) takeTerms(wire []byte, expects func(digest) error) error {
	now := time.Now()
	u, err := a.s.decodeTerms(wire)
	if err == nil {
		if err := expects(digestOf(u.ID())); err != nil {
			return err
		}
		if !a.terms {
			return fmt.Errorf("terms were not asked for: %w", reconcile.ErrGarbage)
		}
		err = a.s.admitTerms(u, now, false)
	}
	if err == nil || errors.Is(err, errBusy) {
		return err
	}
	result, reason := judge(err)
	a.s.metrics.terms.refuse(result, reason)
	if result == pubsub.ValidationReject {
		return fmt.Errorf("%w: %w", reconcile.ErrGarbage, err)
	}
	until := now.Add(passFor)
	if errors.Is(err, termupdate.Superseded) || errors.Is(err, termupdate.Duplicate) {
		until = now.Add(termupdate.MaxLife)
	}
	a.s.live.pass(digestOf(u.ID()), until, now)
	return fmt.Errorf("%w: %w", errPassed, err)
}

func kindName(kind byte) string {
	if kind == reconcile.KindTerms {
		return "terms"
	}
	return "cast"
}

// admitPulled is admit for a cast that was asked for: it came on no topic and
// need not be relayed. It does as much work as gossip asks for: who floods could
// otherwise wait to be asked. expects says whether it was asked for, before its
// signature is looked at. The cast is nil where it can't be read.
func (s *Service) admitPulled(from peer.ID, data []byte, now time.Time, expects func(*intentcast.Cast) error) (*intentcast.Cast, error) {
	frame, err := intentcast.OpenCast(data)
	if err != nil {
		return nil, err
	}
	c, err := frame.Parse()
	if err != nil {
		return nil, err
	}
	if err := expects(c); err != nil {
		return c, err
	}
	topic := TopicPrefix + c.Intent.Shard()
	bits, err := stampOf(frame, topic)
	if err != nil {
		return c, err
	}
	if asks := s.gate.asks(topic); asks > 0 && bits < asks+lifeBits(c) {
		return c, fmt.Errorf("%d bits where %d are asked for: %w", bits, asks, errWork)
	}
	check, err := c.Check()
	if err != nil {
		return c, err
	}
	if err := s.verifier.verify(from, check, now); err != nil {
		return c, fmt.Errorf("decode cast: %w", err)
	}
	return c, s.take(c, data, bits, now)
}
