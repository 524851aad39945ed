package courier

import (
	"context"
	"fmt"
	"sync"
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

// remind has letters handed in again soon, rather than when their long pause is
// over, where a peer that turns up may have to do with it: those it is to get
// itself and was not on for; and those it once took for others, since holders
// keep letters in memory and it may have restarted since. Where it still has
// them it says so.
func (c *Courier) remind(ctx context.Context, p peer.ID) {
	c.away.back(p.String())
	if err := c.remindOf(ctx, p.String(), time.Now()); err != nil && ctx.Err() == nil {
		c.log.Warn("letters wait out their pause", "peer", p, "error", err)
	}
}

func (c *Courier) remindOf(ctx context.Context, p string, now time.Time) error {
	recs, err := c.waiting(ctx)
	if err != nil {
		return err
	}
	var again []release
	waits := false // a letter for p itself
	for _, rec := range recs {
		l, err := decodeOut(rec.Body)
		if err != nil {
			return err
		}
		waits = waits || l.Peer == p
		due := now.Add(c.choice.backoff(1, retryBase, retryLimit))
		if rec.State == StateQueued && !rec.Due.After(now.Add(claimLease)) {
			continue // perhaps on its way now, and if not its pause is soon over
		}
		if (l.Peer == p || l.HeldBy == p) && due.Before(rec.Due) {
			again = append(again, release{rec: rec, due: due})
		}
	}
	if err := c.release(ctx, again); err != nil {
		return fmt.Errorf("set letters due: %w", err)
	}
	if waits {
		c.returned.put(p)
	}
	if waits || len(again) > 0 {
		c.rouse()
	}
	return nil
}

// returned is peers that turned up, and whose lanes have not been opened since.
type returned struct {
	mu    sync.Mutex
	peers map[string]bool
}

func (r *returned) put(p string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.peers == nil {
		r.peers = make(map[string]bool)
	}
	r.peers[p] = true
}

func (r *returned) take() map[string]bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := r.peers
	r.peers = nil
	return out
}

// waiting returns letters that nobody has, or a holder, up to remindMost of
// each.
func (c *Courier) waiting(ctx context.Context) (recs []store.Record, err error) {
	err = c.cfg.Store.View(ctx, func(tx store.Tx) error {
		recs, err = waitingIn(tx)
		return err
	})
	return recs, err
}

func waitingIn(tx store.Tx) (recs []store.Record, err error) {
	for _, state := range []string{StateQueued, StateHeld} {
		some, err := tx.List(store.Query{Kind: kindLetter, State: state, Limit: remindMost})
		if err != nil {
			return nil, fmt.Errorf("list letters %s: %w", state, err)
		}
		recs = append(recs, some...)
	}
	return recs, nil
}
