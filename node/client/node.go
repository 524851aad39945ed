package client

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/market"
	"github.com/parley-network/parley/node/vendor"
	"github.com/parley-network/parley/node/view"
)

// Status returns the node at a glance.
func (c *Client) Status(ctx context.Context) (view.Status, error) {
	return get[view.Status](ctx, c, "/v1/status")
}

// Letters lists the letters the node has sent: those about one card, or with
// the zero CID all.
func (c *Client) Letters(ctx context.Context, card dagcbor.CID) ([]view.Letter, error) {
	if card.IsZero() {
		return getList[view.Letter](ctx, c, "/v1/letters")
	}
	return getList[view.Letter](ctx, c, "/v1/letters?card="+card.String())
}

// Cast casts an intent to the market.
func (c *Client) Cast(ctx context.Context, w view.Want) (view.Intent, error) {
	return post[view.Intent](ctx, c, "/v1/intents", w)
}

// Intents lists the owner's intents, or those heard of others.
func (c *Client) Intents(ctx context.Context, mine bool) ([]view.Intent, error) {
	return getList[view.Intent](ctx, c, "/v1/intents?mine="+strconv.FormatBool(mine))
}

// Intent returns one intent.
func (c *Client) Intent(ctx context.Context, id dagcbor.CID) (view.Intent, error) {
	return get[view.Intent](ctx, c, "/v1/intents/"+id.String())
}

// Amend replaces what an own open intent asks for.
func (c *Client) Amend(ctx context.Context, id dagcbor.CID, w view.Want) (view.Intent, error) {
	return sendJSON[view.Intent](ctx, c, http.MethodPut, "/v1/intents/"+id.String(), w)
}

// Extend has an own open intent stay open longer.
func (c *Client) Extend(ctx context.Context, id dagcbor.CID, w view.ExtendWant) (view.Intent, error) {
	return post[view.Intent](ctx, c, "/v1/intents/"+id.String()+"/extend", w)
}

// Withdraw tells the market that an own intent no longer stands.
func (c *Client) Withdraw(ctx context.Context, id dagcbor.CID) (view.Intent, error) {
	return post[view.Intent](ctx, c, "/v1/intents/"+id.String()+"/withdraw", nil)
}

// Fulfil tells the market that an own intent has been met.
func (c *Client) Fulfil(ctx context.Context, id dagcbor.CID) (view.Intent, error) {
	return post[view.Intent](ctx, c, "/v1/intents/"+id.String()+"/fulfil", nil)
}

// Offers lists the offers to an own intent, best first.
func (c *Client) Offers(ctx context.Context, intent dagcbor.CID) ([]view.Offer, error) {
	return getList[view.Offer](ctx, c, "/v1/intents/"+intent.String()+"/offers")
}

// Accept proposes the card that accepts an offer.
func (c *Client) Accept(ctx context.Context, offer dagcbor.CID) (view.Card, error) {
	return post[view.Card](ctx, c, "/v1/offers/"+offer.String()+"/accept", nil)
}

// Cards lists the relationships.
func (c *Client) Cards(ctx context.Context) ([]view.Card, error) {
	return getList[view.Card](ctx, c, "/v1/cards")
}

// Card returns one relationship.
func (c *Client) Card(ctx context.Context, id dagcbor.CID) (view.Card, error) {
	return get[view.Card](ctx, c, "/v1/cards/"+id.String())
}

// EndCard ends a relationship; the other side reads the reason.
func (c *Client) EndCard(ctx context.Context, id dagcbor.CID, reason string) (view.Card, error) {
	return post[view.Card](ctx, c, "/v1/cards/"+id.String()+"/end", map[string]string{"reason": reason})
}

// MoveRoute has letters about a card taken elsewhere, under new keys, and the
// other side told.
func (c *Client) MoveRoute(ctx context.Context, id dagcbor.CID) (view.Card, error) {
	return post[view.Card](ctx, c, "/v1/cards/"+id.String()+"/move", nil)
}

// RotateCard replaces the owner's keys for a card in force.
func (c *Client) RotateCard(ctx context.Context, id dagcbor.CID) (view.KeyRotation, error) {
	return post[view.KeyRotation](ctx, c, cardPath(id, "/rotate"), nil)
}

// RotateCards has the owner's keys for all cards in force replaced, and returns
// when each will be.
func (c *Client) RotateCards(ctx context.Context) ([]view.KeyRotationDue, error) {
	return postList[view.KeyRotationDue](ctx, c, "/v1/cards/rotate")
}

// RotateVendor replaces the vendor's keys.
func (c *Client) RotateVendor(ctx context.Context) (view.KeyRotation, error) {
	return post[view.KeyRotation](ctx, c, "/v1/vendor/rotate", nil)
}

// ExportCard returns a relationship as a CAR file.
func (c *Client) ExportCard(ctx context.Context, id dagcbor.CID) ([]byte, error) {
	return c.file(ctx, cardPath(id, "/export"))
}

// ImportCard hands the node a card's CAR file.
func (c *Client) ImportCard(ctx context.Context, car []byte) (view.CardReport, error) {
	return call[view.CardReport](ctx, c, http.MethodPost, "/v1/cards/import", &body{carType, bytes.NewReader(car)})
}

// ImportCatalogue sends a catalogue as r yields it.
func (c *Client) ImportCatalogue(ctx context.Context, r io.Reader, format vendor.Format) (view.ImportReport, error) {
	kind := "application/x-ndjson"
	if format == vendor.CSV {
		kind = "text/csv"
	}
	return call[view.ImportReport](ctx, c, http.MethodPost, "/v1/vendor/catalogue", &body{kind, r})
}

// Catalogue lists up to limit items after the given key, and the key to go on
// after; "" when that was all.
func (c *Client) Catalogue(ctx context.Context, after string, limit int) (items []market.Item, next string, err error) {
	q := url.Values{"limit": {strconv.Itoa(limit)}}
	if after != "" {
		q.Set("after", after)
	}
	l, err := get[list[market.Item]](ctx, c, "/v1/vendor/catalogue?"+q.Encode())
	return l.Items, l.Next, err
}

// Rules returns when and how the node answers intents.
func (c *Client) Rules(ctx context.Context) (market.Rules, error) {
	return get[market.Rules](ctx, c, "/v1/vendor/rules")
}

// SetRules replaces the rules and returns them as the node now has them.
func (c *Client) SetRules(ctx context.Context, r market.Rules) (market.Rules, error) {
	return sendJSON[market.Rules](ctx, c, http.MethodPut, "/v1/vendor/rules", r)
}

// Suggestions lists intents a looser reading would match.
func (c *Client) Suggestions(ctx context.Context) ([]view.Suggestion, error) {
	return getList[view.Suggestion](ctx, c, "/v1/vendor/suggestions")
}

// Events returns events after the given number, oldest first, waiting up to a
// minute for the first.
func (c *Client) Events(ctx context.Context, after uint64, wait time.Duration) ([]view.Event, error) {
	seconds := max(0, min(60, int(wait.Round(time.Second)/time.Second)))
	q := url.Values{"after": {strconv.FormatUint(after, 10)}, "wait": {strconv.Itoa(seconds)}}
	return getList[view.Event](ctx, c, "/v1/events?"+q.Encode())
}
