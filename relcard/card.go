// Package relcard is the relationship card: the one record of a relationship,
// agreed and signed by both sides and held identically by both.
//
// A [Body] is plain data; its id is the CID of its strict DAG-CBOR. A version
// of a card is in force when the envelopes of both parties over that CID are
// there. The next version names the one before it, and a chain of versions
// with the parties' key logs is all a stranger needs to verify it.
package relcard

import (
	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/relcard/money"
	"github.com/parley-network/parley/relcard/terms"
)

// BodyVersion is the version of Body written here. Version 1, without proffer,
// location and term, is read for as long as cards of it live.
const BodyVersion = 2

const firstVersion = 1

// BodyType tells a card from every other body.
const BodyType = "relcard"

// Status is what a version of a card says of the relationship.
type Status string

// A card's version is an agreement in force or the end of one.
const (
	StatusAgreed Status = "agreed"
	StatusEnded  Status = "ended"
)

// Body is one version of a card, unsigned. Person, Vendor and everything they
// agreed are the same on both sides, byte for byte.
type Body struct {
	Version uint64        `cbor:"v" json:"v"`                         // BodyVersion
	Type    string        `cbor:"type" json:"type"`                   // BodyType
	Seq     uint64        `cbor:"seq" json:"seq"`                     // 0, then one more each version
	Prev    dagcbor.CID   `cbor:"prev,omitzero" json:"prev,omitzero"` // the version before; none at seq 0
	Status  Status        `cbor:"status" json:"status"`               // agreed or ended
	Person  Party         `cbor:"person" json:"person"`               // the first party
	Vendor  Party         `cbor:"vendor" json:"vendor"`               // the second party
	Terms   terms.Ref     `cbor:"terms" json:"terms"`                 // the agreement both live under
	Time    identity.Time `cbor:"time" json:"time"`                   // when this version was proposed

	Intent dagcbor.CID `cbor:"intent,omitzero" json:"intent,omitzero"` // the intentcast it came from
	Offer  dagcbor.CID `cbor:"offer,omitzero" json:"offer,omitzero"`   // the offer it accepts

	// The person's proffer that this version grew from, a statement's id.
	Proffer dagcbor.CID `cbor:"proffer,omitzero" json:"proffer,omitzero"`

	Jurisdiction string       `cbor:"jurisdiction,omitempty" json:"jurisdiction,omitempty"` // ISO 3166-1 or -2
	Location     string       `cbor:"location,omitempty" json:"location,omitempty"`         // where it was agreed, if the person said: a geohash or a place's name
	Term         *Term        `cbor:"term,omitempty" json:"term,omitempty"`                 // how long it runs, and how often it renews
	Lines        []Line       `cbor:"lines,omitempty" json:"lines,omitempty"`               // what is bought
	Total        *money.Money `cbor:"total,omitempty" json:"total,omitempty"`               // what is paid for all lines and extras
	Extras       []Extra      `cbor:"extras,omitempty" json:"extras,omitempty"`             // charges beside the lines
	Fulfil       *Window      `cbor:"fulfil,omitempty" json:"fulfil,omitempty"`             // when it is due

	End *End `cbor:"end,omitempty" json:"end,omitempty"` // set exactly when Status is ended
}

// Party is one side as the card names it.
type Party struct {
	DID  identity.DID `cbor:"did" json:"did"`
	Name string       `cbor:"name,omitempty" json:"name,omitempty"` // how it calls itself here; the person's may be empty
}

// Line is one kind of goods or service at a price.
type Line struct {
	Name     string      `cbor:"name" json:"name"`
	GTIN     string      `cbor:"gtin,omitempty" json:"gtin,omitempty"` // 8, 12, 13 or 14 digits
	SKU      string      `cbor:"sku,omitempty" json:"sku,omitempty"`   // the vendor's own number
	Quantity string      `cbor:"qty" json:"qty"`                       // a positive decimal
	Unit     string      `cbor:"unit,omitempty" json:"unit,omitempty"` // UN/CEFACT code or a word; empty: pieces
	Price    money.Money `cbor:"price" json:"price"`                   // for one unit
}

// Extra is a charge beside the lines, such as delivery.
type Extra struct {
	Property string      `cbor:"property" json:"property"` // "delivery", "insurance"
	Price    money.Money `cbor:"price" json:"price"`
}

// Window is a span of time; either end may be open.
type Window struct {
	From  identity.Time `cbor:"from,omitzero" json:"from,omitzero"`
	Until identity.Time `cbor:"until,omitzero" json:"until,omitzero"`
}

// Term is how long an agreement runs: a subscription, a membership, a
// guarantee. With Every it runs in periods from the day it was agreed.
type Term struct {
	Until  identity.Time `cbor:"until,omitzero" json:"until,omitzero"`   // it lapses then, or renews; none: no end is set
	Every  string        `cbor:"every,omitempty" json:"every,omitempty"` // ISO 8601 period of whole years, months, weeks or days: "P1M"
	Renews bool          `cbor:"renews,omitempty" json:"renews,omitempty"`
}

// End says who ended the relationship and why.
type End struct {
	By     identity.Role `cbor:"by" json:"by"` // person or vendor
	Reason string        `cbor:"reason,omitempty" json:"reason,omitempty"`
}
