package termupdate

import (
	"errors"
	"fmt"
	"time"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/identity/webvh"
	"github.com/parley-network/parley/relcard/terms"
)

// ErrSize is returned for an update that does not fit in MaxUpdate.
var ErrSize = errors.New("term update too large")

// Signed is one update as it travels and is stored. Nothing in it has been
// verified; see [Signed.Verify].
type Signed struct {
	Raw      []byte            // canonical bytes of an Update
	Envelope identity.Envelope // the vendor's signature over their CID
	// Log is the vendor's key log (the content of did.jsonl) up to the very
	// version the envelope names: so nobody but the vendor decides which log
	// goes with a signature.
	Log []byte
}

// signedForm is the encoding of Signed.
type signedForm struct {
	Version  uint64            `cbor:"v"`
	Type     string            `cbor:"type"`
	Body     []byte            `cbor:"body"`
	Envelope identity.Envelope `cbor:"env"`
	Log      []byte            `cbor:"log"` // packed; see pack
}

const (
	signedVersion = 1
	signedType    = "termupdate-signed"
)

// Encode checks u and returns its canonical bytes and its id.
func (u *Update) Encode() ([]byte, dagcbor.CID, error) {
	if err := u.Check(); err != nil {
		return nil, dagcbor.CID{}, err
	}
	form := *u
	if form.Accepts == nil {
		form.Accepts = []terms.Ref{} // the empty list has one encoding
	}
	raw, err := dagcbor.Marshal(&form)
	if err != nil {
		return nil, dagcbor.CID{}, fmt.Errorf("encode term update: %w", err)
	}
	return raw, dagcbor.Sum(raw), nil
}

// Sign checks u and signs it at now for the vendor it names. log is the
// vendor's whole key log; its newest version must be the one the signer's key
// stands in. What does not fit in MaxUpdate is refused with ErrSize: a log
// grows by some 300 bytes packed with each rotation, so a vendor with a very
// long one says less in its update or begins a new identifier.
func (u *Update) Sign(signer identity.Signer, log []byte, now time.Time) (Signed, error) {
	s, err := u.sign(signer, log, now)
	if err != nil {
		return Signed{}, fmt.Errorf("sign term update: %w", err)
	}
	return s, nil
}

func (u *Update) sign(signer identity.Signer, log []byte, now time.Time) (Signed, error) {
	raw, id, err := u.Encode()
	if err != nil {
		return Signed{}, err
	}
	l, err := webvh.Parse(log)
	if err != nil {
		return Signed{}, fmt.Errorf("key log: %w", err)
	}
	if v := l.VersionID(); v != signer.KeyVersion() {
		return Signed{}, fmt.Errorf("the signer's key stands in version %.80q of its log, the log given ends with %.80q", signer.KeyVersion(), v)
	}
	env, err := identity.Sign(signer, id, identity.RoleVendor, now)
	if err != nil {
		return Signed{}, err
	}
	s := Signed{Raw: raw, Envelope: env, Log: log}
	wire, err := s.Encode()
	if err != nil {
		return Signed{}, err
	}
	// Read back and verified, so that nothing is signed that others would
	// refuse and nothing is shared with the caller's values.
	if s, err = DecodeSigned(wire); err != nil {
		return Signed{}, err
	}
	_, err = s.Verify(now)
	return s, err
}

// ID returns the id of the update: its body's CID.
func (s Signed) ID() dagcbor.CID { return dagcbor.Sum(s.Raw) }

// Encode returns the one encoding of s, in which the log is packed.
func (s Signed) Encode() ([]byte, error) {
	packed, err := pack(s.Log)
	if err != nil {
		return nil, fmt.Errorf("encode term update: %w", err)
	}
	b, err := dagcbor.Marshal(signedForm{signedVersion, signedType, s.Raw, s.Envelope, packed})
	if err != nil {
		return nil, fmt.Errorf("encode term update: %w", err)
	}
	if len(b) > MaxUpdate {
		return nil, fmt.Errorf("encode term update: %d bytes, %d of them the packed key log, at most %d are allowed: "+
			"name fewer agreements, categories, regions or addresses, or begin a new identifier: %w", len(b), len(packed), MaxUpdate, ErrSize)
	}
	return b, nil
}

// DecodeSigned reads what Encode writes and nothing else. The body in it is
// decoded and checked too; signature, log and time are left to Verify.
func DecodeSigned(b []byte) (Signed, error) {
	s, _, err := decode(b)
	if err != nil {
		return Signed{}, fmt.Errorf("decode term update: %w", err)
	}
	return s, nil
}

func decode(b []byte) (Signed, *Update, error) {
	if len(b) > MaxUpdate {
		return Signed{}, nil, fmt.Errorf("%d bytes, at most %d are allowed: %w", len(b), MaxUpdate, ErrSize)
	}
	var f signedForm
	if err := dagcbor.Unmarshal(b, &f); err != nil {
		return Signed{}, nil, err
	}
	if f.Version != signedVersion || f.Type != signedType {
		return Signed{}, nil, fmt.Errorf("%.40q version %d, known is %q version %d", f.Type, f.Version, signedType, signedVersion)
	}
	u, err := DecodeBody(f.Body)
	if err != nil {
		return Signed{}, nil, err
	}
	log, err := unpack(f.Log)
	if err != nil {
		return Signed{}, nil, fmt.Errorf("log: %w", err)
	}
	return Signed{f.Body, f.Envelope, log}, u, nil
}

// DecodeBody reads a well-formed body from its canonical bytes.
func DecodeBody(raw []byte) (*Update, error) {
	if len(raw) > MaxUpdate {
		return nil, fmt.Errorf("body of %d bytes, at most %d are allowed: %w", len(raw), MaxUpdate, ErrSize)
	}
	u := new(Update)
	if err := dagcbor.Unmarshal(raw, u); err != nil {
		return nil, fmt.Errorf("body: %w", err)
	}
	if u.Accepts == nil {
		return nil, invalid("accepts", "null where a list belongs")
	}
	if err := u.Check(); err != nil {
		return nil, err
	}
	return u, nil
}
