package seal

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"

	"golang.org/x/crypto/chacha20poly1305"
)

const (
	// TagSize is the length in bytes of the tag that a session's request begins
	// with.
	TagSize = 16

	// SessionOverhead is what a session's request has more than its padded body.
	SessionOverhead = TagSize + chacha20poly1305.Overhead
	sessionLabel    = "parley/hold/1 session" // of what is derived, wherever the session began
)

// Session is what both ends of a sealed exchange, or of a letter and its answer
// ([Talk]), have in common after it: a secret that HPKE exports to them alone. With it further exchanges, numbered
// from 0, need no key encapsulated and no signature. Both ends use each number
// once.
//
// The request n is its tag and the padded body under a key of its own, with
// the Poly1305 tag and no nonce but zero; the response n is the same without
// the tag. Keys and tags are HKDF-Expand-SHA256 of the secret, over a label and n
// (8 bytes, big endian). So a tag tells the answerer which session is meant,
// and everybody else nothing: neither that two requests are of one session, nor
// that they are of two.
type Session struct{ secret []byte }

// Tag returns the tag of the request n, [TagSize] bytes.
func (s *Session) Tag(n uint64) []byte { return s.derive("tag", n, TagSize) }

// SealRequest seals body, at most [MaxExchange]-4 bytes, as the request n.
func (s *Session) SealRequest(n uint64, body []byte) ([]byte, error) {
	padded, err := pad(body, exchangeSizes)
	if err != nil {
		return nil, fmt.Errorf("seal request: %w", err)
	}
	return s.cipher("request", n).seal(s.Tag(n), padded), nil
}

// OpenRequest returns the body of the request n. The error is ErrUnreadable or
// ErrMalformed.
func (s *Session) OpenRequest(n uint64, sealed []byte) ([]byte, error) {
	if !IsSession(len(sealed)) || !hmac.Equal(sealed[:TagSize], s.Tag(n)) {
		return nil, fmt.Errorf("sealed request %d of a session: %w", n, ErrUnreadable)
	}
	body, err := s.open("request", n, sealed[TagSize:])
	if err != nil {
		return nil, fmt.Errorf("sealed request of a session: %w", err)
	}
	return body, nil
}

// SealResponse seals body, at most [MaxExchange]-4 bytes, as the response n.
func (s *Session) SealResponse(n uint64, body []byte) ([]byte, error) {
	padded, err := pad(body, exchangeSizes)
	if err != nil {
		return nil, fmt.Errorf("seal response: %w", err)
	}
	return s.cipher("response", n).seal(nil, padded), nil
}

// OpenResponse returns the body of the response n. The error is ErrUnreadable
// or ErrMalformed.
func (s *Session) OpenResponse(n uint64, sealed []byte) ([]byte, error) {
	body, err := s.open("response", n, sealed)
	if err != nil {
		return nil, fmt.Errorf("sealed response of a session: %w", err)
	}
	return body, nil
}

func (s *Session) open(what string, n uint64, ct []byte) ([]byte, error) {
	padded, err := s.cipher(what, n).open(ct)
	if err != nil {
		return nil, ErrUnreadable
	}
	return unpad(padded, exchangeSizes)
}

func (s *Session) cipher(what string, n uint64) onceCipher {
	return onceCipher{key: s.derive(what, n, chacha20poly1305.KeySize), nonce: make([]byte, chacha20poly1305.NonceSize)}
}

func (s *Session) derive(what string, n uint64, size int) []byte {
	return expand(s.secret, sessionLabel+" "+what+string(binary.BigEndian.AppendUint64(nil, n)), size)
}

// IsSession reports whether a sealed request of n bytes is one of a session,
// rather than one that [SealRequest] made: no two of their sizes are the same.
func IsSession(n int) bool { return slices.Contains(exchangeSizes, n-SessionOverhead) }

// newSession keeps the secret that HPKE exported. SHA-256 of 32 bytes of full
// entropy needs no extraction before its expansion (RFC 5869, section 3.3).
func newSession(secret []byte) *Session { return &Session{secret: secret[:sha256.Size:sha256.Size]} }
