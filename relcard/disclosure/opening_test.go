package disclosure_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"io"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/parley-network/parley/relcard/disclosure"
)

const address = `{"countryCode":"US","locality":"Park City","postcode":"84060","street":"Main Street 7"}`

// A piece is given by its digest, and shown by its opening.
func TestOpening(t *testing.T) {
	o := must[disclosure.Opening](t)(disclosure.NewOpening(rand.Reader, 7, []byte(address)))
	it := disclosure.Item{ID: 7, Digest: o.Digest()}
	if err := it.Opens(o); err != nil {
		t.Error(err)
	}
	again := must[disclosure.Opening](t)(disclosure.NewOpening(rand.Reader, 7, []byte(address)))
	if bytes.Equal(again.Digest(), o.Digest()) {
		t.Error("the same piece given twice can be compared")
	}
	for name, c := range map[string]struct {
		change func(*disclosure.Opening)
		want   disclosure.Reason
	}{
		"another value":  {func(o *disclosure.Opening) { o.Value = []byte(`"x"`) }, disclosure.ErrOpening},
		"another salt":   {func(o *disclosure.Opening) { o.Salt = bytes.Repeat([]byte{1}, 16) }, disclosure.ErrOpening},
		"another item":   {func(o *disclosure.Opening) { o.Item = 8 }, disclosure.ErrOpening},
		"a short salt":   {func(o *disclosure.Opening) { o.Salt = o.Salt[1:] }, disclosure.ErrField},
		"a moved border": {func(o *disclosure.Opening) { o.Salt, o.Value = append(o.Salt, o.Value[0]), o.Value[1:] }, disclosure.ErrField},
	} {
		bad := disclosure.Opening{Item: o.Item, Salt: bytes.Clone(o.Salt), Value: bytes.Clone(o.Value)}
		c.change(&bad)
		err := it.Opens(bad)
		if disclosure.ReasonOf(err) != c.want {
			t.Errorf("%s: %v", name, err)
		}
		if strings.Contains(err.Error(), "Main") {
			t.Errorf("%s: the error shows the value: %v", name, err)
		}
	}
}

func TestOpeningOfACopy(t *testing.T) {
	value := []byte(`[` + strings.Repeat(address+",", 100) + `0]`)
	o := must[disclosure.Opening](t)(disclosure.NewOpening(rand.Reader, 0, value))
	c := disclosure.Comply{Did: disclosure.DidCopy, Digest: o.Digest()}
	if err := c.Opens(o); err != nil {
		t.Error(err)
	}
	if _, err := disclosure.NewOpening(rand.Reader, 1, value); disclosure.ReasonOf(err) != disclosure.ErrSize {
		t.Errorf("a piece as long as a copy: %v", err)
	}
	o.Item = 1
	if err := c.Opens(o); disclosure.ReasonOf(err) != disclosure.ErrOpening {
		t.Errorf("a piece for a copy: %v", err)
	}
}

func TestValueIsCanonicalJSON(t *testing.T) {
	for value, ok := range map[string]bool{
		`"x"`: true, `1`: true, `true`: true, `null`: true, `[1,2]`: true, address: true, `"é€"`: true, `{"a":[{}],"b":1.5}`: true,
		``: false, ` `: false, `"x" `: false, ` "x"`: false, `{"b":1,"a":2}`: false, `{"a":1,"a":1}`: false, `1.0`: false, `1e0`: false,
		`"\u0041"`: false, `"x","y"`: false, `{}{}`: false, `[1,]`: false, `]`: false, `[`: false, "\"\xff\"": false, `nul`: false, `-0`: false,
		strings.Repeat("[", 17) + strings.Repeat("]", 17): false, strings.Repeat("[", 16) + strings.Repeat("]", 16): true,
	} {
		_, err := disclosure.NewOpening(rand.Reader, 1, []byte(value))
		if (err == nil) != ok {
			t.Errorf("%.40q: %v", value, err)
		}
		if !ok && disclosure.ReasonOf(err) != disclosure.ErrField {
			t.Errorf("%.40q: no reason in %v", value, err)
		}
	}
}

func TestNoSaltNoOpening(t *testing.T) {
	if _, err := disclosure.NewOpening(bytes.NewReader(make([]byte, 15)), 1, []byte(`1`)); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Error(err)
	}
	if _, err := disclosure.NewOpening(rand.Reader, disclosure.MaxID+1, []byte(`1`)); disclosure.ReasonOf(err) != disclosure.ErrField {
		t.Error(err)
	}
}

// No two openings that differ have one digest: the borders are fixed.
func TestDigestsDiffer(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		draw := func(n string) disclosure.Opening {
			return disclosure.Opening{
				Salt:  rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "salt "+n),
				Value: rapid.SliceOfN(rapid.Byte(), 0, 4).Draw(t, "value "+n),
			}
		}
		a, b := draw("a"), draw("b")
		equal := bytes.Equal(a.Salt, b.Salt) && bytes.Equal(a.Value, b.Value)
		if bytes.Equal(a.Digest(), b.Digest()) != equal {
			t.Fatal("digests do not tell the openings apart")
		}
	})
}

func FuzzOpens(f *testing.F) {
	f.Add([]byte(address))
	f.Add([]byte(`[1,2,{"a":"\\"}]`))
	f.Add([]byte(`1.50`))
	f.Add([]byte("\"\u2028\""))
	f.Fuzz(func(t *testing.T, value []byte) {
		o, err := disclosure.NewOpening(bytes.NewReader(make([]byte, 16)), 1, value)
		if err != nil {
			if disclosure.ReasonOf(err) == "" {
				t.Fatalf("refused without a reason: %v", err)
			}
			return
		}
		if err := (disclosure.Item{ID: 1, Digest: o.Digest()}).Opens(o); err != nil {
			t.Fatal(err)
		}
	})
}

func BenchmarkOpens(b *testing.B) {
	o := must[disclosure.Opening](b)(disclosure.NewOpening(rand.Reader, 7, []byte(address)))
	it := disclosure.Item{ID: 7, Digest: o.Digest()}
	for b.Loop() {
		if err := it.Opens(o); err != nil {
			b.Fatal(err)
		}
	}
}
