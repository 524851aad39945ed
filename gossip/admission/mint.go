package admission

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"time"
)

// mintRound is how many tries are made between looks at the context: about a
// millisecond.
const mintRound = 1 << 13

// Mint makes a stamp of the difficulty wanted, at most MaxBits and MaxLifeBits
// together; it takes one core for about Expected tries. Nonces begin at start,
// a random number, so that two who work for one challenge do not do the same.
// progress, if not nil, is told the tries made so far every millisecond or so.
// The error is ctx's.
func Mint(ctx context.Context, c Challenge, want int, start uint64, progress func(tries uint64)) (Stamp, error) {
	if want < 1 || want > MaxBits+MaxLifeBits {
		return Stamp{}, fmt.Errorf("mint a stamp of %d bits: want 1 to %d", want, MaxBits+MaxLifeBits)
	}
	b := block(c, want)
	for tries := uint64(0); ; {
		if err := ctx.Err(); err != nil {
			return Stamp{}, fmt.Errorf("mint a stamp of %d bits: %w", want, err)
		}
		for range mintRound {
			if nonce := start + tries; try(&b, nonce) >= want {
				return Stamp{Bits: want, Nonce: nonce}, nil
			}
			tries++
		}
		if progress != nil {
			progress(tries)
		}
	}
}

// Expected is how many tries a stamp of so many bits takes on average. How
// many have been made already changes nothing about how many are to come.
func Expected(difficulty int) uint64 { return 1 << min(max(difficulty, 0), maxClaim-1) }

// Duration is how long a stamp takes on average at so many tries per second.
func Duration(difficulty int, rate float64) time.Duration {
	if difficulty <= 0 {
		return 0
	}
	d := float64(Expected(difficulty)) / max(rate, 1) * float64(time.Second)
	if d > math.MaxInt64/2 {
		return math.MaxInt64 / 2
	}
	return time.Duration(d)
}

// Rate measures this machine's tries per second over about span, on the core
// it runs on. now is read before and after: the caller's clock.
func Rate(span time.Duration, now func() time.Time) float64 {
	b := block(Challenge{}, maxClaim)
	start, tries := now(), 0
	for nonce := rand.Uint64(); ; nonce += mintRound {
		for i := range uint64(mintRound) {
			try(&b, nonce+i)
		}
		tries += mintRound
		// A clock that stands still while we work says nothing: one round will do.
		if took := now().Sub(start); took >= span || took <= 0 {
			return float64(tries) / max(took.Seconds(), 1e-3)
		}
	}
}
