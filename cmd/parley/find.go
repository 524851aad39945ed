package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/client"
	"github.com/parley-network/parley/node/view"
	"github.com/parley-network/parley/relcard"
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
		return dagcbor.CID{}, wrong("%d %ss have ids that begin or end with %q, such as %s and %s: give more of it", len(found), what, s, found[0], found[1])
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
		ids = append(ids, versions(in)...)
	}
	id, err := pick(s, "intent", "parley intents", ids)
	if err != nil {
		return view.Intent{}, err
	}
	for _, in := range intents {
		if slices.Contains(versions(in), id) {
			return in, nil
		}
	}
	return c.Intent(e.ctx, id)
}

// versions are the ids by which an own intent may be named: once printed, an id
// goes on naming it.
func versions(in view.Intent) []dagcbor.CID {
	ids := append([]dagcbor.CID{in.Root}, in.Earlier...)
	if !slices.Contains(ids, in.ID) {
		ids = append(ids, in.ID)
	}
	return slices.Compact(ids) // the first version before is the root
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
			ids = append(append(ids, o.ID), o.Earlier...) // the node knows what became of it
		}
	}
	return pick(s, "offer", "parley offers", ids)
}

// findCard finds a card by part of its id, or by the other side's name or the
// beginning of it, where one card is with one of that name: one that has not
// ended, if there is such.
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
	named, begun := cardsWith(cards, s, false)
	if len(named)+len(begun) == 0 {
		named, begun = cardsWith(cards, s, true)
	}
	switch len(named) {
	case 0:
	case 1:
		return named[0], nil
	default:
		return dagcbor.CID{}, wrong("%d of your cards are with %q: give the id of one (parley cards lists them)", len(named), s)
	}
	if len(named)+len(begun) == 0 && len(s) < minPart {
		return dagcbor.CID{}, fmt.Errorf("none of your cards is with %q: see parley cards: %w", s, view.ErrNotFound)
	}
	id, err := pick(s, "card", "parley cards", ids)
	if errors.Is(err, view.ErrNotFound) && len(begun) == 0 {
		return id, fmt.Errorf("none of your cards is with %q or has an id that begins or ends with it: see parley cards: %w", s, view.ErrNotFound)
	}
	switch {
	case !errors.Is(err, view.ErrNotFound), len(begun) == 0:
	case len(begun) == 1:
		return begun[0], nil
	default:
		return id, wrong("%d of your cards are with somebody whose name begins with %q: give the id of one (parley cards lists them)", len(begun), s)
	}
	return id, err
}

// cardsWith are the cards with somebody of that name, and of one that begins
// so, among those that have ended or those that have not.
func cardsWith(cards []view.Card, name string, ended bool) (named, begun []dagcbor.CID) {
	for _, card := range cards {
		if card.Side == "" || (card.State == string(relcard.StateEnded)) != ended { // none of one's own, or not asked for
			continue
		}
		other := strings.ToLower(otherParty(card).Name)
		if other == strings.ToLower(name) {
			named = append(named, card.ID)
		}
		if len(name) >= minPart && strings.HasPrefix(other, strings.ToLower(name)) {
			begun = append(begun, card.ID)
		}
	}
	return named, begun
}

// findCards finds several.
func (e *env) findCards(c *client.Client, all []string) ([]dagcbor.CID, error) {
	var out []dagcbor.CID
	for _, s := range all {
		id, err := e.findCard(c, s)
		if err != nil {
			return nil, err
		}
		out = append(out, id)
	}
	return out, nil
}

// findNegotiation finds a negotiation by part of its id; "" is the only one
// that waits for the owner's word.
func (e *env) findNegotiation(c *client.Client, s string) (dagcbor.CID, error) {
	all, err := c.Negotiations(e.ctx)
	if err != nil {
		return dagcbor.CID{}, err
	}
	var ids, asks []dagcbor.CID
	for _, g := range all {
		ids = append(ids, g.ID)
		if g.Asks {
			asks = append(asks, g.ID)
		}
	}
	switch {
	case s != "":
		return pick(s, "negotiation", "parley negotiations", ids)
	case len(asks) == 1:
		return asks[0], nil
	case len(asks) == 0:
		return dagcbor.CID{}, fmt.Errorf("no negotiation waits for your word: parley negotiations lists all: %w", view.ErrNotFound)
	}
	return dagcbor.CID{}, wrong("%d negotiations wait for your word: say which one (parley negotiations lists them)", len(asks))
}

// findDemand finds a demand under a card by part of its id.
func (e *env) findDemand(c *client.Client, card dagcbor.CID, s string) (dagcbor.CID, error) {
	all, err := c.Demands(e.ctx, card)
	if err != nil {
		return dagcbor.CID{}, err
	}
	var ids []dagcbor.CID
	for _, d := range all {
		ids = append(ids, d.ID)
	}
	return pick(s, "demand", "parley demands", ids)
}

// findVendor finds a vendor heard of by its name or its identifier, or the
// beginning of either: of an identifier, of what is its own in it.
func (e *env) findVendor(c *client.Client, s string) (view.Vendor, error) {
	all, err := c.Vendors(e.ctx)
	if err != nil {
		return view.Vendor{}, err
	}
	var exact, found []view.Vendor
	for _, v := range all {
		if v.DID == identity.DID(s) {
			return v, nil
		}
		part := strings.TrimSuffix(strings.TrimPrefix(s, "did:webvh:"), "…")
		own := strings.HasPrefix(strings.TrimPrefix(string(v.DID), "did:webvh:"), part)
		named := strings.HasPrefix(strings.ToLower(v.Name), strings.ToLower(s))
		switch {
		case strings.EqualFold(v.Name, s):
			exact = append(exact, v)
		case len(part) >= minPart && (own || named):
			found = append(found, v)
		}
	}
	if len(exact) > 0 {
		found = exact
	}
	switch {
	case len(found) == 1:
		return found[0], nil
	case len(found) > 1:
		return view.Vendor{}, fmt.Errorf("%d vendors are called %q, such as %s and %s: give more of the identifier", len(found), s, found[0].DID, found[1].DID)
	case strings.HasPrefix(s, "did:"):
		return c.Vendor(e.ctx, identity.DID(s))
	}
	return view.Vendor{}, fmt.Errorf("no vendor heard of is called %q, or has an identifier that begins so: see parley vendors: %w", s, view.ErrNotFound)
}

// pickText finds the one text that s is, or is the beginning of.
func pickText(s, what, list string, all []string) (string, error) {
	s = strings.TrimSuffix(s, "…")
	var found []string
	for _, id := range all {
		if id == s {
			return id, nil
		}
		if strings.HasPrefix(id, s) {
			found = append(found, id)
		}
	}
	switch {
	case len(s) < minPart:
		return "", wrong("%q is too short for an id: at least %d characters of it are needed", s, minPart)
	case len(found) == 0:
		return "", fmt.Errorf("no %s has an id that begins with %q: see %s: %w", what, s, list, view.ErrNotFound)
	case len(found) > 1:
		return "", wrong("%d %ss have ids that begin with %q: give more of it", len(found), what, s)
	}
	return found[0], nil
}
