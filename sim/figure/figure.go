// Package figure measures one thing against a named yardstick in the same
// run, so that a slow or busy machine slows both, and prints the result as
// one line of the bench target:
//
//	figure decode-intentcast got 0.81 want ≥0.60 ok
//	info intentcast-wire-bytes 2769
//
// A figure is a promise and ends in ok or SHORT; an info is worth knowing and
// promises nothing.
package figure

import (
	"crypto/ed25519"
	"fmt"
	"io"
	"math"
	"slices"
	"time"
)

// rounds and span make the median steady on a shared machine.
const (
	rounds = 21
	span   = 10 * time.Millisecond
)

// Ratio returns how many times longer subject takes than yardstick: the
// median over rounds in which the two take turns.
func Ratio(subject, yardstick func()) float64 {
	a, b := repeats(subject), repeats(yardstick)
	ratios := make([]float64, rounds)
	for i := range ratios {
		ratios[i] = perCall(subject, a) / perCall(yardstick, b)
	}
	slices.Sort(ratios)
	return ratios[rounds/2]
}

// Verify returns the usual yardstick: one bare ed25519.Verify of a message as
// long as those that Parley's envelopes sign.
func Verify() func() {
	key := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	pub, message := key.Public().(ed25519.PublicKey), make([]byte, 200)
	signature := ed25519.Sign(key, message)
	return func() {
		if !ed25519.Verify(pub, message, signature) {
			panic("figure: a signature just made does not hold")
		}
	}
}

// Quantile returns the q-quantile of d by the nearest rank, 0 of none: the
// smallest of d that at least q of them do not exceed. It sorts d.
func Quantile(d []time.Duration, q float64) time.Duration {
	if len(d) == 0 {
		return 0
	}
	slices.Sort(d)
	rank := int(math.Ceil(q * float64(len(d))))
	return d[min(max(rank, 1), len(d))-1]
}

// repeats is how many calls of fn fill a span; it warms fn up.
func repeats(fn func()) int {
	n := 1
	for {
		start := time.Now()
		for range n {
			fn()
		}
		if took := time.Since(start); took >= span {
			return n
		}
		n *= 2
	}
}

func perCall(fn func(), n int) float64 {
	start := time.Now()
	for range n {
		fn()
	}
	return float64(time.Since(start)) / float64(n)
}

// AtLeast prints the figure and reports whether got reaches want.
func AtLeast(w io.Writer, name string, got, want float64) bool {
	return report(w, name, got, "≥", want, got >= want)
}

// AtMost prints the figure and reports whether got stays within want.
func AtMost(w io.Writer, name string, got, want float64) bool {
	return report(w, name, got, "≤", want, got <= want)
}

// Info prints a value that is worth knowing and promised by nobody.
func Info(w io.Writer, name string, value any) {
	if f, ok := value.(float64); ok {
		fmt.Fprintf(w, "info %s %.3g\n", name, f)
		return
	}
	fmt.Fprintf(w, "info %s %v\n", name, value)
}

func report(w io.Writer, name string, got float64, sign string, want float64, ok bool) bool {
	verdict := "SHORT"
	if ok {
		verdict = "ok"
	}
	fmt.Fprintf(w, "figure %s got %.3g want %s%.3g %s\n", name, got, sign, want, verdict)
	return ok
}
