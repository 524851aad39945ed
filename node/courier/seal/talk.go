package seal

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"fmt"

	"golang.org/x/crypto/chacha20poly1305"

	"github.com/parley-network/parley/identity/dagcbor"
)

const (
	talkLabel  = "parley/letter/1 session"
	boxLabel   = "parley/outbox/1"
	marksLabel = "parley/marks/1"
)

// Talk is the session that a letter and the letter that answered it leave their
// two ends with: letter and answer are the keys of their receipts, as [Seal] and
// [PrivateKey.Open] return them. Whoever has both has sealed or opened both, so
// that it takes the key of the route that the first letter names, and not just
// its name. The secret is
//
//	HKDF-Expand(HMAC-SHA256(letter, answer), "parley/letter/1 session", 32)
func Talk(letter, answer []byte) *Session {
	m := hmac.New(sha256.New, letter)
	m.Write(answer)
	return newSession(expand(m.Sum(nil), talkLabel, sha256.Size))
}

// EncodeLetter returns l as strict DAG-CBOR: what is inside a seal. An error
// names the field of l at fault.
func EncodeLetter(l Letter) ([]byte, error) {
	if err := l.Check(); err != nil {
		return nil, err
	}
	b, err := dagcbor.Marshal(l)
	if err != nil {
		return nil, fmt.Errorf("encode letter: %w", err)
	}
	return b, nil
}

// DecodeLetter reads what [EncodeLetter] wrote. The error is ErrMalformed.
func DecodeLetter(b []byte) (Letter, error) {
	var l Letter
	if err := dagcbor.Unmarshal(b, &l); err != nil {
		return Letter{}, fmt.Errorf("letter: %w: %w", ErrMalformed, err)
	}
	if err := l.Check(); err != nil {
		return Letter{}, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	return l, nil
}

// Box closes what a node keeps for itself until it is sealed to somebody: with
// XChaCha20-Poly1305, under a key derived from one that the node keeps elsewhere.
// What is to be told apart by nobody else, such as who is asked first, it marks.
type Box struct{ key, marks []byte }

// NewBox returns the box of whoever has the private key.
func NewBox(k *PrivateKey) (*Box, error) {
	seed, err := k.Seed()
	if err != nil {
		return nil, err
	}
	return &Box{expand(seed, boxLabel, chacha20poly1305.KeySize), expand(seed, marksLabel, sha256.Size)}, nil
}

// Mark returns a number that is always the same for that name, and that nobody
// without the box knows.
func (b *Box) Mark(name []byte) uint64 {
	h := hmac.New(sha256.New, b.marks)
	h.Write(name)
	return binary.BigEndian.Uint64(h.Sum(nil))
}

// Close returns plain closed under its name: a nonce of 24 bytes, and then as
// many as plain has and 16.
func (b *Box) Close(name, plain []byte) ([]byte, error) {
	a, err := chacha20poly1305.NewX(b.key)
	if err != nil {
		return nil, err
	}
	nonce := make([]byte, chacha20poly1305.NonceSizeX, chacha20poly1305.NonceSizeX+len(plain)+chacha20poly1305.Overhead)
	rand.Read(nonce)
	return a.Seal(nonce, nonce, plain, name), nil
}

// Open returns what was closed under that name, or ErrUnreadable.
func (b *Box) Open(name, closed []byte) ([]byte, error) {
	a, err := chacha20poly1305.NewX(b.key)
	if err != nil {
		return nil, err
	}
	if len(closed) < chacha20poly1305.NonceSizeX {
		return nil, fmt.Errorf("%d bytes: %w", len(closed), ErrUnreadable)
	}
	plain, err := a.Open(nil, closed[:chacha20poly1305.NonceSizeX], closed[chacha20poly1305.NonceSizeX:], name)
	if err != nil {
		return nil, ErrUnreadable
	}
	return plain, nil
}
