package client

import (
	"bytes"
	"context"
	"net/http"
	"net/url"
	"strconv"

	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/view"
)

// Profile lists the pieces of the owner's profile.
func (c *Client) Profile(ctx context.Context) ([]view.Piece, error) {
	return getList[view.Piece](ctx, c, "/v1/profile")
}

// SetPiece changes a piece and tells those who had the old value.
func (c *Client) SetPiece(ctx context.Context, path string, w view.ChangeWant) (view.Change, error) {
	return sendJSON[view.Change](ctx, c, http.MethodPut, piecePath(path), w)
}

// RemovePiece takes a piece out of the profile.
func (c *Client) RemovePiece(ctx context.Context, path string) error {
	return c.tell(ctx, http.MethodDelete, piecePath(path), nil)
}

func piecePath(path string) string {
	return "/v1/profile/piece?" + url.Values{"path": {path}}.Encode()
}

// profileTypes are the media types of the formats of a profile.
var profileTypes = map[string]string{"jscontact": "application/jscontact+json", "vcard": "text/vcard"}

// ImportProfile takes a "jscontact" or "vcard" file into the profile.
func (c *Client) ImportProfile(ctx context.Context, format string, file []byte, quiet bool) (view.ProfileReport, error) {
	kind := profileTypes[format]
	if kind == "" {
		kind = "application/octet-stream" // the node says what it takes
	}
	q := url.Values{"format": {format}, "quiet": {strconv.FormatBool(quiet)}}
	return call[view.ProfileReport](ctx, c, http.MethodPost, "/v1/profile/import?"+q.Encode(), &body{kind, bytes.NewReader(file)})
}

// ExportProfile returns the profile as a "jscontact" or "vcard" file.
func (c *Client) ExportProfile(ctx context.Context, format string) ([]byte, error) {
	return c.file(ctx, "/v1/profile/export?"+url.Values{"format": {format}}.Encode())
}

// Changes lists the changes of the profile.
func (c *Client) Changes(ctx context.Context) ([]view.Change, error) {
	return getList[view.Change](ctx, c, "/v1/changes")
}

// Change returns one change with each relationship's answer.
func (c *Client) Change(ctx context.Context, id string) (view.Change, error) {
	return get[view.Change](ctx, c, "/v1/changes/"+segment(id))
}

// UndoChange takes a change back, and tells those who were told of it.
func (c *Client) UndoChange(ctx context.Context, id string) (view.Change, error) {
	return post[view.Change](ctx, c, "/v1/changes/"+segment(id)+"/undo", nil)
}

// Share gives the other side of a card pieces of the profile.
func (c *Client) Share(ctx context.Context, root dagcbor.CID, w view.ShareWant) ([]view.Shared, error) {
	l, err := post[list[view.Shared]](ctx, c, cardPath(root, "/share"), w)
	return l.Items, err
}

// Retract takes shared items back.
func (c *Client) Retract(ctx context.Context, root dagcbor.CID, items []uint64, reason string) ([]view.Shared, error) {
	in := map[string]any{"items": items, "reason": reason}
	l, err := post[list[view.Shared]](ctx, c, cardPath(root, "/retract"), in)
	return l.Items, err
}

// Shared lists who knows what: under one card or, for the zero root, all; of
// one path or, for "", all.
func (c *Client) Shared(ctx context.Context, root dagcbor.CID, path string) ([]view.Shared, error) {
	q := underCard(root)
	if path != "" {
		q.Set("path", path)
	}
	return getList[view.Shared](ctx, c, "/v1/shared?"+q.Encode())
}

// underCard is the query that narrows a list to a card; none for the zero root.
func underCard(root dagcbor.CID) url.Values {
	q := url.Values{}
	if !root.IsZero() {
		q.Set("card", root.String())
	}
	return q
}

// Demand asks a vendor to delete, or to hand over, what it holds.
func (c *Client) Demand(ctx context.Context, root dagcbor.CID, w view.DemandWant) (view.Demand, error) {
	return post[view.Demand](ctx, c, cardPath(root, "/demands"), w)
}

// Demands lists the demands under a card or, for the zero root, all.
func (c *Client) Demands(ctx context.Context, root dagcbor.CID) ([]view.Demand, error) {
	return getList[view.Demand](ctx, c, "/v1/demands?"+underCard(root).Encode())
}

// Comply is a vendor's answer to a demand.
func (c *Client) Comply(ctx context.Context, root dagcbor.CID, w view.ComplyWant) (view.Demand, error) {
	return post[view.Demand](ctx, c, cardPath(root, "/comply"), w)
}

// Release opens private details of an own intent to one bidder.
func (c *Client) Release(ctx context.Context, w view.ReleaseWant) ([]view.Released, error) {
	in := map[string][]string{"names": w.Names}
	l, err := post[list[view.Released]](ctx, c, "/v1/offers/"+w.Offer.String()+"/release", in)
	return l.Items, err
}

// Released lists the private details of an intent that were opened.
func (c *Client) Released(ctx context.Context, intent dagcbor.CID) ([]view.Released, error) {
	return getList[view.Released](ctx, c, "/v1/intents/"+intent.String()+"/released")
}

// CheckLeak names the relationships that were given a value.
func (c *Client) CheckLeak(ctx context.Context, value string) (view.Leak, error) {
	return post[view.Leak](ctx, c, "/v1/leaks/check", map[string]string{"value": value})
}

// LeakEvidence returns a CAR file that shows a stranger what one relationship
// was given.
func (c *Client) LeakEvidence(ctx context.Context, root dagcbor.CID, item uint64) ([]byte, error) {
	return c.file(ctx, cardPath(root, "/evidence?item=")+strconv.FormatUint(item, 10))
}

// Programmes lists the owner's loyalty programmes, with their numbers when
// revealed, which takes the token that may change things.
func (c *Client) Programmes(ctx context.Context, reveal bool) ([]view.Programme, error) {
	return getList[view.Programme](ctx, c, "/v1/programmes?reveal="+strconv.FormatBool(reveal))
}

// PutProgramme adds a programme, or replaces the one of its name.
func (c *Client) PutProgramme(ctx context.Context, p view.Programme) error {
	return c.put(ctx, "/v1/programmes", p)
}

// RemoveProgramme forgets a programme.
func (c *Client) RemoveProgramme(ctx context.Context, name string) error {
	return c.tell(ctx, http.MethodDelete, "/v1/programmes?"+url.Values{"name": {name}}.Encode(), nil)
}

// StateLoyalty tells the vendor of a card of the owner's loyalty.
func (c *Client) StateLoyalty(ctx context.Context, root dagcbor.CID, w view.LoyaltyWant) (view.Relationship, error) {
	return post[view.Relationship](ctx, c, cardPath(root, "/loyalty"), w)
}
