package node

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/store"
	"github.com/parley-network/parley/node/view"
	"github.com/parley-network/parley/relcard"
)

var noCID dagcbor.CID

// RotateCard replaces the keys that a person has for the relationship of a card
// in force; its identifier stays the same. The vendor is told until it has
// acknowledged.
func (n *Node) RotateCard(ctx context.Context, root dagcbor.CID) (view.KeyRotation, error) {
	var next party
	c, err := n.rotateCard(ctx, root, &next)
	if err != nil {
		return view.KeyRotation{}, fmt.Errorf("rotate the keys of card %s: %w", root, err)
	}
	n.rotated(ctx, c)
	return rotationView(&next, c.now, 1), nil
}

func (n *Node) rotateCard(ctx context.Context, root dagcbor.CID, next *party) (*change, error) {
	if err := n.gate.alone(ctx); err != nil {
		return nil, err
	}
	defer n.gate.open()
	err := n.cfg.Store.View(ctx, func(tx store.Tx) error {
		r, _, err := n.rotatable(tx, root)
		if err != nil {
			return err
		}
		return n.mintNext(r.body.Label, r.ownLog(n))
	})
	if err != nil {
		return nil, err
	}
	return n.commit(ctx, func(c *change) (err error) {
		*next, err = n.rotateCardIn(c, root)
		return err
	})
}

// rotatable returns a card whose keys are this person's to rotate.
func (n *Node) rotatable(tx store.Tx, root dagcbor.CID) (*relation, *card, error) {
	r, k, err := n.relationOfCard(tx, root)
	if err != nil {
		return nil, nil, err
	}
	switch state := relcard.State(k.state()); {
	case r.body.Side != identity.RolePerson:
		return nil, nil, fmt.Errorf("a vendor has the same keys for all cards, and rotates them for all: %w", view.ErrConflict)
	case state != relcard.StateActive && state != relcard.StateAmending:
		return nil, nil, fmt.Errorf("card %s is %s: %w", root, state, view.ErrConflict)
	}
	return r, k, nil
}

func (n *Node) rotateCardIn(c *change, root dagcbor.CID) (party, error) {
	r, k, err := n.rotatable(c.Tx, root)
	if err != nil {
		return party{}, err
	}
	log := r.ownLog(n)
	next, err := n.lengthen(r.body.Label, log, c.now)
	if err != nil {
		return party{}, err
	}
	if err := n.putLog(c, r, k, next.log); err != nil {
		return party{}, fmt.Errorf("%w (is the clock right?): %w", err, view.ErrConflict)
	}
	if err := spend(c, r.body.Label, next.number-1); err != nil {
		return party{}, err
	}
	if err := c.Delete(kindRotate, root.String()); err != nil && !errors.Is(err, store.ErrNotFound) {
		return party{}, err
	}
	if err := n.tellKeys(c, r); err != nil {
		return party{}, err
	}
	return next, c.note("keys.rotated", root, "rotated your keys for %s: they are at version %d of their key log", r.name(), next.number)
}

// rotateWithin is the time over which the keys of all cards are rotated, each
// at a time of its own. At the same one, two vendors who compare the logs they
// hold would see that these are one person's.
const rotateWithin = time.Hour

// RotateCards has the keys of all cards in force rotated, each at a random time
// within the next hour, over restarts too, and returns when each will be.
func (n *Node) RotateCards(ctx context.Context) ([]view.KeyRotationDue, error) {
	out := []view.KeyRotationDue{}
	err := n.update(ctx, func(c *change) error {
		out = out[:0]
		recs, err := c.List(store.Query{Kind: kindRelation, State: relationOpen})
		if err != nil {
			return err
		}
		for _, rec := range recs {
			root, err := dagcbor.ParseCID(rec.Ref)
			if err != nil {
				continue // a negotiation without a card
			}
			r, _, err := n.rotatable(c.Tx, root)
			if errors.Is(err, view.ErrConflict) || errors.Is(err, view.ErrNotFound) {
				continue
			}
			if err != nil {
				return err
			}
			due := c.now.Add(rand.N(rotateWithin)).Truncate(time.Second)
			if err := c.Put(store.Record{Kind: kindRotate, ID: root.String(), Due: due, Body: []byte("1")}); err != nil {
				return err
			}
			out = append(out, view.KeyRotationDue{Card: root, With: r.name(), Due: identity.At(due)})
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("rotate the keys of all cards: %w", err)
	}
	select {
	case n.rotate <- struct{}{}:
	default:
	}
	return out, nil
}

// rotateLoop rotates the keys of cards whose time has come.
func (n *Node) rotateLoop(ctx context.Context) error {
	for {
		wait, err := n.rotateDue(ctx)
		if err != nil && ctx.Err() == nil {
			n.log.Warn("rotating the keys of cards", "error", err)
		}
		t := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			t.Stop()
			return ctx.Err()
		case <-n.rotate:
			t.Stop()
		case <-t.C:
		}
	}
}

// rotateDue rotates what is due and returns how long there is nothing to do.
func (n *Node) rotateDue(ctx context.Context) (time.Duration, error) {
	for {
		var recs []store.Record
		err := n.cfg.Store.View(ctx, func(tx store.Tx) (err error) {
			recs, err = tx.List(store.Query{Kind: kindRotate, DueBefore: n.now().Add(2 * rotateWithin), Limit: 1})
			return err
		})
		if err != nil || len(recs) == 0 {
			return rotateWithin, err
		}
		if wait := recs[0].Due.Sub(n.now()); wait > 0 {
			return wait, nil
		}
		if err := n.rotateOne(ctx, recs[0].ID); err != nil {
			return rotateRetry, err
		}
	}
}

// rotateRetry is how long after a failure the keys of cards are tried again.
const rotateRetry = time.Minute

func (n *Node) rotateOne(ctx context.Context, card string) error {
	root, err := dagcbor.ParseCID(card)
	if err == nil {
		_, err = n.RotateCard(ctx, root)
	}
	if err == nil || !errors.Is(err, view.ErrConflict) && !errors.Is(err, view.ErrNotFound) {
		return err
	}
	// It has ended since, or is frozen.
	n.log.Info("the keys of a card are not rotated", "card", card, "why", err)
	return n.update(ctx, func(c *change) error {
		if err := c.Delete(kindRotate, card); !errors.Is(err, store.ErrNotFound) {
			return err
		}
		return nil
	})
}
