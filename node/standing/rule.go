// Package standing says when a standing want is cast again: pure functions of
// its rule, of what was drawn at random, and of the time.
package standing

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/teambition/rrule-go"
)

// Limits of a rule.
const (
	MaxRule = 256                      // bytes of its text
	MinGap  = time.Hour                // from one occurrence to the next
	MaxSpan = 5 * 366 * 24 * time.Hour // from the first occurrence to the last
)

// checkedGaps is how many of a rule's first gaps are held against MinGap.
const checkedGaps = 64

// Rule is an RRULE (RFC 5545, section 3.3.10) with its start and time zone.
type Rule struct {
	r    *rrule.RRule
	days bool // it names days, which a want keeps to
}

// Parse reads a rule such as "RRULE:FREQ=WEEKLY;BYDAY=MO", with or without the
// name before it. It counts from start, by the clock of start's location; of
// days it names without an hour, it is due early enough for the whole spread. A
// rule that says its own start, is due more than once in MinGap, or never, is
// refused.
func Parse(text string, start time.Time) (*Rule, error) {
	body := strings.TrimPrefix(text, "RRULE:")
	switch {
	case len(text) > MaxRule:
		return nil, fmt.Errorf("rule of %d bytes, the most is %d", len(text), MaxRule)
	case strings.ContainsAny(body, ":\r\n\t "):
		return nil, errors.New("rule: one RRULE alone is taken, without a start and without spaces")
	}
	if err := checkParts(body); err != nil {
		return nil, err
	}
	o, err := rrule.StrToROptionInLocation(body, start.Location())
	if err != nil {
		return nil, fmt.Errorf("rule: %w", err)
	}
	if o.Freq >= rrule.MINUTELY || len(o.Byminute) > 1 || len(o.Bysecond) > 1 {
		return nil, fmt.Errorf("rule: more often than every %s", MinGap)
	}
	if o.Interval < 0 || o.Interval > 1000 {
		return nil, fmt.Errorf("rule: INTERVAL=%d, the most is 1000", o.Interval)
	}
	o.Dtstart = firstDue(start, o)
	// A bound for every search: a rule that matches no day has no end.
	if last := o.Dtstart.Add(MaxSpan); o.Until.IsZero() || last.Before(o.Until) {
		o.Until = last
	}
	r, err := rrule.NewRRule(*o)
	if err != nil {
		return nil, fmt.Errorf("rule: %w", err)
	}
	rule := &Rule{r, o.Freq <= rrule.DAILY || len(o.Byweekday)+len(o.Bymonthday)+len(o.Bymonth) > 0}
	return rule, rule.check()
}

// firstDue is start, moved back to where a day's spread fits into the rest of
// the day, or of the hour that the rule names to its beginning: who sets a want
// up late in the evening means the same days as everybody.
func firstDue(start time.Time, o *rrule.ROption) time.Time {
	hour, minute, second := start.Clock()
	latest := 24 - int(mostSpread/time.Hour)
	switch {
	case len(o.Byhour) > 0 && len(o.Byminute) == 0:
		minute, second = 0, 0
	case o.Freq <= rrule.DAILY && len(o.Byhour) == 0 && hour >= latest:
		hour, minute, second = latest, 0, 0
	}
	y, m, d := start.Date()
	return time.Date(y, m, d, hour, minute, second, 0, start.Location())
}

// parts are those of a rule that are taken. What is left out, such as
// BYYEARDAY, no want needs.
var parts = map[string]bool{
	"FREQ": true, "INTERVAL": true, "COUNT": true, "UNTIL": true, "WKST": true, "BYSETPOS": true,
	"BYMONTH": true, "BYMONTHDAY": true, "BYDAY": true, "BYHOUR": true, "BYMINUTE": true,
}

// checkParts refuses what the library reads and then fails on: a weekday that
// the month has not so many of, which it looks for before the year's beginning.
func checkParts(body string) error {
	for part := range strings.SplitSeq(body, ";") {
		name, value, _ := strings.Cut(part, "=")
		if !parts[name] {
			return fmt.Errorf("rule: the part %.20q is not taken", name)
		}
		if n, err := strconv.Atoi(value); (name == "COUNT" || name == "INTERVAL") && (err != nil || n < 1) {
			return fmt.Errorf("rule: %s=%.20q: the least is 1", name, value) // the library reads 0 as left out
		}
		if name != "BYDAY" {
			continue
		}
		for day := range strings.SplitSeq(value, ",") {
			if len(day) > 2 && !slices.Contains([]string{"1", "+1", "2", "+2", "3", "+3", "4", "+4", "5", "+5", "-1", "-2", "-3", "-4"}, day[:len(day)-2]) {
				return fmt.Errorf("rule: BYDAY=%.20q: the number goes from -4 to 5", day)
			}
		}
	}
	return nil
}

func (r *Rule) check() error {
	next := r.r.Iterator()
	before, ok := next()
	if !ok {
		return errors.New("rule: it is never due")
	}
	for range checkedGaps {
		at, ok := next()
		if !ok {
			return nil
		}
		if gap := at.Sub(before); gap < MinGap {
			return fmt.Errorf("rule: due again after %s, the least is %s", gap, MinGap)
		}
		before = at
	}
	return nil
}

// After returns the first occurrence after t; false where there is none.
func (r *Rule) After(t time.Time) (time.Time, bool) {
	at := r.r.After(t, false)
	return at, !at.IsZero()
}

// Spread bounds: how far from the rule's time a want is cast.
const (
	mostSpread = 4 * time.Hour
	lateSpread = 20 * time.Minute
)

// Spread is how much later than the occurrence at a want may be cast: the
// owner's hour must not show in each of its intents. It is a quarter of the
// way to the next occurrence, at most four hours, and for a rule that names
// days no longer than until the day ends by the rule's clock.
func (r *Rule) Spread(at time.Time) time.Duration {
	spread := mostSpread
	if next, ok := r.After(at); ok {
		spread = min(next.Sub(at)/4, mostSpread)
	}
	if r.days {
		y, m, d := at.Date()
		spread = min(spread, time.Date(y, m, d+1, 0, 0, 0, 0, at.Location()).Sub(at))
	}
	return spread
}

// Life is how long the intent of the occurrence at may stay open: as long as
// is wished, and no longer than until the next one, so that the owner's
// intents of one want never stand side by side.
func (r *Rule) Life(at time.Time, wished time.Duration) time.Duration {
	next, ok := r.After(at)
	if !ok {
		return wished
	}
	return min(wished, next.Sub(at))
}

// Plan is the next thing a standing want does.
type Plan struct {
	Occurrence time.Time // by the rule; zero: no more come
	At         time.Time // when the want is cast for it
}

// Next is the plan after now. draw returns a random number in [0,1): the same
// for two occurrences would link them.
func (r *Rule) Next(now time.Time, draw func() float64) Plan {
	at, ok := r.After(now)
	if !ok {
		return Plan{}
	}
	return Plan{at, at.Add(time.Duration(draw() * float64(r.Spread(at))))}
}

// Late returns the plan for a node that wakes at now with p in the past, and
// whether it is to wait. Of all the occurrences that were missed, one is made
// good, the newest, and not at the moment of waking, which its neighbours can
// see.
func (r *Rule) Late(p Plan, now time.Time, draw func() float64) (Plan, bool) {
	if p.Occurrence.IsZero() || now.Sub(p.At) <= lateSpread {
		return p, false
	}
	if newest := r.r.Before(now, true); newest.After(p.Occurrence) {
		p.Occurrence = newest
	}
	p.At = now.Add(time.Duration(draw() * float64(lateSpread)))
	return p, true
}
