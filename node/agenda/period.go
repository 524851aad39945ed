package agenda

import (
	"errors"
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"time"
)

// Period is a length of time by the calendar, as ISO 8601 writes it: "P1M",
// "P2W", "P1Y6M". It has no hours: nothing in a relationship renews by them.
type Period struct{ Years, Months, Weeks, Days int }

const maxDigits = 4 // of one number in a period

// ErrPeriod is returned for text that is no period.
var ErrPeriod = errors.New("not an ISO 8601 period of years, months, weeks and days")

// ParsePeriod reads a period of one day or more, each number with at most
// four digits: whole, unsigned, in the order Y M W D, each at most once.
func ParsePeriod(s string) (Period, error) {
	rest, ok := strings.CutPrefix(s, "P")
	if !ok {
		return Period{}, fmt.Errorf("%.40q: %w", s, ErrPeriod)
	}
	var p Period
	for _, part := range []struct {
		unit string
		n    *int
	}{{"Y", &p.Years}, {"M", &p.Months}, {"W", &p.Weeks}, {"D", &p.Days}} {
		digits := rest[:len(rest)-len(strings.TrimLeft(rest, "0123456789"))]
		after, ok := strings.CutPrefix(rest[len(digits):], part.unit)
		if !ok {
			continue
		}
		n, err := strconv.Atoi(digits)
		if err != nil || len(digits) > maxDigits {
			return Period{}, fmt.Errorf("%.40q: %w", s, ErrPeriod)
		}
		*part.n, rest = n, after
	}
	if rest != "" || p == (Period{}) {
		return Period{}, fmt.Errorf("%.40q: %w", s, ErrPeriod)
	}
	return p, nil
}

// String returns the ISO 8601 text.
func (p Period) String() string {
	var b strings.Builder
	b.WriteByte('P')
	for _, part := range []struct {
		n    int
		unit byte
	}{{p.Years, 'Y'}, {p.Months, 'M'}, {p.Weeks, 'W'}, {p.Days, 'D'}} {
		if part.n != 0 {
			b.WriteString(strconv.Itoa(part.n))
			b.WriteByte(part.unit)
		}
	}
	return b.String()
}

// From returns the k-th time after t, k periods on, at t's hour in t's zone.
// It counts from t and not from the time before, so that a day the month
// lacks becomes its last day without moving those that follow: 31 January,
// 28 February, 31 March.
func (p Period) From(t time.Time, k int) time.Time {
	y, m, d := monthsOn(t, k*p.months())
	if last := monthDays(y, m); d > last {
		d = last
	}
	return atDay(t, y, m, d+k*p.days())
}

func (p Period) months() int { return 12*p.Years + p.Months }
func (p Period) days() int   { return 7*p.Weeks + p.Days }

// The mean Gregorian month: 400 years of 146,097 days are 4,800 months.
var meanMonth = big.NewRat(146097, 4800)

// perMonth returns how many periods a mean month holds, exactly.
func (p Period) perMonth() *big.Rat {
	length := new(big.Rat).Mul(meanMonth, big.NewRat(int64(p.months()), 1))
	length.Add(length, big.NewRat(int64(p.days()), 1))
	return length.Quo(meanMonth, length)
}

// monthsOn returns t's date n months later, with t's day even where that
// month lacks it.
func monthsOn(t time.Time, n int) (int, time.Month, int) {
	y, m, d := t.Date()
	first := time.Date(y, m+time.Month(n), 1, 0, 0, 0, 0, time.UTC)
	return first.Year(), first.Month(), d
}

// monthDays returns how many days a month has.
func monthDays(y int, m time.Month) int { return time.Date(y, m+1, 0, 0, 0, 0, 0, time.UTC).Day() }

// atDay returns a day at t's hour in t's zone, and t itself for its own day:
// an hour that the clocks go through twice is two times.
func atDay(t time.Time, y int, m time.Month, d int) time.Time {
	if ty, tm, td := t.Date(); ty == y && tm == m && td == d {
		return t
	}
	h, mi, s := t.Clock()
	return time.Date(y, m, d, h, mi, s, t.Nanosecond(), t.Location())
}
