// Package figure measures one thing against a named yardstick in the same
// run, so that a slow or busy machine slows both, and prints the result as
// one line a bench target ends with:
//
//	figure decode-intentcast got 0.81 want ≥0.60 ok
package figure

import (
	"fmt"
	"io"
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

func report(w io.Writer, name string, got float64, sign string, want float64, ok bool) bool {
	verdict := "SHORT"
	if ok {
		verdict = "ok"
	}
	fmt.Fprintf(w, "figure %s got %.3g want %s%.3g %s\n", name, got, sign, want, verdict)
	return ok
}
