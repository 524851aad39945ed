package webvh

import (
	"crypto/ed25519"
	"fmt"
	"testing"
	"time"
)

// BenchmarkVerify parses and verifies logs as they come off the wire, and
// reports what one costs in bare ed25519.Verify, measured by turns on the same
// core.
func BenchmarkVerify(b *testing.B) {
	key, message := testKey(1), make([]byte, 64)
	sig, pub := ed25519.Sign(key, message), testPub(1)
	for _, entries := range []int{1, 10} {
		b.Run(fmt.Sprint(entries), func(b *testing.B) {
			jsonl := rotated(b, pairwise(b, 1), 1, entries-1).Bytes()
			now := day.Add(24 * time.Hour)
			var log, bare time.Duration
			for b.Loop() {
				start := time.Now()
				if _, err := verify(jsonl, nil, now); err != nil {
					b.Fatal(err)
				}
				log += time.Since(start)
				b.StopTimer()
				start = time.Now()
				if !ed25519.Verify(pub, message, sig) {
					b.Fatal("signature does not verify")
				}
				bare += time.Since(start)
				b.StartTimer()
			}
			b.ReportMetric(float64(log)/float64(bare), "x-ed25519.Verify")
			b.ReportMetric(float64(len(jsonl)), "log-bytes")
		})
	}
}

func BenchmarkRotate(b *testing.B) {
	l := pairwise(b, 1)
	in := Rotation{Update: testKey(2), Next: testPub(4), Sign: testPub(5)}
	for b.Loop() {
		if _, err := l.Rotate(in, day.Add(time.Hour)); err != nil {
			b.Fatal(err)
		}
	}
}
