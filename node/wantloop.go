package node

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/node/market"
	"github.com/parley-network/parley/node/store"
	"github.com/parley-network/parley/node/view"
)

const (
	// wantRetry is the pause before a want that could not be cast, mostly for
	// want of a peer that keeps letters, is tried again.
	wantRetry = 5 * time.Minute
	// wantsIdle is the longest the loop sleeps: clocks are set.
	wantsIdle = time.Hour
)

func (n *Node) wakeWants() {
	select {
	case n.wants <- struct{}{}:
	default:
	}
}

// wantLoop casts standing wants when they are due.
func (n *Node) wantLoop(ctx context.Context) error {
	for {
		wait, err := n.castWants(ctx, time.Now())
		if err != nil && ctx.Err() == nil {
			n.log.Warn("casting standing wants", "error", err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-n.wants:
		case <-time.After(wait):
		}
	}
}

// castWants casts what is due at now and returns how long to wait for more.
// One that fails is tried again and stops no other.
func (n *Node) castWants(ctx context.Context, now time.Time) (time.Duration, error) {
	var recs []store.Record
	err := n.cfg.Store.View(ctx, func(tx store.Tx) (err error) {
		recs, err = tx.List(store.Query{Kind: kindWant, State: wantActive, DueBefore: now.Add(wantsIdle)})
		return err
	})
	if err != nil {
		return wantRetry, fmt.Errorf("list standing wants: %w", err)
	}
	wait := wantsIdle
	var errs []error
	for _, rec := range recs {
		if rec.Due.After(now) {
			wait = min(wait, rec.Due.Sub(now))
			continue
		}
		again, err := n.castWant(ctx, rec.ID, now)
		if err != nil {
			again = wantRetry
			errs = append(errs, fmt.Errorf("want %s: %w", rec.ID, err))
		}
		wait = min(wait, again)
	}
	return max(wait, store.Precision), errors.Join(errs...)
}

// castWant casts one standing want, or puts off what was missed. It returns
// how long it is until the want is due again, at most.
func (n *Node) castWant(ctx context.Context, id string, now time.Time) (time.Duration, error) {
	var s *wanting
	waits := false
	err := n.update(ctx, func(c *change) (err error) {
		if s, err = loadWant(c.Tx, id); err != nil || s.rec.State != wantActive {
			return err
		}
		late, wait := s.rule.Late(s.planned(), now, n.draw)
		if waits = wait; !waits {
			return nil
		}
		s.plan(late)
		return s.save(c)
	})
	switch {
	case err != nil:
		return 0, err
	case s.rec.State != wantActive:
		return wantsIdle, nil
	case waits:
		return s.rec.Due.Sub(now), nil
	}
	life := s.rule.Life(now, intentcast.MaxLife)
	if life < time.Minute { // the next is due before this could be answered
		return n.skipWant(ctx, id, s.body.Occurrence)
	}
	one, err := onceOf(s.want, now, life)
	if err != nil {
		return 0, err
	}
	d, err := n.draft(one, now)
	if err != nil {
		return 0, err
	}
	d.body.Standing = id
	_, err = n.castAs(ctx, d, now, func(c *change, cast *intentcast.Cast) error {
		return n.wantCast(c, id, s.body.Occurrence, cast)
	})
	if errors.Is(err, errWantChanged) {
		return store.Precision, nil
	}
	return store.Precision, err // the next time may be near
}

// errWantChanged ends a casting whose want was changed meanwhile.
var errWantChanged = errors.New("the want was changed meanwhile")

// wantCast puts down, in the transaction that keeps the intent, that the want
// was cast for an occurrence, so that it never is twice.
func (n *Node) wantCast(c *change, id string, occurrence identity.Time, cast *intentcast.Cast) error {
	s, err := loadWant(c.Tx, id)
	if errors.Is(err, view.ErrNotFound) || err == nil && (s.rec.State != wantActive || s.body.Occurrence != occurrence) {
		return errWantChanged
	}
	if err != nil {
		return err
	}
	if s.body.Casts > 0 {
		s.body.Seen = s.body.Seen.Told(s.body.Now)
	}
	s.body.Casts, s.body.Intent, s.body.Now = s.body.Casts+1, cast.Root(), market.Standing{}
	s.plan(s.rule.Next(c.now, n.draw))
	if err := s.save(c); err != nil {
		return err
	}
	return c.note("want.cast", cast.Root(), "cast a standing want, number %d: %s", s.body.Casts, wantText(s.want.Want))
}

// skipWant goes on to the next occurrence without a casting.
func (n *Node) skipWant(ctx context.Context, id string, occurrence identity.Time) (time.Duration, error) {
	return store.Precision, n.update(ctx, func(c *change) error {
		s, err := loadWant(c.Tx, id)
		if err != nil || s.body.Occurrence != occurrence {
			return err
		}
		s.plan(s.rule.Next(c.now, n.draw))
		return s.save(c)
	})
}

// standingOffer holds what an intent of a standing want is offered now against
// what its owner knows, and tells what is material. The rest is in the log.
func (n *Node) standingOffer(c *change, cast *intentcast.Cast, own intentBody) error {
	s, err := loadWant(c.Tx, own.Standing)
	if errors.Is(err, view.ErrNotFound) || err == nil && s.body.Intent != cast.Root() {
		return nil // it was removed
	}
	if err != nil {
		return err
	}
	if s.body.Now, err = offered(c, cast, own); err != nil {
		return err
	}
	percent := uint64(market.MaterialPercent)
	if s.want.Percent != nil {
		percent = *s.want.Percent
	}
	tells, why := market.Material(s.body.Seen, s.body.Now, percent)
	if tells {
		s.body.Seen, s.body.Told, s.body.Why = s.body.Seen.Told(s.body.Now), identity.At(c.now), why
		if err := c.note("want.changed", cast.Root(), "%s: %s", wantText(s.want.Want), why); err != nil {
			return err
		}
	}
	return s.save(c)
}

// offered sums up the offers to an intent as they stand now.
func offered(c *change, cast *intentcast.Cast, own intentBody) (market.Standing, error) {
	recs, err := c.List(store.Query{Kind: kindOffer, Ref: cast.Root().String()})
	if err != nil {
		return market.Standing{}, err
	}
	var received []market.Received
	for _, rec := range recs {
		o, _, err := readOffer(rec)
		if err != nil {
			return market.Standing{}, err
		}
		if own.asksTheSame(cast, o.Offer.Intent) {
			received = append(received, market.Received{ID: o.ID, Offer: &o.Offer})
		}
	}
	return market.StandingOf(market.Rank(&cast.Intent, received, market.Preferences{Worth: own.Worth}, c.now)), nil
}
