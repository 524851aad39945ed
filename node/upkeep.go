package node

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/market"
	"github.com/parley-network/parley/node/store"
	"github.com/parley-network/parley/relcard"
)

// remember tells the gossip service of every intent still alive, so that
// after a restart it knows what has been withdrawn or succeeded.
func (n *Node) remember(ctx context.Context) error {
	return n.cfg.Store.View(ctx, func(tx store.Tx) error {
		var others []store.Record
		// Those that are kept in any case come first: the ledger is bounded.
		for _, kind := range []store.Kind{kindIntent, kindHeard} {
			recs, err := tx.List(store.Query{Kind: kind})
			if err != nil {
				return fmt.Errorf("remember intents: %w", err)
			}
			for _, r := range recs {
				if kind == kindHeard && !answered(r) {
					others = append(others, r)
					continue
				}
				n.rememberCast(r)
			}
		}
		for _, r := range others {
			n.rememberCast(r)
		}
		return n.rememberTerms(tx, time.Now())
	})
}

// answered reports whether this node has made an offer to an intent heard.
func answered(r store.Record) bool {
	var b heardBody
	return get(r, &b) == nil && !b.Offer.IsZero()
}

func (n *Node) rememberCast(r store.Record) {
	cast, err := storedCast(r)
	if err != nil {
		n.log.Warn("a stored intent can't be read", "error", err)
		return
	}
	remember := n.gossip.Remember
	if r.Kind == kindIntent {
		remember = n.gossip.RememberOwn
	}
	// What is over by now need not be remembered.
	if err := remember(cast, time.Now()); err != nil {
		n.log.Debug("stored intent", "root", r.ID, "error", err)
	} else if r.Kind == kindHeard && answered(r) {
		n.gossip.Hold(cast.Root())
	}
}

// forgetTurnedOut deletes the intents heard that the gossip service had no
// room for any longer, but for those answered: a vendor's store would else grow
// with everything that anybody casts.
func (n *Node) forgetTurnedOut(ctx context.Context) error {
	out := n.gossip.TurnedOut()
	for batch := range slices.Chunk(out, sweepBatch) {
		err := n.cfg.Store.Update(ctx, func(tx store.Tx) error {
			for _, root := range batch {
				r, err := tx.Get(kindHeard, root.String())
				if errors.Is(err, store.ErrNotFound) || err == nil && answered(r) {
					continue
				}
				if err != nil {
					return err
				}
				if err := tx.Delete(kindHeard, r.ID); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("forget what was turned out: %w", err)
		}
	}
	return nil
}

func storedCast(r store.Record) (*intentcast.Cast, error) {
	var wire []byte
	if r.Kind == kindIntent {
		var b intentBody
		if err := get(r, &b); err != nil {
			return nil, err
		}
		wire = b.Cast
	} else {
		var b heardBody
		if err := get(r, &b); err != nil {
			return nil, err
		}
		wire = b.Cast
	}
	cast, err := intentcast.DecodeCast(wire)
	if err != nil {
		return nil, fmt.Errorf("record %s %s: %w", r.Kind, r.ID, err)
	}
	return cast, nil
}

// routesEvery is how often the reply routes of cards are seen to.
const routesEvery = 24 * time.Hour

// routeLoop keeps the reply route of each living card open for a year ahead,
// and closes that of a card whose end is long past.
func (n *Node) routeLoop(ctx context.Context) error {
	tick := time.NewTicker(routesEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case now := <-tick.C:
			if err := n.keepRoutes(ctx, now); err != nil && ctx.Err() == nil {
				n.log.Warn("keeping reply routes open", "error", err)
			}
		}
	}
}

func (n *Node) keepRoutes(ctx context.Context, now time.Time) error {
	var recs []store.Record
	if err := n.cfg.Store.View(ctx, func(tx store.Tx) (err error) {
		recs, err = tx.List(store.Query{Kind: kindCard})
		return err
	}); err != nil {
		return fmt.Errorf("list cards: %w", err)
	}
	var errs []error
	for _, r := range recs {
		var body cardBody
		if err := get(r, &body); err != nil {
			errs = append(errs, err)
			continue
		}
		over := r.State == string(relcard.StateEnded) || r.State == stateRefused
		if r.State == string(relcard.StateEnded) && !body.EndTold.IsZero() {
			root, err := dagcbor.ParseCID(r.ID)
			errs = append(errs, err, n.endAgain(ctx, root))
		}
		switch {
		case body.Label == "":
		case !over:
			_, err := n.courier.OpenRoute(ctx, body.Label, now.Add(cardRouteLife))
			errs = append(errs, err)
		case now.Sub(body.Since.Std()) > letterLife:
			errs = append(errs, n.courier.CloseRoute(ctx, body.Label))
		}
	}
	errs = append(errs, n.tellRoutes(ctx, now))
	return errors.Join(errs...)
}

// joinShards listens where this node's rules and catalogue say, and again
// when they change.
func (n *Node) joinShards(ctx context.Context) error {
	if n.vendor == nil {
		return nil
	}
	for {
		if err := n.followShards(ctx); err != nil && ctx.Err() == nil {
			n.log.Warn("joining topics", "error", err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-n.vendor.changed:
		}
	}
}

func (n *Node) followShards(ctx context.Context) error {
	catalogue, rules := n.vendor.current()
	want, err := vendorShards(catalogue, rules)
	if err != nil {
		return err
	}
	if err := n.gossip.Join(ctx, want...); err != nil {
		return err
	}
	n.gossip.Leave(without(n.gossip.Joined(), want)...)
	n.advertise(want)
	return nil
}

// vendorShards are the topics a vendor must hear: those of its rules'
// categories or, where they name none, of the catalogue's, in its areas. An
// area is only found by a place on the map, so a region is left to the rules.
func vendorShards(catalogue *market.Catalogue, rules market.Rules) ([]string, error) {
	categories := rules.Categories
	if len(categories) == 0 {
		categories = catalogue.Categories()
	}
	var areas []intentcast.Place
	for _, a := range rules.Areas {
		if p, ok := a.Place(); ok {
			areas = append(areas, p)
		}
	}
	return intentcast.ShardsFor(categories, areas)
}

func without(all, keep []string) []string {
	return slices.DeleteFunc(all, func(s string) bool { return slices.Contains(keep, s) })
}

// Listening reports whether a vendor's node has neighbours in every topic it
// follows, so that it would hear an intent now.
func (n *Node) Listening() bool {
	joined := n.gossip.Joined()
	for _, shard := range joined {
		if n.gossip.Neighbours(shard) == 0 {
			return false
		}
	}
	return len(joined) > 0
}
