package relcard

import (
	"bytes"
	"cmp"
	"time"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
)

// clockSkew is how far the clocks of honest parties may lie apart.
const clockSkew = 5 * time.Minute

// maxSigned is the most bytes of an encoded Signed: a body and two envelopes.
const maxSigned = MaxBody + 8<<10

// Signed is one version of a card as it is sent and stored: the body's very
// bytes and the envelopes over them that are there so far. Nothing in it has
// been verified; see [Signed.Verify].
type Signed struct {
	Raw    []byte             // canonical bytes of a Body
	Person *identity.Envelope // by the person, or nil
	Vendor *identity.Envelope // by the vendor, or nil
}

// signedForm is the encoding of Signed. The body is a byte string within it,
// so that its bytes, and so its id, pass through unread.
type signedForm struct {
	Version uint64             `cbor:"v"`
	Type    string             `cbor:"type"`
	Body    []byte             `cbor:"body"`
	Person  *identity.Envelope `cbor:"person,omitempty"`
	Vendor  *identity.Envelope `cbor:"vendor,omitempty"`
}

const (
	signedVersion = 1
	signedType    = "relcard-signed"
)

// Encode returns the one encoding of s. Both parties hold equal bytes once
// they hold the same envelopes.
func (s Signed) Encode() ([]byte, error) {
	b, err := dagcbor.Marshal(signedForm{signedVersion, signedType, s.Raw, s.Person, s.Vendor})
	if err != nil {
		return nil, refuse(ErrEncoding, "signed card: %w", err)
	}
	if len(b) > maxSigned {
		return nil, refuse(ErrSize, "signed card of %d bytes, the most is %d", len(b), maxSigned)
	}
	return b, nil
}

// DecodeSigned reads what Encode writes and nothing else. The body in it is
// decoded and checked too; signatures are not.
func DecodeSigned(b []byte) (Signed, error) {
	if len(b) > maxSigned {
		return Signed{}, refuse(ErrSize, "signed card of %d bytes, the most is %d", len(b), maxSigned)
	}
	var f signedForm
	if err := dagcbor.Unmarshal(b, &f); err != nil {
		return Signed{}, refuse(ErrEncoding, "signed card: %w", err)
	}
	if f.Version != signedVersion || f.Type != signedType {
		return Signed{}, refuse(ErrVersion, "signed card is %.40q version %d, known is %q version %d",
			f.Type, f.Version, signedType, signedVersion)
	}
	if _, _, err := DecodeBody(f.Body); err != nil {
		return Signed{}, err
	}
	return Signed{f.Body, f.Person, f.Vendor}, nil
}

// Sign checks b and signs it for the party that s is; a body nobody else has
// signed is a proposal. A signer who is neither party is refused.
func (b *Body) Sign(s identity.Signer, now time.Time) (Signed, error) {
	raw, _, err := b.Encode()
	if err != nil {
		return Signed{}, err
	}
	return Signed{Raw: raw}.Sign(s, now)
}

// Sign returns s with the envelope of the party that signer is: a
// countersignature when the other's is there. A party that has signed already
// keeps the envelope it has. Ask [Chain.MaySign] first: two signatures on two
// versions after the same one fork the card.
func (s Signed) Sign(signer identity.Signer, now time.Time) (Signed, error) {
	b, id, err := DecodeBody(s.Raw)
	if err != nil {
		return Signed{}, err
	}
	role, err := b.RoleOf(signer.DID())
	if err != nil {
		return Signed{}, err
	}
	if s.envelope(role) != nil {
		return s, nil
	}
	if err := s.checkEnder(b, role); err != nil {
		return Signed{}, err
	}
	e, err := identity.Sign(signer, id, role, now)
	if err != nil {
		return Signed{}, err
	}
	return s.with(&e, role), nil
}

// checkEnder refuses to acknowledge an end, as r or at all, that whoever ends
// has not signed: it would say nothing.
func (s Signed) checkEnder(b *Body, r identity.Role) error {
	if b.End != nil && b.End.By != r && s.envelope(b.End.By) == nil {
		return refuse(ErrSignature, "the %s ends the card and has not signed", b.End.By)
	}
	return nil
}

// RoleOf returns the role in which did signs b.
func (b *Body) RoleOf(did identity.DID) (identity.Role, error) {
	switch did {
	case b.Person.DID:
		return identity.RolePerson, nil
	case b.Vendor.DID:
		return identity.RoleVendor, nil
	}
	return "", refuse(ErrSigner, "%.80q is no party to the card", string(did))
}

func (s Signed) envelope(r identity.Role) *identity.Envelope {
	if r == identity.RolePerson {
		return s.Person
	}
	return s.Vendor
}

func (s Signed) with(e *identity.Envelope, r identity.Role) Signed {
	if r == identity.RolePerson {
		s.Person = e
	} else {
		s.Vendor = e
	}
	return s
}

var roles = [...]identity.Role{identity.RolePerson, identity.RoleVendor}

// Version is one verified version of a card. It is to be read only.
type Version struct {
	ID     dagcbor.CID
	Body   Body
	Signed Signed
}

// Verify checks s by itself: its body, and that each envelope in it, at least
// one, is the party's own over this body, by a key the party held at the time
// it states. A key rotated since then takes nothing away.
func (s Signed) Verify(keys identity.KeySource, now time.Time) (Version, error) {
	v, err := s.open(now)
	if err != nil {
		return Version{}, err
	}
	for _, r := range roles {
		if e := s.envelope(r); e != nil {
			if err := v.check(e, r, keys, now); err != nil {
				return Version{}, err
			}
		}
	}
	return v, nil
}

// open is Verify without the envelopes.
func (s Signed) open(now time.Time) (Version, error) {
	if s.Person == nil && s.Vendor == nil {
		return Version{}, refuse(ErrSignature, "nobody has signed")
	}
	b, id, err := DecodeBody(s.Raw)
	if err != nil {
		return Version{}, err
	}
	if err := s.checkEnder(b, ""); err != nil {
		return Version{}, err
	}
	if b.Time.Std().After(now.Add(clockSkew)) {
		return Version{}, refuse(ErrClock, "card version %s is dated %s, in the future", id, b.Time)
	}
	return Version{id, *b, s}, nil
}

func (v *Version) check(e *identity.Envelope, r identity.Role, keys identity.KeySource, now time.Time) error {
	party := v.Body.Person
	if r == identity.RoleVendor {
		party = v.Body.Vendor
	}
	t := e.Time.Std()
	switch {
	case e.Signer != party.DID:
		return refuse(ErrSigner, "%.80q signs where the %s is %s", string(e.Signer), r, party.DID)
	case e.Role != r:
		return refuse(ErrSigner, "the %s signs as %.40q", r, string(e.Role))
	case t.Before(v.Body.Time.Std().Add(-clockSkew)):
		return refuse(ErrClock, "the %s signed at %s what was written at %s", r, e.Time, v.Body.Time)
	case t.After(now.Add(clockSkew)):
		return refuse(ErrClock, "the %s signed at %s, in the future", r, e.Time)
	}
	if err := e.Verify(v.ID, r, keys); err != nil {
		return refuse(ErrSignature, "%w", err)
	}
	return nil
}

// Countersigned reports whether both parties have signed.
func (v *Version) Countersigned() bool { return v.Signed.Person != nil && v.Signed.Vendor != nil }

// State returns what this version is by itself: proposed, active when both
// have signed it, or ended. An end takes effect by the signature of the party
// that ends, without which it is refused; the other's acknowledges it.
func (v *Version) State() State {
	switch {
	case v.Body.Status == StatusEnded:
		return StateEnded
	case v.Countersigned():
		return StateActive
	}
	return StateProposed
}

// commits reports whether r has signed v and means it to have effect: to
// acknowledge the other's end is no act of one's own.
func (v *Version) commits(r identity.Role) bool {
	return v.Signed.envelope(r) != nil && (v.Body.End == nil || v.Body.End.By == r)
}

// earlier chooses between two valid envelopes of one party over one body, the
// same way on every node and in any order of arrival.
func earlier(a, b *identity.Envelope) *identity.Envelope {
	if a == nil || b == nil {
		return cmp.Or(a, b)
	}
	c := cmp.Or(a.Time.Std().Compare(b.Time.Std()), cmp.Compare(a.KeyVersion, b.KeyVersion), bytes.Compare(a.Signature, b.Signature))
	if c <= 0 {
		return a
	}
	return b
}
