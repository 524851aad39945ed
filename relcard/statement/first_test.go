package statement_test

import (
	"crypto/ed25519"
	"errors"
	"testing"
	"time"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/relcard/statement"
)

func TestRoundTrip(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	_, k1, _ := ed25519.GenerateKey(nil)
	_, k2, _ := ed25519.GenerateKey(nil)
	p, v := identity.NewKeySigner(k1), identity.NewKeySigner(k2)
	content, err := dagcbor.Marshal(map[string]any{"v": uint64(1)})
	if err != nil {
		t.Fatal(err)
	}
	b := statement.Head{}.Next(identity.RolePerson, p.DID(), v.DID(), statement.Head{}, now)
	b.Kind, b.Content = "proffer", content
	s, err := b.Sign(p, now)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := s.Encode()
	if err != nil {
		t.Fatal(err)
	}
	s2, err := statement.DecodeSigned(raw)
	if err != nil {
		t.Fatal(err)
	}
	st, err := s2.Verify(nil, now)
	if err != nil {
		t.Fatal(err)
	}
	h, err := statement.Head{}.Follow(&st)
	if err != nil || h.Count != 1 {
		t.Fatal(h, err)
	}
	if _, err := h.Follow(&st); !errors.Is(err, statement.ErrPast) {
		t.Fatal(err)
	}
	if _, err := b.Sign(v, now); !errors.Is(err, statement.ErrSigner) {
		t.Fatal(err)
	}
}
