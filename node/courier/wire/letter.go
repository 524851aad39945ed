package wire

import (
	"crypto/ed25519"
	"fmt"

	"github.com/parley-network/parley/node/courier/seal"
)

// EncodeLetter returns the asking frame of [LetterProtocol]. An empty slot
// means that the peer is the recipient.
func EncodeLetter(slot, sealed []byte) []byte {
	out := make([]byte, 0, 1+len(slot)+len(sealed))
	out = append(out, byte(len(slot)))
	out = append(out, slot...)
	return append(out, sealed...)
}

// DecodeLetter splits the asking frame of [LetterProtocol]; slot is nil for a
// letter to the peer itself. The parts share b's memory.
func DecodeLetter(b []byte) (slot, sealed []byte, err error) {
	if len(b) == 0 {
		return nil, nil, fmt.Errorf("letter: empty: %w", ErrFrame)
	}
	n, rest := int(b[0]), b[1:]
	if n != 0 && n != ed25519.PublicKeySize || n > len(rest) {
		return nil, nil, fmt.Errorf("letter: slot of %d bytes: %w", n, ErrFrame)
	}
	if n > 0 {
		slot = rest[:n:n]
	}
	if sealed = rest[n:]; !seal.ValidSize(len(sealed)) {
		return nil, nil, fmt.Errorf("letter: sealed part of %d bytes: %w", len(sealed), ErrFrame)
	}
	return slot, sealed, nil
}
