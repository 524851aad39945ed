package courier

import (
	"context"
	"crypto/ed25519"
	"slices"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/node/courier/hello"
)

// Mailboxes of the direct route.
//
// A vendor's node is known and reached directly. While it is off, peers that
// hold take its letters in slots that its route names beside its own address.
// They see that the letters are the vendor's, and no more of who wrote them
// than it does itself.

const (
	mailboxLabel = "mailbox\x00" // begins the ids of their records
	mailboxLife  = 365 * 24 * time.Hour
	mailboxFirst = time.Second // the first pause while one is wanting
	mailboxTick  = 15 * time.Second
	mailboxRest  = 5 * time.Minute // the longest between attempts that fail
)

// keepMailboxes sees to it that there are as many mailboxes as wanted, each at
// another holder. One whose holder is lost for Limits.Replace is replaced; it
// is polled for Limits.Grace all the same, for those who know no other.
//
// A node that has just started knows its peers a moment later, and may not be
// on for long: it looks again after seconds.
func (c *Courier) keepMailboxes(ctx context.Context) {
	want := min(c.cfg.Mailboxes, intentcast.MaxHolders)
	for rest := mailboxFirst; want > 0; {
		changed, good, err := c.tendMailboxes(ctx, want)
		if changed {
			c.moved("")
		}
		most := mailboxTick
		switch {
		case err != nil: // a peer that just came up may take it a moment later
			most = mailboxRest
		case good >= want:
			rest = mailboxTick
		}
		if !pause(ctx, rest) {
			return
		}
		rest = min(2*rest, most)
	}
}

// tendMailboxes does what is to be done now, and returns how many there are
// then. The error is of a mailbox that is wanted and was not opened.
func (c *Courier) tendMailboxes(ctx context.Context, want int) (changed bool, good int, err error) {
	now := time.Now()
	var taken []peer.ID
	for _, rt := range c.routes.all("") {
		rec, lost := rt.record(), rt.poll.lostSince()
		taken = append(taken, rt.holder)
		switch {
		case !rec.Retired.IsZero():
		case !lost.IsZero() && now.Sub(lost) >= c.lim.Replace && c.otherHolders(taken):
			if err := c.retire(ctx, rt); err != nil {
				c.log.Warn("mailbox not given up", "error", err)
				continue
			}
			changed = true
		default:
			good++
			c.extendMailbox(ctx, rt, now)
		}
	}
	for ; good < want && c.otherHolders(taken); good++ {
		rt, err := c.openMailbox(ctx, taken, now)
		if err != nil {
			if ctx.Err() == nil {
				c.log.Debug("no mailbox", "error", err)
			}
			return changed, good, err
		}
		taken, changed = append(taken, rt.holder), true
	}
	return changed, good, nil
}

// otherHolders reports whether a peer that keeps letters is known beside those
// in use.
func (c *Courier) otherHolders(taken []peer.ID) bool {
	_, ok := c.mailboxHolder(taken)
	return ok
}

// mailboxHolder returns a peer for one more mailbox. The route names it to
// everybody: so rather a vendor's node, which is known, and only after a while
// without any a person's, at home.
func (c *Courier) mailboxHolder(taken []peer.ID) (entry, bool) {
	e, ok := c.chooseAmong(taken, nil, func(r hello.Record) bool { return r.Public })
	if ok || c.group.since() < mailboxTick {
		return e, ok
	}
	return c.chooseHolder(taken, nil)
}

// openMailbox opens one at a holder that has none yet.
func (c *Courier) openMailbox(ctx context.Context, taken []peer.ID, now time.Time) (*ownRoute, error) {
	_, slot, err := ed25519.GenerateKey(nil)
	if err != nil {
		return nil, err
	}
	rt := &ownRoute{id: mailboxLabel + newRouteID(), slot: slot}
	rt.rec = routeRecord{Mailbox: true, Created: identity.At(now), Expires: identity.At(now.Add(mailboxLife))}
	rt.rec.Route.Key, rt.rec.Route.Slot = c.key.Public(), slot.Public().(ed25519.PublicKey)
	e, ok := c.mailboxHolder(taken)
	if !ok {
		return nil, ErrNoHolder
	}
	if err := c.placeAt(ctx, rt, e); err != nil {
		c.book.suspect(e.info.ID, now)
		return nil, err
	}
	return rt, c.establish(ctx, rt)
}

// extendMailbox keeps one from ending while it is in use.
func (c *Courier) extendMailbox(ctx context.Context, rt *ownRoute, now time.Time) {
	if rt.record().Expires.Std().Sub(now) > mailboxLife/2 {
		return
	}
	if _, err := c.extendRoute(ctx, rt, identity.At(now.Add(mailboxLife))); err != nil && ctx.Err() == nil {
		c.log.Warn("mailbox not extended", "error", err)
	}
}

// mailboxes returns the holders that take letters for the direct route, the
// oldest first, as the route names them.
func (c *Courier) mailboxes() (out []intentcast.RouteHolder) {
	all := c.routes.all("")
	slices.SortStableFunc(all, func(a, b *ownRoute) int { return a.record().Created.Std().Compare(b.record().Created.Std()) })
	for _, rt := range all {
		if rec := rt.record(); rec.Retired.IsZero() && len(out) < intentcast.MaxHolders {
			out = append(out, intentcast.RouteHolder{Peer: rec.Route.Peer, Addrs: rec.Route.Addrs, Slot: rec.Route.Slot})
		}
	}
	return out
}
