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
	if errors.As(err, &refusal) && settled(refusal) {
		until = c.Intent.Expires.Std()
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

// admitPulled is admit for a cast that from was asked for: it came on no topic
// and need not be relayed. expects says whether it was asked for, before it is
// taken in. The cast is nil where it can't be read.
func (s *Service) admitPulled(_ peer.ID, data []byte, now time.Time, expects func(*intentcast.Cast) error) (*intentcast.Cast, error) {
	c, err := intentcast.DecodeCast(data)
	if err != nil {
		return nil, err
	}
	if err := expects(c); err != nil {
		return c, err
	}
	return c, s.take(c, data, now)
}
