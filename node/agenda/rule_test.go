package agenda_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/parley-network/parley/node/agenda"
)

// dates returns the days on which the entry falls, from its first until to.
func dates(e agenda.Entry, to time.Time) []string {
	e.ID, e.Kind, e.Warn = "e", agenda.Renewal, -1
	var days []string
	for _, w := range agenda.Due([]agenda.Entry{e}, time.Time{}, to) {
		days = append(days, w.Entry.When.Format("2006-01-02"))
	}
	return days
}

// naive expands an RRULE by asking of every day whether it belongs: slow, and
// by another road than the code's. It knows BYSETPOS=-1 besides, which our
// calendars use for the end of the month.
func naive(rrule string, from, to time.Time) []string {
	parts := map[string]string{"INTERVAL": "1"}
	for part := range strings.SplitSeq(rrule, ";") {
		name, value, _ := strings.Cut(part, "=")
		parts[name] = value
	}
	interval, _ := strconv.Atoi(parts["INTERVAL"])
	count, _ := strconv.Atoi(parts["COUNT"])
	list := func(name string) []string {
		if parts[name] == "" {
			return nil
		}
		return strings.Split(parts[name], ",")
	}
	days := func(t time.Time) int { return int(t.Unix() / 86400) }
	monday := func(t time.Time) int { return (days(t) + 3) / 7 } // 1 January 1970 was a Thursday
	listed := func(t time.Time) bool {
		last := t.AddDate(0, 1, -t.Day()).Day()
		return slices.Contains(list("BYMONTHDAY"), strconv.Itoa(t.Day())) || slices.Contains(list("BYMONTHDAY"), strconv.Itoa(t.Day()-last-1))
	}
	var out []string
	for t := from; !t.After(to); t = t.AddDate(0, 0, 1) {
		months := (t.Year()-from.Year())*12 + int(t.Month()-from.Month())
		var is bool
		switch parts["FREQ"] {
		case "DAILY":
			is = (days(t)-days(from))%interval == 0
		case "WEEKLY":
			is = (monday(t)-monday(from))%interval == 0 && t.Weekday() == from.Weekday()
			if by := list("BYDAY"); by != nil {
				is = (monday(t)-monday(from))%interval == 0 && slices.Contains(by, strings.ToUpper(t.Weekday().String()[:2]))
			}
		case "MONTHLY":
			is = months%interval == 0 && t.Day() == from.Day()
			if list("BYMONTHDAY") != nil {
				is = months%interval == 0 && listed(t)
			}
			if parts["BYSETPOS"] == "-1" {
				for u := t.AddDate(0, 0, 1); u.Month() == t.Month(); u = u.AddDate(0, 0, 1) {
					is = is && !listed(u)
				}
			}
		case "YEARLY":
			is = months%(12*interval) == 0 && t.Day() == from.Day()
		}
		if until := parts["UNTIL"]; until != "" && t.Format("20060102") > until[:8] {
			return out
		}
		if is {
			out = append(out, t.Format("2006-01-02"))
		}
		if count > 0 && len(out) == count {
			return out
		}
	}
	return out
}

func TestRulesYieldTheDaysOfRFC5545(t *testing.T) {
	for _, c := range []struct{ rule, from string }{
		{"FREQ=DAILY", "2026-01-31"},
		{"FREQ=DAILY;INTERVAL=10;COUNT=7", "2026-01-31"},
		{"FREQ=WEEKLY", "2026-01-31"},
		{"FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,SU", "2026-01-04"},
		{"FREQ=WEEKLY;INTERVAL=3;BYDAY=MO,WE,FR;COUNT=20", "2026-01-07"},
		{"FREQ=MONTHLY", "2026-01-31"},
		{"FREQ=MONTHLY;INTERVAL=5", "2026-01-30"},
		{"FREQ=MONTHLY;BYMONTHDAY=-1", "2026-01-31"},
		{"FREQ=MONTHLY;BYMONTHDAY=1,15,-1", "2026-01-15"},
		{"FREQ=MONTHLY;BYMONTHDAY=28,-1", "2026-01-28"},
		{"FREQ=MONTHLY;INTERVAL=2;BYMONTHDAY=30;COUNT=9", "2026-04-30"},
		{"FREQ=MONTHLY;BYMONTHDAY=31;UNTIL=20280531", "2026-03-31"},
		{"FREQ=YEARLY", "2024-02-29"},
		{"FREQ=YEARLY;INTERVAL=3", "2024-02-29"},
		{"FREQ=YEARLY;UNTIL=20400101", "2026-07-04"},
	} {
		t.Run(c.rule, func(t *testing.T) {
			e := agenda.Entry{ID: "e", Kind: agenda.Renewal, When: at(c.from), AllDay: true, Repeat: c.rule}
			if err := e.Check(); err != nil {
				t.Fatal(err)
			}
			to := at("2060-01-01")
			want := naive(c.rule, at(c.from), to.AddDate(0, 0, -1))
			if diff := cmp.Diff(want, dates(e, to)); diff != "" {
				t.Fatalf("(-day by day +rule)\n%s", diff)
			}
			if len(want) < 3 {
				t.Fatalf("only %d days: the case shows nothing", len(want))
			}
		})
	}
}

func FuzzRepeat(f *testing.F) {
	for _, s := range []string{"P1M", "FREQ=DAILY", "FREQ=WEEKLY;BYDAY=MO,TU", "FREQ=MONTHLY;BYMONTHDAY=-1,31", "FREQ=YEARLY;INTERVAL=999", "FREQ=DAILY;COUNT=10000", "FREQ=DAILY;UNTIL=20270101T000000Z", "FREQ=;;="} {
		f.Add(s, int64(1769817600), false)
		f.Add(s, int64(951782400), true) // 29 February 2000
	}
	f.Fuzz(func(t *testing.T, repeat string, unix int64, allDay bool) {
		e := agenda.Entry{ID: "e", Kind: agenda.Renewal, When: time.Unix(unix%4e9, 0).UTC(), AllDay: allDay, Repeat: repeat}
		if e.Check() != nil {
			return
		}
		from := e.When.AddDate(0, 0, -20)
		next, ok := agenda.Next([]agenda.Entry{e}, from)
		if !ok || len(agenda.Due([]agenda.Entry{e}, from, next)) == 0 {
			t.Fatalf("%q from %s: its first time is not told", repeat, e.When)
		}
		agenda.Due([]agenda.Entry{e}, e.When, e.When.AddDate(2, 0, 0))
		if _, err := agenda.Calendar([]agenda.Entry{e}, "fuzz", from); err != nil {
			t.Fatal(err)
		}
	})
}
