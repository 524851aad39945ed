package disclosure

import (
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/parley-network/parley/identity/canon"
)

// digestDomain keeps these digests apart from every other use of SHA-256.
const digestDomain = "parley/piece/1\n"

const (
	saltSize = 16
	maxDepth = 16 // of a value's objects and arrays
)

// Opening shows one piece: the salt and the value that an item's digest was
// made of. It is personal data. It travels beside the statement, and goes into
// a dispute bundle only where its owner puts it there.
type Opening struct {
	Item  uint64 `cbor:"item" json:"item"`   // the item's ID; 0: the copy that a comply statement names
	Salt  []byte `cbor:"salt" json:"salt"`   // 16 random bytes, used for nothing else
	Value []byte `cbor:"value" json:"value"` // canonical JSON (RFC 8785), at most MaxValue bytes; a copy: MaxCopy
}

// NewOpening returns an opening of value with a salt read from rand. Item 0 is
// for the copy that a comply statement names.
func NewOpening(rand io.Reader, item uint64, value []byte) (Opening, error) {
	o := Opening{Item: item, Salt: make([]byte, saltSize), Value: bytes.Clone(value)}
	if _, err := io.ReadFull(rand, o.Salt); err != nil {
		return Opening{}, fmt.Errorf("draw a salt: %w", err)
	}
	if err := o.Check(); err != nil {
		return Opening{}, err
	}
	return o, nil
}

// Check reports whether o is well formed, naming the first field that is not.
// It says nothing about what it opens.
func (o Opening) Check() error {
	most := MaxValue
	if o.Item == 0 {
		most = MaxCopy
	}
	switch {
	case o.Item > MaxID:
		return refuse(ErrField, "opening: item: %d, the highest is %d", o.Item, MaxID)
	case len(o.Salt) != saltSize:
		return refuse(ErrField, "opening of item %d: salt: %d bytes, want %d", o.Item, len(o.Salt), saltSize)
	case len(o.Value) > most:
		return refuse(ErrSize, "opening of item %d: value of %d bytes, the most is %d", o.Item, len(o.Value), most)
	}
	if err := checkJSON(o.Value); err != nil {
		return refuse(ErrField, "opening of item %d: value: %w", o.Item, err)
	}
	return nil
}

// Digest returns the 32 bytes that an item names o by: SHA-256 over
// "parley/piece/1\n", the salt and the value.
func (o Opening) Digest() []byte {
	h := sha256.New()
	h.Write([]byte(digestDomain))
	h.Write(o.Salt)
	h.Write(o.Value)
	return h.Sum(nil)
}

// Opens checks that o is the opening of it, in a time that does not depend on
// where the digests differ. The error, ErrOpening or that of [Opening.Check],
// does not show the value.
func (it Item) Opens(o Opening) error {
	if o.Item != it.ID {
		return refuse(ErrOpening, "of item %d, not of item %d", o.Item, it.ID)
	}
	return opens(it.Digest, o)
}

// Opens checks that o, whose Item is 0, is the copy that c names.
func (c Comply) Opens(o Opening) error {
	if o.Item != 0 {
		return refuse(ErrOpening, "of item %d, not of a copy", o.Item)
	}
	return opens(c.Digest, o)
}

func opens(digest []byte, o Opening) error {
	if err := o.Check(); err != nil {
		return err
	}
	if subtle.ConstantTimeCompare(o.Digest(), digest) != 1 {
		return refuse(ErrOpening, "salt and value are not those of item %d", o.Item)
	}
	return nil
}

// checkJSON takes one value in the canonical form of RFC 8785 and no other, so
// that a piece has one digest for one salt. What it says is wrong does not
// quote the value.
func checkJSON(b []byte) error {
	if len(b) == 0 || !utf8.Valid(b) || depth(b) > maxDepth {
		return fmt.Errorf("empty, not UTF-8 or nested deeper than %d", maxDepth)
	}
	canonical, err := canon.Transform(b)
	if err != nil {
		return fmt.Errorf("not strict JSON")
	}
	if !bytes.Equal(canonical, b) {
		return fmt.Errorf("not the canonical form (RFC 8785) of its JSON")
	}
	return nil
}

// depth returns how deep b nests, or what comes to at least that where b is no
// JSON.
func depth(b []byte) int {
	deepest, now, inString := 0, 0, false
	for i := 0; i < len(b); i++ {
		switch c := b[i]; {
		case inString && c == '\\':
			i++
		case c == '"':
			inString = !inString
		case inString:
		case c == '{' || c == '[':
			now++
			deepest = max(deepest, now)
		case c == '}' || c == ']':
			now--
		}
	}
	return deepest
}
