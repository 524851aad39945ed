package agenda

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	ics "github.com/arran4/golang-ical"
)

const (
	dateLayout = "20060102"
	utcLayout  = "20060102T150405Z"

	maxText  = 4096 // characters of a title or text in a calendar
	maxDates = 24   // times written out where no RRULE says the same
)

// Calendar writes the entries as an iCalendar object (RFC 5545) called name:
// one event each, with an alarm where a person is to be warned ahead. The UIDs
// depend on the entries' IDs alone, so that a calendar program that reads the
// file again changes what it has. What is done has no alarm any more.
//
// A whole day is a date without zone; every other time is written in UTC. A
// repetition that RFC 5545 can't say in UTC (another zone's hour, months and
// days mixed) is written out as the first and the next 24 times. An entry that
// can't be used, or an ID twice, is an error and no calendar is made.
func Calendar(entries []Entry, name string, now time.Time) ([]byte, error) {
	cal := ics.NewCalendarFor("Parley")
	cal.SetProductId("-//Parley//agenda 1//EN")
	cal.SetCalscale("GREGORIAN")
	cal.SetName(clean(name))
	cal.SetXWRCalName(clean(name))
	seen := make(map[string]bool, len(entries))
	for _, e := range entries {
		r, err := e.rule()
		if err != nil {
			return nil, fmt.Errorf("calendar: %w %.80q: %w", ErrEntry, e.ID, err)
		}
		if seen[e.ID] {
			return nil, fmt.Errorf("calendar: %w %.80q: the id is there twice", ErrEntry, e.ID)
		}
		seen[e.ID] = true
		event := cal.AddEvent(uid(e.ID))
		event.SetDtStampTime(now)
		e.describe(event)
		e.date(event)
		if r != nil {
			e.repeat(event, r, now)
		}
		e.alarm(event)
	}
	var b strings.Builder
	if err := cal.SerializeTo(&b, ics.WithNewLineWindows); err != nil {
		return nil, fmt.Errorf("calendar: %w", err)
	}
	return []byte(b.String()), nil
}

// uid returns a UUID of version 8 (RFC 9562) that an id alone decides. It
// names neither the card nor the parties: calendars are handed around.
func uid(id string) string {
	u := sha256.Sum256([]byte("parley/agenda/1\n" + id))
	u[6], u[8] = u[6]&0x0f|0x80, u[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", u[:4], u[4:6], u[6:8], u[8:10], u[10:16])
}

func (e Entry) describe(event *ics.VEvent) {
	title := clean(e.Title)
	if title == "" {
		title = string(e.Kind)
	}
	event.SetSummary(title)
	if text := clean(e.Text); text != "" {
		event.SetDescription(text)
	}
	event.AddCategory(string(e.Kind))
	event.SetTimeTransparency(ics.TransparencyTransparent) // a date to know, not time taken
}

func (e Entry) date(event *ics.VEvent) {
	if e.AllDay {
		event.SetAllDayStartAt(e.When)
		return
	}
	event.SetStartAt(e.When)
}

func (e Entry) repeat(event *ics.VEvent, r *rule, now time.Time) {
	if text, ok := r.rrule(e.When); ok && (e.AllDay || e.When.Location() == time.UTC) {
		event.AddRrule(text)
		return
	}
	var dates []string
	layout, params := utcLayout, []ics.PropertyParameter(nil)
	if e.AllDay {
		layout, params = dateLayout, append(params, ics.WithValue(string(ics.ValueDataTypeDate)))
	}
	for t := range r.times(e.anchor(), now) {
		if !t.After(e.anchor()) || t.Before(now) {
			continue
		}
		if !e.AllDay {
			t = t.UTC()
		}
		dates = append(dates, t.Format(layout))
		if len(dates) == maxDates {
			break
		}
	}
	if len(dates) > 0 {
		event.AddRdate(strings.Join(dates, ","), params...)
	}
}

// alarm says the warning ahead in hours: a day of RFC 5545 is as long as the
// clocks make it, and the node's own warning is not.
func (e Entry) alarm(event *ics.VEvent) {
	lead := e.lead()
	if lead < 0 || e.Done {
		return
	}
	a := event.AddAlarm()
	a.SetAction(ics.ActionDisplay)
	a.SetTrigger("-" + duration(lead))
	a.SetDescription(event.GetProperty(ics.ComponentPropertySummary).Value)
}

// duration writes d to the second as RFC 5545, section 3.3.6, has it.
func duration(d time.Duration) string {
	s := int64(d / time.Second)
	h, m, s := s/3600, s/60%60, s%60
	switch {
	case m == 0 && s == 0:
		return fmt.Sprintf("PT%dH", h)
	case s == 0:
		return fmt.Sprintf("PT%dH%dM", h, m)
	}
	return fmt.Sprintf("PT%dH%dM%dS", h, m, s)
}

// rrule returns the RRULE that yields r's times from anchor on, if there is one.
func (r *rule) rrule(anchor time.Time) (string, bool) {
	months, days := r.step.months(), r.step.days()
	switch {
	case !r.period:
		return r.text, true
	case months == 0:
		return "FREQ=DAILY;INTERVAL=" + strconv.Itoa(days), true
	case days != 0:
		return "", false
	}
	text := "FREQ=MONTHLY;INTERVAL=" + strconv.Itoa(months)
	d := anchor.Day()
	if d <= 28 {
		return text, true
	}
	// The last of those days that the month has: RFC 5545 by itself skips a
	// month without the day.
	var of []string
	for n := 28; n <= d; n++ {
		of = append(of, strconv.Itoa(n))
	}
	return text + ";BYMONTHDAY=" + strings.Join(of, ",") + ";BYSETPOS=-1", true
}

// clean returns s as a TEXT value may hold it (RFC 5545, section 3.3.11):
// valid UTF-8, line breaks as \n, no other control character, nothing that
// some readers take for a line break.
func clean(s string) string {
	s = strings.ReplaceAll(strings.ToValidUTF8(s, string(unicode.ReplacementChar)), "\r\n", "\n")
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return r
		case r == '\u2028' || r == '\u2029' || r == '\r':
			return '\n'
		case unicode.IsControl(r):
			return -1
		}
		return r
	}, s)
	if runes := []rune(s); len(runes) > maxText {
		s = string(slices.Concat(runes[:maxText-1], []rune{'…'}))
	}
	return strings.TrimSpace(s)
}
