package relcard_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/relcard"
	"github.com/parley-network/parley/relcard/internal/cardtest"
	"github.com/parley-network/parley/relcard/money"
	"github.com/parley-network/parley/relcard/terms"
)

var compareCIDs = cmp.Options{
	cmp.Comparer(func(a, b dagcbor.CID) bool { return a == b }),
	cmp.Comparer(func(a, b identity.Time) bool { return a == b }),
}

// anyBody draws valid first versions.
func anyBody(t *rapid.T) relcard.Body {
	b := cardtest.Body(person.DID(), vendor.DID(), cardtest.Start)
	word := rapid.StringMatching(`[\p{L}0-9]([ \p{L}0-9-]{0,20}[\p{L}0-9])?`)
	b.Terms = rapid.SampledFrom(terms.All()).Draw(t, "terms").Ref
	b.Vendor.Name = word.Draw(t, "name")
	b.Jurisdiction = rapid.SampledFrom([]string{"", "DE", "US-UT", "GB-ENG"}).Draw(t, "jurisdiction")
	if rapid.Bool().Draw(t, "no offer") {
		b.Offer = dagcbor.CID{}
	}
	b.Lines, b.Extras, b.Total = nil, nil, nil
	total := money.Money{Currency: "EUR", Amount: "0"}
	for range rapid.IntRange(0, 5).Draw(t, "lines") {
		l := relcard.Line{
			Name: word.Draw(t, "line"), Unit: rapid.SampledFrom([]string{"", "kg", "day"}).Draw(t, "unit"),
			GTIN:     rapid.SampledFrom([]string{"", "12345670", "00012345600012"}).Draw(t, "gtin"),
			Quantity: rapid.StringMatching(`[1-9][0-9]{0,3}(\.[0-9]{1,3})?`).Draw(t, "qty"),
			Price:    money.Money{Currency: "EUR", Amount: rapid.StringMatching(`(0|[1-9][0-9]{0,5})(\.[0-9]{1,2})?`).Draw(t, "price")},
		}
		b.Lines = append(b.Lines, l)
		sum, err := l.Price.Times(l.Quantity)
		if err != nil {
			t.Fatal(err)
		}
		if total, err = total.Add(sum); err != nil {
			t.Fatal(err)
		}
	}
	if len(b.Lines) > 0 {
		b.Total = &total
	}
	return b
}

func TestEveryValidBodyHasOneEncoding(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := anyBody(t)
		raw, id, err := b.Encode()
		if err != nil {
			t.Fatal(err)
		}
		got, gotID, err := relcard.DecodeBody(raw)
		if err != nil || gotID != id {
			t.Fatalf("decode: %v, id %s, want %s", err, gotID, id)
		}
		if d := cmp.Diff(&b, got, compareCIDs); d != "" {
			t.Fatal(d)
		}
		// Flip one bit: it is refused, or another card with another id.
		i := rapid.IntRange(0, len(raw)*8-1).Draw(t, "bit")
		raw[i/8] ^= 1 << (i % 8)
		if other, otherID, err := relcard.DecodeBody(raw); err == nil {
			again, _, err := other.Encode()
			if err != nil || !bytes.Equal(again, raw) || otherID == id {
				t.Fatalf("with bit %d flipped: %v, one card has two encodings or one id", i, err)
			}
		}
		if _, _, err := relcard.DecodeBody(raw[:i/8]); err == nil {
			t.Fatalf("cut at byte %d it is still accepted", i/8)
		}
	})
}

func TestBodyBytesAreRefused(t *testing.T) {
	b := body()
	good, _, err := b.Encode()
	if err != nil {
		t.Fatal(err)
	}
	// The map's first key is "v", so bytes can be put after it.
	add := func(entry string) []byte {
		return append(append([]byte{good[0] + 1}, entry...), good[1:]...)
	}
	for name, c := range map[string]struct {
		raw  []byte
		want relcard.Reason
	}{
		"nothing":               {nil, relcard.ErrEncoding},
		"null":                  {[]byte{0xf6}, relcard.ErrEncoding},
		"an array":              {[]byte{0x80}, relcard.ErrEncoding},
		"a byte too many":       {append(bytes.Clone(good), 0), relcard.ErrEncoding},
		"unknown field":         {add("\x61a\x01"), relcard.ErrEncoding},
		"a float":               {add("\x61a\xfb\x3f\xf8\x00\x00\x00\x00\x00\x00"), relcard.ErrEncoding},
		"a key in capitals":     {bytes.Replace(good, []byte("\x63seq"), []byte("\x63Seq"), 1), relcard.ErrEncoding},
		"a null where none is":  {bytes.Replace(good, []byte("\x6bAlpine Cars"), []byte("\xf6"), 1), relcard.ErrEncoding},
		"an empty name":         {bytes.Replace(good, []byte("\x6bAlpine Cars"), []byte("\x60"), 1), relcard.ErrEncoding},
		"of the next version":   {append(append([]byte{good[0]}, "\x61v\x03"...), good[4:]...), relcard.ErrVersion},
		"next version, new key": {append(append([]byte{good[0] + 1}, "\x61v\x03\x61z\x01"...), good[4:]...), relcard.ErrVersion},
		"oversized":             {bytes.Repeat([]byte{0}, relcard.MaxBody+1), relcard.ErrSize},
		"deeply nested":         {bytes.Repeat([]byte{0x81}, 1000), relcard.ErrEncoding},
	} {
		if bytes.Equal(c.raw, good) {
			t.Fatalf("%s: the case is the good card", name)
		}
		if _, _, err := relcard.DecodeBody(c.raw); relcard.ReasonOf(err) != c.want {
			t.Errorf("%s: got %v, want %s", name, err, c.want)
		}
	}
}

func TestBodyIsBounded(t *testing.T) {
	b := body()
	b.Extras = nil
	line := relcard.Line{Name: strings.Repeat("n", 200), SKU: strings.Repeat("s", 100), Unit: strings.Repeat("u", 100), Quantity: "1", Price: usd("1")}
	b.Lines = nil
	for range 200 {
		b.Lines = append(b.Lines, line)
	}
	b.Total = ptr(usd("200"))
	if _, _, err := b.Encode(); relcard.ReasonOf(err) != relcard.ErrSize {
		t.Errorf("got %v, want a refusal for size", err)
	}
}
