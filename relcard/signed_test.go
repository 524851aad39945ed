package relcard_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/relcard"
	"github.com/parley-network/parley/relcard/internal/cardtest"
)

// now is the clock of the tests: an hour after the parties' logs began.
var (
	now  = cardtest.Start.Add(time.Hour)
	keys = cardtest.Keyring(now.AddDate(1, 0, 0), person, vendor, third)
)

func must[T any](t testing.TB) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// card returns a first version signed by both.
func card(t testing.TB) relcard.Signed {
	b := body()
	s := must[relcard.Signed](t)(b.Sign(vendor.Signer(), now))
	return must[relcard.Signed](t)(s.Sign(person.Signer(), now.Add(time.Minute)))
}

// Both sides come to the same bytes, each along its own way.
func TestBothSidesHoldTheSameBytes(t *testing.T) {
	b := body()
	proposed := must[relcard.Signed](t)(b.Sign(vendor.Signer(), now))
	atPerson := must[relcard.Signed](t)(proposed.Sign(person.Signer(), now.Add(time.Minute)))

	// The vendor has its own and gets the person's envelope alone.
	vendors := must[relcard.Chain](t)(relcard.Chain{}.Apply(proposed, keys, now))
	vendors = must[relcard.Chain](t)(vendors.Apply(relcard.Signed{Raw: atPerson.Raw, Person: atPerson.Person}, keys, now))
	atVendor, _ := vendors.Agreed()

	one := must[[]byte](t)(atPerson.Encode())
	two := must[[]byte](t)(atVendor.Signed.Encode())
	if !bytes.Equal(one, two) {
		t.Fatal("the two sides hold different bytes")
	}
	back := must[relcard.Signed](t)(relcard.DecodeSigned(one))
	v, err := back.Verify(keys, now)
	if err != nil || v.State() != relcard.StateActive || !v.Countersigned() {
		t.Fatalf("read back: %v, state %q", err, v.State())
	}
}

func TestSigningAgainKeepsTheFirstEnvelope(t *testing.T) {
	s := card(t)
	again := must[relcard.Signed](t)(s.Sign(person.Signer(), now.Add(time.Hour)))
	if again.Person != s.Person {
		t.Error("the envelope was replaced")
	}
}

func TestStrangerCannotSign(t *testing.T) {
	b := body()
	if _, err := b.Sign(third.Signer(), now); relcard.ReasonOf(err) != relcard.ErrSigner {
		t.Errorf("got %v", err)
	}
}

func TestEnvelopeIsRefused(t *testing.T) {
	s := card(t)
	b, id, err := relcard.DecodeBody(s.Raw)
	if err != nil {
		t.Fatal(err)
	}
	sign := func(p *cardtest.Party, r identity.Role, at time.Time) *identity.Envelope {
		return ptr(must[identity.Envelope](t)(identity.Sign(p.Signer(), id, r, at)))
	}
	other := must[identity.Envelope](t)(identity.Sign(person.Signer(), dagcbor.Sum([]byte("another body")), identity.RolePerson, now))
	tampered := *s.Person
	tampered.Time = identity.At(now.Add(2 * time.Minute))
	unknownKey := *s.Person
	unknownKey.KeyVersion = "2-" + strings.TrimPrefix(unknownKey.KeyVersion, "1-")
	for name, c := range map[string]struct {
		person *identity.Envelope
		want   relcard.Reason
		where  string
	}{
		"countersigned by a third key":       {sign(third, identity.RolePerson, now), relcard.ErrSigner, string(third.DID())},
		"the vendor in the person's place":   {sign(vendor, identity.RolePerson, now), relcard.ErrSigner, string(vendor.DID())},
		"the person as the vendor":           {sign(person, identity.RoleVendor, now), relcard.ErrSigner, "as \"vendor\""},
		"the person as an author":            {sign(person, identity.RoleAuthor, now), relcard.ErrSigner, "as \"author\""},
		"over another body":                  {&other, relcard.ErrSignature, "not over"},
		"with its time changed":              {&tampered, relcard.ErrSignature, "does not hold"},
		"under a key version not in the log": {&unknownKey, relcard.ErrSignature, "no version"},
		"before the card was written":        {sign(person, identity.RolePerson, b.Time.Std().Add(-time.Hour)), relcard.ErrClock, "written at"},
		"in the future":                      {sign(person, identity.RolePerson, now.Add(time.Hour)), relcard.ErrClock, "future"},
	} {
		t.Run(name, func(t *testing.T) {
			bad := relcard.Signed{Raw: s.Raw, Person: c.person, Vendor: s.Vendor}
			_, err := bad.Verify(keys, now)
			if relcard.ReasonOf(err) != c.want || !strings.Contains(err.Error(), c.where) {
				t.Errorf("got %v, want %s and %q", err, c.want, c.where)
			}
			if chain, err := (relcard.Chain{}).Apply(bad, keys, now); err == nil || chain.State() != relcard.StateNone {
				t.Error("a chain took it")
			}
		})
	}
	if _, err := (relcard.Signed{Raw: s.Raw}).Verify(keys, now); relcard.ReasonOf(err) != relcard.ErrSignature {
		t.Errorf("signed by nobody: %v", err)
	}
	if _, err := s.Verify(relcard.NewKeyring(), now); relcard.ReasonOf(err) != relcard.ErrSignature {
		t.Errorf("without key logs: %v", err)
	}
}

func TestCardDatedInTheFuture(t *testing.T) {
	if _, err := card(t).Verify(keys, cardtest.Start.Add(-time.Hour)); relcard.ReasonOf(err) != relcard.ErrClock {
		t.Errorf("got %v", err)
	}
}

// An old card stands for good: keys replaced since then take nothing away, and
// the old key can't sign anything dated after it was replaced.
func TestRotationKeepsOldCards(t *testing.T) {
	p := cardtest.NewParty("rotating", cardtest.Start)
	old := p.Signer()
	b := cardtest.Body(p.DID(), vendor.DID(), cardtest.Start)
	s := must[relcard.Signed](t)(b.Sign(old, now))

	rotated := now.Add(24 * time.Hour)
	p.Rotate(rotated)
	p.Rotate(rotated.Add(time.Hour))
	later := rotated.Add(48 * time.Hour)
	ring := cardtest.Keyring(later, p, vendor)
	if _, err := s.Verify(ring, later); err != nil {
		t.Errorf("signed before the rotation: %v", err)
	}
	lateOld := must[relcard.Signed](t)(b.Sign(old, rotated))
	if _, err := lateOld.Verify(ring, later); relcard.ReasonOf(err) != relcard.ErrSignature {
		t.Errorf("signed with the old key after the rotation: %v", err)
	}
	fresh := must[relcard.Signed](t)(b.Sign(p.Signer(), later))
	if _, err := fresh.Verify(ring, later); err != nil {
		t.Errorf("signed with the new key: %v", err)
	}
	early := must[relcard.Signed](t)(b.Sign(p.Signer(), now))
	if _, err := early.Verify(ring, later); relcard.ReasonOf(err) != relcard.ErrSignature {
		t.Errorf("dated before the new key stood: %v", err)
	}
}

func TestKeyring(t *testing.T) {
	e := card(t).Person
	if _, err := keys.SigningKeys(e.Signer, e.KeyVersion); err != nil {
		t.Error(err)
	}
	if _, err := keys.SigningKeys(vendor.DID(), e.KeyVersion); err == nil {
		t.Error("a version of one log was found in another")
	}
	if _, err := keys.SigningKeys("did:webvh:unknown", e.KeyVersion); err == nil {
		t.Error("an unknown party has keys")
	}
}

func TestSignedBytesAreRefused(t *testing.T) {
	s := card(t)
	good := must[[]byte](t)(s.Encode())
	invalid := body()
	invalid.Total = ptr(usd("1"))
	raw := must[[]byte](t)(dagcbor.Marshal(invalid))
	for name, c := range map[string]struct {
		raw  []byte
		want relcard.Reason
	}{
		"nothing":         {nil, relcard.ErrEncoding},
		"a byte too many": {append(bytes.Clone(good), 0), relcard.ErrEncoding},
		"cut":             {good[:len(good)-1], relcard.ErrEncoding},
		"a later version": {bytes.Replace(good, []byte("\x61v\x01\x64body"), []byte("\x61v\x02\x64body"), 1), relcard.ErrVersion},
		"an invalid body": {must[[]byte](t)(relcard.Signed{Raw: raw}.Encode()), relcard.ErrTotal},
		"no body":         {must[[]byte](t)(relcard.Signed{Raw: []byte{}}.Encode()), relcard.ErrEncoding},
		"oversized":       {make([]byte, 80<<10), relcard.ErrSize},
	} {
		if _, err := relcard.DecodeSigned(c.raw); relcard.ReasonOf(err) != c.want {
			t.Errorf("%s: got %v, want %s", name, err, c.want)
		}
	}
	if _, err := (relcard.Signed{Raw: make([]byte, 80<<10)}).Encode(); relcard.ReasonOf(err) != relcard.ErrSize {
		t.Errorf("encode oversized: %v", err)
	}
}
