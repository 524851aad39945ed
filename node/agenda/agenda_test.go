package agenda_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/parley-network/parley/node/agenda"
)

// at reads a time of a test, in UTC.
func at(s string) time.Time {
	for _, layout := range []string{"2006-01-02", "2006-01-02 15:04", time.RFC3339} {
		if t, err := time.Parse(layout, s); err == nil {
			return t
		}
	}
	panic("test time " + s)
}

// zone returns a place's zone, or skips where the machine has no such data.
func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation(name)
	if err != nil {
		t.Skipf("SKIPPED: no time zone data for %s on this machine: %v", name, err)
	}
	return loc
}

func ExampleDue() {
	entries := []agenda.Entry{
		{ID: "ends", Kind: agenda.Expiry, When: at("2026-03-31"), Title: "Gas contract"},
		{ID: "pays", Kind: agenda.Renewal, When: at("2026-01-31"), Repeat: "P1M", AllDay: true, Title: "Newspaper"},
	}
	now := at("2026-02-01")
	for {
		next, ok := agenda.Next(entries, now)
		if !ok || next.After(at("2026-04-01")) {
			break
		}
		for _, w := range agenda.Due(entries, now, next) {
			fmt.Println(w.At.Format("2 Jan"), w.Entry.Title, w.Entry.When.Format("2 Jan"), w.Passed)
		}
		now = next // the node sleeps until then
	}
	// Output:
	// 21 Feb Newspaper 28 Feb false
	// 1 Mar Newspaper 28 Feb true
	// 17 Mar Gas contract 31 Mar false
	// 24 Mar Newspaper 31 Mar false
	// 31 Mar Gas contract 31 Mar true
	// 1 Apr Newspaper 31 Mar true
}

func TestAnEntryThatCannotBeUsedSaysWhy(t *testing.T) {
	good := agenda.Entry{ID: "x", Kind: agenda.Renewal, When: at("2026-01-31 09:00")}
	for _, c := range []struct {
		name, why string
		change    func(*agenda.Entry)
	}{
		{"nothing wrong", "", func(*agenda.Entry) {}},
		{"a period", "", func(e *agenda.Entry) { e.Repeat = "P1M" }},
		{"a rule", "", func(e *agenda.Entry) { e.Repeat = "FREQ=MONTHLY;BYMONTHDAY=-1;UNTIL=20270101T000000Z" }},
		{"a rule of days", "", func(e *agenda.Entry) { e.AllDay, e.Repeat = true, "FREQ=YEARLY;UNTIL=20300131" }},
		{"no id", "id of 0 bytes", func(e *agenda.Entry) { e.ID = "" }},
		{"a long id", "id of 513 bytes", func(e *agenda.Entry) { e.ID = strings.Repeat("x", 513) }},
		{"no kind", `kind ""`, func(e *agenda.Entry) { e.Kind = "" }},
		{"no time", "its time", func(e *agenda.Entry) { e.When = time.Time{} }},
		{"a year without RFC 3339 form", "its time", func(e *agenda.Entry) { e.When = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC) }},
		{"a warning a lifetime ahead", "the most is", func(e *agenda.Entry) { e.Warn = 20 * 8766 * time.Hour }},
		{"hours", "not an ISO 8601 period", func(e *agenda.Entry) { e.Repeat = "PT1H" }},
		{"no period", "not understood", func(e *agenda.Entry) { e.Repeat = "monthly=yes" }},
		{"no frequency", "FREQ", func(e *agenda.Entry) { e.Repeat = "INTERVAL=2" }},
		{"an ordinal weekday", "BYDAY", func(e *agenda.Entry) { e.Repeat = "FREQ=MONTHLY;BYDAY=1MO" }},
		{"hourly", "FREQ", func(e *agenda.Entry) { e.Repeat = "FREQ=HOURLY" }},
		{"a part twice", "twice", func(e *agenda.Entry) { e.Repeat = "FREQ=DAILY;INTERVAL=2;INTERVAL=3" }},
		{"a part not understood", "BYSETPOS", func(e *agenda.Entry) { e.Repeat = "FREQ=MONTHLY;BYMONTHDAY=31;BYSETPOS=-1" }},
		{"no interval", "INTERVAL", func(e *agenda.Entry) { e.Repeat = "FREQ=DAILY;INTERVAL=0" }},
		{"a signed count", "COUNT", func(e *agenda.Entry) { e.Repeat = "FREQ=DAILY;COUNT=+3" }},
		{"count and until", "exclude", func(e *agenda.Entry) { e.Repeat = "FREQ=DAILY;COUNT=3;UNTIL=20270101T000000Z" }},
		{"a date where a time belongs", "UNTIL", func(e *agenda.Entry) { e.Repeat = "FREQ=DAILY;UNTIL=20270101" }},
		{"a first time outside the rule", "none of the rule's", func(e *agenda.Entry) { e.Repeat = "FREQ=MONTHLY;BYMONTHDAY=1" }},
		{"an end before the start", "none of the rule's", func(e *agenda.Entry) { e.Repeat = "FREQ=DAILY;UNTIL=20250101T000000Z" }},
		{"a day no month has", "31", func(e *agenda.Entry) { e.Repeat = "FREQ=MONTHLY;BYMONTHDAY=31,32" }},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := good
			c.change(&e)
			err := e.Check()
			if c.why == "" {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			if !errors.Is(err, agenda.ErrEntry) || !strings.Contains(err.Error(), c.why) {
				t.Fatalf("got %v, want an ErrEntry that says %q", err, c.why)
			}
			if w := agenda.Due([]agenda.Entry{e}, time.Time{}, at("2050-01-01")); len(w) != 0 {
				t.Fatalf("it gave %d warnings all the same", len(w))
			}
			if _, err := agenda.Calendar([]agenda.Entry{e}, "x", at("2026-01-01")); !errors.Is(err, agenda.ErrEntry) {
				t.Fatalf("the calendar said %v", err)
			}
		})
	}
}
