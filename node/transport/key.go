package transport

import (
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"

	"github.com/libp2p/go-libp2p/core/crypto"
)

// keyName is what the device key's seed is stored under.
const keyName = "device"

// Secrets is where the device key is kept, as a keystore offers it.
type Secrets interface {
	// Get returns the secret put under name. The error wraps [fs.ErrNotExist]
	// if there is none.
	Get(name string) ([]byte, error)
	// Put stores secret under name durably before it returns.
	Put(name string, secret []byte) error
}

// LoadOrCreateKey returns the device key kept in s, making one the first time.
// What is kept is the key's 32-byte Ed25519 seed (RFC 8032 §5.1.5), under the
// name "device". Any failure but absence is returned and nothing is written:
// a damaged key is not silently replaced, or a node would become another one.
func LoadOrCreateKey(s Secrets) (crypto.PrivKey, error) {
	seed, err := s.Get(keyName)
	switch {
	case err == nil:
		return KeyFromSeed(seed)
	case !errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("load device key: %w", err)
	}
	seed = make([]byte, ed25519.SeedSize)
	rand.Read(seed) // never fails
	if err := s.Put(keyName, seed); err != nil {
		return nil, fmt.Errorf("store new device key: %w", err)
	}
	return KeyFromSeed(seed)
}

// KeyFromSeed returns the device key of a 32-byte Ed25519 seed.
func KeyFromSeed(seed []byte) (crypto.PrivKey, error) {
	if len(seed) != ed25519.SeedSize {
		return nil, fmt.Errorf("device key seed of %d bytes, want %d", len(seed), ed25519.SeedSize)
	}
	key, err := crypto.UnmarshalEd25519PrivateKey(ed25519.NewKeyFromSeed(seed))
	if err != nil {
		return nil, fmt.Errorf("make device key: %w", err)
	}
	return key, nil
}

func checkKey(key crypto.PrivKey) error {
	if key == nil {
		return errors.New("no device key")
	}
	if t := key.Type(); t != crypto.Ed25519 {
		return fmt.Errorf("device key of type %s, want Ed25519", t)
	}
	return nil
}
