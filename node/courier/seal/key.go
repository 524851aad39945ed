// Package seal closes and opens the envelopes of the courier: letters that
// only the holder of one key can read, and private exchanges with a peer
// through another that carries them. It is pure: no I/O and no clock.
//
// # A sealed letter
//
// HPKE (RFC 9180) base mode with KEM MLKEM768-X25519 (draft-ietf-hpke-pq, also
// called X-Wing), HKDF-SHA256 and ChaCha20-Poly1305, info "parley/letter/1",
// no additional data, sealed to the recipient's 1216-byte public key:
//
//	1120 bytes  encapsulated key
//	P bytes     encrypted padded letter; P is 1024, 4096, 16384 or 65536
//	16 bytes    Poly1305 tag
//
// and the padded letter is
//
//	4 bytes     length n of the letter, big endian
//	n bytes     strict DAG-CBOR of [Letter]
//	P-4-n bytes zero
//
// with the least P that fits. Who sees a sealed letter learns which of four
// sizes it has and nothing else. The sizes are those of the plaintext: the
// encapsulated key alone is longer than 1 KiB.
package seal

import (
	"bytes"
	"crypto/hpke"
	"crypto/sha256"
	"errors"
	"fmt"
)

// Sizes in bytes.
const (
	KeySize  = 1216     // a public key
	SeedSize = 32       // a private key as it is stored
	Overhead = enc + 16 // what sealing adds to a padded plaintext

	MaxLetter       = 64 << 10 // the longest padded letter
	MaxSealedLetter = MaxLetter + Overhead
	enc             = 1120 // encapsulated key: ML-KEM-768 ciphertext (1088) and X25519 share (32)
)

// Errors of opening. They do not say which byte was wrong: to whom the key
// does not belong, that is all there is to know.
var (
	// ErrKey is returned for bytes that are not a key of this suite.
	ErrKey = errors.New("not an HPKE MLKEM768-X25519 key")
	// ErrUnreadable is returned for sealed bytes that do not open under the
	// key: sealed to another, changed on the way, or not sealed at all.
	ErrUnreadable = errors.New("does not open under this key")
	// ErrMalformed is returned for sealed bytes that open but hold no valid
	// letter or request: whoever sealed them did it wrong.
	ErrMalformed = errors.New("opened, but is malformed")
	// ErrTooLarge is returned for a plaintext beyond the largest size.
	ErrTooLarge = errors.New("too large to be sealed")
)

func kem() hpke.KEM   { return hpke.MLKEM768X25519() }
func kdf() hpke.KDF   { return hpke.HKDFSHA256() }
func aead() hpke.AEAD { return hpke.ChaCha20Poly1305() }

// PrivateKey opens what was sealed to its public key.
type PrivateKey struct {
	key hpke.PrivateKey
	pub []byte
}

// GenerateKey returns a new key from crypto/rand.
func GenerateKey() (*PrivateKey, error) {
	k, err := kem().GenerateKey()
	if err != nil {
		return nil, fmt.Errorf("generate sealing key: %w", err)
	}
	return &PrivateKey{k, k.PublicKey().Bytes()}, nil
}

// NewPrivateKey returns the key stored as the 32 bytes of [PrivateKey.Seed].
func NewPrivateKey(seed []byte) (*PrivateKey, error) {
	if len(seed) != SeedSize {
		return nil, fmt.Errorf("private key of %d bytes, want %d: %w", len(seed), SeedSize, ErrKey)
	}
	k, err := kem().NewPrivateKey(seed)
	if err != nil {
		return nil, fmt.Errorf("private key: %w", ErrKey) // the cause could quote the secret
	}
	return &PrivateKey{k, k.PublicKey().Bytes()}, nil
}

// Public returns the public key, [KeySize] bytes.
func (k *PrivateKey) Public() []byte { return bytes.Clone(k.pub) }

// Seed returns the secret to store, [SeedSize] bytes.
func (k *PrivateKey) Seed() ([]byte, error) {
	b, err := k.key.Bytes()
	if err != nil {
		return nil, fmt.Errorf("sealing key: %w", err)
	}
	return b, nil
}

// String keeps the key out of logs.
func (k *PrivateKey) String() string { return fmt.Sprintf("sealing key %x", KeyHash(k.pub)[:4]) }

// GoString keeps the key out of logs.
func (k *PrivateKey) GoString() string { return k.String() }

// CheckKey returns ErrKey for bytes that no letter can be sealed to.
func CheckKey(pub []byte) error {
	_, err := publicKey(pub)
	return err
}

// KeyHash returns the SHA-256 of a public key, by which it is named.
func KeyHash(pub []byte) []byte {
	h := sha256.Sum256(pub)
	return h[:]
}

// PublicKey is one that letters can be sealed to. To make it ready takes a fifth
// of what sealing does, so who writes to one key often keeps it. It may be used
// by several goroutines.
type PublicKey struct{ key hpke.PublicKey }

// ParseKey returns the public key of [KeySize] bytes, or ErrKey.
func ParseKey(pub []byte) (*PublicKey, error) {
	k, err := publicKey(pub)
	if err != nil {
		return nil, err
	}
	return &PublicKey{k}, nil
}

func publicKey(pub []byte) (hpke.PublicKey, error) {
	if len(pub) != KeySize {
		return nil, fmt.Errorf("public key of %d bytes, want %d: %w", len(pub), KeySize, ErrKey)
	}
	k, err := kem().NewPublicKey(pub)
	if err != nil {
		return nil, fmt.Errorf("public key: %w: %w", ErrKey, err)
	}
	return k, nil
}
