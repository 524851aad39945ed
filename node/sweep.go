package node

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/parley-network/parley/node/store"
	"github.com/parley-network/parley/relcard/negotiation"
)

const (
	// sweepEvery is how often what has expired is put away. What takes effect
	// at a time of its own wakes the sweep then.
	sweepEvery = time.Minute
	// sweepBatch bounds one transaction of the sweep.
	sweepBatch = 1000
)

// sweepLoop forgets what has expired, as everything gossiped does, and does
// what falls due.
func (n *Node) sweepLoop(ctx context.Context) error {
	for {
		if err := n.sweep(ctx, time.Now()); err != nil && ctx.Err() == nil {
			n.log.Warn("putting away what has expired", "error", err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(n.untilDue(ctx, time.Now())):
		case <-n.due:
		}
	}
}

func (n *Node) wakeSweep() {
	select {
	case n.due <- struct{}{}:
	default:
	}
}

// untilDue is how long the next sweep can wait. What is due already was just
// tried, and waits for its turn.
func (n *Node) untilDue(ctx context.Context, now time.Time) time.Duration {
	wait := sweepEvery
	err := n.cfg.Store.View(ctx, func(tx store.Tx) error {
		for _, kind := range []store.Kind{kindChange, kindNegotiation, kindPiece} {
			// Due is cut to microseconds, and the comparison is strict.
			q := store.Query{Kind: kind, DueBefore: now.Add(sweepEvery), Limit: 1}
			q.AfterDue, q.After = now, "\xff"
			next, err := tx.List(q)
			if err != nil {
				return err
			}
			if len(next) > 0 {
				wait = min(wait, next[0].Due.Sub(now)+store.Precision)
			}
		}
		return nil
	})
	if err != nil {
		return sweepEvery
	}
	return max(wait, store.Precision)
}

// sweep deletes what was due to be forgotten before now. Intents and the
// offers made to them are kept a while longer, for acceptances under way. What
// fails stops nothing else and is tried again by the next sweep.
func (n *Node) sweep(ctx context.Context, now time.Time) error {
	var errs []error
	for kind, grace := range map[store.Kind]time.Duration{
		kindEvent: 0, kindHeard: letterLife, kindSent: 0, kindOffer: letterLife, kindBidder: letterLife, kindRenewed: letterLife, kindIntent: letterLife,
		kindTerms: 0, kindInbox: 0, kindReleased: 0, kindInvite: 0, kindCopy: 0, kindUnread: 0,
	} {
		err := n.cfg.Store.Update(ctx, func(tx store.Tx) error {
			recs, err := tx.List(store.Query{Kind: kind, DueBefore: now.Add(-grace), Limit: sweepBatch})
			if err != nil {
				return err
			}
			for _, r := range recs {
				if err := tx.Delete(kind, r.ID); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			errs = append(errs, fmt.Errorf("sweep %s: %w", kind, err))
		}
	}
	n.gossip.Expire(now)
	errs = append(errs, n.forgetTurnedOut(ctx))
	return errors.Join(append(errs,
		n.eachDue(ctx, store.Query{Kind: kindNegotiation, DueBefore: now}, sweepBatch, n.lapse),
		n.eachDue(ctx, store.Query{Kind: kindRelation, State: relationStranger, DueBefore: now}, sweepBatch, forgetStranger),
		n.eachDue(ctx, store.Query{Kind: kindChange, DueBefore: now}, sweepBatch, n.takeEffect),
		n.eachDue(ctx, store.Query{Kind: kindPiece, State: pieceLive, DueBefore: now}, sweepBatch, n.deletePiece),
	)...)
}

// eachDue runs fn on every record that q selects: all of a batch in one
// transaction or, where one of them fails, each in its own, so that the others
// are not held up.
func (n *Node) eachDue(ctx context.Context, q store.Query, batch int, fn func(*change, store.Record) error) error {
	return n.eachDueWhen(ctx, func(context.Context) {}, q, batch, fn)
}

// eachDueWhen is eachDue, and waits for ready before each batch.
func (n *Node) eachDueWhen(ctx context.Context, ready func(context.Context), q store.Query, batch int, fn func(*change, store.Record) error) error {
	var errs []error
	q.Limit = batch
	for {
		ready(ctx)
		var recs []store.Record
		err := n.update(ctx, func(c *change) (err error) {
			if recs, err = c.List(q); err != nil {
				return err
			}
			for _, rec := range recs {
				if err := fn(c, rec); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			errs = append(errs, n.eachAlone(ctx, q, recs, fn)...)
		}
		if len(recs) < batch || ctx.Err() != nil {
			return errors.Join(errs...)
		}
		q = q.Next(recs[len(recs)-1])
	}
}

func (n *Node) eachAlone(ctx context.Context, q store.Query, recs []store.Record, fn func(*change, store.Record) error) (errs []error) {
	for _, rec := range recs {
		err := n.update(ctx, func(c *change) error {
			now, err := c.Get(rec.Kind, rec.ID)
			if errors.Is(err, store.ErrNotFound) || err == nil && !q.Match(now) {
				return nil
			}
			if err != nil {
				return err
			}
			return fn(c, now)
		})
		if err != nil {
			errs = append(errs, fmt.Errorf("%s %s: %w", rec.Kind, rec.ID, err))
		}
	}
	return errs
}

// lapse closes a negotiation whose time is over, and forgets one that came to
// nothing long ago.
func (n *Node) lapse(c *change, rec store.Record) error {
	if !isOpen(negotiation.State(rec.State)) {
		return c.Delete(kindNegotiation, rec.ID)
	}
	g, err := n.readNegotiation(c.Tx, rec)
	if err != nil {
		return err
	}
	r, err := loadRelation(c.Tx, g.body.Person)
	if err != nil {
		return err
	}
	g.neg = g.neg.At(c.now)
	if err := n.saveTalk(c, r, g); err != nil {
		return err
	}
	return c.note("negotiation.closed", g.neg.ID(), "the negotiation with %s lapsed: %s", r.name(), g.neg.Why())
}

func isOpen(s negotiation.State) bool {
	return s == negotiation.StateProffered || s == negotiation.StateAccepted || s == negotiation.StateCountered
}

// deletePiece has the vendor forget what it may no longer hold.
func (n *Node) deletePiece(c *change, rec store.Record) error {
	var b pieceBody
	if err := get(rec, &b); err != nil {
		return err
	}
	r, err := loadRelation(c.Tx, b.Person)
	if err != nil {
		return err
	}
	if err := retirePiece(c, r, b.Item.ID); err != nil {
		return err
	}
	return c.note("data.deleted", b.Card, "deleted %s of the person: its time is over", b.Item.Path)
}
