package statement_test

import (
	"bytes"
	"testing"

	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/relcard/statement"
)

func FuzzDecodeBody(f *testing.F) {
	f.Add(signed(f).Raw)
	f.Add([]byte{0xa0})
	for _, c := range refusals {
		b := body()
		c.change(&b)
		if raw, err := dagcbor.Marshal(b); err == nil {
			f.Add(raw)
		}
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		b, id, err := statement.DecodeBody(raw)
		if err != nil {
			if reasonOf(err) == "" {
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
	for _, c := range verifications(f) {
		f.Add(must(c.s.Encode()))
	}
	f.Add(must(signed(f).Encode()))
	f.Fuzz(func(t *testing.T, raw []byte) {
		got, err := statement.DecodeSigned(raw)
		if err != nil {
			if reasonOf(err) == "" {
				t.Fatalf("refused without a reason: %v", err)
			}
			return
		}
		again, err := got.Encode()
		if err != nil || !bytes.Equal(again, raw) {
			t.Fatalf("accepted what Encode would not write: %v", err)
		}
		// Whoever signed it, it verifies or says why not.
		if _, err := got.Verify(keys, now); err != nil && reasonOf(err) == "" {
			t.Fatalf("refused without a reason: %v", err)
		}
	})
}
