package courier

import (
	"context"
	"fmt"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/parley-network/parley/node/store"
)

// remindMost bounds the letters looked through at the start and when a peer
// turns up.
const remindMost = 1000

// resume has the letters that the last run was about to send sent once this
// one has looked around, rather than when the claims of the last run are over,
// which it may not have lived to give back. A claim of another replica's that
// it cuts short by this costs a letter sent twice, and taken once.
func (c *Courier) resume(ctx context.Context, now time.Time) error {
	var recs []store.Record
	if err := c.cfg.Store.View(ctx, func(tx store.Tx) (err error) {
		recs, err = tx.List(store.Query{Kind: kindLetter, DueBefore: now.Add(claimLease), Limit: remindMost})
		return err
	}); err != nil {
		return fmt.Errorf("list letters due: %w", err)
	}
	var again []release
	for _, rec := range recs {
		due := now.Add(c.lim.Settle + c.choice.backoff(0, retryBase, retryLimit))
		if l, err := decodeOut(rec.Body); err == nil && l.Done.IsZero() && due.Before(rec.Due) {
			again = append(again, release{rec: rec, due: due})
		}
	}
	if err := c.release(ctx, again); err != nil {
		return fmt.Errorf("set letters due: %w", err)
	}
	return nil
}

// remind has the letters that a holder once took handed in again soon, rather
// than when their long pause is over: holders keep letters in memory, and one
// that turns up may have restarted since. Where it still has them it says so.
func (c *Courier) remind(ctx context.Context, holder peer.ID) {
	if err := c.remindOf(ctx, holder.String(), time.Now()); err != nil && ctx.Err() == nil {
		c.log.Warn("letters wait out their pause", "holder", holder, "error", err)
	}
}

func (c *Courier) remindOf(ctx context.Context, holder string, now time.Time) error {
	var recs []store.Record
	if err := c.cfg.Store.View(ctx, func(tx store.Tx) (err error) {
		recs, err = tx.List(store.Query{Kind: kindLetter, State: StateHeld, Limit: remindMost})
		return err
	}); err != nil {
		return fmt.Errorf("list letters held: %w", err)
	}
	var again []release
	for _, rec := range recs {
		l, err := decodeOut(rec.Body)
		if err != nil {
			return err
		}
		due := now.Add(c.choice.backoff(1, retryBase, retryLimit))
		if (l.Peer == holder || l.HeldBy == holder) && due.Before(rec.Due) {
			again = append(again, release{rec: rec, due: due})
		}
	}
	if err := c.release(ctx, again); err != nil {
		return fmt.Errorf("set letters due: %w", err)
	}
	if len(again) > 0 {
		c.rouse()
	}
	return nil
}
