package canon

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/gowebpki/jcs"
	"pgregory.net/rapid"
)

func TestPlain(t *testing.T) {
	for text, want := range map[string]bool{
		`{}`: true, `[]`: true, `{"a":1,"b":[true,false,null,"x y"],"c":{"d":{}}}`: true,
		`{"full":"7 Oak Ave, Grand Rapids, MI 49504, US"}`: true,
		`[0,10,999999999999999]`:                           true,

		``: false, `"a"`: false, `1`: false, // no object or array
		`{"b":1,"a":2}`: false, `{"a":1,"a":1}`: false, // out of order, twice
		`{"a": 1}`: false, `{"a":1} `: false, ` {}`: false, "[1,\n2]": false, // space
		`["\u0041"]`: false, `["é"]`: false, "[\"\x7f\"]": false, "[\"\t\"]": false,
		`[-1]`: false, `[1.0]`: false, `[1e3]`: false, `[01]`: false, `[1000000000000000]`: false,
		`[1,]`: false, `[,1]`: false, `[1`: false, `{"a"}`: false, `{"a":}`: false, `{"a":1`: false, `{"a":1,}`: false, `{a:1}`: false,
		`[tru]`: false, `["a]`: false, `{}{}`: false, `[1 2]`: false, `{"a":1;"b":2}`: false,
	} {
		if got := plain([]byte(text)); got != want {
			t.Errorf("%s: plain says %v", text, got)
		}
	}
	deep := bytes.Repeat([]byte("["), 40)
	if plain(append(deep, bytes.Repeat([]byte("]"), 40)...)) {
		t.Error("looked 40 deep")
	}
}

// What is said to be canonical is what jcs makes of it, whatever bytes it is.
func FuzzPlain(f *testing.F) {
	for _, s := range []string{`{"a":1,"b":[true,null]}`, `{"b":1,"a":2}`, `[1.50]`, `{"":{}}`, `[{"x":"y"}]`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if !plain(b) {
			return
		}
		c, err := jcs.Transform(b)
		if err != nil || !bytes.Equal(c, b) {
			t.Fatalf("%q is said to be canonical; jcs makes %q of it, %v", b, c, err)
		}
		if !json.Valid(b) {
			t.Fatalf("%q is no JSON", b)
		}
	})
}

// It is recognised where it is brought to that form twice, and the second time
// nothing changes.
func TestTransformTwice(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := rapid.MapOf(rapid.StringMatching(`[ -~]{0,8}`), rapid.StringMatching(`[ -~é]{0,12}`)).Draw(t, "object")
		b, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		once, err := Transform(b)
		if err != nil {
			t.Fatal(err)
		}
		want, err := jcs.Transform(b)
		if err != nil || !bytes.Equal(once, want) {
			t.Fatalf("%s, jcs: %s, %v", once, want, err)
		}
		twice, err := Transform(once)
		if err != nil || !bytes.Equal(twice, once) {
			t.Fatalf("%s became %s, %v", once, twice, err)
		}
	})
	if _, err := Transform([]byte(`{"a":`)); err == nil {
		t.Error("took half an object")
	}
}
