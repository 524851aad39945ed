package digest_test

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/parley-network/parley/node/channel/digest"
)

func instant(t testing.TB, s string) time.Time {
	t.Helper()
	if s == "" {
		return time.Time{}
	}
	at, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func TestNext(t *testing.T) {
	berlin := digest.Schedule{Hour: 8, Zone: "Europe/Berlin"}
	at := func(hour int, zone string) digest.Schedule { return digest.Schedule{Hour: hour, Zone: zone} }
	mondays := digest.Schedule{Hour: 8, Zone: "Europe/Berlin", Weekly: true, Day: time.Monday}
	for _, c := range []struct {
		name            string
		schedule        digest.Schedule
		last, now, want string
	}{
		{"the first", berlin, "", "2026-03-20T06:59:59Z", "2026-03-20T08:00:00+01:00"},
		{"the first, too late for today's", berlin, "", "2026-03-20T07:00:00Z", "2026-03-21T08:00:00+01:00"},
		{"the next", berlin, "2026-03-20T07:00:03Z", "2026-03-20T07:00:03Z", "2026-03-21T08:00:00+01:00"},
		{"missed for a week: due at once", berlin, "2026-03-20T07:00:00Z", "2026-03-27T12:00:00Z", "2026-03-21T08:00:00+01:00"},
		{"and once only", berlin, "2026-03-27T12:00:00Z", "2026-03-27T12:00:00Z", "2026-03-28T08:00:00+01:00"},
		{"clocks put forward between", berlin, "2026-03-28T07:00:00Z", "2026-03-28T07:00:00Z", "2026-03-29T08:00:00+02:00"},
		{"clocks put back between", berlin, "2026-10-24T06:00:00Z", "2026-10-24T06:00:00Z", "2026-10-25T08:00:00+01:00"},
		{"an hour that is left out", at(2, "Europe/Berlin"), "2026-03-28T12:00:00Z", "2026-03-28T12:00:00Z", "2026-03-29T03:00:00+02:00"},
		{"an hour that is there twice", at(2, "Europe/Berlin"), "2026-10-24T12:00:00Z", "2026-10-24T12:00:00Z", "2026-10-25T02:00:00+02:00"},
		{"not again at the second", at(2, "Europe/Berlin"), "2026-10-25T00:00:00Z", "2026-10-25T00:30:00Z", "2026-10-26T02:00:00+01:00"},
		{"a midnight that is left out", at(0, "America/Asuncion"), "2023-09-30T12:00:00Z", "2023-09-30T12:00:00Z", "2023-10-01T01:00:00-03:00"},
		{"half an hour that is left out", at(2, "Australia/Lord_Howe"), "2026-10-03T12:00:00Z", "2026-10-03T12:00:00Z", "2026-10-04T02:30:00+11:00"},
		{"a day that is left out", at(8, "Pacific/Apia"), "2011-12-29T20:00:00Z", "2011-12-29T20:00:00Z", "2011-12-31T08:00:00+14:00"},
		{"Mondays", mondays, "", "2026-03-20T12:00:00Z", "2026-03-23T08:00:00+01:00"},
		{"the next Monday", mondays, "2026-03-23T07:00:00Z", "2026-03-23T07:00:00Z", "2026-03-30T08:00:00+02:00"},
		{"a Monday missed", mondays, "2026-03-23T07:00:00Z", "2026-04-02T07:00:00Z", "2026-03-30T08:00:00+02:00"},
		{"UTC", digest.Schedule{Hour: 23}, "", "2026-12-31T23:30:00Z", "2027-01-01T23:00:00Z"},
	} {
		got, err := digest.Next(c.schedule, instant(t, c.last), instant(t, c.now))
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
		} else if text := got.Format(time.RFC3339); text != c.want {
			t.Errorf("%s: %s, want %s", c.name, text, c.want)
		}
	}
}

// zones that have done odd things to their clocks: half hours, changes at
// midnight, a day left out or had twice, a change of more than an hour.
var zones = []string{
	"UTC", "Europe/Berlin", "Europe/Dublin", "America/New_York", "America/Havana", "America/Sao_Paulo", "America/Asuncion",
	"America/Caracas", "Asia/Tehran", "Asia/Amman", "Asia/Pyongyang", "Asia/Beirut", "Africa/Casablanca", "Africa/Cairo",
	"Australia/Lord_Howe", "Pacific/Apia", "Pacific/Kwajalein", "Pacific/Kiritimati", "Antarctica/Troll", "America/Juneau",
}

// Over any half year in any zone there is one digest on each day that the
// calendar has, no earlier than its hour, and none twice.
func TestOneDigestADay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := digest.Schedule{Hour: rapid.IntRange(0, 23).Draw(t, "hour"), Zone: rapid.SampledFrom(zones).Draw(t, "zone")}
		loc, err := time.LoadLocation(s.Zone)
		if err != nil {
			t.Fatal(err)
		}
		last := time.Date(rapid.IntRange(1985, 2030).Draw(t, "year"), time.Month(rapid.IntRange(1, 12).Draw(t, "month")), 1, 0, 0, 0, 0, time.UTC)
		for range 180 {
			next, err := digest.Next(s, last, last)
			if err != nil {
				t.Fatal(err)
			}
			local := next.In(loc)
			if !next.After(last) || local.Hour() < s.Hour {
				t.Fatalf("%s after %s, for %d o'clock", local, last.In(loc), s.Hour)
			}
			if before := next.Add(-time.Second).In(loc); before.Day() == local.Day() && before.Hour() >= s.Hour {
				t.Fatalf("%s, but %s was late enough", local, before)
			}
			for noon := last.Add(12 * time.Hour); noon.Before(next); noon = noon.Add(time.Hour) {
				if l := noon.In(loc); l.Hour() >= s.Hour && sameDay(l, local) == false && !sameDay(l, last.In(loc)) {
					t.Fatalf("nothing on %s: from %s to %s", l, last.In(loc), local)
				}
			}
			if sameDay(last.In(loc), local) && last.In(loc).Hour() >= s.Hour {
				t.Fatalf("%s and %s are one day", last.In(loc), local)
			}
			last = next
		}
	})
}

func sameDay(a, b time.Time) bool { return a.YearDay() == b.YearDay() && a.Year() == b.Year() }

func TestScheduleCheck(t *testing.T) {
	for field, s := range map[string]digest.Schedule{
		"hour: ":    {Hour: 24},
		"hour: -":   {Hour: -1},
		"day: 7":    {Weekly: true, Day: 7},
		"day: a":    {Day: time.Friday},
		"zone: ":    {Zone: "Europe/Atlantis"},
		"zone: \"L": {Zone: "Local"},
		"zone: \".": {Zone: "../../etc/localtime"},
	} {
		if err := s.Check(); err == nil || !strings.HasPrefix(err.Error(), field) {
			t.Errorf("%+v: %v, want %s", s, err, field)
		}
		if _, err := digest.Next(s, time.Time{}, time.Unix(0, 0)); err == nil {
			t.Errorf("%+v has a next digest", s)
		}
	}
}
