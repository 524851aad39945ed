// Package random makes streams of random numbers by name. Every part of a
// simulation that draws has a stream of its own, so that one part drawing more
// or less changes no other's numbers, and a run is the same to the bit for a
// seed on every machine.
//
// [rand.Rand]'s own NormFloat64 and ExpFloat64 are left alone: they call the
// processor's logarithm, and a compiler may fuse their products and sums. What
// is drawn here uses only operations that IEEE 754 rounds in one way, with each
// product rounded by an explicit conversion. Pure.
package random

import (
	"crypto/sha256"
	"encoding/binary"
	"math/rand/v2"
)

// New returns the stream of that name under a seed: ChaCha8 keyed by
// SHA-256("parley/sim/random/1" ‖ seed, eight bytes, most significant first ‖
// name). It is not safe for use by two goroutines at once.
func New(seed uint64, name string) *rand.Rand {
	return rand.New(rand.NewChaCha8(key(seed, name)))
}

// Seed derives a seed from another, by name: one replicate's from a scenario's.
func Seed(seed uint64, name string) uint64 {
	k := key(seed, name)
	return binary.BigEndian.Uint64(k[:])
}

func key(seed uint64, name string) [32]byte {
	b := append([]byte("parley/sim/random/1"), make([]byte, 8)...)
	binary.BigEndian.PutUint64(b[len(b)-8:], seed)
	return sha256.Sum256(append(b, name...))
}
