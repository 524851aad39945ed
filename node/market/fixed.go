package market

import "math/bits"

// fixed is a decimal that is not negative, as 128 bits of 10^-18. A plain
// decimal of a body (15 digits before the point, 9 after) always fits, and so
// does every product of two of them that is itself a plain decimal's size.
// Rank compares a thousand totals in the time of a few signatures, which is
// why this is not a big integer.
type fixed struct{ hi, lo uint64 }

const (
	giga     = 1_000_000_000 // 10^9, the places of a body's decimal
	maxMoney = giga * 1_000_000
)

// parseFixed reads a plain decimal that is not negative, in one pass: it
// takes what money.CheckDecimal takes and has no sign.
func parseFixed(s string) (fixed, bool) {
	var whole, fraction uint64
	i := 0
	for ; i < len(s) && s[i] != '.'; i++ {
		if s[i] < '0' || s[i] > '9' || i == 15 {
			return fixed{}, false
		}
		whole = whole*10 + uint64(s[i]-'0')
	}
	if i == 0 || (i > 1 && s[0] == '0') {
		return fixed{}, false
	}
	places := 0
	if i < len(s) {
		places = len(s) - i - 1
		if places < 1 || places > 9 {
			return fixed{}, false
		}
		for _, c := range []byte(s[i+1:]) {
			if c < '0' || c > '9' {
				return fixed{}, false
			}
			fraction = fraction*10 + uint64(c-'0')
		}
	}
	hi, lo := bits.Mul64(whole, giga)
	lo, carry := bits.Add64(lo, fraction*tenTo(9-places), 0)
	return fixed{hi + carry, lo}.scale(giga)
}

func tenTo(n int) uint64 {
	p := uint64(1)
	for range n {
		p *= 10
	}
	return p
}

// scale returns f times n, and false when it does not fit.
func (f fixed) scale(n uint64) (fixed, bool) {
	over, hi := bits.Mul64(f.hi, n)
	carry, lo := bits.Mul64(f.lo, n)
	hi, c := bits.Add64(hi, carry, 0)
	return fixed{hi, lo}, over == 0 && c == 0
}

// times returns f times g. It is false when the product does not fit or has
// more than 18 decimal places, which no price times a quantity has.
func (f fixed) times(g fixed) (fixed, bool) {
	a, aRest := f.unscale()
	b, bRest := g.unscale()
	if aRest|bRest != 0 || (a.hi != 0 && b.hi != 0) {
		return fixed{}, false
	}
	if a.hi != 0 {
		a, b = b, a
	}
	return b.scale(a.lo)
}

// unscale returns f in 10^-9 and what was cut off.
func (f fixed) unscale() (fixed, uint64) {
	hi, r := f.hi/giga, f.hi%giga
	lo, r := bits.Div64(r, f.lo, giga)
	return fixed{hi, lo}, r
}

// plus returns f plus g, and false when it does not fit.
func (f fixed) plus(g fixed) (fixed, bool) {
	lo, c := bits.Add64(f.lo, g.lo, 0)
	hi, c := bits.Add64(f.hi, g.hi, c)
	return fixed{hi, lo}, c == 0
}

// minus returns f minus g, which must not be more than f.
func (f fixed) minus(g fixed) fixed {
	lo, b := bits.Sub64(f.lo, g.lo, 0)
	hi, _ := bits.Sub64(f.hi, g.hi, b)
	return fixed{hi, lo}
}

func (f fixed) cmp(g fixed) int {
	switch {
	case f == g:
		return 0
	case f.hi < g.hi || (f.hi == g.hi && f.lo < g.lo):
		return -1
	}
	return 1
}

func (f fixed) isZero() bool { return f == fixed{} }

// plain returns f as a body's decimal, and false when it is too large or too
// fine for one. A fraction of one digit gets a second: "19.90".
func (f fixed) plain() (string, bool) {
	nano, rest := f.unscale()
	units, fraction := nano.unscale()
	if rest != 0 || units.hi != 0 || units.lo >= maxMoney {
		return "", false
	}
	b := appendDigits(make([]byte, 0, 26), units.lo, 1)
	if fraction == 0 {
		return string(b), true
	}
	b = appendDigits(append(b, '.'), fraction, 9)
	for point := len(b) - 9; len(b) > point+2 && b[len(b)-1] == '0'; {
		b = b[:len(b)-1]
	}
	return string(b), true
}

// appendDigits writes n with at least width digits.
func appendDigits(b []byte, n uint64, width int) []byte {
	var buf [20]byte
	i := len(buf)
	for n > 0 || len(buf)-i < width {
		i--
		buf[i] = byte('0' + n%10)
		n /= 10
	}
	return append(b, buf[i:]...)
}

// text is plain for people: a sum too large to write is said to be.
func (f fixed) text(currency string) string {
	s, ok := f.plain()
	if !ok {
		s = "an unwritable sum of"
	}
	return s + " " + currency
}
