package courier

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/parley-network/parley/node/store"
)

const (
	claimLease = 3 * time.Minute // longer than a queued letter waits and an attempt takes
	claimBatch = 64
	laneLength = 32              // letters claimed for one peer, sent or waiting
	idleLook   = 5 * time.Minute // the longest between two looks into the outbox
	storePause = 5 * time.Second // after the store failed
)

// dispatcher takes due letters from the outbox and has them sent, each peer in
// a lane of its own, so that one that is slow or gone keeps up only its own.
// One goroutine owns all fields; workers report by results.
type dispatcher struct {
	c       *Courier
	lanes   map[string]*lane
	running int // workers, at most Limits.Sends
	claimed int // letters in lanes
	results chan result
	wg      sync.WaitGroup
}

// lane is the letters claimed for one peer.
type lane struct {
	waiting  []task
	running  int
	deferred int       // letters sent back for want of room since the lane was last empty
	failures int       // attempts in a row that did not reach the peer
	until    time.Time // no attempt before, after failures
}

type task struct {
	rec store.Record // Due is the claim's token
	out outLetter
}

type result struct {
	peer      string
	unreached bool
}

func newDispatcher(c *Courier) *dispatcher {
	return &dispatcher{c: c, lanes: make(map[string]*lane), results: make(chan result)}
}

func (d *dispatcher) run(ctx context.Context) {
	defer d.drain()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		case <-d.c.wake:
		case r := <-d.results:
			d.ended(ctx, r)
		}
		next, err := d.claim(ctx)
		if err != nil {
			if ctx.Err() == nil {
				d.c.log.Error("outbox can't be read", "error", err)
			}
			next = storePause
		}
		timer.Reset(next)
	}
}

// drain waits for the workers; what they report no longer matters.
func (d *dispatcher) drain() {
	done := make(chan struct{})
	go func() {
		d.wg.Wait()
		close(done)
	}()
	for {
		select {
		case <-d.results:
		case <-done:
			return
		}
	}
}

// claim takes due letters while there is room, and returns when to look again.
func (d *dispatcher) claim(ctx context.Context) (time.Duration, error) {
	room := 4*d.c.lim.Sends - d.claimed
	if room <= 0 {
		return idleLook, nil // a worker's end will wake us
	}
	limit := min(room, claimBatch)
	now := time.Now()
	recs, err := d.c.cfg.Store.Claim(ctx, kindLetter, now, claimLease, limit)
	if err != nil {
		return 0, err
	}
	var back []release
	for _, rec := range recs {
		if r, ok := d.admit(rec, now); !ok {
			back = append(back, r)
		}
	}
	if err := d.c.release(ctx, back); err != nil {
		return 0, err
	}
	d.startWorkers(ctx)
	if len(recs) == limit {
		return 0, nil
	}
	return d.untilNext(ctx, now)
}

// untilNext returns how long until the next letter is due.
func (d *dispatcher) untilNext(ctx context.Context, now time.Time) (wait time.Duration, err error) {
	wait = idleLook
	err = d.c.cfg.Store.View(ctx, func(tx store.Tx) error {
		recs, err := tx.List(store.Query{Kind: kindLetter, DueBefore: now.Add(idleLook), Limit: 1})
		if err == nil && len(recs) > 0 {
			wait = max(0, recs[0].Due.Sub(now)) + time.Millisecond
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
	ln := d.lanes[l.Peer]
	if ln == nil {
		ln = new(lane)
		d.lanes[l.Peer] = ln
	}
	switch {
	case now.Before(ln.until) && now.Before(l.Expires.Std()):
		return release{rec: rec, due: ln.until}, false
	case len(ln.waiting)+ln.running >= laneLength:
		ln.deferred++
		return release{rec: rec, due: now.Add(2 * time.Second * time.Duration(1+ln.deferred/laneLength))}, false
	}
	ln.waiting = append(ln.waiting, task{rec, l})
	d.claimed++
	return release{}, true
}

// startWorkers starts what lanes and limits allow.
func (d *dispatcher) startWorkers(ctx context.Context) {
	for p, ln := range d.lanes {
		for len(ln.waiting) > 0 && ln.running < d.c.lim.PerDestination && d.running < d.c.lim.Sends {
			t := ln.waiting[0]
			ln.waiting = ln.waiting[1:]
			ln.running++
			d.running++
			d.wg.Go(func() {
				unreached := d.c.attempt(ctx, t)
				d.results <- result{p, unreached}
			})
		}
	}
}

// ended counts a worker out. After a failure to reach the peer the rest of the
// lane is sent back: it would fail as slowly, one after another.
func (d *dispatcher) ended(ctx context.Context, r result) {
	ln := d.lanes[r.peer]
	ln.running--
	d.running--
	d.claimed--
	if !r.unreached {
		ln.failures, ln.until = 0, time.Time{}
	} else if now := time.Now(); !now.Before(ln.until) {
		ln.until = now.Add(d.c.choice.backoff(ln.failures, retryBase, laneLimit))
		ln.failures++
	}
	if r.unreached {
		var back []release
		for _, t := range ln.waiting {
			back = append(back, release{rec: t.rec, due: ln.until})
		}
		d.claimed -= len(ln.waiting)
		ln.waiting = nil
		if err := d.c.release(ctx, back); err != nil && ctx.Err() == nil {
			d.c.log.Error("letters stay claimed until their lease ends", "error", err)
		}
	}
	if ln.running == 0 && len(ln.waiting) == 0 {
		ln.deferred = 0
		if ln.failures == 0 {
			delete(d.lanes, r.peer)
		}
	}
	d.startWorkers(ctx)
	d.forget(time.Now())
}

// forget drops the lanes of peers that failed long ago.
func (d *dispatcher) forget(now time.Time) {
	for p, ln := range d.lanes {
		if ln.running == 0 && len(ln.waiting) == 0 && now.Sub(ln.until) > laneLimit {
			delete(d.lanes, p)
		}
	}
}

// release is a claimed record that is given back.
type release struct {
	rec  store.Record
	due  time.Time
	drop bool // it has served its time
}

// release gives back the records whose claims still hold.
func (c *Courier) release(ctx context.Context, back []release) error {
	if len(back) == 0 {
		return nil
	}
	return c.cfg.Store.Update(ctx, func(tx store.Tx) error {
		for _, r := range back {
			rec, err := claimed(tx, r.rec)
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
