package admission_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"flag"
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/parley-network/parley/gossip/admission"
	"github.com/parley-network/parley/identity/dagcbor"
)

var update = flag.Bool("update", false, "write testdata/vectors anew")

const topic = "/parley/intent/1/parley/toys/_"

var cast = dagcbor.Sum([]byte("a cast"))

func mint(t testing.TB, c admission.Challenge, difficulty int) admission.Stamp {
	t.Helper()
	s, err := admission.Mint(t.Context(), c, difficulty, 0, nil)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestAStampServesOneCastOnOneTopic(t *testing.T) {
	c := admission.ForCast(topic, cast)
	s := mint(t, c, 12)
	if !s.Done(c) || s.Bits != 12 {
		t.Fatalf("%+v did no work", s)
	}
	more := s
	more.Bits = 11
	again := s
	again.Nonce++
	for name, done := range map[string]bool{
		"another cast":       s.Done(admission.ForCast(topic, dagcbor.Sum([]byte("another")))),
		"another topic":      s.Done(admission.ForCast(topic+"x", cast)),
		"a letter":           s.Done(admission.ForLetter([]byte(topic), sha256.Sum256([]byte("a cast")))),
		"another claim":      more.Done(c),
		"another nonce":      again.Done(c),
		"no claim":           admission.Stamp{}.Done(c),
		"an impossible one":  admission.Stamp{Bits: 65}.Done(c),
		"a claim below zero": admission.Stamp{Bits: -1}.Done(c),
	} {
		if done { // by chance, once in 4096 runs of other bytes; these bytes are fixed
			t.Errorf("it also serves %s", name)
		}
	}
	// Where topic and cast meet is part of what is hashed.
	if admission.ForLetter([]byte("ab"), [32]byte{'c'}) == admission.ForLetter([]byte("abc"), [32]byte{}) {
		t.Error("two challenges are one")
	}
}

func TestStampsHaveOneEncoding(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := admission.Stamp{Bits: rapid.IntRange(1, 64).Draw(t, "bits"), Nonce: rapid.Uint64().Draw(t, "nonce")}
		b := s.Encode()
		got, err := admission.ParseStamp(b)
		if err != nil || got != s || len(b) != admission.StampSize {
			t.Fatalf("%+v came back as %+v, %v", s, got, err)
		}
	})
	for _, b := range [][]byte{nil, make([]byte, 8), make([]byte, 9), make([]byte, 10), bytes.Repeat([]byte{65}, 9), bytes.Repeat([]byte{255}, 9)} {
		if s, err := admission.ParseStamp(b); err == nil {
			t.Errorf("%x was read as %+v", b, s)
		}
	}
}

func FuzzStamp(f *testing.F) {
	f.Add(admission.Stamp{Bits: 12, Nonce: 5}.Encode())
	f.Add([]byte{0})
	f.Fuzz(func(t *testing.T, b []byte) {
		if s, err := admission.ParseStamp(b); err == nil && !bytes.Equal(s.Encode(), b) {
			t.Fatalf("%x encodes as %x", b, s.Encode())
		}
	})
}

// Work doubles with each bit.
func TestMintingTakesWhatItIsSaidTo(t *testing.T) {
	var tries uint64
	for i := range 200 {
		s := mint(t, admission.ForCast(topic, dagcbor.Sum([]byte{byte(i)})), 8)
		tries += s.Nonce + 1 // they begin at 0
	}
	if mean, want := float64(tries)/200, float64(admission.Expected(8)); math.Abs(mean-want) > want/3 {
		t.Errorf("%.0f tries on average, want about %.0f", mean, want)
	}
	for _, tt := range []struct {
		bits int
		rate float64
		want time.Duration
	}{
		{0, 1e6, 0}, {-1, 1e6, 0}, {10, 1 << 20, time.Second / 1024}, {22, 1 << 20, 4 * time.Second},
		{22, 8 << 20, time.Second / 2}, {64, 1, math.MaxInt64 / 2}, {20, 0, 1 << 20 * time.Second},
	} {
		if got := admission.Duration(tt.bits, tt.rate); got != tt.want {
			t.Errorf("%d bits at %.0f a second: %v, want %v", tt.bits, tt.rate, got, tt.want)
		}
	}
	if r := admission.Rate(time.Millisecond, time.Now); r < 1e4 {
		t.Errorf("%.0f tries a second on this machine", r)
	}
	if r := admission.Rate(time.Millisecond, func() time.Time { return time.Time{} }); r <= 0 {
		t.Errorf("by a clock that stands still: %.0f", r)
	}
}

func TestMintingEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	rounds := 0
	_, err := admission.Mint(ctx, admission.Challenge{}, admission.MaxBits, 0, func(tries uint64) {
		if rounds++; tries == 0 {
			t.Error("no tries told")
		}
		if rounds == 3 {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) || rounds != 3 {
		t.Errorf("%v after %d rounds", err, rounds)
	}
	for _, bits := range []int{0, -1, admission.MaxBits + admission.MaxLifeBits + 1} {
		if _, err := admission.Mint(t.Context(), admission.Challenge{}, bits, 0, nil); err == nil {
			t.Errorf("a stamp of %d bits", bits)
		}
	}
}

// A week costs eight times a day.
func TestALongerLifeCostsMore(t *testing.T) {
	for life, want := range map[time.Duration]int{
		0: 0, time.Hour: 0, 24 * time.Hour: 0, 24*time.Hour + 1: 1, 48 * time.Hour: 1, 72 * time.Hour: 2, 96 * time.Hour: 2,
		97 * time.Hour: 3, 7 * 24 * time.Hour: 3, 1000 * time.Hour: 3,
	} {
		if got := admission.LifeBits(life); got != want {
			t.Errorf("%s: %d bits more, want %d", life, got, want)
		}
	}
}

type stampVector struct {
	Name      string `json:"name"`
	Topic     string `json:"topic,omitempty"`
	Cast      string `json:"cast,omitempty"`      // CID
	Recipient []byte `json:"recipient,omitempty"` // of a letter
	Letter    []byte `json:"letter,omitempty"`    // SHA-256 of it, sealed
	Challenge []byte `json:"challenge"`
	Stamp     []byte `json:"stamp"`
	Bits      int    `json:"bits"` // what it is worth; 0: it is to be refused
}

func TestStampVectors(t *testing.T) {
	path := filepath.Join("testdata", "vectors", "stamps.json")
	if *update {
		b, err := json.MarshalIndent(makeVectors(t), "", "\t")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, append(b, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var vectors []stampVector
	if err := json.Unmarshal(b, &vectors); err != nil {
		t.Fatal(err)
	}
	for _, v := range vectors {
		c := v.challenge(t)
		if !bytes.Equal(c[:], v.Challenge) {
			t.Errorf("%s: challenge %x, want %x", v.Name, c, v.Challenge)
		}
		worth := 0
		if s, err := admission.ParseStamp(v.Stamp); err == nil && s.Done(c) {
			worth = s.Bits
		}
		if worth != v.Bits {
			t.Errorf("%s: worth %d bits, want %d", v.Name, worth, v.Bits)
		}
	}
	if len(vectors) < 8 {
		t.Errorf("only %d vectors", len(vectors))
	}
}

func (v stampVector) challenge(t *testing.T) admission.Challenge {
	if v.Letter != nil {
		return admission.ForLetter(v.Recipient, [32]byte(v.Letter))
	}
	id, err := dagcbor.ParseCID(v.Cast)
	if err != nil {
		t.Fatal(err)
	}
	return admission.ForCast(v.Topic, id)
}

func makeVectors(t *testing.T) (list []stampVector) {
	add := func(v stampVector, stamp func(admission.Challenge) ([]byte, int)) {
		c := v.challenge(t)
		v.Challenge = c[:]
		v.Stamp, v.Bits = stamp(c)
		list = append(list, v)
	}
	onCast := stampVector{Topic: topic, Cast: cast.String()}
	named := func(v stampVector, name string) stampVector { v.Name = name; return v }
	work := func(bits int) func(admission.Challenge) ([]byte, int) {
		return func(c admission.Challenge) ([]byte, int) { return mint(t, c, bits).Encode(), bits }
	}
	changed := func(change func([]byte) []byte) func(admission.Challenge) ([]byte, int) {
		return func(c admission.Challenge) ([]byte, int) { return change(mint(t, c, 12).Encode()), 0 }
	}
	add(named(onCast, "10 bits"), work(10))
	add(named(onCast, "16 bits"), work(16))
	add(named(onCast, "20 bits"), work(20))
	add(named(onCast, "claims more than it did"), changed(func(b []byte) []byte { b[0] = 40; return b }))
	add(named(onCast, "claims less than it aimed at"), changed(func(b []byte) []byte { b[0] = 11; return b }))
	add(named(onCast, "another nonce"), changed(func(b []byte) []byte { b[8] ^= 1; return b }))
	add(named(onCast, "claims nothing"), changed(func(b []byte) []byte { b[0] = 0; return b }))
	add(named(onCast, "claims 65 bits"), changed(func(b []byte) []byte { b[0] = 65; return b }))
	add(named(onCast, "a byte short"), changed(func(b []byte) []byte { return b[:8] }))
	add(named(onCast, "a byte long"), changed(func(b []byte) []byte { return append(b, 0) }))
	other := named(onCast, "made for another topic")
	other.Topic += "x"
	add(other, func(admission.Challenge) ([]byte, int) {
		return mint(t, admission.ForCast(topic, cast), 12).Encode(), 0
	})
	letter := sha256.Sum256([]byte("a sealed letter"))
	add(stampVector{Name: "a letter", Recipient: bytes.Repeat([]byte{7}, 32), Letter: letter[:]}, work(12))
	return list
}

func BenchmarkStampDone(b *testing.B) {
	c := admission.ForCast(topic, cast)
	s := mint(b, c, 12)
	for b.Loop() {
		if !s.Done(admission.ForCast(topic, cast)) {
			b.Fatal("did no work")
		}
	}
}
