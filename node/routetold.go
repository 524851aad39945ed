package node

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/courier"
	"github.com/parley-network/parley/node/store"
	"github.com/parley-network/parley/node/view"
	"github.com/parley-network/parley/relcard"
)

// Telling where letters are taken.
//
// Each side of a relationship knows a route to the other, and both change: a
// person's gets new keys each week and another holder when one is lost; a
// vendor's names other mailboxes, or addresses. The side whose route changed
// says so in a letter "route", until the other has acknowledged it:
//
//	routeLetter  {v: 1, body: bytes of routeBody, env: envelope}
//	routeBody    {v: 1, type: "route", person: DID, vendor: DID,
//	              by: "person" or "vendor", seq: uint, time: time, route: Route}
//
// Both are strict DAG-CBOR. The envelope is the signature of the party named in
// by over the body's CID, in that role, with a key of its log. Of two the one
// with the greater seq holds; one that is not greater than the last has no
// effect, so that an old letter that comes again, or late, puts nothing back.
const routeType = "route"

type routeLetter struct {
	Version  uint64            `cbor:"v"`
	Body     []byte            `cbor:"body"`
	Envelope identity.Envelope `cbor:"env"`
}

type routeBody struct {
	Version uint64           `cbor:"v"`
	Type    string           `cbor:"type"`
	Person  identity.DID     `cbor:"person"`
	Vendor  identity.DID     `cbor:"vendor"`
	By      identity.Role    `cbor:"by"`
	Seq     uint64           `cbor:"seq"`
	Time    identity.Time    `cbor:"time"`
	Route   intentcast.Route `cbor:"route"`
}

// decodeRoute reads the body of a route letter and checks all that holds
// whatever is known of the relationship.
func decodeRoute(raw []byte) (b routeBody, err error) {
	if err := dagcbor.Unmarshal(raw, &b); err != nil {
		return b, fmt.Errorf("route: %w", err)
	}
	switch {
	case b.Version != 1:
		return b, fmt.Errorf("route: version %d: only 1 is known", b.Version)
	case b.Type != routeType:
		return b, fmt.Errorf("route: type %.20q, want %q", b.Type, routeType)
	case b.By != identity.RolePerson && b.By != identity.RoleVendor:
		return b, fmt.Errorf("route: by %.20q, want %q or %q", string(b.By), identity.RolePerson, identity.RoleVendor)
	case b.Seq == 0:
		return b, errors.New("route: seq is missing")
	case b.Time.IsZero():
		return b, errors.New("route: time is missing")
	}
	if err := checkRoute(&b.Route); err != nil {
		return b, fmt.Errorf("route: %w", err)
	}
	if err := b.Route.CheckHolders(); err != nil {
		return b, fmt.Errorf("route: %w", err)
	}
	return b, nil
}

// signer is the party whose route it is.
func (b *routeBody) signer() identity.DID {
	if b.By == identity.RolePerson {
		return b.Person
	}
	return b.Vendor
}

// receiveRoute takes in where the other side takes letters from now on.
func (n *Node) receiveRoute(c *change, in courier.Inbound) error {
	var l routeLetter
	if err := decodeLetter(in.Body, &l, &l.Version); err != nil {
		return err
	}
	b, err := decodeRoute(l.Body)
	if err != nil {
		return refuse("%v", err)
	}
	r, err := loadRelation(c.Tx, b.Person)
	if errors.Is(err, view.ErrNotFound) || err == nil && r.body.Label != in.Label {
		return refuse("the relationship is not known here")
	}
	if err != nil {
		return err
	}
	switch {
	case b.Vendor != r.body.Vendor.DID || b.By != r.other():
		return refuse("the route is not that of the other side")
	case l.Envelope.Signer != b.signer():
		return refuse("the route is signed by somebody else")
	case b.Time.Std().After(c.now.Add(clockSkew)):
		return refuse("the route is dated %s, in the future", b.Time)
	}
	ring, err := n.keyring(c.now, r.body.Logs...)
	if err != nil {
		return err
	}
	if err := l.Envelope.Verify(dagcbor.Sum(l.Body), b.By, ring); err != nil {
		return unjudged(fmt.Errorf("the route's signature: %w", err))
	}
	if b.Seq <= r.body.TheirsSeq {
		return nil // told before, or since
	}
	return n.moveTheirs(c, r, b)
}

// moveTheirs puts the other side's new route in place of the one known, for
// what waits to be sent too.
func (n *Node) moveTheirs(c *change, r *relation, b routeBody) error {
	if old := r.body.Theirs; old != nil {
		for _, ref := range []dagcbor.CID{r.body.Card, r.body.Proffer} {
			if ref.IsZero() {
				continue
			}
			if err := n.courier.Readdress(c.Tx, ref.String(), *old, b.Route); err != nil {
				return err
			}
		}
	}
	r.body.Theirs, r.body.TheirsSeq = &b.Route, b.Seq
	if err := r.save(c); err != nil {
		return err
	}
	return onCard(c, r, func(k *cardBody) { k.Theirs = &b.Route })
}

// onCard changes what is kept beside the relationship's card, if it has one.
func onCard(c *change, r *relation, do func(*cardBody)) error {
	if r.body.Card.IsZero() {
		return nil
	}
	rec, err := c.Get(kindCard, r.body.Card.String())
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	var body cardBody
	if err := get(rec, &body); err != nil {
		return err
	}
	do(&body)
	return put(c.Tx, rec, body)
}

// routeMoved has the other sides told soon, and everybody at once whom a
// vendor's terms tell where proffers go. It is called by the courier.
func (n *Node) routeMoved(string) {
	told := []chan struct{}{n.moved}
	if n.vendor != nil {
		told = append(told, n.vendor.termsChanged)
	}
	for _, ch := range told {
		select {
		case ch <- struct{}{}:
		default:
		}
	}
}

// mayMove reports whether there is somebody to be told of a new route for the
// label: an intent's stands in the signed intent.
func mayMove(label string) bool { return !strings.HasPrefix(label, intentLabel("")) }

const (
	// movedPause is how long routes that moved are gathered, and movedRest how
	// long none is told after some were: to find whom to tell all relationships
	// are looked through.
	movedPause = 10 * time.Second
	movedRest  = 5 * time.Minute
	movedBatch = 50
)

// movedLoop tells the other sides of routes that moved.
func (n *Node) movedLoop(ctx context.Context) error {
	wait := func(d time.Duration) bool {
		t := time.NewTimer(d)
		defer t.Stop()
		select {
		case <-ctx.Done():
			return false
		case <-t.C:
			return true
		}
	}
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-n.moved:
		}
		if !wait(movedPause) {
			return ctx.Err()
		}
		if err := n.tellRoutes(ctx, n.now()); err != nil && ctx.Err() == nil {
			n.log.Warn("telling of new routes", "error", err)
		}
		if !wait(movedRest) {
			return ctx.Err()
		}
	}
}

// tellRoutes tells each other side that knows another route than the one in
// use, or less of the own key log than there is, and once more where the letter
// that told it was given up.
func (n *Node) tellRoutes(ctx context.Context, now time.Time) error {
	var all []*relation
	if err := n.cfg.Store.View(ctx, func(tx store.Tx) error {
		recs, err := tx.List(store.Query{Kind: kindRelation, State: relationOpen})
		if err != nil {
			return err
		}
		all, err = readRelations(tx, recs)
		return err
	}); err != nil {
		return fmt.Errorf("list relationships: %w", err)
	}
	var due []identity.DID
	var errs []error
	for _, r := range all {
		route, ok := n.routeOf(r)
		if ok && (r.untold(route) || r.body.ToldLetter != "" || n.keysUntold(r) || r.body.KeysLetter != "") {
			due = append(due, r.body.Person)
		}
		if r.body.Side == identity.RolePerson && !r.body.ToldSeen.IsZero() && now.Sub(r.body.ToldSeen.Std()) > letterLife {
			// Whatever the other side had sealed before it knew has expired.
			errs = append(errs, n.courier.Forget(ctx, r.body.Label, r.body.ToldSeen.Std()))
		}
	}
	for ; len(due) > 0; due = due[min(len(due), movedBatch):] {
		batch := due[:min(len(due), movedBatch)]
		err := n.update(ctx, func(c *change) error {
			for _, person := range batch {
				if err := n.tellRoute(c, person); err != nil {
					return err
				}
				if err := n.seeKeysTold(c, person); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return errors.Join(append(errs, err)...)
		}
	}
	return errors.Join(errs...)
}

// routeOf returns where this side takes letters about a relationship now.
func (n *Node) routeOf(r *relation) (intentcast.Route, bool) {
	switch {
	case r.body.Theirs == nil:
		return intentcast.Route{}, false
	case r.body.Side == identity.RoleVendor:
		return n.courier.Self(), n.vendor != nil
	}
	return n.courier.Route(r.body.Label)
}

// untold reports whether the other side knows another route than this one. A
// vendor's new relationship began with whatever its offer or its terms said.
func (r *relation) untold(route intentcast.Route) bool {
	known := r.body.Told
	if known.IsZero() && r.body.Ours != nil {
		known = routeID(*r.body.Ours)
	}
	return known != routeID(route)
}

func routeID(route intentcast.Route) dagcbor.CID {
	raw, err := dagcbor.Marshal(route)
	if err != nil {
		return dagcbor.CID{}
	}
	return dagcbor.Sum(raw)
}

// tellRoute tells one other side, unless a letter that says the same is still
// on its way or has arrived.
func (n *Node) tellRoute(c *change, person identity.DID) error {
	r, err := loadRelation(c.Tx, person)
	if err != nil {
		return err
	}
	route, ok := n.routeOf(r)
	if !ok || r.body.Alarm != "" {
		return nil
	}
	if !r.untold(route) {
		switch state, err := courier.StateOf(c.Tx, r.body.ToldLetter); {
		case err != nil:
			return err
		case state == courier.StateQueued || state == courier.StateHeld:
			return nil
		case state == courier.StateDelivered:
			r.body.ToldLetter, r.body.ToldSeen = "", identity.At(c.now)
			return r.save(c)
		case state == courier.StateRefused:
			r.body.ToldLetter = ""
			return r.save(c)
		}
	}
	if over, err := ended(c.Tx, r); err != nil || over {
		return err
	}
	return n.sendRoute(c, r, route)
}

// ended reports whether a relationship's card is at its end.
func ended(tx store.Tx, r *relation) (bool, error) {
	if r.body.Card.IsZero() {
		return false, nil
	}
	rec, err := tx.Get(kindCard, r.body.Card.String())
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	return rec.State == string(relcard.StateEnded), err
}

func (n *Node) sendRoute(c *change, r *relation, route intentcast.Route) error {
	signer, err := n.signerOf(r)
	if err != nil {
		return err
	}
	r.body.OursSeq++
	body, err := encode(routeBody{
		Version: 1, Type: routeType, Person: r.body.Person, Vendor: r.body.Vendor.DID, By: r.body.Side,
		Seq: r.body.OursSeq, Time: identity.At(c.now), Route: route,
	})
	if err != nil {
		return err
	}
	env, err := identity.Sign(signer, dagcbor.Sum(body), r.body.Side, c.now)
	if err != nil {
		return err
	}
	letter, err := encode(routeLetter{Version: letterVersion, Body: body, Envelope: env})
	if err != nil {
		return err
	}
	if r.body.Side == identity.RolePerson {
		r.body.Ours = &route
		if err := onCard(c, r, func(k *cardBody) { k.Ours = &route }); err != nil {
			return err
		}
	}
	r.body.Told, r.body.ToldSeen = routeID(route), identity.Time{}
	if r.body.ToldLetter, err = n.postLetter(c, r, letterRoute, letter); err != nil {
		return err
	}
	return r.save(c)
}

// MoveRoute gives the relationship of a card new reply keys and, where there
// is one, another holder, at once, and tells the other side: for an owner who
// fears that a copy of the node was taken. A vendor's own route does not move.
func (n *Node) MoveRoute(ctx context.Context, root dagcbor.CID) (view.Card, error) {
	var label string
	err := n.cfg.Store.View(ctx, func(tx store.Tx) error {
		k, err := n.loadCard(tx, root)
		if err != nil {
			return err
		}
		if label = k.body.Label; label == "" {
			return fmt.Errorf("card %s has no reply route of its own here: %w", root, view.ErrConflict)
		}
		return nil
	})
	if err == nil {
		_, err = n.courier.Replace(ctx, label)
	}
	if err == nil {
		err = n.tellRoutes(ctx, n.now())
	}
	if err != nil {
		return view.Card{}, fmt.Errorf("move route: %w", err)
	}
	n.courier.Wake()
	return n.Card(ctx, root)
}
