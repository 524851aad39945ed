package identity

import (
	"encoding/binary"
	"fmt"
	"math"
)

// CBOR heads of the major types an envelope needs (RFC 8949, section 3.1).
const (
	headUint = 0x00
	headText = 0x60
	headMap  = 0xa0
)

// signedBytes returns what is signed: the domain tag and the DAG-CBOR of e
// without its signature. Every signature that is checked needs them, and by
// reflection they took a twelfth of the time of checking it; so the one small
// map is written by hand, its keys in canonical order. A test holds it to
// dagcbor.Marshal, refusals included.
func (e *Envelope) signedBytes() ([]byte, error) {
	body, err := e.Body.MarshalCBOR()
	if err != nil {
		return nil, fmt.Errorf("envelope: body: %w", err)
	}
	at, err := e.Time.MarshalCBOR()
	if err != nil {
		return nil, fmt.Errorf("envelope: time: %w", err)
	}
	if e.Version > math.MaxInt64 {
		return nil, fmt.Errorf("envelope: version %d is beyond 63 bits", e.Version)
	}
	fields := uint64(5)
	if e.KeyVersion != "" {
		fields++
	}
	w := make(textWriter, 0, 128+len(body)+len(at)+len(e.KeyVersion)+len(e.Role)+len(e.Signer))
	w = append(w, signatureDomain...)
	w.head(headMap, fields)
	w.text("v")
	w.head(headUint, e.Version)
	if e.KeyVersion != "" {
		w.text("key")
		w.text(e.KeyVersion)
	}
	w.text("body")
	w = append(w, body...)
	w.text("role")
	w.text(string(e.Role))
	w.text("time")
	w = append(w, at...)
	w.text("signer")
	w.text(string(e.Signer))
	return w, nil
}

// textWriter writes canonical CBOR heads and text.
type textWriter []byte

// head writes a major type with its argument in the shortest form.
func (w *textWriter) head(major byte, n uint64) {
	switch {
	case n < 24:
		*w = append(*w, major|byte(n))
	case n <= math.MaxUint8:
		*w = append(*w, major|24, byte(n))
	case n <= math.MaxUint16:
		*w = binary.BigEndian.AppendUint16(append(*w, major|25), uint16(n))
	case n <= math.MaxUint32:
		*w = binary.BigEndian.AppendUint32(append(*w, major|26), uint32(n))
	default:
		*w = binary.BigEndian.AppendUint64(append(*w, major|27), n)
	}
}

func (w *textWriter) text(s string) {
	w.head(headText, uint64(len(s)))
	*w = append(*w, s...)
}
