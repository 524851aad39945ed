package gossip

import (
	"errors"
	"fmt"
	"time"

	pubsub "github.com/libp2p/go-libp2p-pubsub"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/parley-network/parley/gossip/termupdate"
	roster "github.com/parley-network/parley/relcard/terms"
)

// errPace is for a vendor's update that comes too soon after others of it.
var errPace = errors.New("this vendor's terms changed too often")

// validateTerms is validate for the topic of term updates.
func (s *Service) validateTerms(from peer.ID, data []byte) pubsub.ValidationResult {
	u, err := s.decodeTerms(data)
	if err == nil {
		err = s.admitTerms(u, time.Now(), true)
	}
	if err == nil {
		s.metrics.terms.accepted.Inc()
		s.log.Debug("terms accepted", "id", u.ID())
		return pubsub.ValidationAccept
	}
	result, reason := judge(err)
	s.metrics.terms.refuse(result, reason)
	s.log.Debug("terms not accepted", "from", from, "reason", reason, "error", err)
	return result
}

func (s *Service) decodeTerms(data []byte) (termupdate.Signed, error) {
	if len(data) > termupdate.MaxUpdate {
		return termupdate.Signed{}, fmt.Errorf("%d bytes: %w", len(data), errSize)
	}
	return termupdate.DecodeSigned(data)
}

// admitTerms verifies u, takes it in and queues it for delivery. What can be
// refused by what it claims is refused before that costs a signature check.
// paced holds the vendor to the pace of what is relayed.
func (s *Service) admitTerms(u termupdate.Signed, now time.Time, paced bool) error {
	if err := s.terms.expects(u, now, paced); err != nil {
		return err
	}
	v, err := u.Verify(now)
	if err != nil {
		return err
	}
	return s.takeTerms(v, now, paced)
}

func (t *terms) expects(u termupdate.Signed, now time.Time, paced bool) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := t.ledger.Expects(u, now); err != nil && !errors.Is(err, termupdate.Fork) {
		return err
	}
	vendor, _, err := u.Claims()
	if err == nil && paced && t.relayed.wait(vendor, now) > 0 {
		err = errPace
	}
	return err
}

// isNewRoster reports whether err is about agreements that this node does not
// know: those of a roster published since, which is not its sender's fault.
func isNewRoster(err error) bool {
	return errors.Is(err, roster.ErrID) || errors.Is(err, roster.ErrVersion) || errors.Is(err, roster.ErrRegistry)
}

// takeTerms holds v against what is known and queues it, as one step. The
// second half of a fork is news as well.
func (s *Service) takeTerms(v termupdate.Verified, now time.Time, paced bool) error {
	t := &s.terms
	t.mu.Lock()
	defer t.mu.Unlock()
	if s.cfg.DeliverTerms != nil && !t.queue.room(v) {
		return errBusy
	}
	if err := t.ledger.Apply(v, now); err != nil && !errors.Is(err, termupdate.Fork) {
		return err
	}
	t.changes++
	if paced {
		t.relayed.take(v.Update.Vendor.DID, now)
	}
	if s.cfg.DeliverTerms != nil {
		t.queue.push(v)
	}
	return nil
}
