package view

import (
	"encoding/json"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/channel"
	"github.com/parley-network/parley/node/channel/policy"
	"github.com/parley-network/parley/relcard/money"
)

// Channel is a vendor's way into the owner's life, one a card.
type Channel struct {
	Card     dagcbor.CID     `json:"card"`
	With     string          `json:"with"`
	Open     bool            `json:"open"`
	Welcome  []string        `json:"welcome,omitempty" doc:"kinds of events it takes; all when left out"`
	Settings []policy.Effect `json:"settings,omitempty" doc:"what happens to each kind, and which rule says so"`
	Unread   int             `json:"unread"`
	Taken    int             `json:"taken" doc:"events that came by it"`
}

// ChannelWant opens, closes or narrows a channel.
type ChannelWant struct {
	Open    bool     `json:"open"`
	Welcome []string `json:"welcome,omitempty" doc:"kinds of events it takes; all when left out"`
}

// EventWant is an event a vendor sends, or one made up for a dry run.
type EventWant struct {
	Kind    string       `json:"kind" enum:"receipt,order,recall,renewal,offer,message"`
	ID      string       `json:"id,omitempty" maxLength:"128" doc:"the vendor's own; an event sent twice under one id has one effect"`
	Subject string       `json:"subject,omitempty" maxLength:"128" doc:"what it is about, such as an order's number"`
	Data    channel.Data `json:"data"`
}

// InboxEntry is an event that was kept.
type InboxEntry struct {
	ID     string          `json:"id"`
	Card   dagcbor.CID     `json:"card"`
	With   string          `json:"with"`
	Kind   string          `json:"kind"`
	Title  string          `json:"title"`
	Text   string          `json:"text,omitempty"`
	Time   identity.Time   `json:"time"`
	Action string          `json:"action"`
	Why    []policy.Step   `json:"why"`
	Read   bool            `json:"read"`
	Event  json.RawMessage `json:"event" doc:"the CloudEvent as the vendor signed it"`
}

// Subscription is one thing the owner is subscribed to.
type Subscription struct {
	Card    dagcbor.CID   `json:"card"`
	With    string        `json:"with"`
	Terms   string        `json:"terms"`
	What    string        `json:"what"`
	Price   *money.Money  `json:"price,omitempty"`
	Every   string        `json:"every,omitempty" doc:"ISO 8601 period"`
	Since   identity.Time `json:"since"`
	Renews  identity.Time `json:"renews,omitzero"`
	Ends    identity.Time `json:"ends,omitzero"`
	Ended   identity.Time `json:"ended,omitzero"`
	State   string        `json:"state"`
	Channel string        `json:"channel" doc:"open, closed"`
	Sends   bool          `json:"sends" doc:"offers, messages or renewals have come by the channel within a year, and it takes them still"`
	Shared  int           `json:"shared" doc:"pieces of data it holds"`
}

// Subscriptions is the one list, with what it costs.
type Subscriptions struct {
	Items      []Subscription `json:"items"`
	Monthly    []money.Money  `json:"monthly" doc:"cost a month, one a currency"`
	Yearly     []money.Money  `json:"yearly"`
	ThirdParty bool           `json:"third_party_mail" doc:"whether third parties' mail is let through"`
}

// Deadline is one date of a relationship.
type Deadline struct {
	Kind   string        `json:"kind" doc:"renewal, expiry, disclosure, demand, change, proffer, fulfil"`
	When   identity.Time `json:"when"`
	Card   dagcbor.CID   `json:"card,omitzero"`
	With   string        `json:"with,omitempty"`
	Title  string        `json:"title"`
	Passed bool          `json:"passed"`
}

// Programme is a loyalty programme the owner belongs to. Its number is only
// in the answer to a request that asks for it.
type Programme struct {
	Name   string        `json:"name"`
	Issuer string        `json:"issuer,omitempty"`
	Number string        `json:"number,omitempty"`
	Tier   string        `json:"tier,omitempty"`
	Since  identity.Time `json:"since,omitzero"`
	Until  identity.Time `json:"until,omitzero"`
	Note   string        `json:"note,omitempty"`
}

// LoyaltyWant is what a person states of their own loyalty to a vendor.
type LoyaltyWant struct {
	Level      string        `json:"level" enum:"tried,returning,regular,devoted"`
	Text       string        `json:"text,omitempty" maxLength:"1000"`
	Since      identity.Time `json:"since,omitzero"`
	Programmes []string      `json:"programmes,omitempty" doc:"names of programmes, without their numbers"`
}

// DigestPage is the events a person chose to read together.
type DigestPage struct {
	Made    identity.Time `json:"made,omitzero"`
	Text    string        `json:"text" doc:"one page of plain text"`
	Waiting int           `json:"waiting" doc:"events for the next one"`
}
