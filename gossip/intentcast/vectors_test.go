package intentcast_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/relcard/money"
)

var update = flag.Bool("update", false, "write testdata/vectors anew")

// vector is one signed body and what must become of it. testdata/vectors
// has the format in words.
type vector struct {
	Name    string          `json:"name"`
	Now     identity.Time   `json:"now"`
	Wire    []byte          `json:"wire"`
	Refused string          `json:"refused,omitempty"`
	ID      string          `json:"id,omitempty"`
	Body    json.RawMessage `json:"body,omitempty"`
}

type vectorFile struct {
	Cast    []byte   `json:"cast,omitempty"` // what the offers answer
	Vectors []vector `json:"vectors"`
}

// reason is the class of an error as the vectors name it.
func reason(err error) string {
	var field *intentcast.InvalidError
	var refusal intentcast.Refusal
	switch {
	case errors.As(err, &refusal):
		return string(refusal)
	case errors.As(err, &field):
		return "field " + field.Field
	case errors.Is(err, identity.ErrSignature):
		return "signature"
	case err != nil:
		return "encoding"
	}
	return ""
}

// message is the wire form as another implementation would write it, without
// any of the checks that Sign makes.
type message struct {
	Version  uint64            `cbor:"v"`
	Envelope identity.Envelope `cbor:"env"`
	Body     []byte            `cbor:"body"`
}

func marshal(t testing.TB, v any) []byte {
	t.Helper()
	b, err := dagcbor.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// seal signs any body at all.
func seal(t testing.TB, body []byte, s identity.Signer, role identity.Role, at time.Time) []byte {
	t.Helper()
	env, err := identity.Sign(s, dagcbor.Sum(body), role, at)
	if err != nil {
		t.Fatal(err)
	}
	return marshal(t, message{1, env, body})
}

func readable(t testing.TB, v any) json.RawMessage {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func castVectors(t testing.TB) vectorFile {
	var f vectorFile
	at := identity.At(now)
	accept := func(name string, c *intentcast.Cast, when time.Time) {
		f.Vectors = append(f.Vectors, vector{name, identity.At(when), encode(t, c), "", c.ID.String(), readable(t, c.Intent)})
	}
	car, twins := cast(t, parkCity(), "skier"), cast(t, stroller(), "parent")
	accept("Park City", car, now)
	accept("Grand Rapids", twins, now)
	cheaper := car.Successor(intentcast.StatusOpen, now.Add(time.Hour))
	cheaper.Budget = &money.Money{Currency: "USD", Amount: "400"}
	accept("amended", cast(t, cheaper, "skier"), now.Add(time.Hour))
	accept("withdrawn", cast(t, car.Successor(intentcast.StatusWithdrawn, now.Add(time.Hour)), "skier"), now.Add(time.Hour))
	accept("fulfilled", cast(t, twins.Successor(intentcast.StatusFulfilled, now.Add(time.Hour)), "parent"), now.Add(time.Hour))
	accept("5 minutes ahead of the reader", car, now.Add(-intentcast.MaxSkew))

	refuse := func(name, why string, wire []byte, when identity.Time) {
		f.Vectors = append(f.Vectors, vector{Name: name, Now: when, Wire: wire, Refused: why})
	}
	for _, bad := range badIntents {
		in := parkCity()
		bad.spoil(&in)
		wire := seal(t, marshal(t, &in), signer("skier"), identity.RoleAuthor, now)
		refuse(bad.name, "field "+bad.field, wire, at)
	}
	wire := encode(t, car)
	refuse("expired", "expired", wire, car.Intent.Expires)
	refuse("from the future", "from the future", wire, identity.At(now.Add(-intentcast.MaxSkew-time.Second)))
	refuse("truncated", "encoding", wire[:len(wire)-1], at)
	refuse("bytes after the end", "encoding", append(bytes.Clone(wire), 0), at)
	refuse("bit of the body flipped", "signature", flip(wire, bytes.Index(wire, []byte("March 20-25"))), at)
	refuse("bit of the signature flipped", "signature", flip(wire, bytes.Index(wire, car.Envelope.Signature)), at)
	refuse("signed by another", "signature", seal(t, car.Raw, signer("thief"), identity.RoleAuthor, now), at)
	refuse("signed in another role", "signature", seal(t, car.Raw, signer("skier"), identity.RolePerson, now), at)
	refuse("signed before its life", "field env.time", seal(t, car.Raw, signer("skier"), identity.RoleAuthor, now.Add(-time.Hour)), at)
	refuse("larger than 8 KiB", "encoding", seal(t, make([]byte, intentcast.MaxCast), signer("skier"), identity.RoleAuthor, now), at)
	for _, bad := range badEncodings(t, car) {
		refuse(bad.name, "encoding", seal(t, bad.body, signer("skier"), identity.RoleAuthor, now), at)
	}
	stamped := encode(t, car.WithWork(stamp))
	accept("with a stamp beside the body", car.WithWork(stamp), now)
	refuse("with a stamp of 8 bytes", "encoding", append(bytes.Clone(stamped[:len(stamped)-10]), append([]byte{0x48}, stamp[:8]...)...), at)
	refuse("with an empty stamp", "encoding", append(bytes.Clone(stamped[:len(stamped)-10]), 0x40), at)
	in := parkCity()
	in.Reply.Holders = holders()
	held := cast(t, in, "skier")
	accept("a reply route with holders", held, now)
	empty := bytes.Replace(held.Raw, marshal(t, in.Reply.Holders), []byte{0x80}, 1)
	refuse("explicit empty list of holders", "encoding", seal(t, empty, signer("skier"), identity.RoleAuthor, now), at)
	return f
}

func flip(b []byte, i int) []byte {
	b = bytes.Clone(b)
	b[i] ^= 1
	return b
}

// badEncodings are bodies that mean what a good one means, or nearly, and are
// not its one encoding.
func badEncodings(t testing.TB, c *intentcast.Cast) []struct {
	name string
	body []byte
} {
	swap := func(old, new string) []byte {
		if !bytes.Contains(c.Raw, []byte(old)) {
			t.Fatalf("the body has no %q", old)
		}
		return bytes.Replace(c.Raw, []byte(old), []byte(new), 1)
	}
	head := c.Raw[0]
	grown := func(entry string) []byte { // one more key, before all others
		return append([]byte{head + 1, c.Raw[1] + 1}, append([]byte(entry), c.Raw[2:]...)...)
	}
	if head != 0xb2 && head>>5 != 5 {
		t.Fatalf("the body begins with %x", head)
	}
	if head < 0xb8 { // short map head: one byte
		grown = func(entry string) []byte {
			return append([]byte{head + 1}, append([]byte(entry), c.Raw[1:]...)...)
		}
	}
	return []struct {
		name string
		body []byte
	}{
		{"unknown key", grown("\x61a\x01")},
		{"key twice", grown("\x61v\x01")},
		{"keys out of order", swap("\x61v\x01\x63seq\x00", "\x63seq\x00\x61v\x01")},
		{"key in capitals", swap("\x63seq\x00", "\x63SEQ\x00")},
		{"integer not in its shortest form", swap("\x63seq\x00", "\x63seq\x18\x00")},
		{"float", swap("\x63seq\x00", "\x63seq\xfb\x00\x00\x00\x00\x00\x00\x00\x00")},
		{"null", swap("\x63seq\x00", "\x63seq\xf6")},
		{"indefinite length", swap("\x63seq\x00", "\x63seq\x9f\xff")},
		{"negative integer", swap("\x63seq\x00", "\x63seq\x20")},
		{"explicit empty list", grown("\x63abc\x80")},
		{"not UTF-8", swap("4-wheel-drive", "4-wheel-driv\xff")},
		{"deep nesting", bytes.Repeat([]byte{0x81}, 4000)},
		{"time with an offset", swap("\x742026-03-16T09:00:00Z", "\x78\x192026-03-16T09:00:00+00:00")},
	}
}

func offerVectors(t testing.TB) vectorFile {
	c := cast(t, parkCity(), "skier")
	f := vectorFile{Cast: encode(t, c)}
	when := now.Add(2 * time.Minute)
	s, err := intentcast.SignOffer(rental(c), signer("rental"), when)
	if err != nil {
		t.Fatal(err)
	}
	f.Vectors = append(f.Vectors, vector{"a rental car", identity.At(when), encode(t, s), "", s.ID.String(), readable(t, s.Offer)})
	for _, bad := range badOffers {
		o := rental(c)
		bad.spoil(&o)
		at := when
		if bad.at != 0 {
			at = now.Add(bad.at)
		}
		wire := seal(t, marshal(t, &o), signer("rental"), identity.RoleVendor, when)
		f.Vectors = append(f.Vectors, vector{Name: bad.name, Now: identity.At(at), Wire: wire, Refused: bad.why})
	}
	f.Vectors = append(f.Vectors,
		vector{Name: "signed by another", Now: identity.At(when), Refused: string(intentcast.OtherSigner),
			Wire: seal(t, s.Raw, signer("thief"), identity.RoleVendor, when)},
		vector{Name: "signed in another role", Now: identity.At(when), Refused: "signature",
			Wire: seal(t, s.Raw, signer("rental"), identity.RoleAuthor, when)},
		vector{Name: "bit of the signature flipped", Now: identity.At(when), Refused: "signature",
			Wire: flip(encode(t, s), bytes.Index(encode(t, s), s.Envelope.Signature))},
		vector{Name: "truncated", Now: identity.At(when), Refused: "encoding", Wire: encode(t, s)[:100]},
		vector{Name: "larger than 48 KiB", Now: identity.At(when), Refused: "encoding",
			Wire: seal(t, make([]byte, intentcast.MaxOffer), signer("rental"), identity.RoleVendor, when)},
	)
	return holderVectors(t, f, c, when)
}

// holderVectors adds offers whose route names holders, or names them wrongly.
func holderVectors(t testing.TB, f vectorFile, c *intentcast.Cast, when time.Time) vectorFile {
	o := rental(c)
	o.Route = direct("rental")
	o.Route.Holders = holders()
	s, err := intentcast.SignOffer(o, signer("rental"), when)
	if err != nil {
		t.Fatal(err)
	}
	f.Vectors = append(f.Vectors, vector{"a route with holders", identity.At(when), encode(t, s), "", s.ID.String(), readable(t, s.Offer)})
	for _, bad := range badHolders {
		o := rental(c)
		o.Route = direct("rental")
		o.Route.Holders = holders()
		bad.spoil(&o.Route)
		wire := seal(t, marshal(t, &o), signer("rental"), identity.RoleVendor, when)
		f.Vectors = append(f.Vectors, vector{Name: bad.name, Now: identity.At(when), Wire: wire, Refused: "field route." + bad.field})
	}
	empty := bytes.Replace(s.Raw, marshal(t, o.Route.Holders), []byte{0x80}, 1)
	if len(empty) == len(s.Raw) {
		t.Fatal("the body has no holders")
	}
	f.Vectors = append(f.Vectors, vector{Name: "explicit empty list of holders", Now: identity.At(when), Refused: "encoding",
		Wire: seal(t, empty, signer("rental"), identity.RoleVendor, when)})
	return f
}

func checkCast(wire []byte, at time.Time) (string, error) {
	c, err := intentcast.DecodeCast(wire)
	if err != nil {
		return "", err
	}
	return c.ID.String(), c.CheckTime(at)
}

func TestCastVectors(t *testing.T) {
	runVectors(t, "casts.json", castVectors(t), func(_ vectorFile, v vector) (string, error) {
		return checkCast(v.Wire, v.Now.Std())
	})
}

func TestOfferVectors(t *testing.T) {
	runVectors(t, "offers.json", offerVectors(t), func(f vectorFile, v vector) (string, error) {
		c, err := intentcast.DecodeCast(f.Cast)
		if err != nil {
			return "", err
		}
		s, err := intentcast.DecodeOffer(v.Wire)
		if err != nil {
			return "", err
		}
		return s.ID.String(), s.CheckAnswers(c, nil, v.Now.Std())
	})
}

// runVectors holds the published file against the code and against what the
// tables of this test make.
func runVectors(t *testing.T, name string, want vectorFile, check func(vectorFile, vector) (string, error)) {
	path := filepath.Join("testdata", "vectors", name)
	made, err := json.MarshalIndent(want, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	made = append(made, '\n')
	if *update {
		if err := os.WriteFile(path, made, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	published, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(published, made) {
		t.Errorf("%s is not what the tables here make; published vectors do not change, new ones are written with -update", path)
	}
	var f vectorFile
	if err := json.Unmarshal(published, &f); err != nil {
		t.Fatal(err)
	}
	for _, v := range f.Vectors {
		t.Run(v.Name, func(t *testing.T) {
			id, err := check(f, v)
			if got := reason(err); got != v.Refused {
				t.Fatalf("refused for %q (%v), want %q", got, err, v.Refused)
			}
			if v.Refused == "" && id != v.ID {
				t.Errorf("id %s, want %s", id, v.ID)
			}
		})
	}
}
