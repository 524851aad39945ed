package channel

import (
	"bytes"
	"errors"
	"fmt"
	"time"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
)

// ErrSignature is returned for an event whose signature does not hold, or is
// not its source's, or is dated where it can't be.
var ErrSignature = errors.New("event is not signed by its source")

// clockSkew is how far the clocks of honest parties may lie apart.
const clockSkew = 5 * time.Minute

// maxSigned is the most bytes of an encoded Signed: an event and an envelope.
const maxSigned = MaxEvent + 4<<10

// Signed is an event as it is sent and stored: its CloudEvent's very bytes, the
// card under which it is sent, and the vendor's envelope over both. Nothing in
// it has been verified; see [Signed.Verify].
type Signed struct {
	Raw      []byte      // what [Event.Encode] returns
	Card     dagcbor.CID // root of the card
	Envelope identity.Envelope
}

// body is what the vendor signs the CID of. The card is in it, so that an
// event sent to one person cannot be shown as sent to another.
type body struct {
	Version uint64      `cbor:"v"`
	Type    string      `cbor:"type"`
	Card    dagcbor.CID `cbor:"card"`
	Event   []byte      `cbor:"event"`
}

// signedForm is the encoding of Signed: the body's fields and the envelope.
type signedForm struct {
	Version  uint64            `cbor:"v"`
	Type     string            `cbor:"type"`
	Card     dagcbor.CID       `cbor:"card"`
	Event    []byte            `cbor:"event"`
	Envelope identity.Envelope `cbor:"env"`
}

const (
	bodyVersion = 1
	bodyType    = "event"
	signedType  = "event-signed"
)

// SignEvent checks e and signs it for the card with the given root. The signer
// is the event's source.
func SignEvent(e Event, s identity.Signer, card dagcbor.CID, now time.Time) (Signed, error) {
	raw, err := e.Encode()
	if err != nil {
		return Signed{}, err
	}
	if s.DID() != e.Source {
		return Signed{}, fmt.Errorf("%.80q signs an event of %.80q: %w", string(s.DID()), string(e.Source), ErrSignature)
	}
	signed := Signed{Raw: raw, Card: card}
	id, err := signed.ID()
	if err != nil {
		return Signed{}, err
	}
	if signed.Envelope, err = identity.Sign(s, id, identity.RoleVendor, now); err != nil {
		return Signed{}, fmt.Errorf("sign event: %w", err)
	}
	return signed, nil
}

// ID returns the CID of what is signed: the event under its card.
func (s Signed) ID() (dagcbor.CID, error) {
	if s.Card.IsZero() {
		return dagcbor.CID{}, invalid("card", "is missing")
	}
	b, err := dagcbor.Marshal(body{bodyVersion, bodyType, s.Card, s.Raw})
	if err != nil {
		return dagcbor.CID{}, fmt.Errorf("encode signed event: %w", err)
	}
	return dagcbor.Sum(b), nil
}

// Encode returns the one encoding of s.
func (s Signed) Encode() ([]byte, error) {
	b, err := dagcbor.Marshal(signedForm{bodyVersion, signedType, s.Card, s.Raw, s.Envelope})
	if err != nil {
		return nil, fmt.Errorf("encode signed event: %w", err)
	}
	if len(b) > maxSigned {
		return nil, fmt.Errorf("signed event of %d bytes, the most is %d", len(b), maxSigned)
	}
	return b, nil
}

// DecodeSigned reads what Encode writes and nothing else. The event in it is
// decoded and checked too; the signature is not.
func DecodeSigned(b []byte) (Signed, error) {
	if len(b) > maxSigned {
		return Signed{}, fmt.Errorf("signed event of %d bytes, the most is %d", len(b), maxSigned)
	}
	var f signedForm
	if err := dagcbor.Unmarshal(b, &f); err != nil {
		return Signed{}, fmt.Errorf("signed event: %w", err)
	}
	if f.Version != bodyVersion || f.Type != signedType {
		return Signed{}, fmt.Errorf("signed event is %.40q version %d, known is %q version %d",
			f.Type, f.Version, signedType, bodyVersion)
	}
	s := Signed{f.Event, f.Card, f.Envelope}
	if f.Card.IsZero() {
		return Signed{}, invalid("card", "is missing")
	}
	if _, err := s.open(); err != nil {
		return Signed{}, err
	}
	return s, nil
}

// open returns the event in s, whose bytes are the canonical ones.
func (s Signed) open() (Event, error) {
	e, err := DecodeEvent(s.Raw)
	if err != nil {
		return Event{}, err
	}
	raw, err := e.Encode()
	if err != nil {
		return Event{}, err
	}
	if !bytes.Equal(raw, s.Raw) {
		return Event{}, errors.New("signed event: its JSON is not the canonical one")
	}
	return e, nil
}

// Verify returns the event in s once its source's signature holds, in the role
// of vendor, by a key held at the time it states. That the source is the vendor
// of the card, that the card is in force and that the event is new is the
// caller's to ask.
func (s Signed) Verify(keys identity.KeySource, now time.Time) (Event, error) {
	e, err := s.open()
	if err != nil {
		return Event{}, err
	}
	id, err := s.ID()
	if err != nil {
		return Event{}, err
	}
	latest := now.Add(clockSkew)
	switch t := s.Envelope.Time.Std(); {
	case s.Envelope.Signer != e.Source:
		return Event{}, fmt.Errorf("%.80q signs an event of %.80q: %w", string(s.Envelope.Signer), string(e.Source), ErrSignature)
	case e.Time.Std().After(latest):
		return Event{}, fmt.Errorf("event is dated %s, in the future: %w", e.Time, ErrSignature)
	case t.After(latest):
		return Event{}, fmt.Errorf("event is signed at %s, in the future: %w", s.Envelope.Time, ErrSignature)
	case t.Before(e.Time.Std().Add(-clockSkew)):
		return Event{}, fmt.Errorf("event is signed at %s and happened at %s: %w", s.Envelope.Time, e.Time, ErrSignature)
	}
	if err := s.Envelope.Verify(id, identity.RoleVendor, keys); err != nil {
		return Event{}, fmt.Errorf("%w: %w", ErrSignature, err)
	}
	return e, nil
}
