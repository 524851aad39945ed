// Package identity is who signs: identifiers, their keys, and signatures over
// the CIDs of bodies.
//
// A party is named by a [DID]. An intentcast's author is a did:key used once;
// a party to a relationship is a did:webvh with a key log of its own (package
// webvh). A libp2p peer id is the address of a device and never appears here.
package identity

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"fmt"
	"strings"

	"github.com/multiformats/go-multibase"
)

// DID is a decentralized identifier, "did:METHOD:…", without fragment, query
// or path. Only the methods key (Ed25519) and webvh are in use.
type DID string

const keyMethod = "did:key:"

// ed25519Code is the multicodec ed25519-pub (0xed) as a varint.
var ed25519Code = []byte{0xed, 0x01}

// ErrKey is returned for text that is not an Ed25519 public key in the form
// asked for.
var ErrKey = errors.New("not an Ed25519 public key in Multikey form")

// KeyDID returns the did:key of pub (W3C CCG did:key, multicodec ed25519-pub).
func KeyDID(pub ed25519.PublicKey) DID { return DID(keyMethod + Multikey(pub)) }

// IsKey reports whether d is of the method key, whose one key is in the name.
func (d DID) IsKey() bool { return strings.HasPrefix(string(d), keyMethod) }

// PublicKey returns the key a did:key names. Any other method is an error:
// its keys are in its log.
func (d DID) PublicKey() (ed25519.PublicKey, error) {
	rest, ok := strings.CutPrefix(string(d), keyMethod)
	if !ok {
		return nil, fmt.Errorf("%.80q is not a did:key", string(d))
	}
	pub, err := ParseMultikey(rest)
	if err != nil {
		return nil, fmt.Errorf("did:key %.80q: %w", string(d), err)
	}
	return pub, nil
}

// Multikey returns pub as a W3C Multikey: 'z', base58btc, multicodec
// ed25519-pub.
func Multikey(pub ed25519.PublicKey) string {
	s, err := multibase.Encode(multibase.Base58BTC, append(bytes.Clone(ed25519Code), pub...))
	if err != nil {
		panic("identity: base58btc refused bytes: " + err.Error()) // cannot happen for a known base
	}
	return s
}

// maxMultikey is the longest base58 text 34 bytes can have, with its prefix.
const maxMultikey = 49

// ParseMultikey reads the one Multikey form of an Ed25519 public key.
func ParseMultikey(s string) (ed25519.PublicKey, error) {
	if len(s) > maxMultikey || !strings.HasPrefix(s, "z") {
		return nil, ErrKey
	}
	_, b, err := multibase.Decode(s)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrKey, err)
	}
	key, ok := bytes.CutPrefix(b, ed25519Code)
	if !ok || len(key) != ed25519.PublicKeySize || Multikey(key) != s {
		return nil, ErrKey
	}
	return ed25519.PublicKey(key), nil
}
