// Package intentcast is a person's open request to the market and a vendor's
// answer to it: the bodies, what makes them valid, and how they travel.
// It is pure: no I/O and no clock.
package intentcast

import (
	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/relcard"
	"github.com/parley-network/parley/relcard/money"
	"github.com/parley-network/parley/relcard/terms"
)

// BodyVersion is the version of the bodies written and read here.
const BodyVersion = 1

// Status is where an intent stands in its life.
type Status string

// An intent is open until a successor signed by the same key says otherwise,
// or its expiry passes.
const (
	StatusOpen      Status = "open"
	StatusWithdrawn Status = "withdrawn"
	StatusFulfilled Status = "fulfilled"
)

// Intent is an intentcast's body, unsigned: what everybody may read. Nothing
// in it says who asks; Author is a did:key made for this intent alone.
type Intent struct {
	Version uint64        `cbor:"v" json:"v"`                         // BodyVersion
	Type    string        `cbor:"type" json:"type"`                   // IntentType
	Author  identity.DID  `cbor:"author" json:"author"`               // one-off did:key
	Seq     uint64        `cbor:"seq" json:"seq"`                     // 0, then one more each successor
	Root    dagcbor.CID   `cbor:"root,omitzero" json:"root,omitzero"` // the intent of seq 0; none there
	Prev    dagcbor.CID   `cbor:"prev,omitzero" json:"prev,omitzero"` // the one it succeeds; none at seq 0
	Status  Status        `cbor:"status" json:"status"`
	Created identity.Time `cbor:"created" json:"created"`
	Expires identity.Time `cbor:"expires" json:"expires"` // at most MaxLife after Created

	Category Category `cbor:"category" json:"category"`
	Place    *Place   `cbor:"place,omitempty" json:"place,omitempty"`

	// The rest is empty in a withdrawn or fulfilled intent.
	Text          string          `cbor:"text,omitempty" json:"text,omitempty"` // free text
	Language      string          `cbor:"lang,omitempty" json:"lang,omitempty"` // BCP 47, of Text
	Items         []Want          `cbor:"items,omitempty" json:"items,omitempty"`
	Seller        Wishes          `cbor:"seller,omitzero" json:"seller,omitzero"`             // attributes of whoever answers
	Exclude       []Exclusion     `cbor:"exclude,omitempty" json:"exclude,omitempty"`         // what must not be part of an offer
	Window        *relcard.Window `cbor:"window,omitempty" json:"window,omitempty"`           // when it must be fulfilled
	Budget        *money.Money    `cbor:"budget,omitempty" json:"budget,omitempty"`           // the most the whole may cost
	Memberships   []string        `cbor:"memberships,omitempty" json:"memberships,omitempty"` // programmes belonged to, by name, no numbers
	Terms         []terms.Ref     `cbor:"terms,omitempty" json:"terms,omitempty"`             // any answer is bound by one of these
	MaxResponders uint64          `cbor:"responders,omitempty" json:"responders,omitempty"`   // offers taken at most; 0 is the default
	Reply         *Route          `cbor:"reply,omitempty" json:"reply,omitempty"`             // where sealed offers go
	Private       []Commitment    `cbor:"private,omitempty" json:"private,omitempty"`         // detail kept back, by salted hash
}

// Category is a kind of goods or service in a named taxonomy.
type Category struct {
	Taxonomy string `cbor:"taxonomy" json:"taxonomy"` // "shopify", "google", "gpc", or another name
	Value    string `cbor:"value" json:"value"`       // path from the root, parts divided by '/'
}

// Want is one wanted item. At least one of Name, GTIN, SKU is set, or a
// category-and-attributes want with Require set.
type Want struct {
	Name       string       `cbor:"name,omitempty" json:"name,omitempty"`
	GTIN       string       `cbor:"gtin,omitempty" json:"gtin,omitempty"`
	SKU        string       `cbor:"sku,omitempty" json:"sku,omitempty"`
	Quantity   string       `cbor:"qty" json:"qty"`                         // a positive decimal
	Unit       string       `cbor:"unit,omitempty" json:"unit,omitempty"`   // empty: pieces
	MaxPrice   *money.Money `cbor:"max,omitempty" json:"max,omitempty"`     // a limit: nothing dearer a unit
	KnownPrice *money.Money `cbor:"known,omitempty" json:"known,omitempty"` // what the asker has seen a unit at; no limit
	Wishes     Wishes       `cbor:"wishes,omitzero" json:"wishes,omitzero"` // attributes of the item
}

// Wishes are attributes asked for: Require decides, Prefer only ranks.
type Wishes struct {
	Require []Constraint `cbor:"require,omitempty" json:"require,omitempty"`
	Prefer  []Constraint `cbor:"prefer,omitempty" json:"prefer,omitempty"`
}

// IsZero reports whether nothing is wished.
func (w Wishes) IsZero() bool { return len(w.Require) == 0 && len(w.Prefer) == 0 }

// ValueType is how an attribute's value is read and compared.
type ValueType string

// The types of values. A number is a plain decimal with a unit beside it, a
// time is RFC 3339 UTC, a truth value is "true" or "false".
const (
	TypeText   ValueType = "text"
	TypeNumber ValueType = "number"
	TypeBool   ValueType = "bool"
	TypeTime   ValueType = "time"
)

// Op compares an attribute with the values of a constraint.
type Op string

// The operators. OpIn holds when the attribute equals one of several values;
// OpExists when the attribute is there at all.
const (
	OpEq     Op = "eq"
	OpNe     Op = "ne"
	OpLt     Op = "lt"
	OpLe     Op = "le"
	OpGt     Op = "gt"
	OpGe     Op = "ge"
	OpIn     Op = "in"
	OpExists Op = "exists"
)

// Constraint is one typed property/operator/value condition.
type Constraint struct {
	Property string    `cbor:"property" json:"property"`
	Type     ValueType `cbor:"type" json:"type"`
	Op       Op        `cbor:"op" json:"op"`
	Values   []string  `cbor:"values,omitempty" json:"values,omitempty"` // one; several for in; none for exists
	Unit     string    `cbor:"unit,omitempty" json:"unit,omitempty"`     // numbers compare only within one unit
}

// Attribute is one typed property of an item or a seller.
type Attribute struct {
	Property string    `cbor:"property" json:"property"`
	Type     ValueType `cbor:"type" json:"type"`
	Value    string    `cbor:"value" json:"value"`
	Unit     string    `cbor:"unit,omitempty" json:"unit,omitempty"`
}

// Exclusion is something no offer may contain: a charge or a property by that
// name. Text is the asker's own wording.
type Exclusion struct {
	Property string `cbor:"property" json:"property"`
	Text     string `cbor:"text,omitempty" json:"text,omitempty"`
}

// Place is where something is wanted, as coarsely as the public may know it.
type Place struct {
	Geohash string `cbor:"geohash,omitempty" json:"geohash,omitempty"` // 1 to 5 characters (5: about 5 km); its cell's centre is meant
	Radius  uint64 `cbor:"radius,omitempty" json:"radius,omitempty"`   // metres around that centre, at most MaxRadius
	Region  string `cbor:"region,omitempty" json:"region,omitempty"`   // ISO 3166-2
	Name    string `cbor:"name,omitempty" json:"name,omitempty"`       // "Park City"
}

// Commitment binds the author to a private detail without showing it: SHA-256
// over a 16-byte salt and the detail's bytes, released to whom the author
// chooses.
type Commitment struct {
	Name   string `cbor:"name" json:"name"`     // what kind of detail: "place", "pickup time"
	SHA256 []byte `cbor:"sha256" json:"sha256"` // 32 bytes
}

// Route is where sealed letters for somebody are handed in. With a Slot, the
// peer holds them for whoever has the slot's key; without one, the peer is
// the recipient's own node.
type Route struct {
	Peer  string   `cbor:"peer" json:"peer"`                       // libp2p peer id, base58 text
	Addrs []string `cbor:"addrs,omitempty" json:"addrs,omitempty"` // multiaddrs without the /p2p part
	Slot  []byte   `cbor:"slot,omitempty" json:"slot,omitempty"`   // 32 bytes, an Ed25519 public key used for this alone
	Key   []byte   `cbor:"key" json:"key"`                         // HPKE public key, MLKEM768X25519, 1216 bytes

	// Holders are peers that keep letters for the recipient, sealed to the same
	// Key, while Peer is not reached: at most [MaxHolders], none of them Peer,
	// the first to be tried first or in any order. None: the encoding is as if
	// there were no such field.
	Holders []RouteHolder `cbor:"holders,omitempty" json:"holders,omitempty"`
}

// RouteHolder is a peer that keeps letters in a slot, for whoever has the
// slot's key to fetch.
type RouteHolder struct {
	Peer  string   `cbor:"peer" json:"peer"`                       // libp2p peer id, base58 text
	Addrs []string `cbor:"addrs,omitempty" json:"addrs,omitempty"` // multiaddrs without the /p2p part, at most 4
	Slot  []byte   `cbor:"slot" json:"slot"`                       // 32 bytes, an Ed25519 public key used at this peer alone
}
