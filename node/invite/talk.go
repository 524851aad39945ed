package invite

import (
	"fmt"

	"github.com/libp2p/go-libp2p/core/protocol"

	"github.com/parley-network/parley/identity/dagcbor"
)

// Protocol is where an invitation is presented: one frame of DAG-CBOR each
// way, of a [Claim] and of an [Answer].
const Protocol protocol.ID = "/parley/invite/1"

// MaxFrame bounds either frame in bytes.
const MaxFrame = 256

// Claim is what the one invited says.
type Claim struct {
	Version uint64 `cbor:"v"` // 1
	Secret  []byte `cbor:"secret"`
}

// Outcome is what the inviter makes of a claim.
type Outcome string

// The outcomes. Welcome is also the answer to the node that has used the
// invitation already, as its first answer may have been lost.
const (
	Welcome Outcome = "welcome"
	Unknown Outcome = "unknown" // no such secret: forged, or of another life of the node
	Used    Outcome = "used"    // by another node
	Revoked Outcome = "revoked"
	Expired Outcome = "expired"
	Busy    Outcome = "busy" // not now
)

// Answer is what the inviter says.
type Answer struct {
	Version uint64  `cbor:"v"` // 1
	Outcome Outcome `cbor:"outcome"`
}

// EncodeClaim returns the frame of a claim.
func EncodeClaim(secret []byte) ([]byte, error) {
	return dagcbor.Marshal(Claim{version, secret})
}

// DecodeClaim reads a claim's frame and returns the secret.
func DecodeClaim(b []byte) ([]byte, error) {
	var c Claim
	if err := decode(b, &c); err != nil {
		return nil, fmt.Errorf("claim: %w", err)
	}
	switch {
	case c.Version != version:
		return nil, fmt.Errorf("claim: v: %d is unknown, this is %d", c.Version, version)
	case len(c.Secret) != SecretSize:
		return nil, fmt.Errorf("claim: secret: %d bytes, want %d", len(c.Secret), SecretSize)
	}
	return c.Secret, nil
}

// EncodeAnswer returns the frame of an answer.
func EncodeAnswer(o Outcome) ([]byte, error) { return dagcbor.Marshal(Answer{version, o}) }

// DecodeAnswer reads an answer's frame.
func DecodeAnswer(b []byte) (Outcome, error) {
	var a Answer
	if err := decode(b, &a); err != nil {
		return "", fmt.Errorf("answer to a claim: %w", err)
	}
	if a.Version != version {
		return "", fmt.Errorf("answer to a claim: v: %d is unknown, this is %d", a.Version, version)
	}
	switch a.Outcome {
	case Welcome, Unknown, Used, Revoked, Expired, Busy:
		return a.Outcome, nil
	}
	return "", fmt.Errorf("answer to a claim: outcome: %.20q is unknown", a.Outcome)
}

func decode(b []byte, v any) error {
	if len(b) > MaxFrame {
		return fmt.Errorf("%d bytes, at most %d", len(b), MaxFrame)
	}
	return dagcbor.Unmarshal(b, v)
}
