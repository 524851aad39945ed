package seal

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/hpke"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"slices"

	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
)

const (
	// LetterVersion is the version of the letters written and read here.
	LetterVersion = 1
	// IDSize is the length of a letter's id in bytes.
	IDSize = 16
	// MaxKind is the longest kind of a letter in bytes.
	MaxKind = 64
	// ReceiptSize is the length of a receipt in bytes.
	ReceiptSize = 32

	letterInfo    = "parley/letter/1"
	receiptLabel  = "parley/letter/1 receipt"
	maxRouteAddrs = 16
	maxAddr       = 256
	maxPeerText   = 128
)

// Letter is what is inside the seal.
type Letter struct {
	Version uint64            `cbor:"v"`              // LetterVersion
	ID      []byte            `cbor:"id"`             // IDSize random bytes: known to sender and recipient alone
	Kind    string            `cbor:"kind"`           // what the body is, such as "offer"
	Sent    identity.Time     `cbor:"sent"`           // by the sender's clock
	Expires identity.Time     `cbor:"expires"`        // after which it has no effect
	Body    []byte            `cbor:"body,omitempty"` // opaque here
	From    *intentcast.Route `cbor:"from,omitempty"` // where the answer and the acknowledgement go; none: nowhere
}

// NewID returns a new random letter id.
func NewID() []byte {
	id := make([]byte, IDSize)
	rand.Read(id) // never fails (crypto/rand since Go 1.24)
	return id
}

// Check returns an error naming the field of l that is out of its limits.
func (l Letter) Check() error {
	switch {
	case l.Version != LetterVersion:
		return fmt.Errorf("letter: v: %d is unknown, this is %d", l.Version, LetterVersion)
	case len(l.ID) != IDSize:
		return fmt.Errorf("letter: id of %d bytes, want %d", len(l.ID), IDSize)
	case l.Kind == "" || len(l.Kind) > MaxKind:
		return fmt.Errorf("letter: kind of %d bytes, want 1 to %d", len(l.Kind), MaxKind)
	case l.Sent.IsZero() || l.Expires.IsZero():
		return fmt.Errorf("letter: sent and expires are both wanted")
	case !l.Sent.Before(l.Expires):
		return fmt.Errorf("letter: expires %s, sent %s", l.Expires, l.Sent)
	case l.From != nil:
		if err := CheckRoute(*l.From); err != nil {
			return fmt.Errorf("letter: from: %w", err)
		}
	}
	return nil
}

// CheckRoute returns an error naming the field of r that is out of its limits.
// Whether peer, addresses and key mean anything is for who uses them to find
// out.
func CheckRoute(r intentcast.Route) error {
	switch {
	case r.Peer == "" || len(r.Peer) > maxPeerText:
		return fmt.Errorf("route: peer of %d bytes, want 1 to %d", len(r.Peer), maxPeerText)
	case len(r.Addrs) > maxRouteAddrs:
		return fmt.Errorf("route: %d addresses, at most %d", len(r.Addrs), maxRouteAddrs)
	case len(r.Slot) != 0 && len(r.Slot) != 32:
		return fmt.Errorf("route: slot of %d bytes, want 32 or none", len(r.Slot))
	case slices.ContainsFunc(r.Addrs, func(a string) bool { return a == "" || len(a) > maxAddr }):
		return fmt.Errorf("route: an address is empty or beyond %d bytes", maxAddr)
	case len(r.Key) != KeySize:
		return fmt.Errorf("route: public key of %d bytes, want %d: %w", len(r.Key), KeySize, ErrKey)
	}
	if err := r.CheckHolders(); err != nil {
		return fmt.Errorf("route: %w", err)
	}
	return nil
}

// Seal returns l sealed to the public key pub, and the key of its [Receipt]
// ([ReceiptSize] bytes, a secret). An error is ErrKey, ErrTooLarge or names the
// field of l at fault.
func Seal(pub []byte, l Letter) (sealed, receipt []byte, err error) {
	key, err := ParseKey(pub)
	if err != nil {
		return nil, nil, fmt.Errorf("seal letter: %w", err)
	}
	return key.Seal(l)
}

// Seal is [Seal] to a key that is parsed already.
func (k *PublicKey) Seal(l Letter) (sealed, receipt []byte, err error) {
	if err := l.Check(); err != nil {
		return nil, nil, err
	}
	body, err := dagcbor.Marshal(l)
	if err != nil {
		return nil, nil, fmt.Errorf("seal letter: %w", err)
	}
	padded, err := pad(body, letterSizes)
	if err != nil {
		return nil, nil, fmt.Errorf("seal letter: %w", err)
	}
	encapsulated, s, err := hpke.NewSender(k.key, kdf(), aead(), []byte(letterInfo))
	if err != nil {
		return nil, nil, fmt.Errorf("seal letter: %w", err)
	}
	ct, err := s.Seal(nil, padded)
	if err != nil {
		return nil, nil, fmt.Errorf("seal letter: %w", err)
	}
	if receipt, err = s.Export(receiptLabel, ReceiptSize); err != nil {
		return nil, nil, fmt.Errorf("seal letter: %w", err)
	}
	return append(encapsulated, ct...), receipt, nil
}

// Open returns the letter in sealed and the key of its [Receipt]. The error is
// ErrUnreadable or ErrMalformed.
func (k *PrivateKey) Open(sealed []byte) (l Letter, receipt []byte, err error) {
	if !ValidSize(len(sealed)) {
		return Letter{}, nil, fmt.Errorf("sealed letter of %d bytes: %w", len(sealed), ErrUnreadable)
	}
	r, err := hpke.NewRecipient(sealed[:enc], k.key, kdf(), aead(), []byte(letterInfo))
	if err != nil {
		return Letter{}, nil, fmt.Errorf("sealed letter: %w", ErrUnreadable)
	}
	padded, err := r.Open(nil, sealed[enc:])
	if err != nil {
		return Letter{}, nil, fmt.Errorf("sealed letter: %w", ErrUnreadable)
	}
	body, err := unpad(padded, letterSizes)
	if err != nil {
		return Letter{}, nil, fmt.Errorf("sealed letter: %w", err)
	}
	if err := dagcbor.Unmarshal(body, &l); err != nil {
		return Letter{}, nil, fmt.Errorf("sealed letter: %w: %w", ErrMalformed, err)
	}
	if err := l.Check(); err != nil {
		return Letter{}, nil, fmt.Errorf("sealed letter: %w: %w", ErrMalformed, err)
	}
	if receipt, err = r.Export(receiptLabel, ReceiptSize); err != nil {
		return Letter{}, nil, fmt.Errorf("sealed letter: %w", ErrUnreadable)
	}
	return l, receipt, nil
}

// ValidSize reports whether a sealed letter can be n bytes long.
func ValidSize(n int) bool { return slices.Contains(letterSizes, n-Overhead) }

// Receipt returns what proves that whoever opened the letter answers with the
// status code: HMAC-SHA256 of the code under a key that HPKE exports to sender
// and recipient alone. A peer that carries the answer can hold it back but not
// make one.
func Receipt(key []byte, status byte) []byte {
	m := hmac.New(sha256.New, key)
	m.Write([]byte{status})
	return m.Sum(nil)
}

// VerifyReceipt reports, in constant time, whether receipt is that of status.
func VerifyReceipt(key []byte, status byte, receipt []byte) bool {
	return len(key) == ReceiptSize && hmac.Equal(Receipt(key, status), receipt)
}

// expand derives n bytes from prk, whose length HKDF accepts (RFC 5869).
func expand(prk []byte, info string, n int) []byte {
	b, err := hkdf.Expand(sha256.New, prk, info, n)
	if err != nil {
		panic("seal: constant lengths refused: " + err.Error())
	}
	return b
}
