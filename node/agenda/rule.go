package agenda

import (
	"errors"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"
	"time"
)

// rule is how a date repeats.
type rule struct {
	step      Period         // from one interval to the next
	period    bool           // an ISO 8601 period, where a day the month lacks is its last
	weekDays  []time.Weekday // BYDAY of a weekly rule
	monthDays []int          // BYMONTHDAY of a monthly rule, -31…31
	count     int            // COUNT, or 0
	until     time.Time      // UNTIL, or zero; of a date: in UTC, its midnight
	dates     bool           // until is a date
	text      string         // the RRULE as it was read
}

const (
	lastYear = 9999 // RFC 3339 and RFC 5545 have four digits
	maxCount = 10000
	maxRule  = 256
)

var weekdays = map[string]time.Weekday{"MO": time.Monday, "TU": time.Tuesday, "WE": time.Wednesday,
	"TH": time.Thursday, "FR": time.Friday, "SA": time.Saturday, "SU": time.Sunday}

func parseRepeat(s string, allDay bool) (*rule, error) {
	if strings.HasPrefix(s, "P") {
		p, err := ParsePeriod(s)
		if err != nil {
			return nil, err
		}
		return &rule{step: p, period: true}, nil
	}
	return parseRRule(s, allDay)
}

// parseRRule reads the part of RFC 5545, section 3.3.10, that Entry names.
func parseRRule(s string, allDay bool) (*rule, error) {
	if len(s) > maxRule {
		return nil, fmt.Errorf("rule of %d bytes, the most is %d", len(s), maxRule)
	}
	r, parts, names := &rule{text: s}, map[string]string{}, []string(nil)
	for part := range strings.SplitSeq(s, ";") {
		name, value, ok := strings.Cut(part, "=")
		if _, twice := parts[name]; !ok || twice {
			return nil, fmt.Errorf("part %.40q has no value or is there twice", part)
		}
		parts[name], names = value, append(names, name)
	}
	interval := 1
	for _, name := range names {
		var err error
		switch value := parts[name]; name {
		case "FREQ": // below, with the interval known
		case "INTERVAL":
			interval, err = number(value, 1, 999)
		case "COUNT":
			r.count, err = number(value, 1, maxCount)
		case "UNTIL":
			err = r.parseUntil(value, allDay)
		case "BYDAY":
			err = r.parseWeekDays(value, parts["FREQ"])
		case "BYMONTHDAY":
			err = r.parseMonthDays(value, parts["FREQ"])
		default:
			err = errors.New("this part is not understood")
		}
		if err != nil {
			return nil, fmt.Errorf("%.40s: %w", name, err)
		}
	}
	if r.count > 0 && !r.until.IsZero() {
		return nil, errors.New("COUNT and UNTIL exclude each other")
	}
	return r, r.setFreq(parts["FREQ"], interval)
}

func (r *rule) setFreq(freq string, interval int) error {
	switch freq {
	case "DAILY":
		r.step = Period{Days: interval}
	case "WEEKLY":
		r.step = Period{Weeks: interval}
	case "MONTHLY":
		r.step = Period{Months: interval}
	case "YEARLY":
		r.step = Period{Years: interval}
	default:
		return fmt.Errorf("FREQ: %.40q is not DAILY, WEEKLY, MONTHLY or YEARLY", freq)
	}
	return nil
}

func (r *rule) parseUntil(s string, allDay bool) error {
	layout := "20060102T150405Z"
	if allDay {
		layout = "20060102"
	}
	t, err := time.Parse(layout, s)
	if err != nil || t.Format(layout) != s || t.IsZero() {
		return fmt.Errorf("%.40q is not of the form %s", s, layout)
	}
	r.until, r.dates = t, allDay
	return nil
}

func (r *rule) parseWeekDays(s, freq string) error {
	if freq != "WEEKLY" {
		return errors.New("only understood in a weekly rule")
	}
	for name := range strings.SplitSeq(s, ",") {
		d, ok := weekdays[name]
		if !ok || slices.Contains(r.weekDays, d) {
			return fmt.Errorf("%.40q is no weekday, or one named twice", name)
		}
		r.weekDays = append(r.weekDays, d)
	}
	return nil
}

func (r *rule) parseMonthDays(s, freq string) error {
	if freq != "MONTHLY" {
		return errors.New("only understood in a monthly rule")
	}
	for text := range strings.SplitSeq(s, ",") {
		n, err := number(strings.TrimPrefix(text, "-"), 1, 31)
		if err != nil {
			return err
		}
		if strings.HasPrefix(text, "-") {
			n = -n
		}
		if slices.Contains(r.monthDays, n) {
			return fmt.Errorf("day %d is named twice", n)
		}
		r.monthDays = append(r.monthDays, n)
	}
	return nil
}

func number(s string, least, most int) (int, error) {
	n, err := strconv.Atoi(s)
	if err != nil || strings.Trim(s, "0123456789") != "" || n < least || n > most {
		return 0, fmt.Errorf("%.40q is no number from %d to %d", s, least, most)
	}
	return n, nil
}

// begins reports whether the rule's first time is the anchor itself, as RFC
// 5545 wants it.
func (r *rule) begins(anchor time.Time) bool {
	for t := range r.times(anchor, time.Time{}) {
		return t.Equal(anchor)
	}
	return false
}

// times yields the rule's times from the anchor on, in order, leaving out
// most of those before from.
func (r *rule) times(anchor, from time.Time) iter.Seq[time.Time] {
	return func(yield func(time.Time) bool) {
		first, told, empty := 0, 0, 0
		if r.count == 0 { // counted ones are counted from the start
			first = r.near(anchor, from)
		}
		// A rule may skip intervals (every 29 February), but not for ever.
		for k := first; empty*max(1, r.step.months()) <= lastYear*12; k++ {
			empty++
			for _, t := range r.interval(anchor, k) {
				if t.Year() > lastYear || r.over(t) || (r.count > 0 && told == r.count) {
					return
				}
				empty = 0
				told++
				if !yield(t) {
					return
				}
			}
		}
	}
}

// near returns an interval that begins at or before from, and not long before.
func (r *rule) near(anchor, from time.Time) int {
	longest := 31*r.step.months() + r.step.days()
	gone := int(from.Unix()-anchor.Unix()) / int(day/time.Second)
	return max(0, gone/longest-2)
}

func (r *rule) over(t time.Time) bool {
	if r.until.IsZero() {
		return false
	}
	if r.dates {
		y, m, d := t.Date()
		t = time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
	}
	return t.After(r.until)
}

// interval returns the times of the k-th interval that are not before the
// anchor, in order.
func (r *rule) interval(anchor time.Time, k int) []time.Time {
	var times []time.Time
	switch y, m, d := monthsOn(anchor, k*r.step.months()); {
	case r.period:
		return []time.Time{r.step.From(anchor, k)}
	case r.monthDays != nil:
		for _, n := range r.monthDays {
			if n < 0 {
				n += monthDays(y, m) + 1
			}
			if n >= 1 && n <= monthDays(y, m) {
				times = append(times, atDay(anchor, y, m, n))
			}
		}
	case r.weekDays != nil: // weeks begin on Monday, as where RFC 5545 has no WKST
		monday := d - (int(anchor.Weekday())+6)%7 + k*r.step.days()
		for _, w := range r.weekDays {
			times = append(times, atDay(anchor, y, m, monday+(int(w)+6)%7))
		}
	case d <= monthDays(y, m):
		times = append(times, atDay(anchor, y, m, d+k*r.step.days()))
	}
	slices.SortFunc(times, time.Time.Compare)
	times = slices.CompactFunc(times, time.Time.Equal) // 28 and -1 in February
	return slices.DeleteFunc(times, func(t time.Time) bool { return t.Before(anchor) })
}
