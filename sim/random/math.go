package random

import "math"

// Log returns the natural logarithm of a positive finite x, within two units
// in the last place, and the same bits on every machine: x = 2^k·f with f in
// [√½, √2), and ln f = 2·artanh((f−1)/(f+1)).
func Log(x float64) float64 {
	f, k := math.Frexp(x)
	if f < math.Sqrt2/2 {
		f, k = float64(f*2), k-1
	}
	s := (f - 1) / (f + 1)
	// ln 2 in two parts: the first has few bits, so that k times it is exact.
	return float64(float64(k)*ln2High) + (twiceArtanh(s) + float64(float64(k)*ln2Low))
}

// Log1p returns ln(1+x) for x > −1, exact for small x where 1+x is not.
func Log1p(x float64) float64 {
	if x < -0.25 || x > 0.25 {
		return Log(1 + x)
	}
	return twiceArtanh(x / (2 + x))
}

const (
	ln2High = 6.93147180369123816490e-01
	ln2Low  = 1.90821492927058770002e-10
)

// twiceArtanh is 2(s + s³/3 + s⁵/5 + …) for |s| ≤ 0.1716; what is left out is
// less than 2⁻⁵⁶ of it.
func twiceArtanh(s float64) float64 {
	z := float64(s * s)
	sum := 0.0
	for n := 21; n >= 3; n -= 2 {
		sum = float64(z * (1/float64(n) + sum))
	}
	return float64(2 * (s + float64(s*sum)))
}

// Exp returns e^x, within two units in the last place, and the same bits on
// every machine: x = k·ln 2 + r with |r| ≤ ½ ln 2, and the series of e^r.
func Exp(x float64) float64 {
	switch {
	case x > 709.78:
		return math.Inf(1)
	case x < -745.2:
		return 0
	}
	k := math.Floor(float64(x/math.Ln2) + 0.5)
	r := (x - float64(k*ln2High)) - float64(k*ln2Low)
	sum := 0.0
	for n := 14; n >= 2; n-- {
		sum = float64(float64(r/float64(n)) * (1 + sum))
	}
	return math.Ldexp(1+(r+float64(r*sum)), int(k))
}

// Pow returns x^y for a positive x.
func Pow(x, y float64) float64 { return Exp(float64(y * Log(x))) }

// logFactorial is ln n!, by Stirling's series with Lanczos's shift below ten.
func logFactorial(n float64) float64 {
	shift := 0.0
	for n < 10 {
		n++
		shift += Log(n)
	}
	z := 1 / float64(n*n)
	series := (1.0/12 - float64(z*(1.0/360-float64(z*(1.0/1260))))) / n
	return float64((n+0.5)*Log(n)) - n + halfLogTwoPi + series - shift
}

const halfLogTwoPi = 0.918938533204672741780329736405617639861397473637783412817
