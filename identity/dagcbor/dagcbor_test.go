package dagcbor_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/parley-network/parley/identity/dagcbor"
)

// letter is a body as the project has them: fields that may be left out, lists,
// a nested struct and a link.
type letter struct {
	Version uint64            `cbor:"v"`
	Name    string            `cbor:"name,omitempty"`
	Delta   int64             `cbor:"delta,omitempty"`
	Data    []byte            `cbor:"data,omitempty"`
	Lines   []line            `cbor:"lines,omitempty"`
	First   *line             `cbor:"first,omitempty"`
	Marks   map[string]string `cbor:"marks,omitempty"`
	Urgent  bool              `cbor:"urgent,omitempty"`
	Prev    dagcbor.CID       `cbor:"prev,omitzero"`
}

type line struct {
	Text string `cbor:"text"`
}

var compareCIDs = cmp.Comparer(func(a, b dagcbor.CID) bool { return a == b })

func anyLetter(t *rapid.T) letter {
	l := letter{
		Version: rapid.Uint64Range(0, math.MaxInt64).Draw(t, "version"),
		Name:    rapid.String().Draw(t, "name"),
		Delta:   rapid.Int64().Draw(t, "delta"),
		Urgent:  rapid.Bool().Draw(t, "urgent"),
	}
	if b := rapid.SliceOf(rapid.Byte()).Draw(t, "data"); len(b) > 0 {
		l.Data = b
		l.Prev = dagcbor.Sum(b)
	}
	for range rapid.IntRange(0, 3).Draw(t, "lines") {
		l.Lines = append(l.Lines, line{rapid.String().Draw(t, "line")})
	}
	if rapid.Bool().Draw(t, "has first") {
		l.First = &line{rapid.String().Draw(t, "first")}
	}
	if m := rapid.MapOfN(rapid.String(), rapid.String(), 0, 4).Draw(t, "marks"); len(m) > 0 {
		l.Marks = m
	}
	return l
}

func TestEveryValueHasOneEncoding(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := anyLetter(t)
		b, err := dagcbor.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		var got letter
		if err := dagcbor.Unmarshal(b, &got); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, got, compareCIDs); d != "" {
			t.Fatal(d)
		}
		// Any other bytes are refused or mean something else.
		i := rapid.IntRange(0, len(b)*8-1).Draw(t, "bit")
		other := bytes.Clone(b)
		other[i/8] ^= 1 << (i % 8)
		var changed letter
		if err := dagcbor.Unmarshal(other, &changed); err == nil && cmp.Equal(want, changed, compareCIDs) {
			t.Fatalf("with bit %d flipped it means the same", i)
		}
		if err := dagcbor.Unmarshal(b[:i/8], &changed); err == nil {
			t.Fatalf("cut at byte %d it is accepted", i/8)
		}
		if err := dagcbor.Unmarshal(append(other[:0:0], append(b, 0)...), &changed); err == nil {
			t.Fatal("a byte after it is accepted")
		}
	})
}

func TestOtherEncodingsAreRefused(t *testing.T) {
	for name, c := range map[string]struct{ hex, where string }{
		"a key only in another case":     {"a1" + "6156" + "01", "byte 2"},
		"a key there in both cases":      {"a2" + "6156" + "01" + "6176" + "01", ""},
		"unknown key":                    {"a2" + "6176" + "01" + "6178" + "01", "unknown field"},
		"a required key missing":         {"a0", "byte 0"},
		"null for a text":                {"a2" + "6176" + "01" + "646e616d65" + "f6", "byte 0"},
		"null for a list":                {"a2" + "6176" + "01" + "656c696e6573" + "f6", "byte 0"},
		"null for a struct":              {"a2" + "6176" + "01" + "656669727374" + "f6", "byte 0"},
		"null for a number":              {"a1" + "6176" + "f6", "byte 3"},
		"an empty text not left out":     {"a2" + "6176" + "01" + "646e616d65" + "60", "byte 0"},
		"an empty list not left out":     {"a2" + "6176" + "01" + "656c696e6573" + "80", "byte 0"},
		"an empty map not left out":      {"a2" + "6176" + "01" + "656d61726b73" + "a0", "byte 0"},
		"a false not left out":           {"a2" + "6176" + "01" + "66757267656e74" + "f4", "byte 0"},
		"a zero not left out":            {"a2" + "6176" + "01" + "6564656c7461" + "00", "byte 0"},
		"keys in another order":          {"a2" + "646e616d65" + "6161" + "6176" + "01", ""},
		"a key twice":                    {"a2" + "6176" + "01" + "6176" + "01", ""},
		"a long integer":                 {"a1" + "6176" + "1801", ""},
		"an indefinite map":              {"bf" + "6176" + "01" + "ff", ""},
		"a float":                        {"a1" + "6176" + "fb3ff0000000000000", ""},
		"minus nothing, as a float":      {"a1" + "6176" + "fb8000000000000000", ""},
		"a negative number for unsigned": {"a1" + "6176" + "20", ""},
		"a tag":                          {"a1" + "6176" + "c101", ""},
		"undefined":                      {"a1" + "6176" + "f7", ""},
		"text that is not UTF-8":         {"a2" + "6176" + "01" + "646e616d65" + "62c328", ""},
		"an array for a map":             {"8101", ""},
		"nothing":                        {"", ""},
	} {
		b, err := hex.DecodeString(c.hex)
		if err != nil {
			t.Fatal(err)
		}
		err = dagcbor.Unmarshal(b, new(letter))
		if err == nil || !strings.Contains(err.Error(), c.where) {
			t.Errorf("%s: got %v, want %q", name, err, c.where)
		}
		if strings.HasPrefix(c.where, "byte") && !errors.Is(err, dagcbor.ErrNotCanonical) {
			t.Errorf("%s: %v is not ErrNotCanonical", name, err)
		}
	}
}

func TestBounds(t *testing.T) {
	nested := func(n int) []byte { return append(bytes.Repeat([]byte{0x81}, n), 0) }
	list := func(n int) []byte { return append([]byte{0x99, byte(n >> 8), byte(n)}, make([]byte, n)...) }
	for _, c := range []struct {
		name string
		b    []byte
		ok   bool
	}{
		{"as deep as allowed", nested(dagcbor.MaxDepth), true},
		{"one deeper", nested(dagcbor.MaxDepth + 1), false},
		{"very deep", nested(1 << 20), false},
		{"as long as allowed", list(dagcbor.MaxElements), true},
		{"one longer", list(dagcbor.MaxElements + 1), false},
		{"a list said to be huge", []byte{0x9b, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, false},
		{"a map said to be huge", []byte{0xbb, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, false},
		{"bytes said to be huge", []byte{0x5b, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, false},
		{"text said to be huge", []byte{0x7a, 0xff, 0xff, 0xff, 0xff}, false},
	} {
		var v any
		if err := dagcbor.Unmarshal(c.b, &v); (err == nil) != c.ok {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	pairs := make(map[string]int)
	for i := range dagcbor.MaxElements + 1 {
		pairs[fmt.Sprint(i)] = i
	}
	b, err := dagcbor.Marshal(pairs)
	if err != nil {
		t.Fatal(err)
	}
	if err := dagcbor.Unmarshal(b, &map[string]int{}); err == nil {
		t.Error("a map beyond the bound was accepted")
	}
}

func TestUnmarshalPartLeavesCanonicalFormToTheWhole(t *testing.T) {
	var l letter
	if err := dagcbor.UnmarshalPart([]byte{0xa2, 0x61, 'v', 1, 0x64, 'n', 'a', 'm', 'e', 0x60}, &l); err != nil || l.Version != 1 {
		t.Errorf("%v, %+v", err, l)
	}
	if err := dagcbor.UnmarshalPart([]byte{0xa1, 0x61, 'x', 1}, &l); err == nil {
		t.Error("an unknown field was accepted")
	}
}

func FuzzUnmarshal(f *testing.F) {
	for _, v := range []any{
		letter{Version: 1}, letter{Version: 1, Name: "Ann", Lines: []line{{"a"}, {""}}, Prev: dagcbor.Sum(nil)},
		[]any{uint64(1), "a", nil, true, map[string]any{"k": int64(-1)}}, dagcbor.Sum([]byte("x")), []byte{1, 2},
	} {
		b, err := dagcbor.Marshal(v)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Add([]byte{0xfb, 0x80, 0, 0, 0, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		var l letter
		roundTrip(t, b, &l)
		var v any
		roundTrip(t, b, &v)
		var c dagcbor.CID
		if roundTrip(t, b, &c) && c.IsZero() {
			t.Fatal("the zero CID was read")
		}
	})
}

// roundTrip checks that b is refused or written again as it is.
func roundTrip(t *testing.T, b []byte, v any) bool {
	if err := dagcbor.Unmarshal(b, v); err != nil {
		return false
	}
	again, err := dagcbor.Marshal(v)
	if err != nil || !bytes.Equal(again, b) {
		t.Fatalf("%T: accepted %x, writes %x, %v", v, b, again, err)
	}
	return true
}

func BenchmarkUnmarshal(b *testing.B) {
	raw, err := dagcbor.Marshal(letter{Version: 1, Name: "Ann", Lines: []line{{"one"}, {"two"}}, Prev: dagcbor.Sum(nil)})
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(raw)))
	for b.Loop() {
		var l letter
		if err := dagcbor.Unmarshal(raw, &l); err != nil {
			b.Fatal(err)
		}
	}
}

// With -race this finds modes of the library that are not safe from their
// first use on, if it is the only test that runs (-run ManyAtOnce).
func TestManyAtOnce(t *testing.T) {
	want := append([]byte("\x81\xd8\x2a\x58\x25\x00"), dagcbor.Sum(nil).Bytes()...)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			var ids []dagcbor.CID
			if err := dagcbor.Unmarshal(want, &ids); err != nil {
				t.Error(err)
			}
			if got, err := dagcbor.Marshal(ids); err != nil || !bytes.Equal(got, want) {
				t.Errorf("%x, %v", got, err)
			}
		})
	}
	wg.Wait()
}
