package courier

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash/fnv"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/identity"
)

// Replacing a route.
//
// A route that letters can be sent to for a year must not have one key for a
// year: who copies the node's secrets could open every letter captured since.
// So a route is replaced each week, with new keys and a new slot at another
// holder where there is one; those who write to it are told; and what they had
// sealed to the old key is taken for two weeks more, or until the owner says
// that nothing can be on its way. Then the old private key is erased. What was
// captured longer ago than the sum of these can't be opened with all that the
// node has. Letters of the last weeks can; and a letter that is opened stands
// in the node's records, as far as the handler keeps it.
//
// Each route has its own time, drawn from its record, so that the routes of one
// person don't move together.

// Replace gives the label's route new keys, and a holder other than the one in
// use where there is one. The new route is returned and is the label's from now
// on; letters to the one before are taken for Limits.Grace, with the same
// label.
func (c *Courier) Replace(ctx context.Context, label string) (intentcast.Route, error) {
	ctx, leave, ok := c.within(ctx)
	if !ok {
		return intentcast.Route{}, fmt.Errorf("replace route: %w", ErrNotRunning)
	}
	defer leave()
	route, err := c.replace(ctx, label)
	if err != nil {
		return intentcast.Route{}, fmt.Errorf("replace route: %w", err)
	}
	return route, nil
}

func (c *Courier) replace(ctx context.Context, label string) (intentcast.Route, error) {
	unlock, ok := c.routes.lock(label)
	if !ok {
		return intentcast.Route{}, fmt.Errorf("label %q is being opened or closed", label)
	}
	defer unlock()
	old := c.routes.get(label)
	if old == nil {
		return intentcast.Route{}, fmt.Errorf("label %q has no route", label)
	}
	next, err := c.successor(ctx, old)
	if err != nil {
		return intentcast.Route{}, err
	}
	if err := c.establish(ctx, next); err != nil {
		return intentcast.Route{}, err
	}
	c.count.replaced.Inc()
	// Should this process end here, the older of two routes is retired at the
	// next start.
	return next.rec.Route, c.retire(ctx, old)
}

// successor places a route that is to take the place of old.
func (c *Courier) successor(ctx context.Context, old *ownRoute) (*ownRoute, error) {
	next, pub, err := newRoute(old.label)
	if err != nil {
		return nil, err
	}
	rec := old.record()
	next.id = old.label + "\x00" + newRouteID()
	created := identity.At(time.Now())
	if !rec.Created.Before(created) {
		created = identity.At(rec.Created.Std().Add(time.Second)) // the newest is the one in use
	}
	next.rec = routeRecord{Label: old.label, Created: created, Expires: rec.Expires, Avoid: rec.Avoid}
	next.rec.Route.Key, next.rec.Route.Slot = pub, next.slot.Public().(ed25519.PublicKey)
	return next, c.placeRoute(ctx, next, []peer.ID{old.holder})
}

func newRouteID() string {
	var b [8]byte
	rand.Read(b[:]) // never fails (crypto/rand since Go 1.24)
	return hex.EncodeToString(b[:])
}

// retire has a route end soon.
func (c *Courier) retire(ctx context.Context, rt *ownRoute) error {
	rec := rt.record()
	rec.retire(time.Now(), c.lim.Grace)
	if err := c.putRoute(ctx, rt.id, routeOpen, rec); err != nil {
		return err
	}
	rt.mu.Lock()
	defer rt.mu.Unlock()
	rt.rec = rec
	return nil
}

// Forget ends the routes of a label that were replaced before a time: nothing
// that was sealed to them can still be on its way. Their keys are erased.
func (c *Courier) Forget(ctx context.Context, label string, before time.Time) error {
	ctx, leave, ok := c.within(ctx)
	if !ok {
		return fmt.Errorf("forget routes: %w", ErrNotRunning)
	}
	defer leave()
	unlock, ok := c.routes.lock(label)
	if !ok {
		return fmt.Errorf("forget routes: label %q is being opened or closed", label)
	}
	defer unlock()
	for _, rt := range c.routes.all(label) {
		if at := rt.record().Retired; at.IsZero() || !at.Std().Before(before) {
			continue
		}
		<-c.turns.drop(rt.poll)
		if err := c.endRoute(ctx, rt); err != nil {
			return fmt.Errorf("forget route: %w", err)
		}
	}
	return nil
}

// Route returns the label's route, if it has one.
func (c *Courier) Route(label string) (intentcast.Route, bool) {
	rt := c.routes.get(label)
	if rt == nil {
		return intentcast.Route{}, false
	}
	return rt.record().Route, true
}

// renewEvery is how often it is looked whether a route is to be replaced.
const renewEvery = time.Minute

// renewRoutes replaces the routes whose time has come, one after another, and
// erases the keys of those that are gone.
func (c *Courier) renewRoutes(ctx context.Context) {
	for {
		if c.cfg.Moves != nil {
			for _, rt := range c.routes.aged(time.Now(), c.lim) {
				if !c.cfg.Moves(rt.label) {
					continue
				}
				_, err := c.replace(ctx, rt.label)
				if ctx.Err() != nil {
					return
				}
				if err != nil { // as with no other holder in reach: later
					c.log.Debug("route not replaced", "label", rt.label, "error", err)
					break
				}
				c.moved(rt.label)
			}
		}
		c.purge()
		if !pause(ctx, renewEvery) {
			return
		}
	}
}

// purge has deleted keys erased, the deletions of a while in one go.
func (c *Courier) purge() {
	p, ok := c.cfg.Secrets.(Purger)
	if !ok || !c.toPurge.Swap(false) {
		return
	}
	if err := p.Purge(); err != nil {
		c.toPurge.Store(true)
		c.log.Warn("deleted keys not erased yet", "error", err)
	}
}

func (c *Courier) moved(label string) {
	if c.cfg.Moved != nil {
		c.cfg.Moved(label)
	}
}

// aged returns the routes in use whose keys are old or whose holder is lost.
func (r *routes) aged(now time.Time, lim Limits) (out []*ownRoute) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, rt := range r.current {
		lost := rt.poll.lostSince()
		if now.After(rt.renewAt(lim.Rotate)) || !lost.IsZero() && now.Sub(lost) >= lim.Replace {
			out = append(out, rt)
		}
	}
	return out
}

// renewAt is when the route gets new keys: within a tenth of every before or
// after it is that old, by chance, the same after a restart.
func (rt *ownRoute) renewAt(every time.Duration) time.Time {
	h := fnv.New64a()
	h.Write(rt.slot)
	chance := float64(binary.BigEndian.Uint64(h.Sum(nil))>>11) / (1 << 53)
	return rt.record().Created.Std().Add(every - every/10 + time.Duration(chance*float64(every/5)))
}
