package termupdate

import (
	"bytes"
	"compress/flate"
	"errors"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// inflate is what any other implementation would read.
func inflate(t interface{ Fatal(...any) }, b []byte) []byte {
	log, err := io.ReadAll(flate.NewReader(bytes.NewReader(b)))
	if err != nil {
		t.Fatal(err)
	}
	return log
}

// deflate is what a library would write.
func deflate(t testing.TB, log []byte, level int) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := flate.NewWriter(&out, level)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(log); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// texts are made to have matches of every length and distance.
func texts() *rapid.Generator[[]byte] {
	return rapid.Custom(func(t *rapid.T) []byte {
		text := rapid.SliceOfN(rapid.Byte(), 1, 300).Draw(t, "begin")
		for range rapid.IntRange(0, 20).Draw(t, "parts") {
			if rapid.Bool().Draw(t, "new") {
				text = append(text, rapid.SliceOfN(rapid.ByteRange('a', 'c'), 0, 200).Draw(t, "part")...)
				continue
			}
			from := rapid.IntRange(0, len(text)-1).Draw(t, "from")
			to := rapid.IntRange(from, len(text)).Draw(t, "to")
			text = append(text, text[from:to]...)
			text = text[:min(len(text), MaxLog)]
		}
		return text
	})
}

func TestPackedFormIsDeflate(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := texts().Draw(t, "text")
		packed, err := pack(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := inflate(t, packed); !bytes.Equal(got, text) {
			t.Fatalf("inflates to %q", got)
		}
		if got, err := unpack(packed); err != nil || !bytes.Equal(got, text) {
			t.Fatalf("unpacks to %q, %v", got, err)
		}
	})
}

// Every length and the whole range of distances, one by one.
func TestPackReachesEveryCode(t *testing.T) {
	noise := make([]byte, MaxLog)
	r := rand.New(rand.NewPCG(1, 2))
	for i := range noise {
		noise[i] = byte(r.Uint32())
	}
	try := func(length, distance int) {
		text := append(bytes.Clone(noise[:distance]), noise[:length]...)
		packed, err := pack(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := inflate(t, packed); !bytes.Equal(got, text) {
			t.Fatalf("a match of %d bytes %d back is not what inflates", length, distance)
		}
	}
	for length := minMatch; length <= maxMatch+minMatch; length++ {
		try(length, 300)
	}
	for distance := minMatch; distance <= MaxLog-maxMatch; distance += 1 + distance/8 {
		try(minMatch, distance)
		try(min(distance, maxMatch), distance)
	}
	try(minMatch, MaxLog-minMatch)
}

func TestPackTakesTheNearestOfTheLongest(t *testing.T) {
	text := []byte("abcd1abcd2abc3abcd")
	m := newMatcher(text)
	for i := range len(text) - 4 {
		m.add(i)
	}
	if length, distance := m.longest(len(text) - 4); length != 4 || distance != 9 {
		t.Errorf("%d bytes %d back, want 4 and 9", length, distance)
	}
}

func TestUnpackRefusesOtherForms(t *testing.T) {
	log := []byte(strings.Repeat(`{"versionId":"1-Qm","versionTime":"2026-01-01T00:00:00Z"}`, 20))
	good, err := pack(log)
	if err != nil {
		t.Fatal(err)
	}
	bomb, err := pack(bytes.Repeat([]byte{'a'}, MaxLog))
	if err != nil {
		t.Fatal(err)
	}
	for name, b := range map[string][]byte{
		"nothing":           {},
		"stored":            deflate(t, log, flate.NoCompression),
		"dynamic codes":     deflate(t, log, flate.BestCompression),
		"huffman only":      deflate(t, log, flate.HuffmanOnly),
		"truncated":         good[:len(good)-1],
		"bytes after":       append(bytes.Clone(good), 0),
		"last bits not 0":   append(bytes.Clone(good[:len(good)-1]), good[len(good)-1]|0x80),
		"of nothing":        deflate(t, nil, flate.BestSpeed),
		"garbage":           []byte("garbage"),
		"too large by one":  deflate(t, bytes.Repeat([]byte{'a'}, MaxLog+1), flate.BestCompression),
		"too large by much": deflate(t, bytes.Repeat([]byte{'a'}, 8<<20), flate.BestCompression),
	} {
		if bytes.Equal(b, good) {
			t.Fatalf("%s: is the packed form itself", name)
		}
		if _, err := unpack(b); err == nil {
			t.Errorf("%s: unpacked", name)
		}
	}
	if got, err := unpack(bomb); err != nil || len(got) != MaxLog {
		t.Errorf("the largest: %d bytes, %v", len(got), err)
	}
	if _, err := pack(make([]byte, MaxLog+1)); !errors.Is(err, ErrSize) {
		t.Errorf("packed too much: %v", err)
	}
	if _, err := pack(nil); !errors.Is(err, ErrSize) {
		t.Errorf("packed nothing: %v", err)
	}
}

// Whatever unpacks is packed to the very bytes it came from.
func FuzzUnpack(f *testing.F) {
	for _, s := range []string{"a", "abcabcabc", strings.Repeat("a", 1000), `{"versionId":"1-Qm"}`} {
		b, err := pack([]byte(s))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
		f.Add(deflate(f, []byte(s), flate.BestCompression))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		log, err := unpack(b)
		if err != nil {
			return
		}
		if again, err := pack(log); err != nil || !bytes.Equal(again, b) || len(log) > MaxLog {
			t.Fatalf("%x unpacks to %d bytes, packed again as %x, %v", b, len(log), again, err)
		}
	})
}

// A stream made to have many places to look at costs no more than maxTries of
// them each: quadratic work would take seconds here.
func BenchmarkPackWorst(b *testing.B) {
	text := make([]byte, MaxLog)
	for i := range text {
		text[i] = "abcabd"[i%6]
	}
	for i := 0; i < len(text); i += 40 {
		text[i] = byte(i)
	}
	for b.Loop() {
		if _, err := pack(text); err != nil {
			b.Fatal(err)
		}
	}
}
