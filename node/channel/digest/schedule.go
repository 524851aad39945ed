// Package digest is the page of events a person chose to read together: when
// the next one is due, and what it says.
package digest

import (
	"fmt"
	"time"
)

// Schedule is when digests are due: at an hour of the person's own clock, each
// day or on one day of the week.
type Schedule struct {
	Hour   int    `json:"hour" doc:"of the zone's clock" minimum:"0" maximum:"23"`
	Zone   string `json:"zone,omitempty" doc:"IANA time zone, such as Europe/Berlin; UTC when left out"`
	Weekly bool   `json:"weekly,omitempty" doc:"else daily"`
	// Day is the day of a weekly digest, time.Sunday (0) to time.Saturday.
	Day time.Weekday `json:"day,omitempty" doc:"of a weekly digest, 0 is Sunday" minimum:"0" maximum:"6"`
}

const maxZone = 64

// searched is how many days ahead a next digest is looked for: a week, and the
// days that a zone left out when it crossed the date line.
const searched = 16

// Check reports whether s is well formed, naming the field that is not.
func (s Schedule) Check() error {
	_, err := s.location()
	return err
}

func (s Schedule) location() (*time.Location, error) {
	switch {
	case s.Hour < 0 || s.Hour > 23:
		return nil, fmt.Errorf("hour: %d is not 0 to 23", s.Hour)
	case s.Day < time.Sunday || s.Day > time.Saturday:
		return nil, fmt.Errorf("day: %d is not 0 (Sunday) to 6", s.Day)
	case s.Day != 0 && !s.Weekly:
		return nil, fmt.Errorf("day: a daily digest has none")
	case len(s.Zone) > maxZone || s.Zone == "Local":
		return nil, fmt.Errorf("zone: %.40q is no IANA time zone", s.Zone)
	}
	loc, err := time.LoadLocation(s.Zone)
	if err != nil {
		return nil, fmt.Errorf("zone: %.40q is no IANA time zone known here", s.Zone)
	}
	return loc, nil
}

// Next returns when the digest after the last one is due: one a day or week by
// the calendar of the zone, at the first instant of the day at which its clock
// shows the hour or is past it, so that a day whose clocks change has one digest
// as well. A result not after now says that one is due now, however many were
// missed. With no last (zero), the first one is due after now.
func Next(s Schedule, last, now time.Time) (time.Time, error) {
	loc, err := s.location()
	if err != nil {
		return time.Time{}, err
	}
	after := last
	if after.IsZero() {
		after = now
	}
	y, m, d := after.In(loc).Date()
	for i := range searched {
		day := time.Date(y, m, d+i, 12, 0, 0, 0, time.UTC) // a calendar day, no instant
		if s.Weekly && day.Weekday() != s.Day {
			continue
		}
		if at, ok := atHour(day, s.Hour, loc); ok && at.After(after) {
			return at, nil
		}
	}
	return time.Time{}, fmt.Errorf("no digest within %d days of %s", searched, after.In(loc).Format(time.RFC3339))
}

// atHour returns the first instant of the calendar day in loc at which the
// clock shows hour o'clock or later. A day that loc left out has none.
func atHour(day time.Time, hour int, loc *time.Location) (time.Time, bool) {
	y, m, d := day.Date()
	t := time.Date(y, m, d, hour, 0, 0, 0, loc)
	start, end := t.ZoneBounds()
	switch {
	case !shows(t, d, hour):
		// The clock leaps over the hour, and Date landed on either side.
		if wall(t).Before(time.Date(y, m, d, hour, 0, 0, 0, time.UTC)) {
			t = end
		} else {
			t = start
		}
	case !start.IsZero():
		// The clock may show the hour twice, and Date may have taken the second.
		_, now := t.Zone()
		_, before := start.Add(-time.Second).Zone()
		if first := t.Add(time.Duration(now-before) * time.Second); first.Before(start) && shows(first, d, hour) {
			t = first
		}
	}
	return t.In(loc), t.In(loc).Day() == d
}

func shows(t time.Time, day, hour int) bool {
	return t.Day() == day && t.Hour() == hour && t.Minute() == 0
}

// wall is what the clock shows at t, as if it were UTC.
func wall(t time.Time) time.Time {
	_, offset := t.Zone()
	return t.UTC().Add(time.Duration(offset) * time.Second)
}
