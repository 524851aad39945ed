package api

import (
	"context"
	"net/http"

	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/channel/digest"
	"github.com/parley-network/parley/node/channel/policy"
	"github.com/parley-network/parley/node/view"
)

// maxPolicy bounds the preferences for events: they may name each card.
const maxPolicy = 4 << 20

type (
	channelInput struct {
		ID   dagcbor.CID `path:"id" doc:"CID"`
		Body view.ChannelWant
	}
	policyInput struct {
		Body policy.Policy
	}
	eventInput struct {
		ID   dagcbor.CID `path:"id" doc:"CID"`
		Body view.EventWant
	}
	sent struct {
		ID string `json:"id" doc:"of the event"`
	}
	inboxInput struct {
		Unread bool `query:"unread" doc:"only what has not been read"`
	}
	readInput struct {
		Body struct {
			ID string `json:"id" minLength:"1" maxLength:"512" doc:"of the entry"`
		}
	}
	receiptsInput struct {
		Body view.Receipts
	}
	scheduleInput struct {
		Body digest.Schedule
	}
)

// channelRoutes are what vendors send, and what becomes of it.
func (s *Server) channelRoutes() {
	n := s.cfg.Node
	handle(s, http.MethodGet, "/v1/channels", "listChannels", "All channels, one a card", func(ctx context.Context, _ *none) (list[view.Channel], error) {
		return listed(n.Channels(ctx))
	}, says("Each with what happens to every kind of event, and which preference says so."))
	handle(s, http.MethodGet, "/v1/cards/{id}/channel", "getChannel", "The channel of one card", func(ctx context.Context, in *byID) (view.Channel, error) {
		return n.Channel(ctx, in.ID)
	}, says("What the vendor may send, and what happens with it."))
	handle(s, http.MethodPut, "/v1/cards/{id}/channel", "setChannel", "Open, close or narrow a channel", func(ctx context.Context, in *channelInput) (view.Channel, error) {
		return n.SetChannel(ctx, in.ID, in.Body)
	}, says("Holds at this node at once, and the vendor's node is told."))
	handle(s, http.MethodGet, "/v1/channels/policy", "getChannelPolicy", "What becomes of events: the owner's preferences", func(ctx context.Context, _ *none) (policy.Policy, error) {
		return n.ChannelPolicy(ctx)
	}, says("For all channels and for each, by kind and by rules in CEL."))
	handle(s, http.MethodPut, "/v1/channels/policy", "setChannelPolicy", "Replace the preferences for events", func(ctx context.Context, in *policyInput) (policy.Policy, error) {
		if err := n.SetChannelPolicy(ctx, in.Body); err != nil {
			return policy.Policy{}, err
		}
		return n.ChannelPolicy(ctx)
	}, upTo(maxPolicy), says("All of them; answers with what holds now."))
	handle(s, http.MethodPost, "/v1/cards/{id}/events", "sendEvent", "Send an event to a person, as the vendor", func(ctx context.Context, in *eventInput) (sent, error) {
		id, err := n.SendEvent(ctx, in.ID, in.Body)
		return sent{id}, err
	}, created, says("Sent twice under one id it has one effect. It is refused when the person's channel does not take the kind."))
	handle(s, http.MethodPost, "/v1/cards/{id}/events/try", "tryEvent", "What would become of an event, and why", func(ctx context.Context, in *eventInput) (policy.Decision, error) {
		return n.TryEvent(ctx, in.ID, in.Body)
	}, asks, says("A dry run: every preference that was considered, in order. Nothing is kept or sent."))
	handle(s, http.MethodGet, "/v1/inbox", "listInbox", "Events that were kept, the newest first", func(ctx context.Context, in *inboxInput) (list[view.InboxEntry], error) {
		return listed(n.Inbox(ctx, in.Unread))
	}, says("Each with why it is here and the CloudEvent that the vendor signed."))
	perform(s, http.MethodPost, "/v1/inbox/read", "markRead", "Mark an entry of the inbox as read", func(ctx context.Context, in *readInput) error {
		return n.MarkRead(ctx, in.Body.ID)
	}, says("Or, by the CID of its statement, a demand of the person's. Whoever sent it is told, once, if the node tells that: see getReceipts."))
	handle(s, http.MethodGet, "/v1/receipts", "getReceipts", "Whether senders are told what was read", func(ctx context.Context, _ *none) (view.Receipts, error) {
		return n.Receipts(ctx)
	}, says("Unless set, a vendor's node tells and a person's does not."))
	handle(s, http.MethodPut, "/v1/receipts", "setReceipts", "Set whether senders are told what was read", func(ctx context.Context, in *receiptsInput) (view.Receipts, error) {
		if err := n.SetReceipts(ctx, in.Body); err != nil {
			return view.Receipts{}, err
		}
		return n.Receipts(ctx)
	}, says("Holds for what is read from then on."))
}

// agendaRoutes are digests and what falls due.
func (s *Server) agendaRoutes() {
	n := s.cfg.Node
	handle(s, http.MethodGet, "/v1/digest", "getDigest", "The newest digest", func(ctx context.Context, _ *none) (view.DigestPage, error) {
		return n.Digest(ctx)
	}, says("One page of plain text, and how many events wait for the next."))
	handle(s, http.MethodGet, "/v1/digest/schedule", "getDigestSchedule", "When digests are due", func(ctx context.Context, _ *none) (digest.Schedule, error) {
		return n.DigestSchedule(ctx)
	}, says("An hour of the day in a time zone, daily or on one day of the week."))
	handle(s, http.MethodPut, "/v1/digest/schedule", "setDigestSchedule", "Replace when digests are due", func(ctx context.Context, in *scheduleInput) (digest.Schedule, error) {
		if err := n.SetDigestSchedule(ctx, in.Body); err != nil {
			return digest.Schedule{}, err
		}
		return n.DigestSchedule(ctx)
	}, says("Answers with what holds now."))
	handle(s, http.MethodGet, "/v1/subscriptions", "getSubscriptions", "The one list of what the owner is subscribed to", func(ctx context.Context, _ *none) (view.Subscriptions, error) {
		return n.Subscriptions(ctx)
	}, says("With what it costs a month and a year, one sum a currency."))
	handle(s, http.MethodGet, "/v1/agenda", "getAgenda", "What falls due, the soonest first", func(ctx context.Context, _ *none) (list[view.Deadline], error) {
		return listed(n.Agenda(ctx))
	}, says("Renewals, expiries, deadlines of demands, changes yet to take effect."))
	download(s, "/v1/calendar.ics", "getCalendar", "The agenda for calendar programs", []string{"text/calendar"}, func(ctx context.Context, _ *none) (file, error) {
		b, err := n.Calendar(ctx)
		return file{"text/calendar; charset=utf-8", b}, err
	}, says("iCalendar (RFC 5545)."))
}
