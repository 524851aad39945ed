// Package statement is what one party of a relationship says to the other,
// beside the card itself: that it proffers terms, shares a piece of data,
// closes a channel, has recorded a change. Each statement is signed, and each
// side's statements form a log: numbered from 0 and linked by hash, so that
// nothing can be left out, put in or told twice in two ways without proof.
//
// Both sides hold both logs, the same byte for byte. A statement carries no
// personal data; what it is about travels beside it and is named in it by
// digest (package disclosure). Its content is for the package that owns its
// kind to read.
package statement

import (
	"bytes"
	"time"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
)

const (
	BodyType    = "statement" // tells a statement from every other body
	BodyVersion = 1           // the version of Body written and read here
	MaxContent  = 24 << 10    // the most bytes of a statement's content

	// MaxSigned is the most bytes of an encoded Signed: content, frame and
	// envelope.
	MaxSigned = MaxContent + 8<<10
)

// Kind says what a statement is about, and so which package reads its
// content: a lower-case word of at most 32 letters, digits and hyphens.
type Kind string

// Body is one statement, unsigned.
type Body struct {
	Version uint64        `cbor:"v" json:"v"`                               // BodyVersion
	Type    string        `cbor:"type" json:"type"`                         // BodyType
	Person  identity.DID  `cbor:"person" json:"person"`                     // the relationship's two parties
	Vendor  identity.DID  `cbor:"vendor" json:"vendor"`                     //
	By      identity.Role `cbor:"by" json:"by"`                             // whose statement: person or vendor
	Seq     uint64        `cbor:"seq" json:"seq"`                           // 0, then one more each
	Prev    dagcbor.CID   `cbor:"prev,omitzero" json:"prev,omitzero"`       // the one before in the same log; none at 0
	Seen    dagcbor.CID   `cbor:"seen,omitzero" json:"seen,omitzero"`       // the newest of the other side's that the signer held
	Card    dagcbor.CID   `cbor:"card,omitzero" json:"card,omitzero"`       // first version of the card; none before there is one
	Answers dagcbor.CID   `cbor:"answers,omitzero" json:"answers,omitzero"` // the statement of the other side that this answers
	Time    identity.Time `cbor:"time" json:"time"`                         // when, by the signer's clock
	Kind    Kind          `cbor:"kind" json:"kind"`
	Content []byte        `cbor:"content" json:"content"` // canonical DAG-CBOR, as Kind has it
}

// Signer returns the party that signs b.
func (b *Body) Signer() identity.DID {
	if b.By == identity.RoleVendor {
		return b.Vendor
	}
	return b.Person
}

// Equal reports whether b and o say the same.
func (b *Body) Equal(o *Body) bool {
	return b.Version == o.Version && b.Type == o.Type && b.Person == o.Person && b.Vendor == o.Vendor && b.By == o.By &&
		b.Seq == o.Seq && b.Prev == o.Prev && b.Seen == o.Seen && b.Card == o.Card && b.Answers == o.Answers &&
		b.Time.Std().Equal(o.Time.Std()) && b.Kind == o.Kind && bytes.Equal(b.Content, o.Content)
}

// Sign checks b and signs it; signer must be the party b.By names.
func (b *Body) Sign(signer identity.Signer, now time.Time) (Signed, error) {
	raw, id, err := b.Encode()
	if err != nil {
		return Signed{}, err
	}
	if signer.DID() != b.Signer() {
		return Signed{}, refuse(ErrSigner, "%.80s signs for the %s, who is %s", signer.DID(), b.By, b.Signer())
	}
	e, err := identity.Sign(signer, id, b.By, now)
	if err != nil {
		return Signed{}, err
	}
	return Signed{Raw: raw, Envelope: e}, nil
}

// Statement is a verified statement. It is to be read only.
type Statement struct {
	ID     dagcbor.CID
	Body   Body
	Signed Signed
}
