package courier

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/parley-network/parley/gossip/admission"
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

// startPolling polls a route, from first on, until it expires or is closed.
// Something happened on it at active.
func (c *Courier) startPolling(rt *ownRoute, active, first time.Time) bool {
	_, leave, ok := c.group.enter()
	if !ok {
		return false
	}
	defer leave()
	rate, burst := c.paceOf(rt.label)
	rt.poll = &poller{
		c: c, rt: rt, most: fetchMost, renewed: time.Now(), granted: rt.record().Granted.Std(), active: active,
		taken: admission.NewQuota[struct{}](rate, burst, 1),
	}
	c.routes.add(rt)
	c.turns.put(rt.poll, first)
	return true
}

// poller is the polling of one route. But for what is marked it belongs to who
// has the route's turn.
type poller struct {
	c    *Courier
	rt   *ownRoute
	turn turn // of turns

	done    [][]byte  // LetterIDs of letters dealt with, to be deleted at the holder
	pending [][]byte  // sealed letters whose handler failed, the oldest first
	tries   int       // of the pending letters
	retryAt time.Time // of the pending letters

	most     uint64    // letters asked for at a time: fewer after a failure, for a line that carries no more
	granted  time.Time // until when the holder keeps the slot
	renewed  time.Time // when it said so
	remade   time.Time // when it was last found to have lost the slot
	failures int
	failing  time.Time                  // since when the holder does not answer; zero: it does
	told     bool                       // of the loss
	taken    *admission.Quota[struct{}] // of letters

	mu     sync.Mutex
	lost   time.Time // since when the holder does not answer, once that was told; zero: it does
	active time.Time // when a letter last came or arrived there, or the route was opened
}

// poll takes p's turn and returns when its next is due; ended: never.
func (p *poller) poll(ctx context.Context) (next time.Time, ended bool) {
	rec, now := p.rt.record(), time.Now()
	rate, _ := p.c.paceOf(p.rt.label)
	if !now.Before(rec.Expires.Std()) {
		return now.Add(pollBase), p.expire(ctx)
	}
	got, err := p.round(ctx, rec)
	switch {
	case ctx.Err() != nil:
		return now, false
	case err != nil:
		p.failed(err)
		return time.Now().Add(p.c.choice.backoff(p.failures-1, pollBase, pollLimit)), false
	}
	next = p.bound(p.next(now, got), rec)
	if least := now.Add(pollBase); got == nothing && next.Before(least) {
		next = least // whatever the holder says of the slot's life
	}
	if paid := p.paidBy(rate, time.Now()); next.Before(paid) {
		p.c.count.paced.Inc()
		next = paid
	}
	return next, false
}

// bound returns next, or when there is something else to do before.
func (p *poller) bound(next time.Time, rec routeRecord) time.Time {
	before := func(t time.Time) {
		if t.Before(next) {
			next = t
		}
	}
	before(rec.Expires.Std())
	if p.granted.Before(rec.Expires.Std()) {
		before(p.renewAt())
	}
	if len(p.pending) > 0 {
		before(p.retryAt)
	}
	return next
}

func (p *poller) renewAt() time.Time { return p.renewed.Add(p.granted.Sub(p.renewed) / 2) }

// arrival is what a fetch brought.
type arrival int

const (
	nothing arrival = iota
	letters
	moreLetters // and there may be more
)

// round extends the slot if it is time, fetches once and deals with what came.
func (p *poller) round(ctx context.Context, rec routeRecord) (arrival, error) {
	if need := rec.Expires.Std(); p.granted.Before(need) && time.Now().After(p.renewAt()) {
		if err := p.renew(ctx, rec); err != nil {
			return nothing, err
		}
	}
	most := p.most
	came, err := p.fetch(ctx, rec)
	if err != nil {
		return nothing, err
	}
	p.failures, p.failing, p.told = 0, time.Time{}, false
	p.lose(time.Time{})
	p.most = min(fetchMost, 2*p.most)
	p.taken.Spend(struct{}{}, float64(len(came)), time.Now())
	p.deal(ctx, came)
	switch size := 0; {
	case len(came) == 0:
		return nothing, nil
	default:
		p.stir(time.Now())
		for _, sealed := range came {
			size += len(sealed)
		}
		if uint64(len(came)) >= most || size > wire.MaxAnswer/4 {
			return moreLetters, nil
		}
		return letters, nil
	}
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
	l, to, err := c.openHeld(rt, sealed)
	if errors.Is(err, seal.ErrUnreadable) || errors.Is(err, seal.ErrMalformed) { // anybody may hand in anything
		c.count.received(resultUnreadable)
		return nil
	}
	if err != nil {
		return err
	}
	_, err = c.receive(ctx, l, incoming{label: rt.label, to: to, by: byHolder})
	return err
}

// openHeld opens a letter that came by rt: with its key, or that of another
// route of the label, since a sender told of a new route sends there what it
// had sealed before. It returns the SHA-256 of the key that opened it.
func (c *Courier) openHeld(rt *ownRoute, sealed []byte) (seal.Letter, []byte, error) {
	if rt.label == "" {
		l, _, err := c.key.Open(sealed)
		return l, []byte(c.keyHash), err
	}
	l, err := rt.open(sealed)
	if err == nil || errors.Is(err, seal.ErrMalformed) {
		return l, rt.keyHash, err
	}
	for _, other := range c.routes.others(rt) {
		if l, err := other.open(sealed); err == nil {
			return l, other.keyHash, nil
		}
	}
	return l, nil, err
}

// fetch asks the holder for letters, waiting for the first if this route may.
func (p *poller) fetch(ctx context.Context, rec routeRecord) ([][]byte, error) {
	wait, done := p.wait(rec)
	defer done()
	req := wire.HoldRequest{Op: wire.HoldFetch, Wait: uint64(wait / time.Second), Most: p.most, Done: p.done[:min(len(p.done), wire.MaxIDs)]}
	for _, sealed := range p.pending {
		req.Have = append(req.Have, wire.LetterID(sealed))
	}
	resp, err := p.ask(ctx, req)
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

// ask makes a request about the route's slot through its forwarder.
func (p *poller) ask(ctx context.Context, req wire.HoldRequest) (wire.HoldResponse, error) {
	via, err := p.c.viaFor(p.rt)
	if err != nil {
		return wire.HoldResponse{}, err
	}
	w := way{holder: p.rt.holder}
	if via != nil {
		w.via = via.ID
	}
	if !p.c.reach.open(w, p.rt, time.Now()) {
		err := fmt.Errorf("%w for another route a moment ago: peer %s", errUnreached, w.holder)
		p.c.forwarderFailed(ctx, p.rt, via, err)
		return wire.HoldResponse{}, err
	}
	resp, err := p.c.askHolder(ctx, p.rt, via, req)
	var no *holderError
	switch {
	case err == nil, errors.As(err, &no):
		p.c.reach.reached(w)
		p.rt.reached()
	case errors.Is(err, errUnreached) && ctx.Err() == nil:
		p.c.reach.failed(w, p.rt, time.Now())
	}
	return resp, err
}

// renew makes or extends the slot.
func (p *poller) renew(ctx context.Context, rec routeRecord) error {
	resp, err := p.ask(ctx, slotRequest(rec, time.Now()))
	if err != nil {
		return err
	}
	p.renewed, p.granted = time.Now(), resp.Expires.Std()
	return nil
}

// lose notes since when the holder has been lost; zero: it is not.
func (p *poller) lose(since time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lost = since
}

// lostSince returns since when the holder has been lost; zero: it is not.
func (p *poller) lostSince() time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.lost
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
	p.lose(p.failing)
	rec := p.rt.record()
	p.c.log.Warn("holder of a route does not answer", "label", p.rt.label, "holder", rec.Route.Peer, "since", p.failing, "error", err)
	if p.c.cfg.RouteLost != nil && !rec.Mailbox && rec.Retired.IsZero() {
		p.c.cfg.RouteLost(RouteLoss{Label: p.rt.label, Holder: rec.Route.Peer, Since: p.failing, Reason: err.Error()})
	}
}

// expire ends a route whose time is over, and reports whether it has: not if
// somebody is at it, or has extended it a moment ago.
func (p *poller) expire(ctx context.Context) bool {
	unlock, ok := p.c.routes.lock(p.rt.label)
	if !ok {
		return false
	}
	defer unlock()
	if time.Now().Before(p.rt.record().Expires.Std()) {
		return false
	}
	if err := p.c.endRoute(ctx, p.rt); err != nil && ctx.Err() == nil {
		p.c.log.Error("expired route not cleared", "label", p.rt.label, "error", err)
	}
	return true
}
