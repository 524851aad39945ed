package fit

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// style is how a file writes numbers.
type style struct{ decimalComma bool }

var (
	byComma = regexp.MustCompile(`^[+-]?[1-9]\d{0,2}(,\d{3})+(\.\d*)?$`)
	byPoint = regexp.MustCompile(`^[+-]?[1-9]\d{0,2}(\.\d{3})+(,\d*)?$`)
	bySpace = regexp.MustCompile(`^[+-]?\d{1,3}([ \x{a0}\x{202f}'’_]\d{3})+([.,]\d*)?$`)
	spaces  = strings.NewReplacer(" ", "", "\u00a0", "", "\u202f", "", "'", "", "’", "", "_", "")
)

// plain writes a number as ParseFloat reads it: thousands may be parted by
// commas, points where the comma is decimal, spaces or apostrophes.
func (st style) plain(s string) string {
	if bySpace.MatchString(s) {
		s = spaces.Replace(s)
	}
	switch {
	case st.decimalComma && byPoint.MatchString(s):
		return strings.Replace(strings.ReplaceAll(s, ".", ""), ",", ".", 1)
	case st.decimalComma && strings.Count(s, ",") == 1 && !strings.Contains(s, "."):
		return strings.Replace(s, ",", ".", 1)
	case !st.decimalComma && byComma.MatchString(s):
		return strings.ReplaceAll(s, ",", "")
	}
	return s
}

var oneComma = regexp.MustCompile(`^[+-]?\d*,\d+$`)

// number reads a decimal; ParseFloat alone would take hexadecimal, infinities
// and NaN.
func (st style) number(s string) (float64, error) {
	s = strings.TrimSpace(s)
	digits := st.plain(s)
	if digits == "" {
		return 0, errors.New("empty")
	}
	v, err := strconv.ParseFloat(digits, 64)
	switch {
	case math.IsNaN(v):
		return 0, fmt.Errorf("%q is not a number; leave empty what was not measured", clipped(s))
	case math.IsInf(v, 0):
		return 0, fmt.Errorf("%q is not finite", clipped(s))
	case !st.decimalComma && oneComma.MatchString(digits):
		return 0, fmt.Errorf("%q is not a number: where the comma is decimal, part the fields with ;", clipped(s))
	case err != nil, strings.Trim(digits, "0123456789.eE+-") != "":
		return 0, fmt.Errorf("%q is not a number", clipped(s))
	}
	if math.Abs(v) > 1e15 {
		return 0, fmt.Errorf("%v is more than 1e15", v)
	}
	return v, nil
}

// missing tells what files write where nothing was measured. NaN is not among
// it: it is as often what a division by nothing came to.
func missing(s string) bool {
	switch strings.ToLower(strings.TrimSpace(s)) {
	case "", "na", "n/a", "n.a.", "null", "none", "-", "–", "—", "..", "...", ":":
		return true
	}
	return false
}

var quarter = regexp.MustCompile(`^(\d{4})[ -]?[qQ]([1-4])$`)

// year reads a year, which may be decimal, a date (2005-07-01), a month
// (2005-07) or a quarter (2005Q3): the last three as the time of their
// beginning, in years, and dated.
func (st style) year(s string) (y float64, dated bool, err error) {
	s = strings.TrimSpace(s)
	for _, layout := range []string{"2006-01-02", "2006-01", "2006-01-02T15:04:05Z07:00", "2006-01-02 15:04:05"} {
		if t, err := time.Parse(layout, s); err == nil {
			begin := time.Date(t.Year(), 1, 1, 0, 0, 0, 0, t.Location())
			return float64(t.Year()) + t.Sub(begin).Hours()/begin.AddDate(1, 0, 0).Sub(begin).Hours(), true, nil
		}
	}
	if m := quarter.FindStringSubmatch(s); m != nil {
		y, _ := strconv.Atoi(m[1]) // four digits
		return float64(y) + float64(m[2][0]-'1')/4, true, nil
	}
	if s == "" {
		return 0, false, errors.New("empty")
	}
	y, err = st.number(s)
	switch {
	case err != nil && strings.ContainsAny(s, "0123456789"):
		err = fmt.Errorf("%w: want a year, or a date such as 2005-07-01, 2005-07 or 2005Q3", err)
	case err == nil && math.Abs(y) > 10_000:
		err = fmt.Errorf("%v is not a year: want one within ±10,000", y)
	}
	return y, false, err
}

// label is the name of a series.
func label(s string) (string, error) {
	s = strings.TrimSpace(s)
	switch {
	case s == "":
		return "", errors.New("name is empty")
	case len(s) > maxName:
		return "", fmt.Errorf("name is longer than %d bytes", maxName)
	case !utf8.ValidString(s):
		return "", errors.New("name is not UTF-8")
	case strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }):
		return "", fmt.Errorf("name %q has a character that can't be printed", s)
	}
	return s, nil
}

func clipped(s string) string {
	if len(s) > 40 {
		s = strings.ToValidUTF8(s[:40], "") + "…"
	}
	return s
}
