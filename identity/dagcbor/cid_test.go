package dagcbor_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"testing"

	gocid "github.com/ipfs/go-cid"
	"github.com/multiformats/go-multibase"
	"github.com/multiformats/go-multihash"
	"pgregory.net/rapid"

	"github.com/parley-network/parley/identity/dagcbor"
)

// The CID of the empty DAG-CBOR map, as other implementations write it.
const emptyMapCID = "bafyreigbtj4x7ip5legnfznufuopl4sg4knzc2cof6duas4b3q2fy6swua"

func TestKnownCID(t *testing.T) {
	id := dagcbor.Sum([]byte{0xa0})
	if id.String() != emptyMapCID {
		t.Errorf("the CID of {} is %s, want %s", id, emptyMapCID)
	}
	if got := hex.EncodeToString(id.Bytes()[:4]); got != "01711220" {
		t.Errorf("binary form begins with %s", got)
	}
}

func TestCIDForms(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		id := dagcbor.Sum(rapid.SliceOf(rapid.Byte()).Draw(t, "body"))
		if got, err := dagcbor.ParseCID(id.String()); err != nil || got != id {
			t.Fatalf("text: %s, %v", got, err)
		}
		c, err := gocid.Cast(id.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		if got, err := dagcbor.FromCid(c); err != nil || got != id || got.Cid() != c {
			t.Fatalf("binary: %s, %v", got, err)
		}
		raw, err := dagcbor.Marshal(id)
		if err != nil || !bytes.Equal(raw, append([]byte{0xd8, 42, 0x58, 37, 0}, id.Bytes()...)) {
			t.Fatalf("link: %x, %v", raw, err)
		}
		var got dagcbor.CID
		if err := dagcbor.Unmarshal(raw, &got); err != nil || got != id {
			t.Fatalf("link: %s, %v", got, err)
		}
		text, err := json.Marshal(id)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(text, &got); err != nil || got != id {
			t.Fatalf("JSON: %s, %v", got, err)
		}
	})
}

func TestZeroCID(t *testing.T) {
	var id dagcbor.CID
	if !id.IsZero() || id.String() != "" || len(id.Bytes()) != 0 || dagcbor.Sum(nil).IsZero() {
		t.Errorf("zero CID: %q", id)
	}
	if _, err := dagcbor.Marshal(id); err == nil {
		t.Error("no CID was encoded")
	}
	if err := id.UnmarshalText(nil); err != nil || !id.IsZero() {
		t.Errorf("empty text: %v", err)
	}
}

// otherCIDs are valid CIDs that name no body of ours.
func otherCIDs(t testing.TB) map[string]gocid.Cid {
	sum := func(code uint64, length int) multihash.Multihash {
		mh, err := multihash.Sum([]byte{0xa0}, code, length)
		if err != nil {
			t.Fatal(err)
		}
		return mh
	}
	return map[string]gocid.Cid{
		"none":             {},
		"version 0":        gocid.NewCidV0(sum(multihash.SHA2_256, -1)),
		"codec raw":        gocid.NewCidV1(gocid.Raw, sum(multihash.SHA2_256, -1)),
		"codec dag-pb":     gocid.NewCidV1(gocid.DagProtobuf, sum(multihash.SHA2_256, -1)),
		"codec dag-json":   gocid.NewCidV1(gocid.DagJSON, sum(multihash.SHA2_256, -1)),
		"sha2-512":         gocid.NewCidV1(gocid.DagCBOR, sum(multihash.SHA2_512, -1)),
		"blake3":           gocid.NewCidV1(gocid.DagCBOR, sum(multihash.BLAKE3, 32)),
		"sha1":             gocid.NewCidV1(gocid.DagCBOR, sum(multihash.SHA1, -1)),
		"identity":         gocid.NewCidV1(gocid.DagCBOR, sum(multihash.IDENTITY, -1)),
		"half of sha2-256": gocid.NewCidV1(gocid.DagCBOR, sum(multihash.SHA2_256, 16)),
	}
}

func TestOtherCIDsAreRefused(t *testing.T) {
	for name, c := range otherCIDs(t) {
		if got, err := dagcbor.FromCid(c); err == nil {
			t.Errorf("%s: taken as %s", name, got)
		}
		if !c.Defined() {
			continue
		}
		if got, err := dagcbor.ParseCID(c.String()); err == nil {
			t.Errorf("%s: text read as %s", name, got)
		}
		var got dagcbor.CID
		link := append([]byte{0xd8, 42, 0x58, byte(c.ByteLen() + 1), 0}, c.Bytes()...)
		if err := dagcbor.Unmarshal(link, &got); err == nil {
			t.Errorf("%s: link read as %s", name, got)
		}
	}
}

func TestOtherTextsAreRefused(t *testing.T) {
	id := dagcbor.Sum([]byte{0xa0})
	in := func(base multibase.Encoding) string {
		s, err := id.Cid().StringOfBase(base)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	for _, s := range []string{
		"", "b", "bafy", emptyMapCID[:len(emptyMapCID)-1], emptyMapCID + "a", " " + emptyMapCID, "/ipfs/" + emptyMapCID,
		in(multibase.Base58BTC), in(multibase.Base32Upper), in(multibase.Base16), in(multibase.Base36),
	} {
		if got, err := dagcbor.ParseCID(s); err == nil {
			t.Errorf("%q was read as %s", s, got)
		}
	}
}

func TestLinksAreRefused(t *testing.T) {
	id := dagcbor.Sum([]byte{0xa0})
	for name, link := range map[string][]byte{
		"without a tag":        append([]byte{0x58, 37, 0}, id.Bytes()...),
		"tag 43":               append([]byte{0xd8, 43, 0x58, 37, 0}, id.Bytes()...),
		"a long tag":           append([]byte{0xd9, 0, 42, 0x58, 37, 0}, id.Bytes()...),
		"without the zero":     append([]byte{0xd8, 42, 0x58, 36}, id.Bytes()...),
		"with another prefix":  append([]byte{0xd8, 42, 0x58, 37, 1}, id.Bytes()...),
		"as text":              append([]byte{0x78, 59}, id.String()...),
		"null":                 {0xf6},
		"a byte too few":       append([]byte{0xd8, 42, 0x58, 36, 0}, id.Bytes()[:35]...),
		"a byte too many":      append([]byte{0xd8, 42, 0x58, 38, 0}, append(id.Bytes(), 0)...),
		"with a long length":   append([]byte{0xd8, 42, 0x59, 0, 37, 0}, id.Bytes()...),
		"of two parts":         append([]byte{0xd8, 42, 0x5f, 0x58, 37, 0}, append(id.Bytes(), 0xff)...),
		"tagged twice":         append([]byte{0xd8, 42, 0xd8, 42, 0x58, 37, 0}, id.Bytes()...),
		"a link in an array":   append([]byte{0x81, 0xd8, 42, 0x58, 37, 0}, id.Bytes()...),
		"a link and one byte":  append([]byte{0xd8, 42, 0x58, 37, 0}, append(id.Bytes(), 0)...),
		"nothing":              {},
		"the tag with nothing": {0xd8, 42},
	} {
		var got dagcbor.CID
		if err := dagcbor.Unmarshal(link, &got); err == nil {
			t.Errorf("%s: read as %s", name, got)
		}
	}
}

func FuzzParseCID(f *testing.F) {
	f.Add(emptyMapCID)
	for _, c := range otherCIDs(f) {
		f.Add(c.String())
	}
	f.Fuzz(func(t *testing.T, s string) {
		if id, err := dagcbor.ParseCID(s); err == nil && (id.String() != s || len(id.Bytes()) != 36) {
			t.Fatalf("%q was read as %s", s, id)
		}
	})
}
