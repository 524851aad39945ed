// Package dagcbor is the one encoding of everything Parley signs or sends:
// strict DAG-CBOR (the DASL/DRISL profile), and the CIDs of what it encodes.
//
// A value has exactly one encoding and [Unmarshal] accepts no other. Beyond
// DRISL it refuses every float (so −0.0 too), keys a struct does not name,
// keys that differ from a field only in case, and explicit nulls or empties
// where the encoder would have left the key out. The last three cannot be
// seen by a CBOR library, so a decoded value is encoded again and the bytes
// compared.
package dagcbor

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/hyphacoop/go-dasl/drisl"
)

// Limits of one decoded value. A body is a few KiB and shallow; anything
// beyond these was made to hurt.
const (
	// MaxDepth is the deepest nesting of arrays, maps and tags accepted.
	MaxDepth = 16
	// MaxElements is the most elements accepted in one array or map.
	MaxElements = 4096
)

// ErrNotCanonical is returned for bytes that decode but are not the one
// encoding of what they decode to.
var ErrNotCanonical = errors.New("not the canonical encoding of its value")

var (
	encMode = warmed(must(drisl.EncOptions{NoFloats: true, Int64RangeOnly: true}.EncMode()))
	decMode = must(drisl.DecOptions{
		MaxNestedLevels:       MaxDepth,
		MaxArrayElements:      MaxElements,
		MaxMapPairs:           MaxElements,
		Int64RangeOnly:        true,
		NoFloats:              true,
		DisallowUnknownFields: true,
	}.DecMode())
)

func must[M any](m M, err error) M {
	if err != nil {
		panic("dagcbor: constant options refused: " + err.Error())
	}
	return m
}

// warmed makes a mode safe for concurrent use. On meeting the first type with
// a MarshalCBOR method the library puts something into it without a lock.
func warmed(m drisl.EncMode) drisl.EncMode {
	return must(m, func() error { _, err := m.Marshal(Sum(nil)); return err }())
}

// RawMessage is a value already encoded, kept as its bytes.
type RawMessage = drisl.RawMessage

// Marshal returns the canonical encoding of v. Struct fields are named by
// their `cbor` tag; floats are refused.
func Marshal(v any) ([]byte, error) {
	b, err := encMode.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("encode %T: %w", v, err)
	}
	return b, nil
}

// Unmarshal decodes the canonical encoding b into the value v points to. It
// fails, naming what was wrong, for anything Marshal would not have written.
// The caller bounds len(b). On error *v holds nothing to be used.
func Unmarshal(b []byte, v any) error {
	if err := decMode.Unmarshal(b, v); err != nil {
		return fmt.Errorf("decode %T: %w", v, err)
	}
	again, err := encMode.Marshal(v)
	if err != nil {
		return fmt.Errorf("decode %T: %w", v, err)
	}
	if !bytes.Equal(again, b) {
		return fmt.Errorf("decode %T: byte %d: %w", v, firstDifference(again, b), ErrNotCanonical)
	}
	return nil
}

func firstDifference(a, b []byte) int {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return i
		}
	}
	return min(len(a), len(b))
}

// UnmarshalPart decodes one part of a larger value, for the UnmarshalCBOR
// method of a type within a body. The body's own Unmarshal checks that the
// whole is canonical.
func UnmarshalPart(b []byte, v any) error {
	if err := decMode.Unmarshal(b, v); err != nil {
		return fmt.Errorf("decode %T: %w", v, err)
	}
	return nil
}
