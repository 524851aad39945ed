package view

import (
	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
)

// Letter is where a letter stands that this node has sent.
type Letter struct {
	ID       string         `json:"id"`
	Kind     string         `json:"kind" doc:"what it carries, such as offer, countersign, say, event"`
	Ref      string         `json:"ref,omitempty" doc:"what it belongs to: a card, a negotiation, an offer"`
	With     string         `json:"with,omitempty" doc:"who it is for, by name or in words"`
	Card     *dagcbor.CID   `json:"card,omitempty" doc:"the relationship, once there is a card"`
	About    string         `json:"about,omitempty" doc:"what it is about: what the card or the offer is for"`
	State    string         `json:"state" enum:"queued,held,delivered,read,refused,expired"`
	Text     string         `json:"text" doc:"the state in words"`
	HeldBy   string         `json:"held_by,omitempty" doc:"the peer that keeps it for the recipient"`
	Attempts int            `json:"attempts"`
	Problem  string         `json:"problem,omitempty" doc:"of the last attempt, or why it was refused"`
	Created  identity.Time  `json:"created"`
	Expires  identity.Time  `json:"expires" doc:"given up then"`
	Next     *identity.Time `json:"next,omitempty" doc:"when it is tried again"`
}

// Receipts is whether a node tells senders what its owner has read.
type Receipts struct {
	Send bool `json:"send" doc:"senders are told, once, when what they sent is marked as read"`
}
