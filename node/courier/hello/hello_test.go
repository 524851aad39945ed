package hello_test

import (
	"bytes"
	"crypto/rand"
	"strings"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/record"
	ma "github.com/multiformats/go-multiaddr"
	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/node/courier/hello"
	"github.com/parley-network/parley/node/courier/seal"
)

var now = time.Date(2026, 3, 20, 9, 0, 0, 0, time.UTC)

func hostKey(t testing.TB) crypto.PrivKey {
	t.Helper()
	k, _, err := crypto.GenerateEd25519Key(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func template(t testing.TB) hello.Record {
	t.Helper()
	k, err := seal.NewPrivateKey(make([]byte, seal.SeedSize))
	if err != nil {
		t.Fatal(err)
	}
	return hello.Record{
		Key: k.Public(), Hold: true, Forward: true, Life: 8 * 86400, Letters: 256, SlotBytes: 2 << 20,
		Time: identity.At(now), Expires: identity.At(now.Add(time.Hour)),
	}
}

var addrs = []ma.Multiaddr{ma.StringCast("/ip4/1.2.3.4/udp/4001/quic-v1")}

func TestSignAndOpen(t *testing.T) {
	key := hostKey(t)
	b, err := hello.Sign(key, addrs, template(t))
	if err != nil {
		t.Fatal(err)
	}
	r, info, err := hello.Open(b, now.Add(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	want, err := peer.IDFromPrivateKey(key)
	if err != nil || info.ID != want || len(info.Addrs) != 1 || !info.Addrs[0].Equal(addrs[0]) || !r.Hold || !r.Forward {
		t.Errorf("%+v of %v", r, info)
	}
	if len(b) > 2000 {
		t.Errorf("a record takes %d bytes", len(b))
	}
	for when, at := range map[string]time.Time{"expired": now.Add(time.Hour), "made in the future": now.Add(-hello.MaxSkew - time.Second)} {
		if _, _, err := hello.Open(b, at); err == nil || !strings.Contains(err.Error(), "not valid now") {
			t.Errorf("%s: %v", when, err)
		}
	}
}

// forged is a record that says it is another peer's.
type forged struct {
	payload       []byte
	domain, codec string
}

func (f *forged) Domain() string                 { return f.domain }
func (f *forged) Codec() []byte                  { return []byte(f.codec) }
func (f *forged) MarshalRecord() ([]byte, error) { return f.payload, nil }
func (f *forged) UnmarshalRecord([]byte) error   { return nil }

func TestForgeries(t *testing.T) {
	victim, forger := hostKey(t), hostKey(t)
	b, err := hello.Sign(victim, addrs, template(t))
	if err != nil {
		t.Fatal(err)
	}
	e, err := record.UnmarshalEnvelope(b)
	if err != nil {
		t.Fatal(err)
	}
	seal := func(k crypto.PrivKey, domain, codec string) []byte {
		env, err := record.Seal(&forged{e.RawPayload, domain, codec}, k)
		if err != nil {
			t.Fatal(err)
		}
		b, err := env.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	const domain, codec = "parley-holder-record", "/parley/hello/1"
	if _, _, err := hello.Open(seal(victim, domain, codec), now); err != nil {
		t.Fatalf("the victim's own is refused: %v", err)
	}
	for name, c := range map[string]struct {
		b    []byte
		want string
	}{
		"signed by another":          {seal(forger, domain, codec), "did not sign it"},
		"signed for another purpose": {seal(victim, "libp2p-peer-record", codec), "invalid signature"},
		"of another type":            {seal(victim, domain, "/other"), "payload type"},
		"cut":                        {b[:len(b)-1], "holder record"},
		"too long":                   {append(b, make([]byte, 8<<10)...), "frame too large"},
		"empty":                      {nil, "holder record"},
	} {
		if _, _, err := hello.Open(c.b, now); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
	}
}

func TestSignRefuses(t *testing.T) {
	key := hostKey(t)
	for want, change := range map[string]func(*hello.Record){
		"want a life up to":       func(r *hello.Record) { r.Expires = identity.At(now.Add(25 * time.Hour)) },
		"expires 2026-03-20T09":   func(r *hello.Record) { r.Expires = r.Time },
		"key: public key of 3":    func(r *hello.Record) { r.Key = []byte{1, 2, 3} },
		"a limit is beyond":       func(r *hello.Record) { r.Letters = 1 << 40 },
		"not an HPKE MLKEM768-X2": func(r *hello.Record) { r.Key = bytes.Repeat([]byte{0xff}, seal.KeySize) },
	} {
		r := template(t)
		change(&r)
		if _, err := hello.Sign(key, addrs, r); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

// FuzzOpen: no panic, and what is accepted is a valid record of its signer.
// The fuzzer's bytes are tried as they are and signed.
func FuzzOpen(f *testing.F) {
	key := hostKey(f)
	b, err := hello.Sign(key, addrs, template(f))
	if err != nil {
		f.Fatal(err)
	}
	e, err := record.UnmarshalEnvelope(b)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add(e.RawPayload)
	f.Fuzz(func(t *testing.T, b []byte) {
		_, _, _ = hello.Open(b, now)
		env, err := record.Seal(&forged{b, "parley-holder-record", "/parley/hello/1"}, key)
		if err != nil {
			return
		}
		signed, err := env.Marshal()
		if err != nil {
			return
		}
		r, info, err := hello.Open(signed, now)
		if err == nil && (!info.ID.MatchesPrivateKey(key) || !r.Fresh(now) || seal.CheckKey(r.Key) != nil) {
			t.Errorf("accepted %+v", r)
		}
	})
}
