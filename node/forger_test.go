package node_test

import (
	"bytes"
	"crypto/ed25519"
	"testing"
	"time"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/identity/webvh"
	"github.com/parley-network/parley/relcard"
	"github.com/parley-network/parley/sim"
)

// forger is an identifier with keys and a log, as good as anybody's.
type forger struct {
	signer identity.Signer
	log    []byte
}

func newForger(t *testing.T, domain string) forger {
	t.Helper()
	var keys [3]ed25519.PrivateKey
	for i := range keys {
		_, keys[i], _ = ed25519.GenerateKey(nil)
	}
	l, err := webvh.Create(webvh.Genesis{
		Domain: domain, Sign: keys[0].Public().(ed25519.PublicKey), Update: keys[1], Next: keys[2].Public().(ed25519.PublicKey),
	}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	h, err := webvh.Verify(l, nil, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return forger{identity.NewSigner(h.DID(), h.Latest().ID, keys[0]), l.Bytes()}
}

func (f forger) party(name string) relcard.Party {
	return relcard.Party{DID: f.signer.DID(), Name: name}
}

// signRaw signs any body, right or wrong, as the network's nodes would not.
func signRaw(t *testing.T, body any, s identity.Signer, role identity.Role) []byte {
	t.Helper()
	return signRawAt(t, body, s, role, time.Now())
}

func signRawAt(t *testing.T, body any, s identity.Signer, role identity.Role, at time.Time) []byte {
	t.Helper()
	raw := cbor(t, body)
	env, err := identity.Sign(s, dagcbor.Sum(raw), role, at)
	if err != nil {
		t.Fatal(err)
	}
	return cbor(t, signedForm{1, env, raw})
}

func cbor(t *testing.T, v any) []byte {
	t.Helper()
	b, err := dagcbor.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// secretKey is a signer for the key a party keeps under a name.
func secretKey(w *sim.World, p *sim.Party, name string) ed25519.PrivateKey {
	w.T.Helper()
	return ed25519.NewKeyFromSeed(must[[]byte](w)(p.Keys.Get(name)))
}

// newKey is a key of somebody's.
func newKey(n byte) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{n}, ed25519.SeedSize))
}

// flipped returns b with one bit changed.
func flipped(b []byte, bit int) []byte {
	out := bytes.Clone(b)
	out[bit/8%len(out)] ^= 1 << (bit % 8)
	return out
}
