package intentcast_test

import (
	"crypto/ed25519"
	"slices"
	"testing"
	"time"

	"github.com/parley-network/parley/gossip/intentcast"
)

// BenchmarkDecodeCast prints the figure the project promises: the rate of
// decoding and validating a cast, signature included, as a share of the rate
// of one bare ed25519.Verify over as many bytes as the envelope signs. Both
// are timed in turns in one run and their medians compared, so that what else the
// machine does hits both or neither.
func BenchmarkDecodeCast(b *testing.B) {
	for name, c := range map[string]*intentcast.Cast{
		"ParkCity": cast(b, parkCity(), "skier"),
		"Stroller": cast(b, stroller(), "parent"),
	} {
		b.Run(name, func(b *testing.B) {
			wire := encode(b, c)
			pub, priv, err := ed25519.GenerateKey(nil)
			if err != nil {
				b.Fatal(err)
			}
			message := make([]byte, 240)
			signature := ed25519.Sign(priv, message)
			var decode, bare []time.Duration
			b.ReportAllocs()
			for b.Loop() {
				t0 := time.Now()
				if !ed25519.Verify(pub, message, signature) {
					b.Fatal("signature does not hold")
				}
				t1 := time.Now()
				got, err := intentcast.DecodeCast(wire)
				if err != nil {
					b.Fatal(err)
				}
				if err := got.CheckTime(now); err != nil {
					b.Fatal(err)
				}
				decode, bare = append(decode, time.Since(t1)), append(bare, t1.Sub(t0))
			}
			b.ReportMetric(median(bare)/median(decode), "x-verify-rate")
			b.ReportMetric(float64(len(wire)), "wire-bytes")
			b.ReportMetric(float64(len(wire)-intentcast.ReplyKeySize), "wire-bytes-without-key")
		})
	}
}

func median(ds []time.Duration) float64 {
	slices.Sort(ds)
	return ds[len(ds)/2].Seconds()
}
