package relcard_test

import (
	"bytes"
	"testing"

	"github.com/parley-network/parley/relcard"
)

func FuzzDecodeBody(f *testing.F) {
	b := body()
	raw, _, err := b.Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(raw)
	f.Add([]byte{0xa0})
	for _, c := range refusals {
		if b := body(); true {
			c.change(&b)
			if raw, err := encodeUnchecked(b); err == nil {
				f.Add(raw)
			}
		}
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		b, id, err := relcard.DecodeBody(raw)
		if err != nil {
			if relcard.ReasonOf(err) == "" {
				t.Fatalf("refused without a reason: %v", err)
			}
			return
		}
		again, sameID, err := b.Encode()
		if err != nil || !bytes.Equal(again, raw) || sameID != id {
			t.Fatalf("accepted what Encode would not write: %v", err)
		}
	})
}

func FuzzDecodeSigned(f *testing.F) {
	s := card(f)
	for _, seed := range []relcard.Signed{s, {Raw: s.Raw}, {Raw: s.Raw, Vendor: s.Vendor}} {
		b, err := seed.Encode()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		got, err := relcard.DecodeSigned(raw)
		if err != nil {
			if relcard.ReasonOf(err) == "" {
				t.Fatalf("refused without a reason: %v", err)
			}
			return
		}
		again, err := got.Encode()
		if err != nil || !bytes.Equal(again, raw) {
			t.Fatalf("accepted what Encode would not write: %v", err)
		}
		// Whoever signed it, it verifies or says why not.
		if _, err := got.Verify(keys, now); err != nil && relcard.ReasonOf(err) == "" {
			t.Fatalf("refused without a reason: %v", err)
		}
	})
}
