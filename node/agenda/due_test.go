package agenda_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/parley-network/parley/node/agenda"
)

func show(warnings []agenda.Warning) []string {
	var lines []string
	for _, w := range warnings {
		word := "ahead"
		if w.Passed {
			word = "passed"
		}
		lines = append(lines, fmt.Sprintf("%s %s %s", w.At.UTC().Format("2006-01-02 15:04"), w.Entry.ID, word))
	}
	return lines
}

func TestDue(t *testing.T) {
	berlin := zone(t, "Europe/Berlin")
	type E = agenda.Entry
	for _, c := range []struct {
		name       string
		entry      E
		since, now time.Time
		want       []string
	}{
		{"the kind's own warning", E{Kind: agenda.Demand, When: at("2026-05-10 12:00")}, at("2026-05-01"), at("2026-06-01"),
			[]string{"2026-05-07 12:00 e ahead", "2026-05-10 12:00 e passed"}},
		{"a warning of its own", E{Kind: agenda.Demand, When: at("2026-05-10 12:00"), Warn: time.Hour}, at("2026-05-01"), at("2026-05-10 11:00"),
			[]string{"2026-05-10 11:00 e ahead"}},
		{"no warning ahead", E{Kind: agenda.Demand, When: at("2026-05-10 12:00"), Warn: -1}, at("2026-05-01"), at("2026-06-01"),
			[]string{"2026-05-10 12:00 e passed"}},
		{"what was due at the last asking is not told again", E{Kind: agenda.Demand, When: at("2026-05-10 12:00")}, at("2026-05-07 12:00"), at("2026-05-10 11:59"), nil},
		{"done", E{Kind: agenda.Demand, When: at("2026-05-10 12:00"), Done: true}, at("2026-05-01"), at("2026-06-01"), nil},
		{"learnt of late", E{Kind: agenda.Demand, When: at("2026-05-10 12:00"), Known: at("2026-05-09 08:00")}, at("2026-05-09 07:00"), at("2026-06-01"),
			[]string{"2026-05-09 08:00 e ahead", "2026-05-10 12:00 e passed"}},
		{"learnt of too late", E{Kind: agenda.Demand, When: at("2026-05-10 12:00"), Known: at("2026-05-11")}, at("2026-05-10 23:00"), at("2026-06-01"),
			[]string{"2026-05-11 00:00 e passed"}},
		{"renewals before it was known are history", E{Kind: agenda.Renewal, When: at("2024-02-29"), Repeat: "P1Y", Known: at("2026-02-27")}, time.Time{}, at("2026-12-31"),
			[]string{"2026-02-27 00:00 e ahead", "2026-02-28 00:00 e passed"}},
		{"a whole day passes when it is over, where it is", E{Kind: agenda.Expiry, AllDay: true, Warn: time.Hour, When: time.Date(2026, 7, 1, 15, 0, 0, 0, berlin)}, at("2026-06-01"), at("2026-08-01"),
			[]string{"2026-06-30 21:00 e ahead", "2026-07-01 22:00 e passed"}},
		{"the day the clocks go forward has 23 hours", E{Kind: agenda.Expiry, AllDay: true, Warn: 24 * time.Hour, When: time.Date(2026, 3, 29, 0, 0, 0, 0, berlin)}, at("2026-03-01"), at("2026-04-01"),
			[]string{"2026-03-27 23:00 e ahead", "2026-03-29 22:00 e passed"}},
		{"a renewal keeps its hour in its zone", E{Kind: agenda.Renewal, Warn: -1, Repeat: "P1M", When: time.Date(2026, 3, 1, 9, 0, 0, 0, berlin)}, at("2026-02-01"), at("2026-04-15"),
			[]string{"2026-03-01 08:00 e passed", "2026-04-01 07:00 e passed"}},
		{"a warning counts the hours that really pass", E{Kind: agenda.Renewal, Warn: 24 * time.Hour, When: time.Date(2026, 3, 29, 9, 0, 0, 0, berlin)}, at("2026-03-01"), at("2026-04-15"),
			[]string{"2026-03-28 07:00 e ahead", "2026-03-29 07:00 e passed"}},
		{"the hour that comes twice, its second time", E{Kind: agenda.Renewal, Warn: -1, Repeat: "P1D", When: at("2026-10-25 01:30").In(berlin)}, at("2026-10-25 01:00"), at("2026-10-26 12:00"),
			[]string{"2026-10-25 01:30 e passed", "2026-10-26 01:30 e passed"}},
		{"the end of the month", E{Kind: agenda.Renewal, Warn: -1, Repeat: "P1M", When: at("2028-01-31")}, at("2028-01-01"), at("2028-05-01"),
			[]string{"2028-01-31 00:00 e passed", "2028-02-29 00:00 e passed", "2028-03-31 00:00 e passed", "2028-04-30 00:00 e passed"}},
		{"an RRULE skips months without the day", E{Kind: agenda.Renewal, Warn: -1, Repeat: "FREQ=MONTHLY", When: at("2028-01-31")}, at("2028-01-01"), at("2028-06-01"),
			[]string{"2028-01-31 00:00 e passed", "2028-03-31 00:00 e passed", "2028-05-31 00:00 e passed"}},
		{"an RRULE of leap days", E{Kind: agenda.Renewal, Warn: -1, Repeat: "FREQ=YEARLY", When: at("2096-02-29")}, at("2096-01-01"), at("2109-01-01"),
			[]string{"2096-02-29 00:00 e passed", "2104-02-29 00:00 e passed", "2108-02-29 00:00 e passed"}},
		{"warnings that overlap the renewal before", E{Kind: agenda.Renewal, Warn: 36 * time.Hour, Repeat: "P1D", When: at("2026-01-10")}, at("2026-01-08"), at("2026-01-10 12:00"),
			[]string{"2026-01-08 12:00 e ahead", "2026-01-09 12:00 e ahead", "2026-01-10 00:00 e passed", "2026-01-10 12:00 e ahead"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.entry.ID = "e"
			if err := c.entry.Check(); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, show(agenda.Due([]agenda.Entry{c.entry}, c.since, c.now))); diff != "" {
				t.Fatal(diff)
			}
		})
	}
}

var zones = []string{"UTC", "Europe/Berlin", "America/New_York", "Africa/Cairo", "Pacific/Apia", "Australia/Lord_Howe"}

// drawEntries returns a person's dates around 2024, in zones where the clocks change.
func drawEntries(t *rapid.T) []agenda.Entry {
	repeats := []string{"", "", "P1M", "P1W", "P1Y", "P2M3D", "P1D", "FREQ=MONTHLY", "FREQ=DAILY;COUNT=5", "FREQ=WEEKLY;INTERVAL=2", "FREQ=YEARLY"}
	kinds := []agenda.Kind{agenda.Renewal, agenda.Expiry, agenda.Demand, agenda.Proffer}
	entries := make([]agenda.Entry, rapid.IntRange(1, 6).Draw(t, "entries"))
	for i := range entries {
		loc, err := time.LoadLocation(rapid.SampledFrom(zones).Draw(t, "zone"))
		if err != nil {
			loc = time.UTC
		}
		moment := func(name string) time.Time {
			return at("2023-10-01").Add(time.Duration(rapid.IntRange(0, 400*24*60).Draw(t, name)) * time.Minute)
		}
		entries[i] = agenda.Entry{
			ID: fmt.Sprint(i), Kind: rapid.SampledFrom(kinds).Draw(t, "kind"), When: moment("when").In(loc),
			AllDay: rapid.Bool().Draw(t, "all day"), Repeat: rapid.SampledFrom(repeats).Draw(t, "repeat"),
			Warn: rapid.SampledFrom([]time.Duration{0, 0, -1, time.Minute, 26 * time.Hour, 40 * 24 * time.Hour}).Draw(t, "warn"),
		}
		if rapid.Bool().Draw(t, "known late") {
			entries[i].Known = moment("known")
		}
	}
	return entries
}

// However the time is cut into askings, the warnings are those of one asking:
// each once, in order.
func TestEveryWarningIsToldOnceAndInOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		entries := drawEntries(t)
		from, to := at("2023-10-01"), at("2025-03-01")
		whole := agenda.Due(entries, from, to)
		if !slices.IsSortedFunc(whole, func(a, b agenda.Warning) int { return a.At.Compare(b.At) }) {
			t.Fatalf("out of order: %v", show(whole))
		}
		seen := map[string]bool{}
		for _, w := range whole {
			key := fmt.Sprint(w.Entry.ID, w.Entry.When, w.Passed)
			if seen[key] || !w.At.After(from) || w.At.After(to) {
				t.Fatalf("told twice or out of time: %s", key)
			}
			seen[key] = true
		}
		var parts []agenda.Warning
		for now := from; now.Before(to); {
			next := now.Add(time.Duration(rapid.IntRange(1, 200*24*60).Draw(t, "step")) * time.Minute)
			if wake, ok := agenda.Next(entries, now); ok && rapid.Bool().Draw(t, "sleep till next") {
				next = wake
			}
			if next.After(to) {
				next = to
			}
			parts = append(parts, agenda.Due(entries, now, next)...)
			now = next
		}
		if diff := cmp.Diff(show(whole), show(parts)); diff != "" {
			t.Fatalf("(-at once +in parts)\n%s", diff)
		}
	})
}

// Nothing comes due before Next, and something does at it.
func TestNextIsTheFirstTimeThatDueGivesSomething(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		entries := drawEntries(t)
		now := at("2023-09-01").Add(time.Duration(rapid.IntRange(0, 900*24*60).Draw(t, "now")) * time.Minute)
		next, ok := agenda.Next(entries, now)
		if !ok {
			if w := agenda.Due(entries, now, now.AddDate(20, 0, 0)); len(w) > 0 {
				t.Fatalf("nothing next, and yet %v", show(w[:1]))
			}
			return
		}
		if w := agenda.Due(entries, now, next.Add(-1)); len(w) > 0 {
			t.Fatalf("next is %s, and yet %v", next.UTC(), show(w))
		}
		if len(agenda.Due(entries, now, next)) == 0 {
			t.Fatalf("nothing due at %s", next.UTC())
		}
	})
}

func TestALongLifeIsAskedQuickly(t *testing.T) {
	entries := make([]agenda.Entry, 10_000)
	for i := range entries {
		entries[i] = agenda.Entry{ID: fmt.Sprint(i), Kind: agenda.Renewal, When: at("1990-01-01").AddDate(0, 0, i%28), Repeat: "P1M"}
	}
	start := time.Now()
	if n := len(agenda.Due(entries, at("2026-06-01"), at("2026-07-01"))); n != 20_000 {
		t.Fatalf("%d warnings, want 20,000", n)
	}
	agenda.Next(entries, at("2026-07-01"))
	t.Logf("10,000 dates of 36 years asked in %s", time.Since(start))
}
