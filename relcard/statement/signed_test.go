package statement_test

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/relcard/internal/cardtest"
	"github.com/parley-network/parley/relcard/statement"
)

func signed(t testing.TB) statement.Signed {
	t.Helper()
	b := body()
	s, err := b.Sign(oldPerson, start)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSignAndVerify(t *testing.T) {
	s := signed(t)
	raw, err := s.Encode()
	if err != nil {
		t.Fatal(err)
	}
	got, err := statement.DecodeSigned(raw)
	if err != nil {
		t.Fatal(err)
	}
	st, err := got.Verify(keys, now) // the key was replaced since
	if err != nil {
		t.Fatal(err)
	}
	if st.ID != s.ID() || st.ID != dagcbor.Sum(s.Raw) || st.Body.Kind != "disclose" || !bytes.Equal(must(st.Signed.Encode()), raw) {
		t.Errorf("verified as %+v", st)
	}
}

func TestOnlyThePartySigns(t *testing.T) {
	b := body()
	for name, signer := range map[string]identity.Signer{"the other party": vendor.Signer(), "a third": third.Signer()} {
		if _, err := b.Sign(signer, start); !errors.Is(err, statement.ErrSigner) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// verifications are envelopes that do not hold; the vectors publish them too.
func verifications(t testing.TB) []struct {
	name string
	s    statement.Signed
	want statement.Reason
} {
	good := signed(t)
	with := func(e identity.Envelope) statement.Signed { return statement.Signed{Raw: good.Raw, Envelope: e} }
	by := func(s identity.Signer, r identity.Role, at time.Time) statement.Signed {
		return with(must(identity.Sign(s, good.ID(), r, at)))
	}
	changed := func(change func(e *identity.Envelope)) statement.Signed {
		e := good.Envelope
		e.Signature = bytes.Clone(e.Signature)
		change(&e)
		return with(e)
	}
	dated := func(at time.Time) statement.Signed {
		b := body()
		b.Time = identity.At(at)
		return must(b.Sign(person.Signer(), at))
	}
	return []struct {
		name string
		s    statement.Signed
		want statement.Reason
	}{
		{"signed by a third party with a valid log", by(third.Signer(), identity.RolePerson, start), statement.ErrSigner},
		{"signed by the other party", by(vendor.Signer(), identity.RolePerson, start), statement.ErrSigner},
		{"signed in the vendor's role", by(oldPerson, identity.RoleVendor, start), statement.ErrSignature},
		{"signed as an author", by(oldPerson, identity.RoleAuthor, start), statement.ErrSignature},
		{"envelope over another body", changed(func(e *identity.Envelope) { e.Body = dagcbor.Sum(nil) }), statement.ErrSignature},
		{"one bit of the signature is flipped", changed(func(e *identity.Envelope) { e.Signature[0] ^= 1 }), statement.ErrSignature},
		{"no signature", changed(func(e *identity.Envelope) { e.Signature = nil }), statement.ErrSignature},
		{"envelope time is changed", changed(func(e *identity.Envelope) { e.Time = identity.At(start.Add(time.Second)) }), statement.ErrSignature},
		{"envelope of version 2", changed(func(e *identity.Envelope) { e.Version = 2 }), statement.ErrSignature},
		{"a key version the log does not have", changed(func(e *identity.Envelope) { e.KeyVersion = "7" + e.KeyVersion[1:] }), statement.ErrSignature},
		{"no key version", changed(func(e *identity.Envelope) { e.KeyVersion = "" }), statement.ErrSignature},
		{"the old key at the time of the rotation", by(oldPerson, identity.RolePerson, rotated), statement.ErrSignature},
		{"the new key before the rotation", by(person.Signer(), identity.RolePerson, start), statement.ErrSignature},
		{"signed an hour before it was written", by(oldPerson, identity.RolePerson, start.Add(-time.Hour)), statement.ErrClock},
		{"signed an hour in the future", by(person.Signer(), identity.RolePerson, now.Add(time.Hour)), statement.ErrClock},
		{"written an hour in the future", dated(now.Add(time.Hour)), statement.ErrClock},
	}
}

func TestVerifyRefuses(t *testing.T) {
	for _, c := range verifications(t) {
		got, err := c.s.Verify(keys, now)
		if reasonOf(err) != c.want {
			t.Errorf("%s: %v, want %s", c.name, err, c.want)
		}
		if !got.ID.IsZero() {
			t.Errorf("%s: a statement comes with the error", c.name)
		}
	}
	s := signed(t)
	if _, err := s.Verify(nil, now); reasonOf(err) != statement.ErrSignature {
		t.Errorf("without key logs: %v", err)
	}
	s.Raw = append(bytes.Clone(s.Raw), 0)
	if _, err := s.Verify(keys, now); reasonOf(err) != statement.ErrEncoding {
		t.Errorf("a broken body: %v", err)
	}
}

// Clocks of honest parties lie up to five minutes apart.
func TestClockSkew(t *testing.T) {
	s := identity.NewKeySigner(cardtest.Key("once person"))
	b := body()
	b.Person = s.DID()
	for _, c := range []struct {
		signed, now time.Duration
		ok          bool
	}{
		{0, -5 * time.Minute, true}, {0, -5*time.Minute - time.Second, false},
		{-5 * time.Minute, 0, true}, {-5*time.Minute - time.Second, 0, false},
		{5 * time.Minute, 0, true}, {5*time.Minute + time.Second, 0, false},
		{1000 * time.Hour, 1000 * time.Hour, true},
	} {
		signed := must(b.Sign(s, start.Add(c.signed)))
		_, err := signed.Verify(nil, start.Add(c.now))
		if (err == nil) != c.ok || (err != nil && reasonOf(err) != statement.ErrClock) {
			t.Errorf("written at 0, signed at %s, seen at %s: %v", c.signed, c.now, err)
		}
	}
}

func TestSignedBytesAreRefused(t *testing.T) {
	s := signed(t)
	good := must(s.Encode())
	broken := s
	broken.Raw = []byte{0xa0}
	for name, c := range map[string]struct {
		raw  []byte
		want statement.Reason
	}{
		"nothing":          {nil, statement.ErrEncoding},
		"a byte too many":  {append(bytes.Clone(good), 0), statement.ErrEncoding},
		"the next version": {bytes.Replace(good, []byte("\x61v\x01\x63env"), []byte("\x61v\x02\x63env"), 1), statement.ErrVersion},
		"another type":     {bytes.Replace(good, []byte("statement-signed"), []byte("statement-sealed"), 1), statement.ErrVersion},
		"a broken body":    {must(broken.Encode()), statement.ErrEncoding},
		"too long":         {make([]byte, statement.MaxSigned+1), statement.ErrSize},
	} {
		if bytes.Equal(c.raw, good) {
			t.Fatalf("%s: the case is the good statement", name)
		}
		if _, err := statement.DecodeSigned(c.raw); reasonOf(err) != c.want {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
	s.Raw = make([]byte, statement.MaxSigned)
	if _, err := s.Encode(); reasonOf(err) != statement.ErrSize {
		t.Errorf("too long to send: %v", err)
	}
}
