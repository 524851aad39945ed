package channel_test

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/identity/webvh"
	"github.com/parley-network/parley/node/channel"
	"github.com/parley-network/parley/relcard"
)

func sign(t testing.TB, e channel.Event) channel.Signed {
	t.Helper()
	s, err := channel.SignEvent(e, acme, card, now)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSignedRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := drawEvent(t)
		s, err := channel.SignEvent(e, acme, card, now)
		if err != nil {
			t.Fatal(err)
		}
		raw, err := s.Encode()
		if err != nil {
			t.Fatal(err)
		}
		got, err := channel.DecodeSigned(raw)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := got.Encode(); err != nil || !bytes.Equal(again, raw) {
			t.Fatalf("%v: encodes to other bytes", err)
		}
		if opened, err := got.Verify(nil, now); err != nil || opened != e {
			t.Fatalf("%v: %+v, was %+v", err, opened, e)
		}
	})
}

// A vendor with a key log signs under its newest key; what it signed holds
// after the key is rotated.
func TestVerifyAfterRotation(t *testing.T) {
	log, err := webvh.Create(webvh.Genesis{
		Domain: "acme.example", Update: key("update 1"), Next: public("update 2"), Sign: public("sign 1"),
	}, now.AddDate(0, -1, 0))
	if err != nil {
		t.Fatal(err)
	}
	e := eventOf(channel.KindReceipt)
	e.Source = log.DID()
	s, err := channel.SignEvent(e, identity.NewSigner(log.DID(), log.VersionID(), key("sign 1")), card, now)
	if err != nil {
		t.Fatal(err)
	}
	later := now.Add(time.Hour)
	log, err = log.Rotate(webvh.Rotation{Update: key("update 2"), Next: public("update 3"), Sign: public("sign 2")}, later)
	if err != nil {
		t.Fatal(err)
	}
	history, err := webvh.Verify(log, nil, later)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := s.Verify(relcard.NewKeyring(history), later); err != nil || got != e {
		t.Errorf("%v: %+v", err, got)
	}
	if _, err := s.Verify(nil, later); !errors.Is(err, channel.ErrSignature) {
		t.Errorf("without its keys: %v", err)
	}
}

func public(name string) ed25519.PublicKey { return key(name).Public().(ed25519.PublicKey) }

func TestSignEventRefuses(t *testing.T) {
	e := eventOf(channel.KindOffer)
	if _, err := channel.SignEvent(e, other, card, now); !errors.Is(err, channel.ErrSignature) {
		t.Errorf("another's event: %v", err)
	}
	_, err := channel.SignEvent(e, acme, dagcbor.CID{}, now)
	wantField(t, err, "card")
	e.Data.Title = ""
	_, err = channel.SignEvent(e, acme, card, now)
	wantField(t, err, "data.title")
}

func TestVerifyRefuses(t *testing.T) {
	e := eventOf(channel.KindOffer)
	resign := func(s channel.Signed, as identity.Signer, role identity.Role, at time.Time) channel.Signed {
		id, err := s.ID()
		if err != nil {
			t.Fatal(err)
		}
		if s.Envelope, err = identity.Sign(as, id, role, at); err != nil {
			t.Fatal(err)
		}
		return s
	}
	for name, s := range map[string]channel.Signed{
		"shown under another card": func() channel.Signed {
			s := sign(t, e)
			s.Card = dagcbor.Sum([]byte("another card"))
			return s
		}(),
		"another event": func() channel.Signed {
			s, f := sign(t, e), e
			f.Data.Title = "Boots, the full price"
			s.Raw = encoded(t, f)
			return s
		}(),
		"signed by another":       resign(sign(t, e), other, identity.RoleVendor, now),
		"signed as a person":      resign(sign(t, e), acme, identity.RolePerson, now),
		"signed in the future":    resign(sign(t, e), acme, identity.RoleVendor, now.Add(6*time.Minute)),
		"signed before it was":    resign(sign(t, e), acme, identity.RoleVendor, now.Add(-6*time.Minute)),
		"envelope says otherwise": func() channel.Signed { s := sign(t, e); s.Envelope.Time = identity.At(now.Add(time.Second)); return s }(),
		"event of the future": func() channel.Signed {
			f := e
			f.Time = identity.At(now.Add(6 * time.Minute))
			return sign(t, f)
		}(),
		"no signature": {Raw: encoded(t, e), Card: card},
	} {
		if _, err := s.Verify(nil, now); !errors.Is(err, channel.ErrSignature) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := sign(t, e).Verify(nil, now.Add(-4*time.Minute)); err != nil {
		t.Errorf("clocks four minutes apart: %v", err)
	}
}

func TestDecodeSignedRefuses(t *testing.T) {
	s := sign(t, eventOf(channel.KindOffer))
	for name, s := range map[string]channel.Signed{
		"no card":            {Raw: s.Raw, Envelope: s.Envelope},
		"no event":           {Card: s.Card, Envelope: s.Envelope},
		"layout of its own":  {Raw: append([]byte(" "), s.Raw...), Card: s.Card, Envelope: s.Envelope},
		"an event unchecked": {Raw: bytes.Replace(s.Raw, []byte("half the price"), []byte("half\\u0000price"), 1), Card: s.Card, Envelope: s.Envelope},
	} {
		raw, err := s.Encode()
		if err != nil {
			continue // not to be written either
		}
		if _, err := channel.DecodeSigned(raw); err == nil {
			t.Errorf("%s is read", name)
		}
	}
	raw, err := s.Encode()
	if err != nil {
		t.Fatal(err)
	}
	for name, raw := range map[string][]byte{
		"nothing":      nil,
		"more after":   append(bytes.Clone(raw), 0),
		"broken off":   raw[:len(raw)-1],
		"another type": bytes.Replace(raw, []byte("event-signed"), []byte("offer-signed"), 1),
		"too long":     make([]byte, 64<<10),
	} {
		if _, err := channel.DecodeSigned(raw); err == nil {
			t.Errorf("%s is read", name)
		}
	}
}

func FuzzDecodeSigned(f *testing.F) {
	for _, e := range events() {
		raw, err := sign(f, e).Encode()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		s, err := channel.DecodeSigned(raw)
		if err != nil {
			return
		}
		if again, err := s.Encode(); err != nil || !bytes.Equal(again, raw) {
			t.Fatalf("%v: encodes to other bytes", err)
		}
		if _, err := s.Verify(nil, now); err == nil && s.Envelope.Signer != acme.DID() {
			t.Fatal("a signature nobody made holds")
		}
	})
}

func BenchmarkVerify(b *testing.B) {
	s := sign(b, eventOf(channel.KindOffer))
	for b.Loop() {
		if _, err := s.Verify(nil, now); err != nil {
			b.Fatal(err)
		}
	}
}
