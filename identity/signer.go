package identity

import (
	"crypto/ed25519"
	"fmt"
)

// keySigner signs with a key held in memory.
type keySigner struct {
	did     DID
	version string
	key     ed25519.PrivateKey
}

// NewSigner returns a Signer for a party whose key log's version is named.
func NewSigner(did DID, version string, key ed25519.PrivateKey) Signer {
	return keySigner{did, version, key}
}

// NewKeySigner returns a Signer for the did:key of key.
func NewKeySigner(key ed25519.PrivateKey) Signer {
	return keySigner{did: KeyDID(key.Public().(ed25519.PublicKey)), key: key}
}

func (s keySigner) DID() DID           { return s.did }
func (s keySigner) KeyVersion() string { return s.version }

func (s keySigner) Sign(message []byte) ([]byte, error) {
	return ed25519.Sign(s.key, message), nil
}

// Format keeps the key out of logs, whatever the verb.
func (s keySigner) Format(f fmt.State, _ rune) {
	fmt.Fprintf(f, "signer for %s", string(s.did))
}
