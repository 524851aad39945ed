package relcard_test

import (
	"crypto/ed25519"
	"testing"
	"time"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/relcard"
	"github.com/parley-network/parley/relcard/internal/cardtest"
)

// encodeUnchecked encodes a body as it is, for cases that must be refused.
func encodeUnchecked(b relcard.Body) ([]byte, error) { return dagcbor.Marshal(b) }

// longChain is a card of n versions, each signed by both.
func longChain(t testing.TB, n int) []relcard.Signed {
	var c relcard.Chain
	b := body()
	for range n {
		s := propose(t, b, vendor, person)
		c = apply(t, c, s)
		b = must[relcard.Body](t)(c.Next(now))
	}
	var all []relcard.Signed
	for _, v := range c.Versions() {
		all = append(all, v.Signed)
	}
	return all
}

// BenchmarkVerifyChain reports how the time of verifying a card of 100
// versions compares with the 200 bare signature checks within it.
func BenchmarkVerifyChain(b *testing.B) {
	all := longChain(b, 100)
	key := cardtest.Key("bare")
	msg := make([]byte, 300)
	sig := ed25519.Sign(key, msg)
	pub := key.Public().(ed25519.PublicKey)
	fastest := func(best *time.Duration, do func()) {
		start := time.Now()
		do()
		if d := time.Since(start); *best == 0 || d < *best {
			*best = d
		}
	}
	var whole, bare time.Duration // the best of all rounds, so that other load counts little
	for b.Loop() {
		fastest(&whole, func() {
			if _, err := relcard.NewChain(all, keys, now); err != nil {
				b.Fatal(err)
			}
		})
		fastest(&bare, func() {
			for range 2 * len(all) {
				if !ed25519.Verify(pub, msg, sig) {
					b.Fatal("bare check failed")
				}
			}
		})
	}
	b.ReportMetric(bare.Seconds()/whole.Seconds(), "x-bare-rate")
}

// BenchmarkApplyChain is the same, version by version.
func BenchmarkApplyChain(b *testing.B) {
	all := longChain(b, 100)
	for b.Loop() {
		apply(b, relcard.Chain{}, all...)
	}
}

func BenchmarkDecodeBody(b *testing.B) {
	card := body()
	raw, _, err := card.Encode()
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(raw)))
	for b.Loop() {
		if _, _, err := relcard.DecodeBody(raw); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkVerifySigned(b *testing.B) {
	s := card(b)
	for b.Loop() {
		if _, err := s.Verify(keys, now); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkEnvelopeVerify(b *testing.B) {
	s := card(b)
	id := dagcbor.Sum(s.Raw)
	for b.Loop() {
		if err := s.Person.Verify(id, identity.RolePerson, keys); err != nil {
			b.Fatal(err)
		}
	}
}
