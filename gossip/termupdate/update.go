// Package termupdate is what a vendor says of itself to everybody: which
// agreements it accepts, who may proffer one, and where proffers go. A vendor
// signs it under its key log and sends the log along, so that whoever receives
// it needs nothing else to believe it; a later update takes the place of an
// earlier one by its number and never by when it arrived.
// The package is pure: no I/O and no clock.
package termupdate

import (
	"time"

	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/relcard"
	"github.com/parley-network/parley/relcard/terms"
)

// What tells the body from every other, and the version written and read here.
const (
	BodyType    = "termupdate"
	BodyVersion = 1
)

// Limits of what is accepted.
const (
	// MaxUpdate is the size of one encoded update with its signature and key
	// log, in bytes.
	MaxUpdate = 8 << 10
	// MaxLog is the size of the key log by itself, unpacked, in bytes: some
	// 25 rotations. The room in MaxUpdate is used up before that.
	MaxLog = 32 << 10
	// MaxLife is the longest an update stands after its Time.
	MaxLife = 7 * 24 * time.Hour
	// MaxSkew is how far ahead of the reader's clock a date may lie.
	MaxSkew = 5 * time.Minute
)

// Who may proffer terms to a vendor (Update.Requests).
const (
	Anyone = "anyone" // everybody
	Known  = "known"  // whoever has dealt with the vendor before
	Card   = "card"   // only who has a card in force with it
)

// Update is a term update's body, unsigned.
type Update struct {
	Version    uint64                `cbor:"v" json:"v"`                                       // BodyVersion
	Type       string                `cbor:"type" json:"type"`                                 // BodyType
	Vendor     relcard.Party         `cbor:"vendor" json:"vendor"`                             // a did:webvh, and its name
	Seq        uint64                `cbor:"seq" json:"seq"`                                   // rises with every update of this vendor; gaps are allowed
	Accepts    []terms.Ref           `cbor:"accepts" json:"accepts"`                           // at most 32, none twice; empty: the vendor accepts none for now
	Requests   string                `cbor:"requests" json:"requests"`                         // Anyone, Known or Card
	Categories []intentcast.Category `cbor:"categories,omitempty" json:"categories,omitempty"` // at most 16, what it sells
	Regions    []string              `cbor:"regions,omitempty" json:"regions,omitempty"`       // at most 64, ISO 3166-2, where; empty: anywhere
	Route      intentcast.Route      `cbor:"route" json:"route"`                               // where proffers go: the vendor's own node, so it has no Slot; holders take them while that is off
	Site       string                `cbor:"site,omitempty" json:"site,omitempty"`             // https URL, for people
	Time       identity.Time         `cbor:"time" json:"time"`
	Expires    identity.Time         `cbor:"expires" json:"expires"` // at most MaxLife after Time
}

// AcceptsRef reports whether ref is among the agreements accepted, in all
// four parts.
func (u *Update) AcceptsRef(ref terms.Ref) bool {
	for _, r := range u.Accepts {
		if r == ref {
			return true
		}
	}
	return false
}
