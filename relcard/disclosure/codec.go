package disclosure

import (
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/relcard/statement"
)

// contentVersion is the version of every content written and read here.
const contentVersion = 1

// content is one of the five.
type content interface{ check() error }

// Encode checks d and returns its one encoding, a statement's content.
func (d Disclose) Encode() ([]byte, error) {
	d.Version = contentVersion
	return encode(KindDisclose, d)
}

// Encode checks r and returns its one encoding, a statement's content.
func (r Retract) Encode() ([]byte, error) { r.Version = contentVersion; return encode(KindRetract, r) }

// Encode checks r and returns its one encoding, a statement's content.
func (r Receipt) Encode() ([]byte, error) { r.Version = contentVersion; return encode(KindReceipt, r) }

// Encode checks d and returns its one encoding, a statement's content.
func (d Demand) Encode() ([]byte, error) { d.Version = contentVersion; return encode(KindDemand, d) }

// Encode checks c and returns its one encoding, a statement's content.
func (c Comply) Encode() ([]byte, error) { c.Version = contentVersion; return encode(KindComply, c) }

// DecodeDisclose reads what Encode writes and nothing else.
func DecodeDisclose(b []byte) (Disclose, error) { return decode[Disclose](KindDisclose, b) }

// DecodeRetract reads what Encode writes and nothing else.
func DecodeRetract(b []byte) (Retract, error) { return decode[Retract](KindRetract, b) }

// DecodeReceipt reads what Encode writes and nothing else.
func DecodeReceipt(b []byte) (Receipt, error) { return decode[Receipt](KindReceipt, b) }

// DecodeDemand reads what Encode writes and nothing else.
func DecodeDemand(b []byte) (Demand, error) { return decode[Demand](KindDemand, b) }

// DecodeComply reads what Encode writes and nothing else.
func DecodeComply(b []byte) (Comply, error) { return decode[Comply](KindComply, b) }

func encode(kind statement.Kind, c content) ([]byte, error) {
	if err := c.check(); err != nil {
		return nil, refuse(ReasonOf(err), "%s: %w", kind, err)
	}
	b, err := dagcbor.Marshal(c)
	if err != nil {
		return nil, refuse(ErrEncoding, "%s: %w", kind, err)
	}
	if len(b) > statement.MaxContent {
		return nil, refuse(ErrSize, "%s of %d bytes, the most is %d", kind, len(b), statement.MaxContent)
	}
	return b, nil
}

func decode[T content](kind statement.Kind, b []byte) (c T, err error) {
	var none T
	if len(b) > statement.MaxContent {
		return none, refuse(ErrSize, "%s of %d bytes, the most is %d", kind, len(b), statement.MaxContent)
	}
	if err := dagcbor.Unmarshal(b, &c); err != nil {
		if v, ok := versionOf(b); ok && v != contentVersion {
			return none, refuse(ErrVersion, "%s of version %d, known is %d", kind, v, contentVersion)
		}
		return none, refuse(ErrEncoding, "%s: %w", kind, err)
	}
	if err := c.check(); err != nil {
		return none, refuse(ReasonOf(err), "%s: %w", kind, err)
	}
	return c, nil
}

// versionOf reads the version of a content whose other fields can't be known.
func versionOf(b []byte) (v uint64, ok bool) {
	var fields map[string]dagcbor.RawMessage
	ok = dagcbor.UnmarshalPart(b, &fields) == nil && dagcbor.UnmarshalPart(fields["v"], &v) == nil
	return v, ok
}
