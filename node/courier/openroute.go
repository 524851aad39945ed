package courier

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/node/courier/hello"
	"github.com/parley-network/parley/node/courier/wire"
)

const (
	openTries     = 4                  // holders asked before giving up
	slotAhead     = 7 * 24 * time.Hour // how far ahead a slot is asked for; longer routes are extended
	slotGrace     = 24 * time.Hour     // past the route's expiry, for letters on their way
	maxRouteLife  = 10 * 365 * 24 * time.Hour
	closeTimeout  = 10 * time.Second
	routeAddrsMax = 4 // of the holder, in a route that others are told
	maxAvoid      = 8 // peers kept with a route
)

// ErrNoHolder is returned by OpenRoute when no peer is known that keeps
// letters.
var ErrNoHolder = errors.New("no peer is known that keeps letters: connect to at least one other node, better two")

// OpenRoute makes a route for the label, 1 to 512 bytes of the caller's
// choosing, at a holder that does not learn whose it is, and polls it until
// expires, across restarts. The route can be told to anybody. If the label has
// a route, that is returned, and lives until the later expiry.
//
// The holder is a peer with a fresh record that serves the fewest own routes,
// and is asked through a forwarder, another peer. If only one peer is known it
// is asked directly: it learns that the route is this node's, which
// [Courier.Routing] reports. Without any peer the error is ErrNoHolder.
//
// Peers to avoid hold or carry for a new route only if there is nobody else.
// The one that a route is for is such a peer: as its holder it would see when
// this node asks, as its forwarder who asks.
func (c *Courier) OpenRoute(ctx context.Context, label string, expires time.Time, avoid ...peer.ID) (intentcast.Route, error) {
	route, err := c.openRoute(ctx, label, expires, avoid)
	if err != nil {
		return intentcast.Route{}, fmt.Errorf("open route: %w", err)
	}
	return route, nil
}

func (c *Courier) openRoute(ctx context.Context, label string, expires time.Time, avoid []peer.ID) (intentcast.Route, error) {
	now := time.Now()
	switch {
	case label == "" || len(label) > maxLabel:
		return intentcast.Route{}, fmt.Errorf("label of %d bytes, want 1 to %d", len(label), maxLabel)
	case !expires.After(now.Add(time.Second)) || expires.After(now.Add(maxRouteLife)):
		return intentcast.Route{}, fmt.Errorf("expires %s: want it in the future, within ten years", expires.UTC().Format(time.RFC3339))
	}
	ctx, leave, ok := c.within(ctx)
	if !ok {
		return intentcast.Route{}, ErrNotRunning
	}
	defer leave()
	unlock, ok := c.routes.lock(label)
	if !ok {
		return intentcast.Route{}, fmt.Errorf("label %q is being opened or closed", label)
	}
	defer unlock()
	if rt := c.routes.get(label); rt != nil {
		return c.extendRoute(ctx, rt, identity.At(expires))
	}
	rt, pub, err := newRoute(label)
	if err != nil {
		return intentcast.Route{}, err
	}
	rt.rec = routeRecord{Created: identity.At(now), Expires: identity.At(expires)}
	rt.rec.Route.Key, rt.rec.Route.Slot = pub, rt.slot.Public().(ed25519.PublicKey)
	for _, p := range avoid[:min(len(avoid), maxAvoid)] {
		rt.rec.Avoid = append(rt.rec.Avoid, p.String())
	}
	if err := c.placeRoute(ctx, rt, nil); err != nil {
		return intentcast.Route{}, err
	}
	return rt.rec.Route, c.establish(ctx, rt)
}

// within counts the caller into the run, and returns a context that ends with
// ctx or with the run.
func (c *Courier) within(ctx context.Context) (context.Context, func(), bool) {
	running, leave, ok := c.group.enter()
	if !ok {
		return nil, nil, false
	}
	ctx, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(running, cancel)
	return ctx, func() {
		stop()
		cancel()
		leave()
	}, true
}

// extendRoute gives an open route a later expiry.
func (c *Courier) extendRoute(ctx context.Context, rt *ownRoute, expires identity.Time) (intentcast.Route, error) {
	rec := rt.record()
	if !rec.Expires.Before(expires) {
		return rec.Route, nil
	}
	rec.Expires = expires
	if err := c.putRoute(ctx, rt.id, routeOpen, rec); err != nil {
		return intentcast.Route{}, err
	}
	rt.mu.Lock()
	defer rt.mu.Unlock()
	rt.rec = rec
	return rec.Route, nil
}

// establish makes a placed route durable and has it polled. The record comes
// first, so that keys without one are never left behind.
func (c *Courier) establish(ctx context.Context, rt *ownRoute) error {
	if err := c.putRoute(ctx, rt.id, routeOpening, rt.rec); err != nil {
		return err
	}
	if err := c.cfg.Secrets.PutAll(map[string][]byte{routeSecret(rt.id): rt.secret()}); err != nil {
		return fmt.Errorf("store keys of route: %w", err)
	}
	if err := c.putRoute(ctx, rt.id, routeOpen, rt.rec); err != nil {
		return err
	}
	if now := time.Now(); !c.startPolling(rt, now, now) {
		return ErrNotRunning
	}
	return nil
}

// placeRoute finds a holder and opens the slot there: at one of those that
// not names only if there is nobody else.
func (c *Courier) placeRoute(ctx context.Context, rt *ownRoute, not []peer.ID) error {
	if err := c.lookAround(ctx); err != nil {
		return err
	}
	var asked []peer.ID
	avoid := append(rt.rec.avoid(), not...)
	last := ErrNoHolder
	for range openTries {
		e, ok := c.chooseHolder(asked, avoid)
		if !ok {
			break
		}
		asked = append(asked, e.info.ID)
		if err := c.placeAt(ctx, rt, e); err != nil {
			c.book.suspect(e.info.ID, time.Now())
			last = fmt.Errorf("ask peer %s to keep letters: %w", e.info.ID, err)
			c.log.Debug("holder passed over", "peer", e.info.ID, "error", err)
			continue
		}
		return nil
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return last
}

// lookAround waits until a holder and another to ask it through are known, or
// for what is left of Limits.Settle after the start.
func (c *Courier) lookAround(ctx context.Context) error {
	left := time.NewTimer(c.lim.Settle - c.group.since())
	defer left.Stop()
	for {
		news := c.book.news()
		if st := c.Routing(); st.Holders > 0 && st.Forwarders > 1 {
			return nil
		}
		select {
		case <-news:
		case <-left.C:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// chooseHolder returns a peer that keeps letters and is not among those asked,
// nor, where there is a choice, among those to avoid.
func (c *Courier) chooseHolder(asked, avoid []peer.ID) (entry, bool) {
	return c.chooseAmong(asked, avoid, func(hello.Record) bool { return true })
}

// chooseAmong is chooseHolder among those who fit.
func (c *Courier) chooseAmong(asked, avoid []peer.ID, fits func(hello.Record) bool) (entry, bool) {
	now := time.Now()
	var cands []candidate
	fresh := c.book.fresh(now)
	for _, e := range fresh {
		if e.rec.Hold && e.info.ID != c.cfg.Host.ID() && fits(e.rec) {
			cands = append(cands, c.candidate(e, now, c.routes.holderUses(e.info.ID)))
		}
	}
	got, ok := pick(cands, slices.Concat(asked, avoid), betterHolder, c.choice.intn)
	if !ok {
		got, ok = pick(cands, asked, betterHolder, c.choice.intn)
	}
	if !ok {
		return entry{}, false
	}
	i := slices.IndexFunc(fresh, func(e entry) bool { return e.info.ID == got.info.ID })
	return fresh[i], true
}

func (c *Courier) placeAt(ctx context.Context, rt *ownRoute, e entry) error {
	var via *peer.AddrInfo
	if !rt.rec.Mailbox {
		var err error
		if via, err = c.forwarder(e.info.ID, rt.rec.avoid()); err != nil {
			return err
		}
	}
	rt.holder = e.info.ID
	rt.rec.Holder, rt.rec.Hidden = e.rec.Key, via != nil
	rt.rec.Route.Peer, rt.rec.Route.Addrs = e.rec.Peer, routeAddrs(e.info.Addrs)
	resp, err := c.askHolder(ctx, rt, via, slotRequest(rt.rec, time.Now()))
	if err != nil {
		return err
	}
	rt.rec.Granted = resp.Expires
	if via != nil {
		c.routes.goBy(rt, via.ID)
	}
	return nil
}

// avoid returns the peers kept out of r's way.
func (r routeRecord) avoid() (out []peer.ID) {
	for _, text := range r.Avoid {
		if p, err := peer.Decode(text); err == nil {
			out = append(out, p)
		}
	}
	return out
}

// slotRequest asks for as much of the route's life as holders give at a time.
func slotRequest(r routeRecord, now time.Time) wire.HoldRequest {
	end := r.Expires.Std()
	if ahead := now.Add(slotAhead); end.After(ahead) {
		end = ahead
	}
	return wire.HoldRequest{Op: wire.HoldOpen, Expires: identity.At(end.Add(slotGrace))}
}

// CloseRoute ends polling, has the holder drop the slot if it can be reached,
// and deletes the route with its keys: what still comes can't be read any
// more. A label without a route is no error.
func (c *Courier) CloseRoute(ctx context.Context, label string) error {
	ctx, leave, ok := c.within(ctx)
	if !ok {
		return fmt.Errorf("close route: %w", ErrNotRunning)
	}
	defer leave()
	if label == "" {
		return nil // a mailbox has no label, and is no route that was opened
	}
	unlock, ok := c.routes.lock(label)
	if !ok {
		return fmt.Errorf("close route: label %q is being opened or closed", label)
	}
	defer unlock()
	for _, rt := range c.routes.all(label) {
		<-c.turns.drop(rt.poll)
		if err := c.endRoute(ctx, rt); err != nil {
			return fmt.Errorf("close route: %w", err)
		}
	}
	return nil
}

// endRoute closes the slot if its holder can be reached and forgets the route.
func (c *Courier) endRoute(ctx context.Context, rt *ownRoute) error {
	if err := c.putRoute(ctx, rt.id, routeClosing, rt.record()); err != nil {
		return err
	}
	brief, cancel := context.WithTimeout(ctx, closeTimeout)
	defer cancel()
	via, err := c.viaFor(rt)
	if err == nil {
		if _, err := c.askHolder(brief, rt, via, wire.HoldRequest{Op: wire.HoldClose}); err != nil {
			c.log.Debug("slot left to expire", "label", rt.label, "error", err)
		}
	}
	c.routes.remove(rt)
	return c.forgetRoute(ctx, rt.id)
}
