package courier

import (
	"context"
	"sync"
	"time"

	"github.com/parley-network/parley/gossip/intentcast"
)

// place is where a letter can be handed in: at the recipient's own node, which
// has no slot, or at a holder.
type place = intentcast.RouteHolder

// deliver hands the letter in where it can: at the recipient's own node, and
// if that is not reached at one of the holders its route names. A later attempt
// begins anew with the recipient, and goes to another holder than the last one:
// nothing but the recipient's acknowledgement shows that a holder keeps what it
// said it has taken.
func (c *Courier) deliver(ctx context.Context, l outLetter) outcome {
	first := place{Peer: l.Peer, Addrs: l.Addrs, Slot: l.Slot}
	if len(l.Holders) == 0 {
		return c.deliverTo(ctx, l, first)
	}
	var o outcome
	places, turn := l.Holders, int(l.Handed)
	if len(l.Slot) > 0 {
		places = append(holders{first}, places...)
	} else {
		if !c.away.is(l.Peer, time.Now()) {
			if o = c.deliverTo(ctx, l, first); o.state != StateQueued || ctx.Err() != nil {
				c.away.back(l.Peer)
				return o
			}
			if o.unreached {
				c.away.note(l.Peer, time.Now())
			}
		}
		turn += spread(l)
	}
	for _, at := range inTurn(places, turn, l.HeldBy, c.cfg.Host.ID().String()) {
		held := c.deliverTo(ctx, l, at)
		if held.state == StateQueued && held.via != "" && !held.unreached && ctx.Err() == nil {
			l.Via = held.via // who was to carry it is at fault, or may be
			held = c.deliverTo(ctx, l, at)
		}
		c.count.fellBack(held.state)
		if held.state == StateHeld || ctx.Err() != nil {
			return held
		}
		if o.state == "" {
			o = held
		} else if held.problem != o.problem {
			o.problem += "; " + held.problem
		}
		o.unreached = o.unreached && held.unreached
	}
	o.problem = clip(o.problem, maxProblem)
	return o
}

// inTurn returns the places beginning with number turn; after them the one that
// has the letter, or says so, and last of all this node, which a vendor may well
// have asked: what it holds of its own waits for both to be on at one time.
func inTurn(places []place, turn int, has, self string) (out []place) {
	for i := range places {
		if at := places[(turn+i)%len(places)]; at.Peer != has && at.Peer != self {
			out = append(out, at)
		}
	}
	for _, at := range places {
		if at.Peer == has && has != self {
			out = append(out, at)
		}
	}
	for _, at := range places {
		if at.Peer == self {
			out = append(out, at)
		}
	}
	return out
}

// maxProblem bounds what is kept of what went wrong, in bytes.
const maxProblem = 500

// spread has the letters to one recipient not all begin with the same holder.
func spread(l outLetter) int {
	if len(l.Receipt) == 0 {
		return 0
	}
	return int(l.Receipt[0])
}

// away remembers the recipients that were not reached a moment ago, so that a
// letter with another place to go to doesn't wait for the same failure.
type away struct {
	mu    sync.Mutex
	until map[string]time.Time
}

// awayLife is short: what a recipient who is back has in its mailbox it fetches
// by itself.
const awayLife = time.Minute

func newAway() *away { return &away{until: make(map[string]time.Time)} }

func (a *away) is(peer string, now time.Time) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return now.Before(a.until[peer])
}

func (a *away) note(peer string, now time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.until[peer] = now.Add(awayLife)
}

func (a *away) back(peer string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.until, peer)
}

// sweep forgets those that may be tried again.
func (a *away) sweep(now time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for p, until := range a.until {
		if !now.Before(until) {
			delete(a.until, p)
		}
	}
}
