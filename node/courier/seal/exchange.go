package seal

import (
	"crypto/hkdf"
	"crypto/hpke"
	"crypto/rand"
	"crypto/sha256"
	"fmt"

	"golang.org/x/crypto/chacha20poly1305"
)

const (
	// MaxExchange is the longest padded request or response in bytes.
	MaxExchange = 128 << 10
	// MaxSealedExchange is the longest sealed request or response in bytes.
	MaxSealedExchange = MaxExchange + Overhead

	exchangeInfo  = "parley/hold/1 request"
	responseLabel = "parley/hold/1 response"
	nonceSize     = 32 // max(Nn, Nk) of the AEAD, RFC 9458 section 4.4
)

// Exchange is the asker's half of one sealed exchange: it opens the response.
type Exchange struct {
	enc     []byte
	secret  []byte
	session []byte
}

// Session returns what may follow the exchange, once its response has opened:
// before, nobody but the asker may have it.
func (x *Exchange) Session() *Session { return newSession(x.session) }

// Reply is the answerer's half of one sealed exchange: it seals the response.
type Reply struct {
	enc     []byte
	secret  []byte
	session []byte
}

// Session returns what may follow the exchange.
func (r *Reply) Session() *Session { return newSession(r.session) }

// SealRequest seals body, at most [MaxExchange]-4 bytes, to the public key pub,
// as Oblivious HTTP does (RFC 9458 section 4.3): an encapsulated key and the
// body padded to 1, 4, 16, 64 or 128 KiB, so that a peer between learns only
// the size and can't answer in the other's place.
func SealRequest(pub, body []byte) (sealed []byte, x *Exchange, err error) {
	padded, err := pad(body, exchangeSizes)
	if err != nil {
		return nil, nil, fmt.Errorf("seal request: %w", err)
	}
	key, err := publicKey(pub)
	if err != nil {
		return nil, nil, fmt.Errorf("seal request: %w", err)
	}
	encapsulated, s, err := hpke.NewSender(key, kdf(), aead(), []byte(exchangeInfo))
	if err != nil {
		return nil, nil, fmt.Errorf("seal request: %w", err)
	}
	ct, err := s.Seal(nil, padded)
	if err != nil {
		return nil, nil, fmt.Errorf("seal request: %w", err)
	}
	secret, err := s.Export(responseLabel, chacha20poly1305.KeySize)
	if err != nil {
		return nil, nil, fmt.Errorf("seal request: %w", err)
	}
	session, err := s.Export(sessionLabel, sha256.Size)
	if err != nil {
		return nil, nil, fmt.Errorf("seal request: %w", err)
	}
	// encapsulated is copied: the append below may write behind it.
	x = &Exchange{enc: append([]byte(nil), encapsulated...), secret: secret, session: session}
	return append(encapsulated, ct...), x, nil
}

// OpenRequest returns the body of a sealed request. The error is ErrUnreadable
// or ErrMalformed.
func (k *PrivateKey) OpenRequest(sealed []byte) (body []byte, reply *Reply, err error) {
	if len(sealed) < Overhead || len(sealed) > MaxSealedExchange {
		return nil, nil, fmt.Errorf("sealed request of %d bytes: %w", len(sealed), ErrUnreadable)
	}
	r, err := hpke.NewRecipient(sealed[:enc], k.key, kdf(), aead(), []byte(exchangeInfo))
	if err != nil {
		return nil, nil, fmt.Errorf("sealed request: %w", ErrUnreadable)
	}
	padded, err := r.Open(nil, sealed[enc:])
	if err != nil {
		return nil, nil, fmt.Errorf("sealed request: %w", ErrUnreadable)
	}
	if body, err = unpad(padded, exchangeSizes); err != nil {
		return nil, nil, fmt.Errorf("sealed request: %w", err)
	}
	secret, err := r.Export(responseLabel, chacha20poly1305.KeySize)
	if err != nil {
		return nil, nil, fmt.Errorf("sealed request: %w", ErrUnreadable)
	}
	session, err := r.Export(sessionLabel, sha256.Size)
	if err != nil {
		return nil, nil, fmt.Errorf("sealed request: %w", ErrUnreadable)
	}
	return body, &Reply{enc: append([]byte(nil), sealed[:enc]...), secret: secret, session: session}, nil
}

// Seal seals body, at most [MaxExchange]-4 bytes, as the response (RFC 9458
// section 4.4): a 32-byte nonce, then the padded body under a key derived from
// the request's HPKE context and that nonce, with its tag.
func (r *Reply) Seal(body []byte) ([]byte, error) {
	padded, err := pad(body, exchangeSizes)
	if err != nil {
		return nil, fmt.Errorf("seal response: %w", err)
	}
	nonce := make([]byte, nonceSize, nonceSize+len(padded)+chacha20poly1305.Overhead)
	rand.Read(nonce)
	return responseCipher(r.enc, r.secret, nonce).seal(nonce, padded), nil
}

// Open returns the body of the sealed response. The error is ErrUnreadable or
// ErrMalformed.
func (x *Exchange) Open(sealed []byte) ([]byte, error) {
	if len(sealed) < nonceSize+chacha20poly1305.Overhead || len(sealed) > MaxSealedExchange {
		return nil, fmt.Errorf("sealed response of %d bytes: %w", len(sealed), ErrUnreadable)
	}
	padded, err := responseCipher(x.enc, x.secret, sealed[:nonceSize]).open(sealed[nonceSize:])
	if err != nil {
		return nil, fmt.Errorf("sealed response: %w", ErrUnreadable)
	}
	body, err := unpad(padded, exchangeSizes)
	if err != nil {
		return nil, fmt.Errorf("sealed response: %w", err)
	}
	return body, nil
}

// onceCipher is a key and the one nonce it is used with.
type onceCipher struct{ key, nonce []byte }

func responseCipher(enc, secret, nonce []byte) onceCipher {
	salt := append(append([]byte(nil), enc...), nonce...)
	prk, err := hkdf.Extract(sha256.New, secret, salt)
	if err != nil {
		panic("seal: constant lengths refused: " + err.Error())
	}
	return onceCipher{
		key:   expand(prk, "key", chacha20poly1305.KeySize),
		nonce: expand(prk, "nonce", chacha20poly1305.NonceSize),
	}
}

func (c onceCipher) seal(dst, plaintext []byte) []byte {
	a, err := chacha20poly1305.New(c.key)
	if err != nil {
		panic("seal: constant lengths refused: " + err.Error())
	}
	return a.Seal(dst, c.nonce, plaintext, nil)
}

func (c onceCipher) open(ct []byte) ([]byte, error) {
	a, err := chacha20poly1305.New(c.key)
	if err != nil {
		panic("seal: constant lengths refused: " + err.Error())
	}
	return a.Open(nil, c.nonce, ct, nil)
}
