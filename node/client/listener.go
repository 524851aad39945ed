package client

import (
	"context"
	"net/http"
	"strconv"

	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/channel/digest"
	"github.com/parley-network/parley/node/channel/policy"
	"github.com/parley-network/parley/node/view"
)

// Channels lists the channels, one a card.
func (c *Client) Channels(ctx context.Context) ([]view.Channel, error) {
	return getList[view.Channel](ctx, c, "/v1/channels")
}

// Channel returns the channel of one card.
func (c *Client) Channel(ctx context.Context, root dagcbor.CID) (view.Channel, error) {
	return get[view.Channel](ctx, c, cardPath(root, "/channel"))
}

// SetChannel opens, closes or narrows a channel and tells the vendor.
func (c *Client) SetChannel(ctx context.Context, root dagcbor.CID, w view.ChannelWant) (view.Channel, error) {
	return sendJSON[view.Channel](ctx, c, http.MethodPut, cardPath(root, "/channel"), w)
}

// ChannelPolicy returns what becomes of the events that vendors send.
func (c *Client) ChannelPolicy(ctx context.Context) (policy.Policy, error) {
	return get[policy.Policy](ctx, c, "/v1/channels/policy")
}

// SetChannelPolicy replaces it.
func (c *Client) SetChannelPolicy(ctx context.Context, p policy.Policy) error {
	return c.put(ctx, "/v1/channels/policy", p)
}

// TryEvent says what would become of an event, and why.
func (c *Client) TryEvent(ctx context.Context, root dagcbor.CID, w view.EventWant) (policy.Decision, error) {
	return post[policy.Decision](ctx, c, cardPath(root, "/events/try"), w)
}

// SendEvent has a vendor's node send an event, and returns the event's id.
func (c *Client) SendEvent(ctx context.Context, root dagcbor.CID, w view.EventWant) (string, error) {
	v, err := post[struct {
		ID string `json:"id"`
	}](ctx, c, cardPath(root, "/events"), w)
	return v.ID, err
}

// Inbox lists the events that were kept, or those of them not yet read.
func (c *Client) Inbox(ctx context.Context, unread bool) ([]view.InboxEntry, error) {
	return getList[view.InboxEntry](ctx, c, "/v1/inbox?unread="+strconv.FormatBool(unread))
}

// MarkRead marks an entry of the inbox as read or, by its statement's CID, a
// demand.
func (c *Client) MarkRead(ctx context.Context, id string) error {
	b, err := asJSON(map[string]string{"id": id})
	if err != nil {
		return err
	}
	return c.tell(ctx, http.MethodPost, "/v1/inbox/read", b)
}

// Receipts returns whether the node tells senders what was read.
func (c *Client) Receipts(ctx context.Context) (view.Receipts, error) {
	return get[view.Receipts](ctx, c, "/v1/receipts")
}

// SetReceipts sets it.
func (c *Client) SetReceipts(ctx context.Context, v view.Receipts) error {
	return c.put(ctx, "/v1/receipts", v)
}

// DigestSchedule returns when digests are due.
func (c *Client) DigestSchedule(ctx context.Context) (digest.Schedule, error) {
	return get[digest.Schedule](ctx, c, "/v1/digest/schedule")
}

// SetDigestSchedule replaces it.
func (c *Client) SetDigestSchedule(ctx context.Context, s digest.Schedule) error {
	return c.put(ctx, "/v1/digest/schedule", s)
}

// Digest returns the newest digest.
func (c *Client) Digest(ctx context.Context) (view.DigestPage, error) {
	return get[view.DigestPage](ctx, c, "/v1/digest")
}

// Subscriptions returns the one list of what the owner is subscribed to.
func (c *Client) Subscriptions(ctx context.Context) (view.Subscriptions, error) {
	return get[view.Subscriptions](ctx, c, "/v1/subscriptions")
}

// Agenda lists what falls due, the soonest first.
func (c *Client) Agenda(ctx context.Context) ([]view.Deadline, error) {
	return getList[view.Deadline](ctx, c, "/v1/agenda")
}

// Calendar returns the agenda as an iCalendar file.
func (c *Client) Calendar(ctx context.Context) ([]byte, error) {
	return c.file(ctx, "/v1/calendar.ics")
}
