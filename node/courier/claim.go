package courier

import (
	"context"
	"errors"
	"time"

	"github.com/parley-network/parley/node/store"
)

// crowdPause is how long the outbox is left alone when most letters due there
// are for peers whose lanes are full: each that is claimed and sent back is
// written twice. Letters for others, behind them, come a little later.
const crowdPause = 50 * time.Millisecond

// claim takes due letters while there is room, and returns when to look again.
func (d *dispatcher) claim(ctx context.Context) (time.Duration, error) {
	for {
		wait, err := d.untilNext(ctx, time.Now())
		if d.more = err == nil && wait <= 0; !d.more {
			return wait, err
		}
		if d.room() <= 0 {
			return idleLook, nil // a worker's end will have us look
		}
		crowded, err := d.claimSome(ctx, min(d.room(), claimBatch))
		if err != nil {
			return 0, err
		}
		if crowded {
			d.more = false
			return crowdPause, nil
		}
	}
}

// claimSome puts letters into their lanes, and reports whether there was no
// room there for most.
func (d *dispatcher) claimSome(ctx context.Context, most int) (crowded bool, err error) {
	now := time.Now()
	recs, err := d.c.cfg.Store.Claim(ctx, kindLetter, now, claimLease, most)
	if err != nil {
		return false, err
	}
	var back []release
	full := 0
	for _, rec := range recs {
		if r, ok := d.admit(rec, now); !ok {
			back = append(back, r)
			if r.full {
				full++
			}
		}
	}
	if err := d.c.release(ctx, back); err != nil {
		return false, err
	}
	d.startWorkers(ctx)
	return full > len(recs)/2, nil
}

// untilNext returns how long until the next letter is due; zero or less: there
// is one.
func (d *dispatcher) untilNext(ctx context.Context, now time.Time) (wait time.Duration, err error) {
	err = d.c.cfg.Store.View(ctx, func(tx store.Tx) error {
		wait = idleLook
		recs, err := tx.List(store.Query{Kind: kindLetter, DueBefore: now.Add(idleLook), Limit: 1})
		if err == nil && len(recs) > 0 {
			if wait = recs[0].Due.Sub(now); wait > 0 {
				wait += time.Millisecond
			}
		}
		return err
	})
	return wait, err
}

// admit puts a claimed record into its lane, or returns when it shall come
// again.
func (d *dispatcher) admit(rec store.Record, now time.Time) (release, bool) {
	l, err := decodeOut(rec.Body)
	if err != nil {
		d.c.log.Error("letter dropped", "id", rec.ID, "error", err)
		return release{rec: rec, drop: true}, false
	}
	if !l.Done.IsZero() {
		return release{rec: rec, drop: true}, false // remembered long enough
	}
	return d.enter(task{rec: rec, out: l}, now)
}

// enter puts a letter into its lane, or returns when it shall come again.
func (d *dispatcher) enter(t task, now time.Time) (release, bool) {
	ln := d.lane(t.out.Peer)
	switch {
	case ln.shut(now) && now.Before(t.out.Expires.Std()):
		return ln.parked.put(t, now, ln.until), false
	case ln.full():
		return release{rec: t.rec, due: now.Add(ln.later()), full: true, fresh: t.fresh}, false
	}
	d.push(t)
	return release{}, true
}

// release is a claimed record that is given back.
type release struct {
	rec   store.Record
	due   time.Time
	drop  bool // it has served its time
	full  bool // its lane is
	fresh bool // the store does not have it
}

// release gives back the records whose claims still hold.
func (c *Courier) release(ctx context.Context, back []release) error {
	if len(back) == 0 {
		return nil
	}
	return c.cfg.Store.Update(ctx, func(tx store.Tx) error {
		for _, r := range back {
			rec, err := r.rec, error(nil)
			if !r.fresh {
				rec, err = claimed(tx, r.rec)
			}
			switch {
			case errors.Is(err, store.ErrNotFound):
				continue
			case err != nil:
				return err
			case r.drop:
				err = tx.Delete(rec.Kind, rec.ID)
			default:
				rec.Due = r.due
				err = tx.Put(rec)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// claimed returns the record if the claim on it still holds, else ErrNotFound.
func claimed(tx store.Tx, claim store.Record) (store.Record, error) {
	rec, err := tx.Get(claim.Kind, claim.ID)
	if err != nil {
		return rec, err
	}
	if !rec.Due.Equal(claim.Due) {
		return rec, store.ErrNotFound
	}
	return rec, nil
}
