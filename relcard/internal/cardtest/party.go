// Package cardtest makes parties and cards for tests: the same ones each
// time, from keys that are derived from their names and guard nothing.
package cardtest

import (
	"crypto/ed25519"
	"crypto/sha256"
	"fmt"
	"time"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/webvh"
	"github.com/parley-network/parley/relcard"
)

// Start is when the parties' logs begin.
var Start = time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)

// Key returns the test key of that name: its seed is the SHA-256 of
// "parley test key: NAME".
func Key(name string) ed25519.PrivateKey {
	seed := sha256.Sum256([]byte("parley test key: " + name))
	return ed25519.NewKeyFromSeed(seed[:])
}

func public(key ed25519.PrivateKey) ed25519.PublicKey { return key.Public().(ed25519.PublicKey) }

// Party is one side of a card with a key log. Its keys are named
// "NAME update N" and "NAME sign N", N counting from 1.
type Party struct {
	Name string
	Log  *webvh.Log
	n    int
}

// NewParty starts a log at the given time.
func NewParty(name string, at time.Time) *Party {
	p := &Party{Name: name, n: 1}
	p.Log = must(webvh.Create(webvh.Genesis{
		Domain: name + ".example", Update: p.key("update", 1), Next: public(p.key("update", 2)), Sign: public(p.key("sign", 1)),
	}, at))
	return p
}

func (p *Party) key(use string, n int) ed25519.PrivateKey {
	return Key(fmt.Sprintf("%s %s %d", p.Name, use, n))
}

// Rotate replaces all keys at the given time.
func (p *Party) Rotate(at time.Time) {
	p.n++
	p.Log = must(p.Log.Rotate(webvh.Rotation{
		Update: p.key("update", p.n), Next: public(p.key("update", p.n+1)), Sign: public(p.key("sign", p.n)),
	}, at))
}

// DID returns the party's identifier.
func (p *Party) DID() identity.DID { return p.Log.DID() }

// Signer signs under the newest version of the log.
func (p *Party) Signer() identity.Signer {
	return identity.NewSigner(p.DID(), p.Log.VersionID(), p.key("sign", p.n))
}

// Keyring verifies the logs of the parties as of now.
func Keyring(now time.Time, parties ...*Party) relcard.Keyring {
	var hs []*webvh.History
	for _, p := range parties {
		hs = append(hs, must(webvh.Verify(p.Log, nil, now)))
	}
	return relcard.NewKeyring(hs...)
}

func must[T any](v T, err error) T {
	if err != nil {
		panic("cardtest: " + err.Error())
	}
	return v
}
