package identity

import (
	"bytes"
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/parley-network/parley/identity/dagcbor"
)

// marshalled is what signedBytes must return, by the general encoder.
func marshalled(e Envelope) ([]byte, error) {
	e.Signature = nil
	b, err := dagcbor.Marshal(e)
	return append([]byte(signatureDomain), b...), err
}

func TestSignedBytesAreThoseOfTheEncoder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		// Lengths around those at which a head grows.
		text := rapid.OneOf(rapid.String(), rapid.StringN(20, 30, -1), rapid.StringN(250, 260, -1), rapid.Just(string(make([]byte, 1<<16))), rapid.Just("\xff\xfe"))
		e := Envelope{
			Version:    rapid.OneOf(rapid.Just(uint64(1)), rapid.Uint64(), rapid.Uint64Range(20, 300)).Draw(t, "version"),
			Body:       dagcbor.Sum(rapid.SliceOf(rapid.Byte()).Draw(t, "body")),
			Signer:     DID(text.Draw(t, "signer")),
			KeyVersion: text.Draw(t, "key version"),
			Role:       Role(text.Draw(t, "role")),
			Time:       At(time.Unix(rapid.Int64Range(-1e11, 1e12).Draw(t, "time"), 0)),
			Signature:  rapid.SliceOf(rapid.Byte()).Draw(t, "signature"),
		}
		if rapid.Bool().Draw(t, "without a body") {
			e.Body = dagcbor.CID{}
		}
		want, refused := marshalled(e)
		got, err := e.signedBytes()
		if (err != nil) != (refused != nil) {
			t.Fatalf("error %v, the encoder's %v", err, refused)
		}
		if err == nil && !bytes.Equal(got, want) {
			t.Fatalf("got  %x\nwant %x", got, want)
		}
	})
}

func TestSignedBytesRefuse(t *testing.T) {
	good := Envelope{Version: 1, Body: dagcbor.Sum(nil), Signer: "did:key:z", Role: RoleAuthor, Time: At(time.Unix(1, 0))}
	if _, err := good.signedBytes(); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*Envelope){
		"no body":          func(e *Envelope) { e.Body = dagcbor.CID{} },
		"no time":          func(e *Envelope) { e.Time = Time{} },
		"year 10000":       func(e *Envelope) { e.Time = At(time.Date(10_000, 1, 1, 0, 0, 0, 0, time.UTC)) },
		"version too high": func(e *Envelope) { e.Version = math.MaxInt64 + 1 },
	} {
		e := good
		change(&e)
		if b, err := e.signedBytes(); err == nil {
			t.Errorf("%s: written as %x", name, b)
		}
		if _, err := marshalled(e); err == nil {
			t.Errorf("%s: the encoder takes it", name)
		}
	}
}

func BenchmarkSignedBytes(b *testing.B) {
	e := Envelope{Version: 1, Body: dagcbor.Sum(nil), Signer: "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK", Role: RoleAuthor, Time: At(time.Unix(1, 0))}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := e.signedBytes(); err != nil {
			b.Fatal(err)
		}
	}
}
