package main

import (
	"fmt"
	"strings"

	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/client"
	"github.com/parley-network/parley/node/view"
)

// minPart is the fewest characters that may stand for a CID.
const minPart = 4

// pick finds the one CID that s is the beginning or the end of. what says in
// messages what is looked for, list which command shows them.
func pick(s, what, list string, ids []dagcbor.CID) (dagcbor.CID, error) {
	if id, err := dagcbor.ParseCID(s); err == nil {
		return id, nil
	}
	part := strings.ToLower(strings.TrimPrefix(s, "…"))
	if len(part) < minPart {
		return dagcbor.CID{}, wrong("%q is too short for an id: at least %d characters of it are needed", s, minPart)
	}
	var found []dagcbor.CID
	for _, id := range ids {
		if text := id.String(); strings.HasPrefix(text, part) || strings.HasSuffix(text, part) {
			found = append(found, id)
		}
	}
	switch len(found) {
	case 0:
		return dagcbor.CID{}, fmt.Errorf("no %s has an id that begins or ends with %q: see %s: %w", what, s, list, view.ErrNotFound)
	case 1:
		return found[0], nil
	default:
		return dagcbor.CID{}, fmt.Errorf("%d %ss have ids that begin or end with %q, such as %s and %s: give more of it", len(found), what, s, found[0], found[1])
	}
}

// findIntent finds an own intent by part of its id; "" is the only open one.
func (e *env) findIntent(c *client.Client, s string) (view.Intent, error) {
	intents, err := c.Intents(e.ctx, true)
	if err != nil {
		return view.Intent{}, err
	}
	if s == "" {
		return onlyOpen(intents)
	}
	var ids []dagcbor.CID
	for _, in := range intents {
		ids = append(ids, in.Root)
		if in.ID != in.Root {
			ids = append(ids, in.ID)
		}
	}
	id, err := pick(s, "intent", "parley intents", ids)
	if err != nil {
		return view.Intent{}, err
	}
	for _, in := range intents {
		if in.Root == id || in.ID == id {
			return in, nil
		}
	}
	return c.Intent(e.ctx, id)
}

func onlyOpen(intents []view.Intent) (view.Intent, error) {
	var open []view.Intent
	for _, in := range intents {
		if in.Body.Status == intentcast.StatusOpen {
			open = append(open, in)
		}
	}
	if len(open) == 1 {
		return open[0], nil
	}
	if len(open) == 0 {
		return view.Intent{}, fmt.Errorf("you have no open intent: parley intents lists all, parley cast casts one: %w", view.ErrNotFound)
	}
	return view.Intent{}, wrong("you have %d open intents: say which one (parley intents lists them)", len(open))
}

// findOffer finds an offer by part of its id, among those to own intents.
func (e *env) findOffer(c *client.Client, s string) (dagcbor.CID, error) {
	if id, err := dagcbor.ParseCID(s); err == nil {
		return id, nil
	}
	intents, err := c.Intents(e.ctx, true)
	if err != nil {
		return dagcbor.CID{}, err
	}
	var ids []dagcbor.CID
	for _, in := range intents {
		if in.Offers == 0 {
			continue
		}
		offers, err := c.Offers(e.ctx, in.Root)
		if err != nil {
			return dagcbor.CID{}, err
		}
		for _, o := range offers {
			ids = append(ids, o.ID)
		}
	}
	return pick(s, "offer", "parley offers", ids)
}

// findCard finds a card by part of its id.
func (e *env) findCard(c *client.Client, s string) (dagcbor.CID, error) {
	if id, err := dagcbor.ParseCID(s); err == nil {
		return id, nil
	}
	cards, err := c.Cards(e.ctx)
	if err != nil {
		return dagcbor.CID{}, err
	}
	var ids []dagcbor.CID
	for _, card := range cards {
		ids = append(ids, card.ID)
	}
	return pick(s, "card", "parley cards", ids)
}
