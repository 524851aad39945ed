package study

import (
	"math"
	"slices"
)

// KolmogorovSmirnov is the greatest difference between the two samples'
// distribution functions, in [0,1]; 1 where one is empty and the other not.
// Both must be sorted.
func KolmogorovSmirnov(a, b []float64) float64 {
	if len(a) == 0 || len(b) == 0 {
		return either(a, b)
	}
	most := 0.0
	for i, j := 0, 0; i < len(a) && j < len(b); {
		x := min(a[i], b[j])
		for i < len(a) && a[i] == x {
			i++
		}
		for j < len(b) && b[j] == x {
			j++
		}
		most = max(most, math.Abs(float64(i)/float64(len(a))-float64(j)/float64(len(b))))
	}
	return most
}

// Wasserstein is the first Wasserstein distance: how far, on average, a sample's
// mass must be moved to become the other's, in their unit. It is infinite where
// one is empty and the other not. Both must be sorted.
func Wasserstein(a, b []float64) float64 {
	if len(a) == 0 || len(b) == 0 {
		if either(a, b) == 0 {
			return 0
		}
		return math.Inf(1)
	}
	// The integral of |F-G| between neighbouring points of both.
	sum, x := 0.0, min(a[0], b[0])
	for i, j := 0, 0; i < len(a) || j < len(b); {
		next := math.Inf(1)
		if i < len(a) {
			next = a[i]
		}
		if j < len(b) {
			next = min(next, b[j])
		}
		sum += math.Abs(float64(i)/float64(len(a))-float64(j)/float64(len(b))) * (next - x)
		for x = next; i < len(a) && a[i] == x; {
			i++
		}
		for j < len(b) && b[j] == x {
			j++
		}
	}
	return sum
}

func either(a, b []float64) float64 {
	if len(a) == len(b) {
		return 0
	}
	return 1
}

// Quantile is the q-quantile by the nearest rank of a sorted sample, 0 of none.
func Quantile(sorted []float64, q float64) float64 {
	if len(sorted) == 0 {
		return 0
	}
	rank := int(math.Ceil(q * float64(len(sorted))))
	return sorted[min(max(rank, 1), len(sorted))-1]
}

// ratio is a/b, and 1 where both are nothing.
func ratio(a, b float64) float64 {
	if a == b {
		return 1
	}
	return a / b
}

func sorted(v []float64) []float64 {
	v = slices.Clone(v)
	slices.Sort(v)
	return v
}
