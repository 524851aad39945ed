package apitest

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/channel"
	"github.com/parley-network/parley/node/channel/digest"
	"github.com/parley-network/parley/node/channel/policy"
	"github.com/parley-network/parley/node/view"
	"github.com/parley-network/parley/relcard/money"
)

// ChannelSheet is what a [Node] answers as an api.Listener.
type ChannelSheet struct {
	Ways    []view.Channel
	Filter  policy.Policy
	Verdict policy.Decision
	Mail    []view.InboxEntry
	Timing  digest.Schedule
	Reads   view.Receipts
	Page    view.DigestPage
	Paid    view.Subscriptions
	Dates   []view.Deadline
	Ics     []byte
}

func sampleChannels(card view.Card) ChannelSheet {
	steps := []policy.Step{{Decides: true, Action: policy.Inbox, Text: "nothing is said of kind message: the default → inbox"}}
	monthly := money.Money{Currency: "USD", Amount: "9.50"}
	return ChannelSheet{
		Ways: []view.Channel{{Card: card.ID, With: "Shop", Open: true, Unread: 1, Taken: 2,
			Settings: []policy.Effect{{Kind: channel.KindOffer, Action: policy.Digest, Quiet: policy.Digest, ThirdParty: policy.Drop, From: "default"}}}},
		Filter: policy.Policy{Version: 1, Global: policy.Global{NoThirdParty: true, Zone: "Europe/Berlin", Quiet: &policy.Quiet{From: "22:00", To: "07:30"}},
			Channels: map[dagcbor.CID]policy.Channel{card.ID: {Kinds: map[channel.Kind]policy.Action{channel.KindOffer: policy.Drop}}}},
		Verdict: policy.Decision{Action: policy.Inbox, Why: steps},
		Mail: []view.InboxEntry{{ID: "e1", Card: card.ID, With: "Shop", Kind: "message", Title: "Your skis are ready", Time: When, Action: "inbox", Why: steps,
			Event: json.RawMessage(`{"id":"e1"}`)}},
		Timing: digest.Schedule{Hour: 8, Zone: "Europe/Berlin", Weekly: true, Day: 1},
		Page:   view.DigestPage{Made: When, Text: "2 events from 1 vendor\n", Waiting: 3},
		Paid: view.Subscriptions{Items: []view.Subscription{{Card: card.ID, With: "Shop", Terms: "SD-BASE", What: "Skis", Price: &monthly, Every: "P1M", Since: When, Renews: When, State: "active", Channel: "open", Shared: 1}},
			Monthly: []money.Money{monthly}, Yearly: []money.Money{}, ThirdParty: false},
		Dates: []view.Deadline{{Kind: "renewal", When: When, Card: card.ID, With: "Shop", Title: "Skis renew"}},
		Ics:   []byte("BEGIN:VCALENDAR\r\n"),
	}
}

// Channels implements api.Listener.
func (n *Node) Channels(context.Context) ([]view.Channel, error) { return n.Ways, n.call("channels") }

// Channel implements api.Listener.
func (n *Node) Channel(_ context.Context, root dagcbor.CID) (view.Channel, error) {
	return find(n.Ways, n.call("channel %s", root), func(c view.Channel) bool { return c.Card == root })
}

// SetChannel implements api.Listener.
func (n *Node) SetChannel(_ context.Context, root dagcbor.CID, w view.ChannelWant) (view.Channel, error) {
	return find(n.Ways, n.given(w, "set channel %s open=%t", root, w.Open), func(c view.Channel) bool { return c.Card == root })
}

// ChannelPolicy implements api.Listener.
func (n *Node) ChannelPolicy(context.Context) (policy.Policy, error) {
	return n.Filter, n.call("channel policy")
}

// SetChannelPolicy implements api.Listener.
func (n *Node) SetChannelPolicy(_ context.Context, p policy.Policy) error {
	if _, err := policy.Compile(p); err != nil {
		return fmt.Errorf("%w: %w", view.ErrInvalid, err)
	}
	return set(&n.Filter, p, n.given(p, "set channel policy"))
}

// TryEvent implements api.Listener.
func (n *Node) TryEvent(_ context.Context, root dagcbor.CID, w view.EventWant) (policy.Decision, error) {
	return under(n, root, n.Verdict, n.given(w, "try %s under %s", w.Kind, root))
}

// SendEvent implements api.Listener.
func (n *Node) SendEvent(_ context.Context, root dagcbor.CID, w view.EventWant) (string, error) {
	return under(n, root, w.ID, n.given(w, "send %s under %s", w.Kind, root))
}

// Inbox implements api.Listener.
func (n *Node) Inbox(_ context.Context, unread bool) ([]view.InboxEntry, error) {
	return n.Mail, n.call("inbox unread=%t", unread)
}

// MarkRead implements api.Listener.
func (n *Node) MarkRead(_ context.Context, id string) error {
	_, err := find(n.Mail, n.call("mark read %s", id), func(e view.InboxEntry) bool { return e.ID == id })
	return err
}

// Receipts implements api.Listener.
func (n *Node) Receipts(context.Context) (view.Receipts, error) { return n.Reads, n.call("receipts") }

// SetReceipts implements api.Listener.
func (n *Node) SetReceipts(_ context.Context, v view.Receipts) error {
	return set(&n.Reads, v, n.given(v, "set receipts"))
}

// DigestSchedule implements api.Listener.
func (n *Node) DigestSchedule(context.Context) (digest.Schedule, error) {
	return n.Timing, n.call("digest schedule")
}

// SetDigestSchedule implements api.Listener.
func (n *Node) SetDigestSchedule(_ context.Context, s digest.Schedule) error {
	return set(&n.Timing, s, n.given(s, "set digest schedule"))
}

// Digest implements api.Listener.
func (n *Node) Digest(context.Context) (view.DigestPage, error) { return n.Page, n.call("digest") }

// Subscriptions implements api.Listener.
func (n *Node) Subscriptions(context.Context) (view.Subscriptions, error) {
	return n.Paid, n.call("subscriptions")
}

// Agenda implements api.Listener.
func (n *Node) Agenda(context.Context) ([]view.Deadline, error) { return n.Dates, n.call("agenda") }

// Calendar implements api.Listener.
func (n *Node) Calendar(context.Context) ([]byte, error) { return n.Ics, n.call("calendar") }
