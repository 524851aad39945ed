package negotiation

import (
	"time"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/relcard/statement"
	"github.com/parley-network/parley/relcard/terms"
)

// The kinds of statement that a negotiation is made of.
const (
	KindProffer statement.Kind = "proffer" // by the person: a [Proffer]
	KindAnswer  statement.Kind = "answer"  // by the vendor, answering the proffer: an [Answer]
	KindClose   statement.Kind = "close"   // by either: a [Close]
)

// Version is the version of the three contents written and read here.
const Version = 1

// MaxLife is how long a proffer may stand, counted from its statement's time.
const MaxLife = 31 * 24 * time.Hour

// Proffer is what a person would agree on: one agreement, or several of which
// the vendor takes one.
type Proffer struct {
	Version      uint64        `cbor:"v" json:"v"`                                           // Version
	Agreements   []terms.Ref   `cbor:"agreements" json:"agreements"`                         // 1 to 8 of the roster, the preferred one first
	Expires      identity.Time `cbor:"expires" json:"expires"`                               // after the statement's time by at most MaxLife
	Jurisdiction string        `cbor:"jurisdiction,omitempty" json:"jurisdiction,omitempty"` // ISO 3166-1 or -2, as on the card
	Location     string        `cbor:"location,omitempty" json:"location,omitempty"`         // a geohash or a place's name, as on the card
	Text         string        `cbor:"text,omitempty" json:"text,omitempty"`                 // for the reader, at most 1000 bytes in one line

	Intent dagcbor.CID `cbor:"intent,omitzero" json:"intent,omitzero"` // the intentcast a new card comes from
	Offer  dagcbor.CID `cbor:"offer,omitzero" json:"offer,omitzero"`   // the offer a new card accepts; only with an intent
	Head   dagcbor.CID `cbor:"head,omitzero" json:"head,omitzero"`     // the version of a card it would amend; none for a new card
}

// Verdict is how a vendor answers a proffer.
type Verdict string

// The three verdicts.
const (
	Accept  Verdict = "accept"  // one of those proffered
	Counter Verdict = "counter" // one other of the roster, and no further word
	Refuse  Verdict = "refuse"  // none
)

// Answer is a vendor's one answer to a proffer, which its statement's Answers
// names. To accept or counter is to sign: the version of the card travels
// beside the statement, and binds the vendor until the proffer expires.
type Answer struct {
	Version uint64      `cbor:"v" json:"v"` // Version
	Verdict Verdict     `cbor:"verdict" json:"verdict"`
	Terms   *terms.Ref  `cbor:"terms,omitempty" json:"terms,omitempty"`   // exactly when accepting or countering
	Card    dagcbor.CID `cbor:"card,omitzero" json:"card,omitzero"`       // the version the vendor has signed; exactly with Terms
	Reason  string      `cbor:"reason,omitempty" json:"reason,omitempty"` // at most 1000 bytes in one line; owed when refusing
}

// Close ends a negotiation without agreement. Any Cause may be given by either
// side, but to decline is for the person alone.
type Close struct {
	Version uint64      `cbor:"v" json:"v"`             // Version
	Proffer dagcbor.CID `cbor:"proffer" json:"proffer"` // the statement that began it
	Cause   Cause       `cbor:"cause" json:"cause"`
	Reason  string      `cbor:"reason,omitempty" json:"reason,omitempty"` // at most 1000 bytes in one line
}
