package courier

import (
	"context"
	"sync"
	"time"

	"github.com/parley-network/parley/node/courier/wire"
)

// How often a route is polled.
//
// As long as no more routes are open than may wait at their holders at one
// time (Limits.Polls), each of them waits there: a letter comes as it is handed
// in. With more, a route takes turns. Those on which something is expected, as
// a letter sent from there has arrived or one has come a moment ago, have their
// turn soon, and again after as long as it has been expected, so that an answer
// lies at the holder no longer than it took to come. The others are polled as
// often as they would be if all waited one after another, and every few minutes
// if there are thousands. Whoever has his turn waits at the holder if there is
// room and nobody else is due, so that a node at rest hears at once even with
// many routes; one in the midst of a thousand answers never waits.
//
// To the holder two routes of one person must not look like two of one person.
// So there is one exchange for each, about that slot alone, sealed and under a
// key of its own; and each time is drawn for each route by itself: the first
// after a start, the soon and the rare ones, how long a fetch waits. No route's
// time follows from another's. What is left is that of many slots at one
// holder, asked about through one forwarder, something is expected in the same
// minutes when their owner tells all at once; the forwarder stands for all its
// askers, routes are spread over holders and forwarders, and the letters
// themselves, from the many vendors to the many slots, show as much.
const (
	pollSoon   = time.Second      // after a letter sent has arrived
	pollQueued = 3 * time.Second  // the same with others due: each fetch in vain puts off one that is not
	pollAway   = time.Minute      // after one that a mailbox took, whose owner is off
	pollAfter  = 30 * time.Second // after letters came: to have them deleted, and for more
	pollRare   = 10 * time.Minute // the longest
	activeLife = 10 * time.Minute // something is expected for so long
	// pollRetired is for a route whose place another has taken: what comes there
	// was sealed before its sender knew.
	pollRetired = 30 * time.Minute
	resumeEach  = 10 * time.Millisecond
)

// How many letters of one route are taken in a second, in the long run, and at
// once. What is beyond waits at the holder, which asks those who flood a slot
// for work; this is for a holder that does not, and for what was worked for. To
// open a letter and do what it says takes a millisecond.
const (
	openPace, openAtOnce         = 4, 256  // anybody may write there: as many at once as a slot holds
	mailboxPace, mailboxAtOnce   = 16, 512 // known parties and strangers
	relationPace, relationAtOnce = 32, 1024
)

// paceOf returns the pace of a label's routes.
func (c *Courier) paceOf(label string) (rate, atOnce float64) {
	switch {
	case label == "":
		return mailboxPace, mailboxAtOnce
	case c.cfg.Open != nil && c.cfg.Open(label):
		return openPace, openAtOnce
	}
	return relationPace, relationAtOnce
}

// paidBy is when the route may bring more than it has.
func (p *poller) paidBy(rate float64, now time.Time) time.Time {
	owed := -p.taken.Left(struct{}{}, now)
	return now.Add(time.Duration(owed / rate * float64(time.Second)))
}

// pollRoutes gives the routes their turns until ctx ends. Besides those that
// wait at holders half as many exchanges as Limits.Polls are under way.
func (c *Courier) pollRoutes(ctx context.Context) {
	var wg sync.WaitGroup
	defer wg.Wait()
	room := make(chan struct{}, c.lim.Polls+max(1, c.lim.Polls/2))
	for {
		select {
		case room <- struct{}{}:
		case <-ctx.Done():
			return
		}
		p, turn := c.turns.next(ctx)
		if p == nil {
			return
		}
		wg.Go(func() {
			defer func() { <-room }()
			next, ended := p.poll(turn)
			c.turns.end(p, next, ended)
		})
	}
}

// resumePolling polls the routes of the last run, each from a moment of its own
// on: all at once they would show to be one node's.
func (c *Courier) resumePolling(stored []*ownRoute) {
	span := max(pollBase, time.Duration(len(stored))*resumeEach)
	now := time.Now()
	for _, rt := range stored {
		c.startPolling(rt, now.Add(-activeLife), now.Add(c.choice.below(span)))
	}
}

// expect has the route with that public key's SHA-256 polled soon: a letter
// sent from it has arrived, or waits where the recipient, who is away, will find
// it.
func (c *Courier) expect(key []byte, away bool) {
	rt := c.routes.of(key)
	if rt == nil {
		return
	}
	now := time.Now()
	rt.poll.stir(now)
	soon := pollSoon
	switch {
	case away:
		soon = pollAway
	case c.crowded() && !c.turns.quiet(c.lim.Polls):
		soon = pollQueued
	}
	c.turns.hasten(rt.poll, now.Add(c.choice.around(soon)))
}

// stir notes that something happened on the route.
func (p *poller) stir(now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.active = now
}

// quietFor returns how long nothing has happened.
func (p *poller) quietFor(now time.Time) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	return now.Sub(p.active)
}

// crowded reports whether more routes are open than may wait at one time.
func (c *Courier) crowded() bool {
	open, _ := c.routes.counts()
	return open > c.lim.Polls
}

// mostWaits is how many fetches may wait when a route with something expected,
// or another, has its turn: what lies idle leaves room for what does not.
func (p *poller) mostWaits(now time.Time) int {
	if p.quietFor(now) < activeLife {
		return p.c.lim.Polls
	}
	return max(1, p.c.lim.Polls*3/4)
}

// next returns when the route is due after a fetch that began at began.
func (p *poller) next(began time.Time, got arrival) time.Time {
	now := time.Now()
	least := now
	if got == nothing { // the fetch was not to wait, or the holder does not keep to it
		least = began.Add(pollBase)
	}
	if got == nothing && p.quietFor(now) > activeLife && !p.rt.record().Retired.IsZero() {
		return now.Add(p.c.choice.around(pollRetired))
	}
	open, _ := p.c.routes.counts()
	active := got != nothing || p.quietFor(now) < activeLife
	switch {
	case got == moreLetters, !p.c.crowded(), active && p.c.turns.quiet(p.mostWaits(now)):
		return least
	case got == letters:
		return now.Add(p.c.choice.around(pollAfter))
	}
	rare := wire.MaxWait * time.Duration(open-p.c.lim.Polls) / time.Duration(p.c.lim.Polls)
	gap := min(p.quietFor(now), rare, pollRare)
	if next := now.Add(p.c.choice.around(gap)); next.After(least) {
		return next
	}
	return least
}

// wait returns how long a fetch may wait, and what to call after it.
func (p *poller) wait(rec routeRecord) (time.Duration, func()) {
	now := time.Now()
	if !p.rt.record().Retired.IsZero() && p.quietFor(now) > activeLife {
		return 0, func() {}
	}
	always := !p.c.crowded()
	if !p.c.turns.mayWait(p.mostWaits(now), always) {
		return 0, func() {}
	}
	until := p.bound(now.Add(wire.MaxWait*3/4+p.c.choice.below(wire.MaxWait/4)), rec)
	// Whole seconds, rounded up: none would make a busy loop.
	return max(0, min(wire.MaxWait, until.Sub(now)+time.Second-1)), p.c.turns.waited
}
