package termupdate_test

import (
	"bytes"
	"compress/flate"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/gossip/termupdate"
	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
)

var rewrite = flag.Bool("update", false, "write testdata/vectors anew")

// vector is one signed update and what must become of it. testdata/vectors
// has the format in words.
type vector struct {
	Name    string          `json:"name"`
	Now     identity.Time   `json:"now"`
	Wire    []byte          `json:"wire"`
	Refused string          `json:"refused,omitempty"`
	ID      string          `json:"id,omitempty"`
	Log     string          `json:"log,omitempty"`
	Body    json.RawMessage `json:"body,omitempty"`
}

type vectorFile struct {
	Vectors []vector `json:"vectors"`
}

// wireForm is the wire form as another implementation would write it, without
// any of the checks that Sign makes.
type wireForm struct {
	Version  uint64            `cbor:"v"`
	Type     string            `cbor:"type"`
	Body     []byte            `cbor:"body"`
	Envelope identity.Envelope `cbor:"env"`
	Log      []byte            `cbor:"log"`
}

func marshal(t testing.TB, v any) []byte {
	t.Helper()
	b, err := dagcbor.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// form takes apart a good update.
func form(t testing.TB, s termupdate.Signed) wireForm {
	t.Helper()
	var f wireForm
	if err := dagcbor.Unmarshal(encode(t, s), &f); err != nil {
		t.Fatal(err)
	}
	return f
}

// seal signs any body at all as v, in any role.
func (v *vendor) seal(t testing.TB, body []byte, by identity.Signer, role identity.Role, at time.Time) []byte {
	t.Helper()
	env, err := identity.Sign(by, dagcbor.Sum(body), role, at)
	if err != nil {
		t.Fatal(err)
	}
	f := form(t, v.sign(t, v.update(t, 1, now)))
	return marshal(t, wireForm{1, "termupdate-signed", body, env, f.Log})
}

func readable(t testing.TB, v any) json.RawMessage {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func updateVectors(t testing.TB) vectorFile {
	var f vectorFile
	accept := func(name string, s termupdate.Signed, at time.Time) {
		v := verified(t, s, at)
		f.Vectors = append(f.Vectors, vector{name, identity.At(at), encode(t, s), "", v.ID.String(), string(s.Log), readable(t, v.Update)})
	}
	refuse := func(name, why string, wire []byte, at time.Time) {
		f.Vectors = append(f.Vectors, vector{Name: name, Now: identity.At(at), Wire: wire, Refused: why})
	}
	v, rotated := newVendor(t, "rental", 0), newVendor(t, "rental", 3)
	good := v.sign(t, v.update(t, 1, now))
	accept("a rental car company", good, now)
	accept("after three rotations", rotated.sign(t, rotated.update(t, 12, now)), now)
	closed := v.update(t, 2, now)
	closed.Accepts, closed.Categories, closed.Regions, closed.Site, closed.Requests = nil, nil, nil, "", termupdate.Card
	accept("a vendor that accepts none", v.sign(t, closed), now)
	accept("5 minutes ahead of the reader", good, now.Add(-termupdate.MaxSkew))

	for _, bad := range badUpdates {
		u := v.update(t, 1, now)
		bad.spoil(u)
		refuse(bad.name, "field "+bad.field, v.seal(t, marshal(t, u), v.signer(t), identity.RoleVendor, now), now)
	}
	wire := encode(t, good)
	refuse("expired", "expired", wire, hour(3*24))
	refuse("from the future", "from the future", wire, now.Add(-termupdate.MaxSkew-time.Second))
	refuse("truncated", "encoding", wire[:len(wire)-1], now)
	refuse("bytes after the end", "encoding", append(bytes.Clone(wire), 0), now)
	refuse("larger than 8 KiB", "size", append(bytes.Clone(wire), make([]byte, termupdate.MaxUpdate)...), now)
	refuse("bit of the body flipped", "signature", flip(t, wire, "Wasatch"), now)
	refuse("bit of the signature flipped", "signature", flip(t, wire, string(good.Envelope.Signature)), now)
	thief := identity.NewSigner(v.did(), v.log.VersionID(), key("thief"))
	refuse("by a key that is not the vendor's", "signature", v.seal(t, good.Raw, thief, identity.RoleVendor, now), now)
	other := newVendor(t, "other", 0)
	refuse("by another vendor", "signature", v.seal(t, good.Raw, other.signer(t), identity.RoleVendor, now), now)
	refuse("in another role", "signature", v.seal(t, good.Raw, v.signer(t), identity.RolePerson, now), now)
	refuse("signed before its life", "field env.time", v.seal(t, good.Raw, v.signer(t), identity.RoleVendor, hour(-1)), now)
	for _, bad := range badForms(t, v, rotated) {
		refuse(bad.name, bad.why, marshal(t, bad.form), now)
	}
	held := v.update(t, 3, now)
	held.Route.Holders = holders()
	accept("a route with holders", v.sign(t, held), now)
	held.Route.Holders[1].Peer = held.Route.Holders[0].Peer
	refuse("holder twice", "field route.holders[1].peer", v.seal(t, marshal(t, held), v.signer(t), identity.RoleVendor, now), now)
	return f
}

type badForm struct {
	name, why string
	form      wireForm
}

// badForms are good bodies in a wrong wire form.
func badForms(t testing.TB, v, rotated *vendor) []badForm {
	spoilt := func(spoil func(*wireForm)) wireForm {
		f := form(t, v.sign(t, v.update(t, 1, now)))
		spoil(&f)
		return f
	}
	longer := form(t, rotated.sign(t, rotated.update(t, 1, now)))
	other := newVendor(t, "other", 0)
	grown := func(f *wireForm) { // one more key in the body, before all others
		f.Body = append([]byte{f.Body[0] + 1, 0x61, 'a', 0x01}, f.Body[1:]...)
	}
	return []badForm{
		{"unknown version of the form", "encoding", spoilt(func(f *wireForm) { f.Version = 2 })},
		{"unknown type of the form", "encoding", spoilt(func(f *wireForm) { f.Type = "termupdate" })},
		{"unknown key in the body", "encoding", spoilt(grown)},
		{"no log", "encoding", spoilt(func(f *wireForm) { f.Log = []byte{} })},
		{"log packed otherwise", "encoding", spoilt(func(f *wireForm) { f.Log = deflate(t, v.log.Bytes(), flate.BestCompression) })},
		{"log not packed", "encoding", spoilt(func(f *wireForm) { f.Log = deflate(t, v.log.Bytes(), flate.NoCompression) })},
		{"log that unpacks to 8 MiB", "size", spoilt(func(f *wireForm) {
			f.Log = deflate(t, make([]byte, 6<<20), flate.BestCompression)[:6000]
		})},
		{"log that goes on after the version signed under", "field log", spoilt(func(f *wireForm) { f.Log = longer.Log })},
		{"log of another vendor", "field log", spoilt(func(f *wireForm) { f.Log = form(t, other.sign(t, other.update(t, 1, now))).Log })},
	}
}

func deflate(t testing.TB, b []byte, level int) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := flate.NewWriter(&out, level)
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.Write(b)
	if err := errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func flip(t testing.TB, b []byte, at string) []byte {
	t.Helper()
	i := bytes.Index(b, []byte(at))
	if i < 0 {
		t.Fatalf("no %q", at)
	}
	b = bytes.Clone(b)
	b[i] ^= 1
	return b
}

// TestVectors holds the published file against the code and against what the
// tables of this test make.
func TestVectors(t *testing.T) {
	path := filepath.Join("testdata", "vectors", "updates.json")
	made, err := json.MarshalIndent(updateVectors(t), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	made = append(made, '\n')
	if *rewrite {
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
	for _, v := range readVectors(t) {
		t.Run(v.Name, func(t *testing.T) {
			s, err := termupdate.DecodeSigned(v.Wire)
			if err == nil {
				_, err = s.Verify(v.Now.Std())
			}
			if got := reason(err); got != v.Refused {
				t.Fatalf("refused for %q (%v), want %q", got, err, v.Refused)
			}
			if v.Refused == "" && (s.ID().String() != v.ID || string(s.Log) != v.Log) {
				t.Errorf("id %s, want %s; log of %d bytes", s.ID(), v.ID, len(s.Log))
			}
		})
	}
}

func readVectors(t testing.TB) []vector {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", "vectors", "updates.json"))
	if err != nil {
		t.Fatal(err)
	}
	var f vectorFile
	if err := json.Unmarshal(b, &f); err != nil {
		t.Fatal(err)
	}
	return f.Vectors
}

// reason is the class of an error as the vectors name it.
func reason(err error) string {
	var field *intentcast.InvalidError
	var refusal termupdate.Refusal
	switch {
	case errors.As(err, &refusal):
		return string(refusal)
	case errors.As(err, &field):
		return "field " + field.Field
	case errors.Is(err, identity.ErrSignature):
		return "signature"
	case errors.Is(err, termupdate.ErrSize):
		return "size"
	case err != nil:
		return "encoding"
	}
	return ""
}

// Whatever is decoded is encoded to the very bytes it came from, and what
// verifies is within every limit.
func FuzzDecodeSigned(f *testing.F) {
	for _, v := range readVectors(f) {
		f.Add(v.Wire)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := termupdate.DecodeSigned(b)
		if err != nil {
			return
		}
		if again, err := s.Encode(); err != nil || !bytes.Equal(again, b) {
			t.Fatalf("%x\nencoded again as %x, %v", b, again, err)
		}
		if _, _, err := s.Claims(); err != nil {
			t.Fatalf("decoded, but: %v", err)
		}
		_, _ = s.Verify(now) // must not panic
	})
}

// FuzzDecodeBody reaches the fields without a good wire form around them.
func FuzzDecodeBody(f *testing.F) {
	for _, v := range readVectors(f) {
		var form wireForm
		if dagcbor.Unmarshal(v.Wire, &form) == nil {
			f.Add(form.Body)
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		u, err := termupdate.DecodeBody(b)
		if err != nil {
			return
		}
		if again, _, err := u.Encode(); err != nil || !bytes.Equal(again, b) {
			t.Fatalf("%x\nencoded again as %x, %v", b, again, err)
		}
	})
}
