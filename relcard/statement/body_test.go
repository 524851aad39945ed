package statement_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/relcard/internal/cardtest"
	"github.com/parley-network/parley/relcard/statement"
)

func TestBodyIsRefused(t *testing.T) {
	good := body()
	if err := good.Check(); err != nil {
		t.Fatal(err)
	}
	for _, c := range refusals {
		t.Run(c.name, func(t *testing.T) {
			b := body()
			c.change(&b)
			_, _, err := b.Encode()
			if !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.where) {
				t.Errorf("encode: %v, want %s with %q", err, c.want, c.where)
			}
			if _, err := b.Sign(oldPerson, start); !errors.Is(err, c.want) {
				t.Errorf("sign: %v", err)
			}
			raw, err := dagcbor.Marshal(b)
			if err != nil {
				return // has no encoding at all
			}
			if _, _, err := statement.DecodeBody(raw); !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.where) {
				t.Errorf("decode: %v, want %s with %q", err, c.want, c.where)
			}
		})
	}
}

func TestBodyBytesAreRefused(t *testing.T) {
	b := body()
	good, _, err := b.Encode()
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		raw  []byte
		want statement.Reason
	}{
		"nothing":               {nil, statement.ErrEncoding},
		"null":                  {[]byte{0xf6}, statement.ErrEncoding},
		"an array":              {[]byte{0x80}, statement.ErrEncoding},
		"a byte too many":       {append(bytes.Clone(good), 0), statement.ErrEncoding},
		"cut":                   {good[:len(good)-1], statement.ErrEncoding},
		"an unknown field":      {append([]byte{good[0] + 1, 0x61, 'a', 1}, good[1:]...), statement.ErrEncoding},
		"a key in capitals":     {bytes.Replace(good, []byte("\x63seq"), []byte("\x63Seq"), 1), statement.ErrEncoding},
		"a null for a card":     {bytes.Replace(good, must(b.Card.MarshalCBOR()), []byte{0xf6}, 1), statement.ErrEncoding},
		"a seq of two bytes":    {bytes.Replace(good, []byte("\x63seq\x01"), []byte("\x63seq\x18\x01"), 1), statement.ErrEncoding},
		"of the next version":   {bytes.Replace(good, []byte("\x61v\x01\x62by"), []byte("\x61v\x02\x62by"), 1), statement.ErrVersion},
		"next version, new key": {append(append([]byte{good[0] + 1}, "\x61v\x02\x61z\x01"...), good[4:]...), statement.ErrVersion},
		"nested":                {bytes.Repeat([]byte{0x81}, 1000), statement.ErrEncoding},
		"too long":              {bytes.Repeat([]byte{0}, statement.MaxSigned+1), statement.ErrSize},
	} {
		if bytes.Equal(c.raw, good) {
			t.Fatalf("%s: the case is the good statement", name)
		}
		if _, _, err := statement.DecodeBody(c.raw); reasonOf(err) != c.want {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
}

var compare = cmp.Options{
	cmp.Comparer(func(a, b dagcbor.CID) bool { return a == b }),
	cmp.Comparer(func(a, b identity.Time) bool { return a == b }),
}

// anyBody draws valid statements.
func anyBody(t *rapid.T) statement.Body {
	b := body()
	none := func(name string, c *dagcbor.CID) {
		if rapid.Bool().Draw(t, "no "+name) {
			*c = dagcbor.CID{}
		}
	}
	none("card", &b.Card)
	none("answer", &b.Answers)
	if b.Answers.IsZero() {
		none("seen", &b.Seen)
	}
	if b.Seq = rapid.Uint64Range(0, 1<<20).Draw(t, "seq"); b.Seq == 0 {
		b.Prev = dagcbor.CID{}
	}
	b.By = rapid.SampledFrom([]identity.Role{identity.RolePerson, identity.RoleVendor}).Draw(t, "by")
	if rapid.Bool().Draw(t, "once") {
		b.Person = identity.NewKeySigner(cardtest.Key("once person")).DID()
	}
	b.Kind = statement.Kind(rapid.StringMatching(`[a-z][a-z0-9-]{0,31}`).Draw(t, "kind"))
	b.Content = must(dagcbor.Marshal(rapid.MapOf(rapid.String(), rapid.OneOf(
		rapid.String().AsAny(), rapid.Int64().AsAny(), rapid.Bool().AsAny(), rapid.Just(any(id("a link"))), rapid.SliceOf(rapid.Byte()).AsAny(),
	)).Draw(t, "content")))
	return b
}

func TestEveryValidBodyHasOneEncoding(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := anyBody(t)
		raw, id, err := b.Encode()
		if err != nil {
			t.Fatal(err)
		}
		got, gotID, err := statement.DecodeBody(raw)
		if err != nil || gotID != id {
			t.Fatalf("decode: %v, id %s, want %s", err, gotID, id)
		}
		if d := cmp.Diff(&b, got, compare); d != "" {
			t.Fatal(d)
		}
		// Flip one bit: it is refused, or another statement with another id.
		i := rapid.IntRange(0, len(raw)*8-1).Draw(t, "bit")
		raw[i/8] ^= 1 << (i % 8)
		if other, otherID, err := statement.DecodeBody(raw); err == nil {
			again, _, err := other.Encode()
			if err != nil || !bytes.Equal(again, raw) || otherID == id {
				t.Fatalf("with bit %d flipped: %v, one statement has two encodings or one id", i, err)
			}
		}
		if _, _, err := statement.DecodeBody(raw[:i/8]); err == nil {
			t.Fatalf("cut at byte %d it is still accepted", i/8)
		}
	})
}

// The longest content that Check allows fits into what is sent, whoever signs.
func TestTheLongestStatementFits(t *testing.T) {
	b := body()
	b.Content = contentOf(statement.MaxContent)
	s, err := b.Sign(oldPerson, start)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := s.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := statement.DecodeSigned(raw); err != nil {
		t.Error(err)
	}
}

func TestSigner(t *testing.T) {
	b := body()
	if b.Signer() != person.DID() {
		t.Error("the person does not sign for the person")
	}
	if b.By = identity.RoleVendor; b.Signer() != vendor.DID() {
		t.Error("the vendor does not sign for the vendor")
	}
}
