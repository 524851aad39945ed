package random_test

import (
	"math"
	"testing"

	"github.com/parley-network/parley/sim/random"
)

// ulps is how many units in the last place a is from b.
func ulps(a, b float64) float64 {
	if a == b {
		return 0
	}
	return math.Abs(a-b) / (math.Nextafter(math.Abs(b), math.Inf(1)) - math.Abs(b))
}

// The standard library's are within one unit of the true value.
func TestMathIsCloseToTheLibrarys(t *testing.T) {
	r := random.New(1, "math")
	worst := map[string]float64{}
	for range 200_000 {
		x := math.Exp(1400*r.Float64() - 700)
		near := 1 + (r.Float64()-0.5)/4
		small := (r.Float64() - 0.5) / 2
		y := 1400*r.Float64() - 700
		for name, d := range map[string]float64{
			"log":      ulps(random.Log(x), math.Log(x)),
			"log near": ulps(random.Log(near), math.Log(near)),
			"log1p":    ulps(random.Log1p(small), math.Log1p(small)),
			"exp":      ulps(random.Exp(y), math.Exp(y)),
			"exp near": ulps(random.Exp(small), math.Exp(small)),
		} {
			worst[name] = max(worst[name], d)
		}
	}
	for name, d := range worst {
		if d > 3 {
			t.Errorf("%s is %.1f units in the last place from the library's", name, d)
		}
	}
}

func TestMathAtItsEnds(t *testing.T) {
	for _, c := range []struct{ got, want float64 }{
		{random.Log(1), 0}, {random.Exp(0), 1}, {random.Log1p(0), 0}, {random.Pow(5, 0), 1},
		{random.Exp(800), math.Inf(1)}, {random.Exp(-800), 0}, {random.Log(2), math.Ln2},
		{random.Log1p(1), math.Ln2}, {random.Log1p(-0.5), -math.Ln2},
		{random.Log(math.SmallestNonzeroFloat64), -744.4400719213812}, // the library's is wrong on amd64
		{random.Exp(709.7), math.Exp(709.7)}, {random.Exp(709.75), math.Exp(709.75)},
	} {
		if ulps(c.got, c.want) > 3 {
			t.Errorf("got %v, want %v", c.got, c.want)
		}
	}
}
