package node

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/view"
	"github.com/parley-network/parley/relcard/disclosure"
	"github.com/parley-network/parley/relcard/statement"
)

// Retract takes shared items back: the vendor may not use them any more.
func (n *Node) Retract(ctx context.Context, root dagcbor.CID, items []uint64, reason string) ([]view.Shared, error) {
	err := n.update(ctx, func(c *change) error {
		r, _, err := n.relationOfCard(c.Tx, root)
		if err != nil {
			return err
		}
		if r.body.Side != identity.RolePerson {
			return fmt.Errorf("to take data back is the person's part: %w", view.ErrConflict)
		}
		slices.Sort(items)
		items = slices.Compact(items)
		if err := n.heldStill(c, r, items); err != nil {
			return err
		}
		return n.retract(c, r, items, reason)
	})
	if err != nil {
		return nil, fmt.Errorf("retract: %w", err)
	}
	return n.Shared(ctx, root, "")
}

func (n *Node) retract(c *change, r *relation, items []uint64, reason string) error {
	content, err := disclosure.Retract{Items: items, Reason: reason}.Encode()
	if err != nil {
		return fmt.Errorf("%w: %w", view.ErrInvalid, err)
	}
	if err := n.wouldHold(c, r, disclosure.KindRetract, content); err != nil {
		return err
	}
	if _, err := n.say(c, r, word{kind: disclosure.KindRetract, content: content}); err != nil {
		return err
	}
	if err := n.retireAndRevive(c, r, items); err != nil {
		return err
	}
	return c.note("data.retracted", r.ref(), "took back %d pieces of data from %s", len(items), r.name())
}

// heldStill refuses to take back what the vendor may hold no more, and says
// what has become of it.
func (n *Node) heldStill(c *change, r *relation, items []uint64) error {
	l, err := n.ledger(c.Tx, r)
	if err != nil {
		return err
	}
	for _, item := range items {
		e, ok := l.Entry(item)
		switch {
		case !ok:
			return fmt.Errorf("item %d is not known here: %w", item, view.ErrNotFound)
		case e.Live():
		case e.State == disclosure.StateReplaced:
			by, _ := l.Entry(e.ReplacedBy)
			return fmt.Errorf("item %d, %s, has been replaced by item %d, which was shared on %s for %s: take that back: %w",
				item, e.Item.Path, e.ReplacedBy, by.Shared.Std().UTC().Format(time.DateOnly), strings.Join(by.Item.Purpose, ", "), view.ErrConflict)
		default:
			return fmt.Errorf("item %d, %s, is %s already: %w", item, e.Item.Path, e.State, view.ErrConflict)
		}
	}
	return nil
}

// wouldHold asks the ledger whether an own statement would be valid.
func (n *Node) wouldHold(c *change, r *relation, kind statement.Kind, content []byte) error {
	l, err := n.ledger(c.Tx, r)
	if err != nil {
		return err
	}
	b := r.body.Mine.Next(r.body.Side, r.body.Person, r.body.Vendor.DID, r.body.Other, c.now)
	b.Kind, b.Content, b.Card = kind, content, r.body.Card
	if err := l.Check(&statement.Statement{Body: b}); errors.Is(err, disclosure.ErrItem) { // it names what is not held
		return fmt.Errorf("%w: %w", view.ErrConflict, err)
	} else if err != nil {
		return fmt.Errorf("%w: %w", view.ErrInvalid, err)
	}
	return nil
}
