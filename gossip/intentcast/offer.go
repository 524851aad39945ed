package intentcast

import (
	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/relcard"
	"github.com/parley-network/parley/relcard/money"
	"github.com/parley-network/parley/relcard/terms"
)

// Offer is a vendor's answer to one intent, unsigned. It is signed inside the
// seal, and names the reply key it was made for, so that it can't be passed
// on as an answer to somebody else.
type Offer struct {
	Version   uint64        `cbor:"v" json:"v"`                 // BodyVersion
	Type      string        `cbor:"type" json:"type"`           // OfferType
	Intent    dagcbor.CID   `cbor:"intent" json:"intent"`       // the very version of the intent it answers
	Recipient []byte        `cbor:"recipient" json:"recipient"` // SHA-256 of the intent's reply key
	Vendor    relcard.Party `cbor:"vendor" json:"vendor"`
	Created   identity.Time `cbor:"created" json:"created"`
	Expires   identity.Time `cbor:"expires" json:"expires"` // it can be accepted until then

	Lines       []OfferLine     `cbor:"lines" json:"lines"`
	Extras      []relcard.Extra `cbor:"extras,omitempty" json:"extras,omitempty"`           // charges beside the lines
	Total       money.Money     `cbor:"total" json:"total"`                                 // exactly lines and extras
	Seller      []Attribute     `cbor:"seller,omitempty" json:"seller,omitempty"`           // the vendor's own attributes
	Memberships []string        `cbor:"memberships,omitempty" json:"memberships,omitempty"` // programmes honoured
	Fulfil      *relcard.Window `cbor:"fulfil,omitempty" json:"fulfil,omitempty"`           // when it can be had
	Terms       terms.Ref       `cbor:"terms" json:"terms"`                                 // which of the intent's terms it accepts
	Text        string          `cbor:"text,omitempty" json:"text,omitempty"`               // free text; never counts in ranking
	Route       Route           `cbor:"route" json:"route"`                                 // where the answer goes
}

// OfferLine answers one wanted item.
type OfferLine struct {
	Want       uint64       `cbor:"want" json:"want"` // index in the intent's Items
	Line       relcard.Line `cbor:"line" json:"line"`
	Attributes []Attribute  `cbor:"attrs,omitempty" json:"attrs,omitempty"`
}
