package dagcbor

import (
	"crypto/sha256"
	"errors"
	"fmt"

	gocid "github.com/ipfs/go-cid"
	"github.com/multiformats/go-multihash"
)

// CID names a body by its bytes: CIDv1, sha2-256, dag-cbor and nothing else.
// The zero CID means none; as a field it is left out with `omitzero`.
type CID struct{ c gocid.Cid }

// cidHeader is version 1, codec dag-cbor, sha2-256, 32 bytes of digest.
const cidHeader = "\x01\x71\x12\x20"

// tagHeader precedes a CID in DAG-CBOR: tag 42, a byte string of 37 bytes,
// the identity multibase prefix.
const tagHeader = "\xd8\x2a\x58\x25\x00"

const cidLength = len(cidHeader) + sha256.Size

var errCID = errors.New("not a CIDv1 of sha2-256 and dag-cbor")

// Sum returns the CID of the encoded body b.
func Sum(b []byte) CID {
	d := sha256.Sum256(b)
	mh, err := multihash.Encode(d[:], multihash.SHA2_256)
	if err != nil {
		panic("dagcbor: sha2-256 has no multihash: " + err.Error()) // a constant code and length
	}
	return CID{gocid.NewCidV1(gocid.DagCBOR, mh)}
}

// ParseCID reads the text form "bafyrei…"; any other version, codec, hash or
// multibase is refused.
func ParseCID(s string) (CID, error) {
	c, err := gocid.Decode(s)
	if err != nil {
		return CID{}, fmt.Errorf("parse CID %.80q: %w", s, err)
	}
	id := CID{c}
	if c.String() != s || !id.valid() {
		return CID{}, fmt.Errorf("parse CID %.80q: %w", s, errCID)
	}
	return id, nil
}

// FromCid returns c as a CID of this package, or an error when it is of
// another version, codec or hash.
func FromCid(c gocid.Cid) (CID, error) {
	if id := (CID{c}); id.valid() {
		return id, nil
	}
	return CID{}, fmt.Errorf("CID %s: %w", c, errCID)
}

func (c CID) valid() bool {
	k := c.c.KeyString()
	return len(k) == cidLength && k[:len(cidHeader)] == cidHeader
}

// Cid returns the same identifier as the go-cid type.
func (c CID) Cid() gocid.Cid { return c.c }

// Bytes returns the 36 bytes of the binary form; none for the zero CID.
func (c CID) Bytes() []byte { return c.c.Bytes() }

// IsZero reports whether c names nothing.
func (c CID) IsZero() bool { return !c.c.Defined() }

// String returns the base32 text form, or "" for the zero CID.
func (c CID) String() string {
	if c.IsZero() {
		return ""
	}
	return c.c.String()
}

// MarshalCBOR writes tag 42.
func (c CID) MarshalCBOR() ([]byte, error) {
	if !c.valid() {
		return nil, fmt.Errorf("encode CID %q: %w", c.String(), errCID)
	}
	return append([]byte(tagHeader), c.c.KeyString()...), nil
}

// UnmarshalCBOR reads tag 42.
func (c *CID) UnmarshalCBOR(b []byte) error {
	n := len(tagHeader)
	if len(b) != n+cidLength || string(b[:n]) != tagHeader || string(b[n:n+len(cidHeader)]) != cidHeader {
		return errCID
	}
	got, err := gocid.Cast(b[n:])
	if err != nil {
		return fmt.Errorf("decode CID: %w", err)
	}
	c.c = got
	return nil
}

// MarshalText writes the text form, for JSON and logs.
func (c CID) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// UnmarshalText reads the text form; empty text is the zero CID.
func (c *CID) UnmarshalText(b []byte) error {
	if len(b) == 0 {
		*c = CID{}
		return nil
	}
	got, err := ParseCID(string(b))
	if err != nil {
		return err
	}
	*c = got
	return nil
}
