package api

import (
	"context"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/button"
	"github.com/parley-network/parley/node/channel/digest"
	"github.com/parley-network/parley/node/channel/policy"
	"github.com/parley-network/parley/node/view"
	"github.com/parley-network/parley/relcard/negotiation"
)

// Negotiator is a node's part in coming to terms.
type Negotiator interface {
	// Vendors lists the vendors whose term updates stand.
	Vendors(ctx context.Context) ([]view.Vendor, error)
	Vendor(ctx context.Context, did identity.DID) (view.Vendor, error)
	// Proffer puts terms to a vendor, for a new relationship or for a card.
	Proffer(ctx context.Context, w view.ProfferWant) (view.Negotiation, error)
	Negotiations(ctx context.Context) ([]view.Negotiation, error)
	Negotiation(ctx context.Context, id dagcbor.CID) (view.Negotiation, error)
	// Decide says yes or no to what the vendor named instead; no also
	// withdraws a proffer.
	Decide(ctx context.Context, id dagcbor.CID, yes bool, reason string) (view.Negotiation, error)
	Preferences(ctx context.Context) (negotiation.Preferences, error)
	SetPreferences(ctx context.Context, p negotiation.Preferences) error

	// AmendCard proposes a card's next version; SignCard and DeclineCard
	// answer the other side's.
	AmendCard(ctx context.Context, root dagcbor.CID, a view.Amendment) (view.Card, error)
	SignCard(ctx context.Context, root dagcbor.CID) (view.Card, error)
	DeclineCard(ctx context.Context, root dagcbor.CID, reason string) (view.Card, error)

	// Relationship is a card with all that was said under it.
	Relationship(ctx context.Context, root dagcbor.CID) (view.Relationship, error)
	// Button is the state of the relationship with a vendor, ⊂ ⊃.
	Button(ctx context.Context, vendor identity.DID) (button.State, error)
	// May answers whether the vendor may do something under a card.
	May(ctx context.Context, root dagcbor.CID, ask view.MayAsk) (view.MayAnswer, error)
	// ExportTerms writes what a card agrees as "odrl", "iso27560" or "kantara".
	ExportTerms(ctx context.Context, root dagcbor.CID, format string) ([]byte, error)
	// DisputeCard returns the whole record as one file, with the openings of
	// the items chosen; VerifyDispute reads anybody's.
	DisputeCard(ctx context.Context, root dagcbor.CID, items []uint64) ([]byte, error)
	VerifyDispute(ctx context.Context, file []byte) (view.DisputeReport, error)
}

// Keeper is a node's part in the owner's own data: what it is, who knows it,
// and what becomes of it.
type Keeper interface {
	Profile(ctx context.Context) ([]view.Piece, error)
	// SetPiece changes a piece and tells those who had the old value.
	SetPiece(ctx context.Context, path string, w view.ChangeWant) (view.Change, error)
	RemovePiece(ctx context.Context, path string) error
	// ImportProfile and ExportProfile take "jscontact" and "vcard".
	ImportProfile(ctx context.Context, format string, file []byte, quiet bool) (view.ProfileReport, error)
	ExportProfile(ctx context.Context, format string) ([]byte, error)

	Changes(ctx context.Context) ([]view.Change, error)
	Change(ctx context.Context, id string) (view.Change, error)
	UndoChange(ctx context.Context, id string) (view.Change, error)

	Share(ctx context.Context, root dagcbor.CID, w view.ShareWant) ([]view.Shared, error)
	Retract(ctx context.Context, root dagcbor.CID, items []uint64, reason string) ([]view.Shared, error)
	// Shared is who knows what: under one card or, for the zero root, all; of
	// one path or, for "", all. At a vendor's node it is what it holds.
	Shared(ctx context.Context, root dagcbor.CID, path string) ([]view.Shared, error)
	Demand(ctx context.Context, root dagcbor.CID, w view.DemandWant) (view.Demand, error)
	Demands(ctx context.Context, root dagcbor.CID) ([]view.Demand, error)
	// Comply is a vendor's answer to a demand that its rules left to people.
	Comply(ctx context.Context, root dagcbor.CID, w view.ComplyWant) (view.Demand, error)
	// Release opens private details of an own intent to one bidder.
	Release(ctx context.Context, w view.ReleaseWant) ([]view.Released, error)
	Released(ctx context.Context, intent dagcbor.CID) ([]view.Released, error)

	// CheckLeak names the relationships that were given a value; LeakEvidence
	// is a file that shows a stranger what one was given.
	CheckLeak(ctx context.Context, value string) (view.Leak, error)
	LeakEvidence(ctx context.Context, root dagcbor.CID, item uint64) ([]byte, error)

	Programmes(ctx context.Context, reveal bool) ([]view.Programme, error)
	PutProgramme(ctx context.Context, p view.Programme) error
	RemoveProgramme(ctx context.Context, name string) error
	StateLoyalty(ctx context.Context, root dagcbor.CID, w view.LoyaltyWant) (view.Relationship, error)
}

// Listener is a node's part in what vendors send and what falls due.
type Listener interface {
	Channels(ctx context.Context) ([]view.Channel, error)
	Channel(ctx context.Context, root dagcbor.CID) (view.Channel, error)
	// SetChannel opens, closes or narrows a channel and tells the vendor.
	SetChannel(ctx context.Context, root dagcbor.CID, w view.ChannelWant) (view.Channel, error)
	ChannelPolicy(ctx context.Context) (policy.Policy, error)
	SetChannelPolicy(ctx context.Context, p policy.Policy) error
	// TryEvent says what would become of an event, and why.
	TryEvent(ctx context.Context, root dagcbor.CID, w view.EventWant) (policy.Decision, error)
	// SendEvent is a vendor's: it returns the event's id.
	SendEvent(ctx context.Context, root dagcbor.CID, w view.EventWant) (string, error)
	Inbox(ctx context.Context, unread bool) ([]view.InboxEntry, error)
	MarkRead(ctx context.Context, id string) error
	// Receipts is whether senders are told what was read.
	Receipts(ctx context.Context) (view.Receipts, error)
	SetReceipts(ctx context.Context, v view.Receipts) error
	DigestSchedule(ctx context.Context) (digest.Schedule, error)
	SetDigestSchedule(ctx context.Context, s digest.Schedule) error
	Digest(ctx context.Context) (view.DigestPage, error)

	Subscriptions(ctx context.Context) (view.Subscriptions, error)
	Agenda(ctx context.Context) ([]view.Deadline, error)
	Calendar(ctx context.Context) ([]byte, error)
}
