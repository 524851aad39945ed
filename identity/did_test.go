package identity_test

import (
	"crypto/ed25519"
	"errors"
	"strings"
	"testing"

	"github.com/multiformats/go-multibase"
	"pgregory.net/rapid"

	"github.com/parley-network/parley/identity"
)

// key returns a key that depends on n alone.
func key(n byte) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(append(make([]byte, ed25519.SeedSize-1), n))
}

func public(k ed25519.PrivateKey) ed25519.PublicKey { return k.Public().(ed25519.PublicKey) }

// An example of the did:key specification (W3C CCG, section "Ed25519").
const publishedDID = "did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp"

func TestPublishedDID(t *testing.T) {
	pub, err := identity.DID(publishedDID).PublicKey()
	if err != nil {
		t.Fatal(err)
	}
	if got := identity.KeyDID(pub); got != publishedDID || !got.IsKey() {
		t.Errorf("written again: %s", got)
	}
}

func TestKeysHaveOneText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pub := ed25519.PublicKey(rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "key"))
		text := identity.Multikey(pub)
		got, err := identity.ParseMultikey(text)
		if err != nil || !got.Equal(pub) {
			t.Fatalf("%s: %v", text, err)
		}
		if got, err := identity.KeyDID(pub).PublicKey(); err != nil || !got.Equal(pub) {
			t.Fatalf("did:key: %v", err)
		}
		i := rapid.IntRange(0, len(text)-1).Draw(t, "at")
		other := text[:i] + string(rapid.RuneFrom([]rune("1AZaz0IOl_é")).Draw(t, "char")) + text[i+1:]
		if got, err := identity.ParseMultikey(other); err == nil && other != text && got.Equal(pub) {
			t.Fatalf("%s is the same key", other)
		}
	})
}

func TestTextsThatAreNoKey(t *testing.T) {
	pub := public(key(1))
	encode := func(base multibase.Encoding, b []byte) string {
		s, err := multibase.Encode(base, b)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	coded := append([]byte{0xed, 0x01}, pub...)
	for name, s := range map[string]string{
		"nothing":                  "",
		"only the base":            "z",
		"base64":                   encode(multibase.Base64url, coded),
		"base16":                   encode(multibase.Base16, coded),
		"no base":                  identity.Multikey(pub)[1:],
		"a secp256k1 key":          encode(multibase.Base58BTC, append([]byte{0xe7, 0x01, 2}, pub...)),
		"an X25519 key":            encode(multibase.Base58BTC, append([]byte{0xec, 0x01}, pub...)),
		"a private key":            encode(multibase.Base58BTC, append([]byte{0x80, 0x26}, pub...)),
		"no code":                  encode(multibase.Base58BTC, pub),
		"a long varint":            encode(multibase.Base58BTC, append([]byte{0xed, 0x81, 0x00}, pub...)),
		"a byte too few":           encode(multibase.Base58BTC, coded[:33]),
		"a byte too many":          encode(multibase.Base58BTC, append(coded, 0)),
		"a letter not in base58":   identity.Multikey(pub)[:47] + "0",
		"a blank after it":         identity.Multikey(pub) + " ",
		"a fragment after it":      identity.Multikey(pub) + "#k",
		"leading zeros":            "z1" + identity.Multikey(pub)[1:],
		"very long":                "z" + strings.Repeat("6", 1<<20),
		"not UTF-8":                "z\xff\xfe",
		"letters outside of ASCII": "zé",
	} {
		if _, err := identity.ParseMultikey(s); !errors.Is(err, identity.ErrKey) {
			t.Errorf("%s: got %v", name, err)
		}
		if _, err := identity.DID("did:key:" + s).PublicKey(); !errors.Is(err, identity.ErrKey) {
			t.Errorf("%s in a did:key: got %v", name, err)
		}
	}
	for _, d := range []identity.DID{"", "did:key", "did:web:example.org", "did:webvh:x:example.org", "DID:KEY:" + identity.DID(publishedDID[8:])} {
		if _, err := d.PublicKey(); err == nil || d.IsKey() {
			t.Errorf("%q has a key: %v", d, err)
		}
	}
}

func FuzzParseMultikey(f *testing.F) {
	f.Add(identity.Multikey(public(key(1))))
	f.Add(publishedDID[8:])
	f.Add("z")
	f.Fuzz(func(t *testing.T, s string) {
		pub, err := identity.ParseMultikey(s)
		if err == nil && (len(pub) != ed25519.PublicKeySize || identity.Multikey(pub) != s) {
			t.Fatalf("%q was read as %x", s, pub)
		}
	})
}
