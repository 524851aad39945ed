package view

import (
	"encoding/json"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
)

// Piece is one piece of the owner's profile.
type Piece struct {
	Path  string          `json:"path" doc:"such as addresses/home"`
	Value json.RawMessage `json:"value" doc:"JSContact (RFC 9553)"`
	Text  string          `json:"text" doc:"in one line"`
	Next  *FuturePiece    `json:"next,omitempty" doc:"what it changes to"`
}

// FuturePiece is a value that takes effect later.
type FuturePiece struct {
	From  identity.Time   `json:"from"`
	Value json.RawMessage `json:"value"`
	Text  string          `json:"text"`
}

// ProfileReport tells what an import took and what it had no place for.
type ProfileReport struct {
	Taken   []string `json:"taken"`
	Dropped []string `json:"dropped"`
	Changes []Change `json:"changes" doc:"told to those who had the old values"`
}

// ShareWant is what is to be shared with one relationship.
type ShareWant struct {
	Paths   []string      `json:"paths" doc:"pieces of the profile" minItems:"1" maxItems:"32"`
	Purpose []string      `json:"purpose" doc:"what they may be used for: analytics, billing, contact, delivery, eligibility, emergency, identification, legal, marketing, personalisation, research, support" minItems:"1" maxItems:"8"`
	Until   identity.Time `json:"until,omitzero"`
	Replace bool          `json:"replace,omitempty" doc:"take the place of all that was shared of these pieces, whatever for; else only of what was shared for none but these purposes"`
	Canary  string        `json:"canary,omitempty" doc:"alias, domain or spelling: a variant that shows where it leaked from"`
}

// Shared is one piece shared under one card: who knows what.
type Shared struct {
	Card       dagcbor.CID     `json:"card"`
	With       string          `json:"with" doc:"the other side's name"`
	Item       uint64          `json:"item"`
	Path       string          `json:"path"`
	Value      json.RawMessage `json:"value,omitempty" doc:"as it was shared; gone where it has been deleted"`
	Text       string          `json:"text"`
	Purpose    []string        `json:"purpose"`
	State      string          `json:"state" doc:"waiting, recorded, refused, future, replaced, retracted, expired, deleted"`
	Since      identity.Time   `json:"since"`
	From       identity.Time   `json:"from,omitzero"`
	Until      identity.Time   `json:"until,omitzero"`
	Receipt    dagcbor.CID     `json:"receipt,omitzero" doc:"the vendor's signed receipt"`
	Reason     string          `json:"reason,omitempty"`
	Canary     bool            `json:"canary,omitempty"`
	ReplacedBy uint64          `json:"replaced_by,omitempty" doc:"the item that has taken its place or, while it is not replaced, will"`
	Current    bool            `json:"current" doc:"it is what the profile says now"`
}

// ChangeWant sets a piece of the profile and tells those who had the old one.
type ChangeWant struct {
	Value json.RawMessage `json:"value,omitempty" doc:"JSContact; or text"`
	Text  string          `json:"text,omitempty" doc:"as a person writes it, in place of value"`
	From  identity.Time   `json:"from,omitzero" doc:"takes effect then; at once when left out"`
	Cards []dagcbor.CID   `json:"cards,omitempty" doc:"tell only these; all that had the old value when left out"`
	Quiet bool            `json:"quiet,omitempty" doc:"tell nobody"`
}

// Change is one change of the profile and who has confirmed it.
type Change struct {
	ID        string        `json:"id"`
	Path      string        `json:"path"`
	Old       string        `json:"old,omitempty"`
	New       string        `json:"new"`
	Made      identity.Time `json:"made"`
	From      identity.Time `json:"from,omitzero"`
	Undoes    string        `json:"undoes,omitempty" doc:"the change this one takes back"`
	Undone    string        `json:"undone,omitempty" doc:"the change that took this one back"`
	Confirmed int           `json:"confirmed"`
	Waiting   int           `json:"waiting"`
	Refused   int           `json:"refused"`
	Telling   int           `json:"telling" doc:"not yet sent"`
	Cards     []ChangeCard  `json:"cards,omitempty" doc:"one by one; in a single change only"`
}

// ChangeCard is one relationship's answer to a change.
type ChangeCard struct {
	Card    dagcbor.CID   `json:"card"`
	With    string        `json:"with"`
	State   string        `json:"state" doc:"telling, waiting, confirmed, refused"`
	Reason  string        `json:"reason,omitempty"`
	Receipt dagcbor.CID   `json:"receipt,omitzero"`
	At      identity.Time `json:"at,omitzero"`
}

// DemandWant asks the vendor to delete, or to hand over, what it holds.
type DemandWant struct {
	What     string        `json:"what" enum:"delete,copy"`
	Items    []uint64      `json:"items,omitempty" doc:"all when left out"`
	Deadline identity.Time `json:"deadline,omitzero" doc:"a month from now when left out"`
	Reason   string        `json:"reason,omitempty" maxLength:"1000"`
}

// Demand is a demand and how it stands.
type Demand struct {
	ID       dagcbor.CID   `json:"id" doc:"of the demanding statement"`
	Card     dagcbor.CID   `json:"card"`
	With     string        `json:"with"`
	What     string        `json:"what"`
	Items    []uint64      `json:"items,omitempty"`
	Made     identity.Time `json:"made"`
	Deadline identity.Time `json:"deadline"`
	State    string        `json:"state" doc:"waiting, complied, partly, refused, overdue"`
	Answer   dagcbor.CID   `json:"answer,omitzero"`
	Reason   string        `json:"reason,omitempty"`
	Copy     []Piece       `json:"copy,omitempty" doc:"what came back"`
	Unread   bool          `json:"unread,omitempty" doc:"at the vendor: not yet marked as read"`
}

// ComplyWant is a vendor's answer to a demand.
type ComplyWant struct {
	Demand dagcbor.CID `json:"demand"`
	Did    string      `json:"did" enum:"deleted,copied,refused" doc:"what was done; the node deletes its own records of it"`
	Reason string      `json:"reason,omitempty" maxLength:"1000"`
}

// ReleaseWant opens private details of an intent to one bidder.
type ReleaseWant struct {
	Offer dagcbor.CID `json:"offer"`
	Names []string    `json:"names" minItems:"1" maxItems:"32"`
}

// Released is a detail of an intent that its author opened to this vendor.
type Released struct {
	Intent dagcbor.CID   `json:"intent"`
	Name   string        `json:"name"`
	Detail string        `json:"detail"`
	At     identity.Time `json:"at"`
	To     string        `json:"to,omitempty" doc:"the vendor it was opened to; at the author's"`
}

// Leak is what is known of where a leaked value came from.
type Leak struct {
	Certain bool      `json:"certain" doc:"the value was given to one relationship alone"`
	Text    string    `json:"text"`
	Hits    []LeakHit `json:"hits"`
}

// LeakHit is one relationship that had the value.
type LeakHit struct {
	Card   dagcbor.CID   `json:"card"`
	With   string        `json:"with"`
	Item   uint64        `json:"item"`
	Path   string        `json:"path"`
	Canary bool          `json:"canary" doc:"a variant made for this relationship"`
	Since  identity.Time `json:"since"`
	Why    string        `json:"why"`
}
