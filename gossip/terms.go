package gossip

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/parley-network/parley/gossip/termupdate"
	"github.com/parley-network/parley/identity"
)

// TermsTopic is the one topic of all vendors' term updates. An update says
// little and seldom: 4,096 vendors (termupdate.MaxVendors) that renew theirs
// every three days send one a minute, some 70 bytes a second; dividing that
// would cost more in meshes than it saves.
const TermsTopic = termsPrefix + termsShard

const (
	termsPrefix = "/parley/terms/"
	termsShard  = "1"
)

// A vendor's updates are relayed once a minute on average, three at once; what
// comes faster is neither verified nor taken in, and found by those who catch
// up. A vendor's own node holds it to two at once, so that what it publishes
// is not lost to a little jitter on the way.
const (
	termsEvery   = time.Minute
	relayBurst   = 3
	publishBurst = 2
)

// ErrTooOften is returned for terms that follow others of the same vendor
// sooner than they would be relayed. The error around it says when to come
// again.
var ErrTooOften = errors.New("terms changed too often")

// terms is the part of a Service that is about term updates.
type terms struct {
	topics topics
	queue  *latest[identity.DID, termupdate.Verified]

	mu        sync.Mutex // also across Apply and the queue, so that terms are delivered in the ledger's order
	ledger    *termupdate.Ledger
	relayed   *pacer[identity.DID]
	published *pacer[identity.DID]
	changes   uint64 // of the ledger, made
	shown     uint64 // and passed on to those that others are told
}

func (t *terms) init() error {
	salt := make([]byte, 16)
	if _, err := rand.Read(salt); err != nil {
		return fmt.Errorf("draw a salt: %w", err)
	}
	t.topics.prefix, t.topics.open = termsPrefix, make(map[string]*topic)
	t.queue = newLatest(queueLimit, func(v termupdate.Verified) identity.DID { return v.Update.Vendor.DID })
	t.ledger = termupdate.NewLedger(0, salt)
	t.relayed = newPacer[identity.DID](termsEvery, relayBurst)
	t.published = newPacer[identity.DID](termsEvery, publishBurst)
	return nil
}

func (t *terms) count() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.ledger.Len()
}

// tidy lets go of what is over at now.
func (t *terms) tidy(now time.Time) {
	t.topics.release(now)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.ledger.Expire(now)
	t.changes++
}

// FollowTerms takes in, relays and delivers every vendor's term updates from
// now on, and asks peers for those published before. It waits for Run to start.
func (s *Service) FollowTerms(ctx context.Context) error {
	err := s.wait(ctx)
	if err == nil {
		_, err = s.terms.topics.follow(s.pub, termsShard, func(t *topic) { t.joined = true })
	}
	if err != nil {
		return fmt.Errorf("follow terms: %w", err)
	}
	s.wantCatchUp()
	return nil
}

// PublishTerms publishes an update of a vendor. As Cast does it follows the
// topic until the update expires and waits up to ten seconds for a peer, else
// ErrNoPeers: the update is known to this node by then and told to whoever
// asks for it, and the caller publishes it again later. Publishing the update
// that stands again is allowed. One that the ledger refuses, as when a newer
// one is known, is an error, and so is one that comes sooner than others would
// relay it (ErrTooOften).
func (s *Service) PublishTerms(ctx context.Context, u termupdate.Signed) error {
	if err := s.publishTerms(ctx, u); err != nil {
		return fmt.Errorf("publish terms %s: %w", u.ID(), err)
	}
	return nil
}

func (s *Service) publishTerms(ctx context.Context, u termupdate.Signed) error {
	if err := s.wait(ctx); err != nil {
		return err
	}
	wire, err := u.Encode()
	if err != nil {
		return err
	}
	// u may have been put together by hand; peers would hold it against us.
	if u, err = termupdate.DecodeSigned(wire); err != nil {
		return err
	}
	now := time.Now()
	v, err := u.Verify(now)
	if err != nil {
		return err
	}
	if err := s.terms.publishing(v, now); err != nil {
		return err
	}
	t, err := s.terms.topics.follow(s.pub, termsShard, func(t *topic) {
		if until := v.Update.Expires.Std(); t.until.Before(until) {
			t.until = until
		}
	})
	if err != nil {
		return err
	}
	if err := publish(ctx, t, wire); err != nil {
		return err
	}
	s.metrics.terms.published.Inc()
	return nil
}

// publishing takes in an update of this node, or finds it known.
func (t *terms) publishing(v termupdate.Verified, now time.Time) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	err := t.ledger.Expects(v.Signed, now)
	if errors.Is(err, termupdate.Duplicate) {
		return nil
	}
	if err != nil {
		return err
	}
	if wait := t.published.wait(v.Update.Vendor.DID, now); wait > 0 {
		return fmt.Errorf("come again in %s: %w", wait.Round(time.Second), ErrTooOften)
	}
	if err := t.ledger.Apply(v, now); err != nil {
		return err
	}
	t.changes++
	t.published.take(v.Update.Vendor.DID, now)
	return nil
}

// RememberTerms tells the service of an update it need not deliver or publish,
// such as one stored before a restart, so that older ones of that vendor, and
// other key logs in its name, stay out. The error is the ledger's, as of
// termupdate.Ledger.Apply.
func (s *Service) RememberTerms(v termupdate.Verified, now time.Time) error {
	s.terms.mu.Lock()
	defer s.terms.mu.Unlock()
	s.terms.changes++
	return s.terms.ledger.Apply(v, now)
}

// TermsOf returns the update of a vendor that is in force now.
func (s *Service) TermsOf(vendor identity.DID) (termupdate.Entry, bool) {
	s.terms.mu.Lock()
	defer s.terms.mu.Unlock()
	e, ok := s.terms.ledger.Lookup(vendor)
	if !ok || !e.Alive(time.Now()) {
		return termupdate.Entry{}, false
	}
	return e, true
}

// AllTerms returns the updates in force now, one a vendor, by identifier.
func (s *Service) AllTerms() []termupdate.Entry {
	s.terms.mu.Lock()
	defer s.terms.mu.Unlock()
	now := time.Now()
	var alive []termupdate.Entry
	for _, e := range s.terms.ledger.All() {
		if e.Alive(now) {
			alive = append(alive, e)
		}
	}
	return alive
}
