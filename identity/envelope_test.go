package identity_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
)

var (
	signedAt = time.Date(2026, 3, 20, 9, 0, 0, 0, time.UTC)
	body     = dagcbor.Sum([]byte("a body"))
)

// logs is a key source of one party with three versions of one day each, the
// last of which still stands.
type logs struct{ did identity.DID }

const party identity.DID = "did:webvh:example"

func (l logs) SigningKeys(did identity.DID, version string) (identity.KeyPeriod, error) {
	var n int
	if _, err := fmt.Sscanf(version, "%d-hash", &n); err != nil || did != l.did || n < 1 || n > 3 {
		return identity.KeyPeriod{}, errors.New("not in the log")
	}
	day := 24 * time.Hour
	p := identity.KeyPeriod{
		Keys:  []ed25519.PublicKey{public(key(99)), public(key(byte(n)))},
		From:  signedAt.Add(time.Duration(n-2) * day),
		Until: signedAt.Add(time.Duration(n-1) * day),
	}
	if n == 3 {
		p.Until = time.Time{}
	}
	return p, nil
}

func sign(t testing.TB, s identity.Signer, r identity.Role, at time.Time) identity.Envelope {
	t.Helper()
	e, err := identity.Sign(s, body, r, at)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestSignAndVerify(t *testing.T) {
	once := sign(t, identity.NewKeySigner(key(1)), identity.RoleAuthor, signedAt)
	if err := once.Verify(body, identity.RoleAuthor, nil); err != nil {
		t.Errorf("did:key: %v", err)
	}
	logged := sign(t, identity.NewSigner(party, "2-hash", key(2)), identity.RolePerson, signedAt)
	if err := logged.Verify(body, identity.RolePerson, logs{party}); err != nil {
		t.Errorf("key log: %v", err)
	}
	for _, e := range []identity.Envelope{once, logged} {
		b, err := dagcbor.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		var got identity.Envelope
		if err := dagcbor.Unmarshal(b, &got); err != nil {
			t.Fatal(err)
		}
		if err := got.Verify(body, e.Role, logs{party}); err != nil {
			t.Errorf("after CBOR: %v", err)
		}
		if b, err = json.Marshal(e); err != nil {
			t.Fatal(err)
		}
		got = identity.Envelope{}
		if err := json.Unmarshal(b, &got); err != nil {
			t.Fatal(err)
		}
		if err := got.Verify(body, e.Role, logs{party}); err != nil {
			t.Errorf("after JSON: %v", err)
		}
	}
}

// What is signed is the tag, a newline and the envelope without its signature,
// which other implementations must be able to rebuild.
func TestSignedBytes(t *testing.T) {
	e := sign(t, identity.NewKeySigner(key(1)), identity.RoleAuthor, signedAt)
	signer := string(identity.KeyDID(public(key(1))))
	want := "parley/sig/1\n" +
		"\xa5" + "\x61v\x01" +
		"\x64body\xd8\x2a\x58\x25\x00" + string(body.Bytes()) +
		"\x64role\x66author" +
		"\x64time\x742026-03-20T09:00:00Z" +
		"\x66signer\x78" + string(rune(len(signer))) + signer
	if !ed25519.Verify(public(key(1)), []byte(want), e.Signature) {
		t.Error("the signature is not over the bytes documented")
	}
}

func TestEveryFieldIsSigned(t *testing.T) {
	good := sign(t, identity.NewSigner(party, "2-hash", key(2)), identity.RolePerson, signedAt)
	other := dagcbor.Sum([]byte("another body"))
	for name, c := range map[string]struct {
		change func(e *identity.Envelope)
		where  string
	}{
		"version":                       {func(e *identity.Envelope) { e.Version = 2 }, "version 2"},
		"body":                          {func(e *identity.Envelope) { e.Body = other }, "not over"},
		"signer without a log":          {func(e *identity.Envelope) { e.Signer = "did:webvh:other" }, "not in the log"},
		"signer with a key in its name": {func(e *identity.Envelope) { e.Signer = identity.KeyDID(public(key(2))) }, "no key version"},
		"signer is nobody":              {func(e *identity.Envelope) { e.Signer = "" }, "log"},
		"key version":                   {func(e *identity.Envelope) { e.KeyVersion = "3-hash" }, "outside the time"},
		"no key version":                {func(e *identity.Envelope) { e.KeyVersion = "" }, "not in the log"},
		"role":                          {func(e *identity.Envelope) { e.Role = identity.RoleVendor }, "where \"person\" must sign"},
		"time":                          {func(e *identity.Envelope) { e.Time = identity.At(signedAt.Add(time.Second)) }, "does not hold"},
		"no time":                       {func(e *identity.Envelope) { e.Time = identity.Time{} }, "outside the time"},
		"signature":                     {func(e *identity.Envelope) { e.Signature[63] ^= 0x40 }, "does not hold"},
		"signature cut":                 {func(e *identity.Envelope) { e.Signature = e.Signature[:63] }, "63 bytes"},
		"signature gone":                {func(e *identity.Envelope) { e.Signature = nil }, "0 bytes"},
		"signature of zeros":            {func(e *identity.Envelope) { e.Signature = make([]byte, 64) }, "does not hold"},
	} {
		t.Run(name, func(t *testing.T) {
			e := good
			e.Signature = bytes.Clone(good.Signature)
			c.change(&e)
			err := e.Verify(body, identity.RolePerson, logs{party})
			if err == nil || !strings.Contains(err.Error(), c.where) {
				t.Errorf("got %v, want %q", err, c.where)
			}
		})
	}
	if err := good.Verify(other, identity.RolePerson, logs{party}); !errors.Is(err, identity.ErrSignature) {
		t.Errorf("asked about another body: %v", err)
	}
	if err := good.Verify(body, identity.RoleAuthor, logs{party}); !errors.Is(err, identity.ErrSignature) {
		t.Errorf("asked about another role: %v", err)
	}
	if err := good.Verify(body, identity.RolePerson, nil); !errors.Is(err, identity.ErrSignature) {
		t.Errorf("without key logs: %v", err)
	}
}

// The same bytes signed for another protocol, or without a tag, do not hold.
func TestOtherDomains(t *testing.T) {
	good := sign(t, identity.NewKeySigner(key(1)), identity.RoleAuthor, signedAt)
	unsigned := good
	unsigned.Signature = nil
	msg, err := dagcbor.Marshal(unsigned)
	if err != nil {
		t.Fatal(err)
	}
	for _, domain := range []string{"", "parley/sig/1", "parley/sig/2\n", "parley/offer/1\n", "PARLEY/SIG/1\n"} {
		e := good
		e.Signature = ed25519.Sign(key(1), append([]byte(domain), msg...))
		if err := e.Verify(body, identity.RoleAuthor, nil); !errors.Is(err, identity.ErrSignature) {
			t.Errorf("domain %q: %v", domain, err)
		}
	}
	e := good
	e.Signature = ed25519.Sign(key(1), body.Bytes())
	if err := e.Verify(body, identity.RoleAuthor, nil); !errors.Is(err, identity.ErrSignature) {
		t.Errorf("over the bare CID: %v", err)
	}
}

// A key signs within the time of its version: from its first second on, and no
// more from the first second of the next.
func TestTimeOfAKeyVersion(t *testing.T) {
	day := 24 * time.Hour
	for _, c := range []struct {
		version string
		key     byte
		at      time.Time
		ok      bool
	}{
		{"2-hash", 2, signedAt, true},
		{"2-hash", 2, signedAt.Add(day - time.Second), true},
		{"2-hash", 2, signedAt.Add(day), false},
		{"2-hash", 2, signedAt.Add(-time.Second), false},
		{"1-hash", 1, signedAt.Add(-time.Second), true},
		{"1-hash", 1, signedAt, false},
		{"1-hash", 2, signedAt.Add(-time.Second), false},
		{"3-hash", 3, signedAt.AddDate(50, 0, 0), true},
		{"3-hash", 3, signedAt, false},
		{"2-hash", 99, signedAt, true}, // a version may have several keys
		{"4-hash", 4, signedAt, false},
	} {
		e := sign(t, identity.NewSigner(party, c.version, key(c.key)), identity.RolePerson, c.at)
		if err := e.Verify(body, identity.RolePerson, logs{party}); (err == nil) != c.ok {
			t.Errorf("key %d under %s at %s: %v", c.key, c.version, c.at, err)
		}
	}
}

func TestAKeyDIDHasNoVersions(t *testing.T) {
	e := sign(t, identity.NewSigner(identity.KeyDID(public(key(1))), "1-hash", key(1)), identity.RoleAuthor, signedAt)
	if err := e.Verify(body, identity.RoleAuthor, logs{party}); !errors.Is(err, identity.ErrSignature) {
		t.Errorf("got %v", err)
	}
	e = sign(t, identity.NewSigner("did:key:z6Mk", "", key(1)), identity.RoleAuthor, signedAt)
	if err := e.Verify(body, identity.RoleAuthor, nil); err == nil {
		t.Error("a did:key without a key signed")
	}
}

type noSigner struct{ identity.Signer }

func (noSigner) DID() identity.DID           { return party }
func (noSigner) KeyVersion() string          { return "1-hash" }
func (noSigner) Sign([]byte) ([]byte, error) { return nil, errors.New("locked") }

func TestSignFails(t *testing.T) {
	if _, err := identity.Sign(noSigner{}, body, identity.RolePerson, signedAt); err == nil || !strings.Contains(err.Error(), "locked") {
		t.Errorf("locked key: %v", err)
	}
	s := identity.NewKeySigner(key(1))
	if _, err := identity.Sign(s, dagcbor.CID{}, identity.RoleAuthor, signedAt); err == nil {
		t.Error("signed nothing")
	}
	if _, err := identity.Sign(s, body, identity.RoleAuthor, time.Time{}); err == nil {
		t.Error("signed at no time")
	}
}

func TestSignerDoesNotShowItsKey(t *testing.T) {
	k := key(7)
	for _, s := range []identity.Signer{identity.NewKeySigner(k), identity.NewSigner(party, "1-hash", k)} {
		for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			text := fmt.Sprintf(format, s)
			numbers := strings.Trim(fmt.Sprint([]byte(k.Seed())), "[]")
			if strings.Contains(text, fmt.Sprintf("%x", k.Seed())) || strings.Contains(text, numbers) {
				t.Errorf("%s shows the key: %s", format, text)
			}
		}
	}
}

func TestTamperedEnvelopesNeverVerify(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e, err := identity.Sign(identity.NewSigner(party, "2-hash", key(2)), body, identity.RolePerson, signedAt)
		if err != nil {
			t.Fatal(err)
		}
		b, err := dagcbor.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		i := rapid.IntRange(0, len(b)*8-1).Draw(t, "bit")
		b[i/8] ^= 1 << (i % 8)
		var got identity.Envelope
		if dagcbor.Unmarshal(b, &got) == nil && got.Verify(body, identity.RolePerson, logs{party}) == nil {
			t.Fatalf("with bit %d flipped it verifies", i)
		}
	})
}

func FuzzEnvelope(f *testing.F) {
	for _, s := range []identity.Signer{identity.NewKeySigner(key(1)), identity.NewSigner(party, "2-hash", key(2))} {
		e := sign(f, s, identity.RolePerson, signedAt)
		b, err := dagcbor.Marshal(e)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	good := sign(f, identity.NewSigner(party, "2-hash", key(2)), identity.RolePerson, signedAt)
	f.Fuzz(func(t *testing.T, b []byte) {
		var e identity.Envelope
		if dagcbor.Unmarshal(b, &e) != nil {
			return
		}
		again, err := dagcbor.Marshal(e)
		if err != nil || !bytes.Equal(again, b) {
			t.Fatalf("two encodings of one envelope: %v", err)
		}
		if e.Verify(body, identity.RolePerson, logs{party}) == nil && e.Signer == party && !bytes.Equal(e.Signature, good.Signature) {
			t.Fatal("forged")
		}
	})
}

func BenchmarkEnvelopeVerify(b *testing.B) {
	e := sign(b, identity.NewKeySigner(key(1)), identity.RoleAuthor, signedAt)
	for b.Loop() {
		if err := e.Verify(body, identity.RoleAuthor, nil); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkBareVerify(b *testing.B) {
	msg := make([]byte, 300)
	sig := ed25519.Sign(key(1), msg)
	pub := public(key(1))
	for b.Loop() {
		if !ed25519.Verify(pub, msg, sig) {
			b.Fatal("does not hold")
		}
	}
}
