package node

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/parley-network/parley/node/store"
)

// scrubAgain is the pause before files that could not be cleaned are tried
// again.
const scrubAgain = 10 * time.Second

func (n *Node) wakeScrub() {
	select {
	case n.scrubs <- struct{}{}:
	default:
	}
}

// scrubLoop cleans the store's files of what this node was to delete: once at
// the start, for what a crash left, and after each such deletion.
func (n *Node) scrubLoop(ctx context.Context) error {
	if n.scrub == nil {
		return nil
	}
	for {
		var again <-chan time.Time
		if err := n.scrub.Scrub(ctx); err != nil && ctx.Err() == nil {
			n.log.Debug("cleaning the store's files", "error", err)
			again = time.After(scrubAgain)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-again:
		case <-n.scrubs:
		}
	}
}

// forgetReleased has a vendor delete the details that the author of the intent
// behind a card has opened to it.
func forgetReleased(c *change, r *relation) error {
	if r.body.Card.IsZero() {
		return nil
	}
	card, err := c.Get(kindCard, r.body.Card.String())
	if err != nil {
		return fmt.Errorf("read card: %w", err)
	}
	if card.Ref == "" {
		return nil // it came of no offer
	}
	sent, err := c.Get(kindSent, card.Ref)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read the offer behind the card: %w", err)
	}
	opened, err := c.List(store.Query{Kind: kindReleased, Ref: sent.Ref})
	if err != nil {
		return err
	}
	for _, rec := range opened {
		if err := c.Delete(kindReleased, rec.ID); err != nil {
			return err
		}
		c.scrub = true
	}
	return nil
}
