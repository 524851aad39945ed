// Package disclosure is who knows what: which pieces of a person's data were
// given to a vendor, for what and how long, what the vendor answered, and what
// was taken back.
//
// It owns the content of five kinds of statements (package statement). The
// person's are disclose, retract and demand, the vendor's are receipt and
// comply. None of them holds personal data. An [Item] names a piece by its
// path and a salted digest; the [Opening] that shows the piece, salt and value,
// travels beside the statement. Salts are drawn anew for each item, so that one
// piece given to two vendors leaves them nothing to compare. Path and purpose
// are signed in clear: a word in them that only one person would use is
// something to compare, so take those that many use.
//
// [Fold] reads both logs of a relationship as a [Ledger].
package disclosure

import (
	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/relcard/statement"
)

// The kinds of statements whose content this package reads.
const (
	KindDisclose statement.Kind = "disclose" // person: you may have these pieces; see [Disclose]
	KindRetract  statement.Kind = "retract"  // person: no longer use these; see [Retract]
	KindReceipt  statement.Kind = "receipt"  // vendor: answers a disclose or a retract; see [Receipt]
	KindDemand   statement.Kind = "demand"   // person: delete these, or give me a copy; see [Demand]
	KindComply   statement.Kind = "comply"   // vendor: answers a demand; see [Comply]
)

// Bounds of what is read and written here.
const (
	MaxItems = 32       // the most items of one disclose statement
	MaxID    = 1 << 20  // the highest number of an item
	MaxValue = 4 << 10  // the most bytes of a piece's value
	MaxCopy  = 32 << 10 // the most bytes of the copy that a comply statement names
)

// Item is one piece of the person's data as a statement names it.
type Item struct {
	ID       uint64        `cbor:"id" json:"id"`                                 // from 1, rising over the whole relationship
	Path     string        `cbor:"path" json:"path"`                             // where it stands in the profile: "addresses/home"
	Digest   []byte        `cbor:"digest" json:"digest"`                         // of its [Opening]; 32 bytes
	Purpose  []string      `cbor:"purpose" json:"purpose"`                       // what it may be used for, 1 to 8 words; see [Purposes]
	From     identity.Time `cbor:"from,omitzero" json:"from,omitzero"`           // not to be used before; none: at once
	Until    identity.Time `cbor:"until,omitzero" json:"until,omitzero"`         // not to be used from then on; none: while the relationship lasts
	Replaces uint64        `cbor:"replaces,omitempty" json:"replaces,omitempty"` // the item whose place it takes; see [Ledger]
}

// Disclose gives the vendor pieces of the person's data.
type Disclose struct {
	Version uint64 `cbor:"v" json:"v"`         // 1; Encode sets it
	Items   []Item `cbor:"items" json:"items"` // 1 to MaxItems, by rising ID
}

// Retract takes items back: the vendor may not use them any more.
type Retract struct {
	Version uint64   `cbor:"v" json:"v"`
	Items   []uint64 `cbor:"items" json:"items"` // rising, at least one
	Reason  string   `cbor:"reason,omitempty" json:"reason,omitempty"`
}

// Verdict is what the vendor made of a disclose or retract statement.
type Verdict string

// The verdicts.
const (
	Recorded Verdict = "recorded"
	Refused  Verdict = "refused"
)

// Receipt answers the disclose or retract statement that the statement around
// it names, as a whole.
type Receipt struct {
	Version uint64  `cbor:"v" json:"v"`
	Verdict Verdict `cbor:"verdict" json:"verdict"`
	Reason  string  `cbor:"reason,omitempty" json:"reason,omitempty"` // required with a refusal
}

// Want is what a demand asks for.
type Want string

// The wants.
const (
	WantDelete Want = "delete" // also takes the items back, as a retract does
	WantCopy   Want = "copy"
)

// Demand asks the vendor to delete items or to give a copy of them.
type Demand struct {
	Version  uint64        `cbor:"v" json:"v"`
	What     Want          `cbor:"what" json:"what"`
	Items    []uint64      `cbor:"items,omitempty" json:"items,omitempty"` // rising; none: every item given before
	Deadline identity.Time `cbor:"deadline" json:"deadline"`               // by when; later than the statement itself
	Basis    string        `cbor:"basis,omitempty" json:"basis,omitempty"` // what it rests on: a law, the terms
	Reason   string        `cbor:"reason,omitempty" json:"reason,omitempty"`
}

// Did is what the vendor did about a demand.
type Did string

// What can have been done.
const (
	DidDelete Did = "deleted"
	DidCopy   Did = "copied"
	DidRefuse Did = "refused"
	DidPartly Did = "partly"
)

// Comply answers the demand that the statement around it names. A vendor that
// complied in part, or refused, may answer the same demand again.
type Comply struct {
	Version uint64   `cbor:"v" json:"v"`
	Did     Did      `cbor:"did" json:"did"`
	Items   []uint64 `cbor:"items,omitempty" json:"items,omitempty"`   // rising; with partly: for which it is done
	Reason  string   `cbor:"reason,omitempty" json:"reason,omitempty"` // required with refused and partly
	Digest  []byte   `cbor:"digest,omitempty" json:"digest,omitempty"` // of the copy given, see [Opening]; 32 bytes
}

// Purposes returns the words for purposes that every side understands, each
// with its meaning. Other lower-case words may be used; what a vendor does not
// understand it must not do.
func Purposes() map[string]string {
	return map[string]string{
		"delivery":        "bring or send what was ordered",
		"billing":         "charge and account for it",
		"contact":         "reach the person about the relationship itself",
		"support":         "help with what was bought, warranty and recalls",
		"identification":  "know that it is the same person again",
		"eligibility":     "find out whether an offer is open to the person: age, residence, membership",
		"personalisation": "fit the service to the person",
		"marketing":       "tell of offers that were not asked for",
		"analytics":       "measure how the service is used",
		"research":        "improve products, without naming anybody",
		"legal":           "meet a duty that a law lays on the vendor",
		"emergency":       "protect somebody's life or health",
	}
}
