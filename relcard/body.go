package relcard

import (
	"github.com/parley-network/parley/identity/dagcbor"
)

// MaxBody is the most bytes an encoded body may have.
const MaxBody = 64 << 10

// Encode checks b and returns its canonical bytes and its id.
func (b *Body) Encode() ([]byte, dagcbor.CID, error) {
	if err := b.Check(); err != nil {
		return nil, dagcbor.CID{}, err
	}
	raw, err := dagcbor.Marshal(b)
	if err != nil {
		return nil, dagcbor.CID{}, refuse(ErrEncoding, "card body: %w", err)
	}
	if len(raw) > MaxBody {
		return nil, dagcbor.CID{}, refuse(ErrSize, "card body of %d bytes, the most is %d", len(raw), MaxBody)
	}
	return raw, dagcbor.Sum(raw), nil
}

// DecodeBody reads a valid body from its canonical bytes, at most MaxBody of
// them, and returns its id with it.
func DecodeBody(raw []byte) (*Body, dagcbor.CID, error) {
	if len(raw) > MaxBody {
		return nil, dagcbor.CID{}, refuse(ErrSize, "card body of %d bytes, the most is %d", len(raw), MaxBody)
	}
	b := new(Body)
	if err := dagcbor.Unmarshal(raw, b); err != nil {
		if v := foreignVersion(raw); v != nil {
			return nil, dagcbor.CID{}, v
		}
		return nil, dagcbor.CID{}, refuse(ErrEncoding, "card body: %w", err)
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
