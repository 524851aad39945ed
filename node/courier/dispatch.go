package courier

import (
	"context"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/parley-network/parley/node/store"
)

const (
	claimLease  = 3 * time.Minute // longer than a queued letter waits and an attempt takes
	claimBatch  = 64
	releaseMost = 256                   // given back in one transaction
	laneLength  = 32                    // letters claimed for one peer, sent or waiting
	lanePace    = 10 * time.Millisecond // guess at how long a letter of a lane takes, before any was sent
	idleLook    = 5 * time.Minute       // the longest between two looks into the outbox
	wakePause   = 5 * time.Millisecond  // between two looks that were asked for
	storePause  = 5 * time.Second       // after the store failed
)

// dispatcher takes due letters from the outbox and has them sent, each peer in
// a lane of its own, so that one that is slow or gone keeps up only its own.
// One goroutine owns all fields; workers report by results.
type dispatcher struct {
	c       *Courier
	lanes   map[string]*lane
	ready   map[string]*lane // those with letters waiting
	running int              // workers, at most Limits.Sends
	claimed int              // letters in lanes
	more    bool             // the last look left due letters there
	looked  time.Time        // when the last look ended
	next    time.Time        // when the next one is, at the latest
	timer   *time.Timer      // that wakes for it
	swept   time.Time        // when forget last went through the lanes
	results chan result
	wg      sync.WaitGroup
}

type task struct {
	rec store.Record // Due is the claim's token
	out outLetter

	plain []byte // the letter, where it is not sealed yet and was written a moment ago
	fresh bool   // an acknowledgement that the store does not have
}

type result struct {
	peer      string
	unreached bool
	due       time.Time // when the letter is due again; zero: it is not
}

func newDispatcher(c *Courier) *dispatcher {
	return &dispatcher{c: c, lanes: make(map[string]*lane), ready: make(map[string]*lane), results: make(chan result)}
}

// run looks into the outbox when a letter there may be due, and not for each
// letter that was sent: a look is a transaction of its own.
func (d *dispatcher) run(ctx context.Context) {
	defer d.drain()
	d.timer = time.NewTimer(0)
	defer d.timer.Stop()
	for {
		look := false
		select {
		case <-ctx.Done():
			return
		case <-d.timer.C:
			look = true
		case <-d.c.wake:
			if look = d.c.lookAsked.Load(); look && time.Since(d.looked) < wakePause {
				look = false // each of many transactions in a row wakes us
				d.lookBy(d.looked.Add(wakePause))
			}
		case r := <-d.results:
			d.ended(ctx, r)
			look = d.more && d.room() >= min(claimBatch, 2*d.c.lim.Sends)
		}
		d.openLanes(ctx)
		d.takeHanded(ctx)
		d.startWorkers(ctx)
		if look {
			d.look(ctx)
		}
	}
}

// room is how many letters more may be in lanes.
func (d *dispatcher) room() int { return 4*d.c.lim.Sends - d.claimed }

// lookBy has the next look be at t, if it would be later.
func (d *dispatcher) lookBy(t time.Time) {
	if t.Before(d.next) {
		d.next = t
		d.timer.Reset(time.Until(t))
	}
}

// look takes due letters while there is room, and sets when to look again if
// nothing happens before.
func (d *dispatcher) look(ctx context.Context) {
	d.c.lookAsked.Store(false)
	wait, err := d.claim(ctx)
	if err != nil {
		if ctx.Err() == nil {
			d.c.log.Error("outbox can't be read", "error", err)
		}
		wait = storePause
	}
	d.looked = time.Now()
	d.next = d.looked.Add(wait)
	d.timer.Reset(wait)
}

// drain waits for the workers; what they report no longer matters. What only
// memory has is stored.
func (d *dispatcher) drain() {
	defer d.keepFresh()
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

// takeHanded puts the letters that need no claim into their lanes. Those to a
// peer out of reach go back to the outbox; those that there is only no room for
// wait where they are, which holds up whoever writes thousands (AwaitRoom): to
// write each once more and to claim it cost as much as to send it.
func (d *dispatcher) takeHanded(ctx context.Context) {
	now := time.Now()
	var back []release
	d.c.handed.sift(func(t task) bool {
		ln := d.lane(t.out.Peer)
		if d.room() <= 0 || ln.full() && !ln.shut(now) {
			return false
		}
		if r, ok := d.enter(t, now); !ok {
			back = append(back, r)
		}
		return true
	})
	d.giveBack(ctx, back)
}

// giveBack releases letters to the outbox, and has them looked for there when
// they are due.
func (d *dispatcher) giveBack(ctx context.Context, back []release) {
	for _, r := range back {
		d.lookBy(r.due)
	}
	for some := range slices.Chunk(back, releaseMost) {
		if err := d.c.release(ctx, some); err != nil && ctx.Err() == nil {
			d.c.log.Error("letters stay claimed until their lease ends", "error", err)
		}
	}
}

// openLanes has letters go at once to peers that were out of reach and have
// turned up.
func (d *dispatcher) openLanes(ctx context.Context) {
	for p := range d.c.returned.take() {
		if ln := d.lanes[p]; ln != nil {
			d.giveBack(ctx, ln.reached(time.Now()))
		}
	}
}

// keepFresh stores the acknowledgements that did not go out, and gives back the
// letters that an answer brought, if nothing has proven them.
func (d *dispatcher) keepFresh() {
	left := d.c.handed.take(math.MaxInt)
	for _, ln := range d.lanes {
		left = append(left, ln.waiting...)
	}
	var back []release
	for _, t := range d.c.replies.stop() {
		back = append(back, release{rec: t.rec, due: time.Now()})
	}
	for _, t := range left {
		if t.fresh {
			back = append(back, release{rec: t.rec, due: time.Now(), fresh: true})
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), storePause)
	defer cancel()
	if err := d.c.release(ctx, back); err != nil {
		d.c.log.Warn("acknowledgements wait until their letters are repeated, letters until their claim is over", "error", err)
	}
}

func (d *dispatcher) push(t task) {
	ln := d.lane(t.out.Peer)
	ln.parked.taken(t.rec.ID)
	ln.waiting = append(ln.waiting, t)
	d.ready[t.out.Peer] = ln
	d.claimed++
}

func (d *dispatcher) lane(peer string) *lane {
	ln := d.lanes[peer]
	if ln == nil {
		ln = &lane{pace: lanePace}
		d.lanes[peer] = ln
	}
	return ln
}

// startWorkers starts what lanes and limits allow.
func (d *dispatcher) startWorkers(ctx context.Context) {
	for p, ln := range d.ready {
		for len(ln.waiting) > 0 && ln.running < ln.most(d.c.lim.PerDestination) && d.running < d.c.lim.Sends {
			t := ln.waiting[0]
			ln.waiting = ln.waiting[1:]
			ln.began(time.Now())
			d.running++
			d.wg.Go(func() {
				r := result{peer: p}
				r.unreached, r.due = d.c.attempt(ctx, t)
				d.results <- r
			})
		}
		if len(ln.waiting) == 0 {
			ln.waiting = nil
			delete(d.ready, p)
		}
		if d.running >= d.c.lim.Sends {
			return
		}
	}
}

// ended counts a worker out.
func (d *dispatcher) ended(ctx context.Context, r result) {
	now, ln := time.Now(), d.lanes[r.peer]
	ln.ended(now)
	d.running--
	d.claimed--
	if !r.due.IsZero() {
		d.lookBy(r.due)
	}
	if r.unreached {
		d.claimed -= len(ln.waiting)
		delete(d.ready, r.peer)
		d.giveBack(ctx, ln.unreached(now, func(failures int) time.Duration {
			return d.c.choice.backoff(failures, retryBase, laneLimit)
		}))
	} else {
		d.giveBack(ctx, ln.reached(now))
	}
	if ln.idle() && ln.failures == 0 && ln.deferred == 0 {
		delete(d.lanes, r.peer)
	}
	if now.Sub(d.swept) > laneLimit {
		d.forget(now)
	}
}

// forget drops the lanes of peers that failed, or had too many letters, long
// ago.
func (d *dispatcher) forget(now time.Time) {
	d.swept = now
	for p, ln := range d.lanes {
		if ln.idle() && now.Sub(ln.until) > laneLimit && now.Sub(ln.last) > laneLimit {
			delete(d.lanes, p)
		}
	}
}
