package courier

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/parley-network/parley/node/courier/seal"
	"github.com/parley-network/parley/node/courier/wire"
)

const (
	pollBase    = time.Second // pauses after a fetch failed
	pollLimit   = 2 * time.Minute
	handleBase  = time.Second // pauses after a handler failed
	handleLimit = 5 * time.Minute
	fetchMost   = 64  // letters asked for at a time
	maxPending  = 256 // letters kept while their handler fails
)

// startPolling polls a route until it expires or is closed.
func (c *Courier) startPolling(rt *ownRoute) bool {
	rt.ended = make(chan struct{})
	c.routes.mu.Lock()
	defer c.routes.mu.Unlock()
	ctx, leave, ok := c.group.enter()
	if !ok {
		return false
	}
	ctx, rt.cancel = context.WithCancel(ctx)
	c.routes.open[rt.label] = rt
	go func() {
		defer leave()
		defer close(rt.ended)
		defer rt.cancel()
		p := poller{c: c, rt: rt, most: fetchMost, renewed: time.Now(), granted: rt.record().Granted.Std()}
		p.run(ctx)
	}()
	return true
}

// poller is the polling of one route.
type poller struct {
	c  *Courier
	rt *ownRoute

	done    [][]byte  // LetterIDs of letters dealt with, to be deleted at the holder
	pending [][]byte  // sealed letters whose handler failed, the oldest first
	tries   int       // of the pending letters
	retryAt time.Time // of the pending letters

	most     uint64    // letters asked for at a time: fewer after a failure, for a line that carries no more
	granted  time.Time // until when the holder keeps the slot
	renewed  time.Time // when it said so
	remade   time.Time // when it was last found to have lost the slot
	failures int
	failing  time.Time // since when the holder does not answer; zero: it does
	told     bool      // of the loss
}

func (p *poller) run(ctx context.Context) {
	for ctx.Err() == nil {
		rec := p.rt.record()
		if !time.Now().Before(rec.Expires.Std()) {
			p.expire(ctx)
			return
		}
		if err := p.round(ctx, rec); err != nil && ctx.Err() == nil {
			p.failed(err)
			if !pause(ctx, p.c.choice.backoff(p.failures-1, pollBase, pollLimit)) {
				return
			}
		}
	}
}

// round extends the slot if it is time, fetches once and deals with what came.
func (p *poller) round(ctx context.Context, rec routeRecord) error {
	now := time.Now()
	if need := rec.Expires.Std(); p.granted.Before(need) && now.After(p.renewed.Add(p.granted.Sub(p.renewed)/2)) {
		if err := p.renew(ctx, rec); err != nil {
			return err
		}
	}
	letters, err := p.fetch(ctx, rec)
	if err != nil {
		return err
	}
	p.failures, p.failing, p.told = 0, time.Time{}, false
	p.most = min(fetchMost, 2*p.most)
	p.deal(ctx, letters)
	if took := time.Since(now); len(letters) == 0 && took < pollBase {
		// Either the wait was to be short, or the holder does not keep to it.
		pause(ctx, pollBase-took)
	}
	return nil
}

// deal handles what came, and what failed before once its time has come.
func (p *poller) deal(ctx context.Context, letters [][]byte) {
	if len(p.pending) > 0 && !time.Now().Before(p.retryAt) {
		p.tries++
		p.pending = p.handle(ctx, p.pending)
	}
	failed := p.handle(ctx, letters)
	if room := maxPending - len(p.pending); len(failed) > room {
		failed = failed[:room] // the holder has the others
	}
	p.pending = append(p.pending, failed...)
	if len(p.pending) == 0 {
		p.tries = 0
	} else if !time.Now().Before(p.retryAt) {
		p.retryAt = time.Now().Add(p.c.choice.backoff(p.tries, handleBase, handleLimit))
	}
}

// handle deals with letters in their order and returns those to be tried
// again.
func (p *poller) handle(ctx context.Context, letters [][]byte) (failed [][]byte) {
	for _, sealed := range letters {
		if err := p.c.receiveHeld(ctx, p.rt, sealed); err != nil {
			if ctx.Err() == nil {
				p.c.log.Warn("letter not taken, it is tried again", "label", p.rt.label, "error", err)
			}
			failed = append(failed, sealed)
			continue
		}
		p.done = append(p.done, wire.LetterID(sealed))
	}
	return failed
}

// receiveHeld deals with a letter that came by rt. An error means: again.
func (c *Courier) receiveHeld(ctx context.Context, rt *ownRoute, sealed []byte) error {
	l, _, err := rt.key.Open(sealed)
	if err != nil { // anybody may hand in anything
		c.count.received(resultUnreadable)
		return nil
	}
	_, err = c.receive(ctx, l, rt.label, seal.KeyHash(rt.key.Public()))
	return err
}

// fetch asks the holder for letters, waiting for the first as long as the
// number of routes that want to wait allows.
func (p *poller) fetch(ctx context.Context, rec routeRecord) ([][]byte, error) {
	select {
	case p.c.routes.polls <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { <-p.c.routes.polls }()
	via, err := p.c.viaFor(p.rt)
	if err != nil {
		return nil, err
	}
	req := wire.HoldRequest{Op: wire.HoldFetch, Wait: uint64(p.wait(rec) / time.Second), Most: p.most, Done: p.done[:min(len(p.done), wire.MaxIDs)]}
	for _, sealed := range p.pending {
		req.Have = append(req.Have, wire.LetterID(sealed))
	}
	resp, err := p.c.askHolder(ctx, p.rt, via, req)
	var no *holderError
	if errors.As(err, &no) && no.status == wire.NoSlot && time.Since(p.remade) > pollLimit {
		// The holder has restarted, or let the slot go: it is made anew, and
		// senders repeat what was lost.
		p.done, p.remade = nil, time.Now()
		return nil, p.renew(ctx, rec)
	}
	if err != nil {
		return nil, err
	}
	for _, sealed := range resp.Letters {
		if id := wire.LetterID(sealed); contains(req.Done, id) || contains(req.Have, id) {
			return nil, errors.New("the holder sends letters it was told not to send")
		}
	}
	p.done = p.done[len(req.Done):]
	return resp.Letters, nil
}

func contains(ids [][]byte, id []byte) bool {
	return slices.ContainsFunc(ids, func(x []byte) bool { return bytes.Equal(x, id) })
}

// wait returns how long a fetch may wait: less where more routes than may wait
// at once take turns, and not past the next thing there is to do.
func (p *poller) wait(rec routeRecord) time.Duration {
	p.c.routes.mu.Lock()
	n := len(p.c.routes.open)
	p.c.routes.mu.Unlock()
	wait := wire.MaxWait
	if n > p.c.lim.Polls {
		wait = max(time.Second, wait*time.Duration(p.c.lim.Polls)/time.Duration(n))
	}
	now := time.Now()
	until := rec.Expires.Std()
	if len(p.pending) > 0 && p.retryAt.Before(until) {
		until = p.retryAt
	}
	// Whole seconds, rounded up: none would make a busy loop.
	return max(0, min(wait, until.Sub(now)+time.Second-1))
}

// renew makes or extends the slot.
func (p *poller) renew(ctx context.Context, rec routeRecord) error {
	via, err := p.c.viaFor(p.rt)
	if err != nil {
		return err
	}
	resp, err := p.c.askHolder(ctx, p.rt, via, slotRequest(rec, time.Now()))
	if err != nil {
		return err
	}
	p.renewed, p.granted = time.Now(), resp.Expires.Std()
	return nil
}

// failed counts a failure and tells the owner once it has lasted.
func (p *poller) failed(err error) {
	now := time.Now()
	p.failures++
	p.most = max(1, p.most/2)
	if p.failing.IsZero() {
		p.failing = now
	}
	p.c.count.pollFailed()
	p.c.log.Debug("route could not be polled", "label", p.rt.label, "error", err)
	if p.told || now.Sub(p.failing) < p.c.lim.LostAfter {
		return
	}
	p.told = true
	rec := p.rt.record()
	p.c.log.Warn("holder of a route does not answer", "label", p.rt.label, "holder", rec.Route.Peer, "since", p.failing, "error", err)
	if p.c.cfg.RouteLost != nil {
		p.c.cfg.RouteLost(RouteLoss{Label: p.rt.label, Holder: rec.Route.Peer, Since: p.failing, Reason: err.Error()})
	}
}

// expire ends a route whose time is over, unless somebody is at it already.
func (p *poller) expire(ctx context.Context) {
	unlock, ok := p.c.routes.lock(p.rt.label)
	if !ok {
		return
	}
	defer unlock()
	if err := p.c.endRoute(ctx, p.rt); err != nil && ctx.Err() == nil {
		p.c.log.Error("expired route not cleared", "label", p.rt.label, "error", err)
	}
}
