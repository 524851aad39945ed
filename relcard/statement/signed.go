package statement

import (
	"time"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
)

// clockSkew is how far the clocks of honest parties may lie apart.
const clockSkew = 5 * time.Minute

// Signed is a statement as it is sent and stored: the body's very bytes and
// the envelope over them. Nothing in it has been verified; see [Signed.Verify].
type Signed struct {
	Raw      []byte // canonical bytes of a Body
	Envelope identity.Envelope
}

// signedForm is the encoding of Signed. The body is a byte string within it,
// so that its bytes, and so its id, pass through unread.
type signedForm struct {
	Version  uint64            `cbor:"v"`
	Type     string            `cbor:"type"`
	Body     []byte            `cbor:"body"`
	Envelope identity.Envelope `cbor:"env"`
}

const (
	signedVersion = 1
	signedType    = "statement-signed"
)

// Encode checks b and returns its canonical bytes and its id.
func (b *Body) Encode() ([]byte, dagcbor.CID, error) {
	if err := b.Check(); err != nil {
		return nil, dagcbor.CID{}, err
	}
	raw, err := dagcbor.Marshal(b)
	if err != nil {
		return nil, dagcbor.CID{}, refuse(ErrEncoding, "statement: %w", err)
	}
	return raw, dagcbor.Sum(raw), nil
}

// DecodeBody reads a valid body from its canonical bytes and returns its id
// with it.
func DecodeBody(raw []byte) (*Body, dagcbor.CID, error) {
	if len(raw) > MaxSigned {
		return nil, dagcbor.CID{}, refuse(ErrSize, "statement of %d bytes, the most is %d", len(raw), MaxSigned)
	}
	b := new(Body)
	if err := dagcbor.Unmarshal(raw, b); err != nil {
		if v := foreignVersion(raw); v != nil {
			return nil, dagcbor.CID{}, v
		}
		return nil, dagcbor.CID{}, refuse(ErrEncoding, "statement: %w", err)
	}
	if err := b.Check(); err != nil {
		return nil, dagcbor.CID{}, err
	}
	return b, dagcbor.Sum(raw), nil
}

// foreignVersion says that raw is a body of another type or version, whose
// fields can't be known here, or nothing when it does not look like one.
func foreignVersion(raw []byte) error {
	var fields map[string]dagcbor.RawMessage
	if dagcbor.UnmarshalPart(raw, &fields) != nil {
		return nil
	}
	var b Body
	if dagcbor.UnmarshalPart(fields["v"], &b.Version) != nil || dagcbor.UnmarshalPart(fields["type"], &b.Type) != nil {
		return nil
	}
	return b.checkVersion()
}

// Encode returns the one encoding of s.
func (s Signed) Encode() ([]byte, error) {
	b, err := dagcbor.Marshal(signedForm{signedVersion, signedType, s.Raw, s.Envelope})
	if err != nil {
		return nil, refuse(ErrEncoding, "signed statement: %w", err)
	}
	if len(b) > MaxSigned {
		return nil, refuse(ErrSize, "signed statement of %d bytes, the most is %d", len(b), MaxSigned)
	}
	return b, nil
}

// DecodeSigned reads what Encode writes and nothing else. The body in it is
// decoded and checked too; the signature is not.
func DecodeSigned(b []byte) (Signed, error) {
	st, err := Decode(b)
	return st.Signed, err
}

// Decode is DecodeSigned with the body and its id. Nothing says that its
// signer made the statement before [Statement.Verify] does.
func Decode(b []byte) (Statement, error) {
	if len(b) > MaxSigned {
		return Statement{}, refuse(ErrSize, "signed statement of %d bytes, the most is %d", len(b), MaxSigned)
	}
	var f signedForm
	if err := dagcbor.Unmarshal(b, &f); err != nil {
		return Statement{}, refuse(ErrEncoding, "signed statement: %w", err)
	}
	if f.Version != signedVersion || f.Type != signedType {
		return Statement{}, refuse(ErrVersion, "signed statement is %.40q version %d, known is %q version %d",
			f.Type, f.Version, signedType, signedVersion)
	}
	body, id, err := DecodeBody(f.Body)
	if err != nil {
		return Statement{}, err
	}
	return Statement{id, *body, Signed{f.Body, f.Envelope}}, nil
}

// ID returns the id of the statement: its body's CID.
func (s Signed) ID() dagcbor.CID { return dagcbor.Sum(s.Raw) }

// Verify checks s by itself: its body, its date, and that the envelope is
// that of the party it names, by a key the party held at the time. Its place
// in the log is for [Head.Follow] to say.
func (s Signed) Verify(keys identity.KeySource, now time.Time) (Statement, error) {
	b, id, err := DecodeBody(s.Raw)
	if err != nil {
		return Statement{}, err
	}
	st := Statement{id, *b, s}
	if err := st.Verify(keys, now); err != nil {
		return Statement{}, err
	}
	return st, nil
}

// Verify is [Signed.Verify] for a statement that [Decode] has read.
func (st *Statement) Verify(keys identity.KeySource, now time.Time) error {
	b, s, id := &st.Body, st.Signed, st.ID
	switch t := s.Envelope.Time.Std(); {
	case s.Envelope.Signer != b.Signer():
		return refuse(ErrSigner, "%.80q signs where the %s is %s", string(s.Envelope.Signer), b.By, b.Signer())
	case b.Time.Std().After(now.Add(clockSkew)):
		return refuse(ErrClock, "statement %s is dated %s, in the future", id, b.Time)
	case t.After(now.Add(clockSkew)):
		return refuse(ErrClock, "statement %s is signed at %s, in the future", id, s.Envelope.Time)
	case t.Before(b.Time.Std().Add(-clockSkew)):
		return refuse(ErrClock, "statement %s is signed at %s and was written at %s", id, s.Envelope.Time, b.Time)
	}
	if err := s.Envelope.Verify(id, b.By, keys); err != nil {
		return refuse(ErrSignature, "%w", err)
	}
	return nil
}
