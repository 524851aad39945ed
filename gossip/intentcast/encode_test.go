package intentcast

import (
	"bytes"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
)

// What is written by hand is what dagcbor writes, refusals included.
func TestMessagesAreEncodedAsDagcborDoes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		some := func(name string, most int) []byte {
			b := rapid.SliceOfN(rapid.Byte(), 0, most).Draw(t, name)
			if len(b) == 0 {
				return nil
			}
			return b
		}
		env := identity.Envelope{
			Version: rapid.SampledFrom([]uint64{0, 1, 23, 24, 300, 70_000, 1 << 40, 1 << 63}).Draw(t, "version"), Signature: some("signature", 80),
			KeyVersion: rapid.SampledFrom([]string{"", "1-x", "\xff"}).Draw(t, "key"),
			Role:       identity.Role(rapid.String().Draw(t, "role")), Signer: identity.DID(rapid.String().Draw(t, "signer")),
		}
		if rapid.IntRange(0, 9).Draw(t, "body") > 0 {
			env.Body = dagcbor.Sum(some("of", 10))
		}
		if rapid.IntRange(0, 9).Draw(t, "time") > 0 {
			env.Time = identity.At(time.Unix(rapid.Int64Range(0, 1<<33).Draw(t, "at"), 0))
		}
		raw, work := some("raw", 400), some("work", 10)
		got, err := encodeMessage(raw, env, work)
		want, wantErr := dagcbor.Marshal(&message{Version: messageVersion, Envelope: env, Body: raw, Work: work})
		if (err == nil) != (wantErr == nil) {
			t.Fatalf("%v, dagcbor: %v", err, wantErr)
		}
		if err == nil && !bytes.Equal(got, want) {
			t.Fatalf("%x\ndagcbor: %x", got, want)
		}
	})
}

func BenchmarkEncode(b *testing.B) {
	raw, env := make([]byte, 1500), identity.Envelope{
		Version: 1, Body: dagcbor.Sum(nil), Signature: make([]byte, 64), Role: identity.RoleAuthor,
		Time: identity.At(time.Unix(1e9, 0)), Signer: "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK",
	}
	for b.Loop() {
		if _, err := encodeMessage(raw, env, nil); err != nil {
			b.Fatal(err)
		}
	}
}
