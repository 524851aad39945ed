package client

import (
	"bytes"
	"context"
	"net/http"
	"net/url"
	"strconv"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/button"
	"github.com/parley-network/parley/node/view"
	"github.com/parley-network/parley/relcard/negotiation"
)

// Vendors lists the vendors whose term updates stand.
func (c *Client) Vendors(ctx context.Context) ([]view.Vendor, error) {
	return getList[view.Vendor](ctx, c, "/v1/vendors")
}

// Vendor returns one vendor.
func (c *Client) Vendor(ctx context.Context, did identity.DID) (view.Vendor, error) {
	return get[view.Vendor](ctx, c, "/v1/vendors/"+segment(string(did)))
}

// Proffer puts terms to a vendor, for a new relationship or for a card.
func (c *Client) Proffer(ctx context.Context, w view.ProfferWant) (view.Negotiation, error) {
	return post[view.Negotiation](ctx, c, "/v1/negotiations", w)
}

// Negotiations lists the negotiations.
func (c *Client) Negotiations(ctx context.Context) ([]view.Negotiation, error) {
	return getList[view.Negotiation](ctx, c, "/v1/negotiations")
}

// Negotiation returns one negotiation by the id of its proffer.
func (c *Client) Negotiation(ctx context.Context, id dagcbor.CID) (view.Negotiation, error) {
	return get[view.Negotiation](ctx, c, "/v1/negotiations/"+id.String())
}

// Decide says yes or no to what the vendor named instead; no also withdraws a
// proffer. The vendor reads the reason of a no.
func (c *Client) Decide(ctx context.Context, id dagcbor.CID, yes bool, reason string) (view.Negotiation, error) {
	how := "/decline"
	if yes {
		how = "/accept"
	}
	return post[view.Negotiation](ctx, c, "/v1/negotiations/"+id.String()+how, because(reason))
}

// because is the body of requests that give a reason.
func because(reason string) map[string]string { return map[string]string{"reason": reason} }

// Preferences returns what the node answers by itself to terms a vendor names.
func (c *Client) Preferences(ctx context.Context) (negotiation.Preferences, error) {
	return get[negotiation.Preferences](ctx, c, "/v1/preferences")
}

// SetPreferences replaces them.
func (c *Client) SetPreferences(ctx context.Context, p negotiation.Preferences) error {
	return c.put(ctx, "/v1/preferences", p)
}

// AmendCard proposes a card's next version.
func (c *Client) AmendCard(ctx context.Context, root dagcbor.CID, a view.Amendment) (view.Card, error) {
	return post[view.Card](ctx, c, cardPath(root, "/amend"), a)
}

// SignCard agrees to the version the other side proposed.
func (c *Client) SignCard(ctx context.Context, root dagcbor.CID) (view.Card, error) {
	return post[view.Card](ctx, c, cardPath(root, "/sign"), nil)
}

// DeclineCard says no to the version the other side proposed.
func (c *Client) DeclineCard(ctx context.Context, root dagcbor.CID, reason string) (view.Card, error) {
	return post[view.Card](ctx, c, cardPath(root, "/decline"), because(reason))
}

// Relationship returns a card with all that was said under it.
func (c *Client) Relationship(ctx context.Context, root dagcbor.CID) (view.Relationship, error) {
	return get[view.Relationship](ctx, c, cardPath(root, "/relationship"))
}

// Button returns the state of the relationship with a vendor.
func (c *Client) Button(ctx context.Context, vendor identity.DID) (button.State, error) {
	v, err := get[struct {
		State button.State `json:"state"`
	}](ctx, c, "/v1/button?"+url.Values{"vendor": {string(vendor)}}.Encode())
	return v.State, err
}

// May answers whether the vendor may do something under a card.
func (c *Client) May(ctx context.Context, root dagcbor.CID, ask view.MayAsk) (view.MayAnswer, error) {
	return post[view.MayAnswer](ctx, c, cardPath(root, "/may"), ask)
}

// ExportTerms writes what a card agrees as "odrl", "iso27560" or "kantara".
func (c *Client) ExportTerms(ctx context.Context, root dagcbor.CID, format string) ([]byte, error) {
	return c.file(ctx, cardPath(root, "/terms?")+url.Values{"format": {format}}.Encode())
}

// DisputeCard returns a card's whole record as a CAR file, with the openings
// of the items chosen.
func (c *Client) DisputeCard(ctx context.Context, root dagcbor.CID, items []uint64) ([]byte, error) {
	q := url.Values{}
	for _, item := range items {
		q.Add("item", strconv.FormatUint(item, 10))
	}
	return c.file(ctx, cardPath(root, "/dispute?")+q.Encode())
}

// VerifyDispute has the node check a dispute's file.
func (c *Client) VerifyDispute(ctx context.Context, file []byte) (view.DisputeReport, error) {
	return call[view.DisputeReport](ctx, c, http.MethodPost, "/v1/disputes/verify", &body{carType, bytes.NewReader(file)})
}

func cardPath(root dagcbor.CID, rest string) string { return "/v1/cards/" + root.String() + rest }
