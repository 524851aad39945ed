package fit

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// mostDigits of a number are told where its error is smaller than that.
const mostDigits = 5

// withError writes an estimate with its standard error: two digits of the
// error, the value to the same place (0.0583 ± 0.0021), but at least two
// digits of it and what stands before the point (14,226 ± 770).
func (e Estimate) withError() string {
	v := math.Abs(e.Value)
	switch {
	case !finite(e.Value):
		return "–"
	case !finite(e.Error):
		return short(e.Value) + " ± ?"
	case v > 0 && v < 1e-4:
		exponent := math.Floor(math.Log10(v))
		scale := math.Pow(10, exponent)
		return fmt.Sprintf("(%s)e%.0f", Estimate{Value: e.Value / scale, Error: e.Error / scale}.withError(), exponent)
	}
	places := max(decimals(v, mostDigits), 0)
	if finest := math.Pow(10, -float64(places)); v > 0 && e.Error < finest {
		return grouped(e.Value, places) + " ± <" + grouped(finest, places)
	}
	places = max(decimals(e.Error, 2), decimals(v, 2), 0)
	return grouped(e.Value, places) + " ± " + digits(e.Error, 2)
}

// decimals is how many places after the point show n digits of v; negative
// where the last of them stands before it.
func decimals(v float64, n int) int {
	if v == 0 || !finite(v) {
		return 0
	}
	d := n - 1 - int(math.Floor(math.Log10(math.Abs(v))))
	if math.Round(math.Abs(v)*math.Pow(10, float64(d))) >= math.Pow(10, float64(n)) {
		d-- // 9.96 is 10 to two digits
	}
	return d
}

// digits writes v with n digits.
func digits(v float64, n int) string {
	d := decimals(v, n)
	scale := math.Pow(10, float64(d))
	return grouped(math.Round(v*scale)/scale, max(d, 0))
}

// grouped writes v with so many places, thousands parted from 10,000 on.
func grouped(v float64, places int) string {
	s := strconv.FormatFloat(v, 'f', places, 64)
	whole, rest, _ := strings.Cut(s, ".")
	sign := ""
	if strings.HasPrefix(whole, "-") {
		sign, whole = "-", whole[1:]
	}
	if len(whole) > 4 {
		for at := len(whole) - 3; at > 0; at -= 3 {
			whole = whole[:at] + "," + whole[at:]
		}
	}
	if rest != "" {
		rest = "." + rest
	}
	return sign + whole + rest
}

// short writes a number with as many digits as a reader needs.
func short(v float64) string {
	switch a := math.Abs(v); {
	case a >= 1000 && a < 1e15:
		return grouped(v, 0)
	case a >= 100 && a < 1000:
		return strings.TrimSuffix(strconv.FormatFloat(v, 'f', 1, 64), ".0")
	}
	return fmt.Sprintf("%.3g", v)
}

// year writes a time as its year, with a tenth where it is not whole.
func year(v float64) string {
	if !finite(v) {
		return "–"
	}
	return strings.TrimSuffix(strconv.FormatFloat(v, 'f', 1, 64), ".0")
}

// counted writes how many there are of something.
func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return grouped(float64(n), 0) + " " + many
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }
