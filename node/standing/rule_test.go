package standing_test

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/parley-network/parley/node/standing"
)

var start = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC) // a Monday

func rule(t testing.TB, s string) *standing.Rule {
	t.Helper()
	r, err := standing.Parse(s, start)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func half() float64 { return 0.5 }

func TestAfter(t *testing.T) {
	for _, c := range []struct{ rule, after, want string }{
		{"RRULE:FREQ=WEEKLY;BYDAY=MO", "2026-03-02T09:00:00Z", "2026-03-09T09:00:00Z"},
		{"FREQ=WEEKLY;BYDAY=MO", "2026-03-01T00:00:00Z", "2026-03-02T09:00:00Z"},
		{"FREQ=DAILY;BYHOUR=7", "2026-03-02T09:00:00Z", "2026-03-03T07:00:00Z"},
		{"FREQ=MONTHLY;BYMONTHDAY=-1", "2026-03-02T09:00:00Z", "2026-03-31T09:00:00Z"},
		{"FREQ=YEARLY", "2026-03-02T09:00:00Z", "2027-03-02T09:00:00Z"},
		{"FREQ=DAILY;COUNT=2", "2026-03-03T09:00:00Z", ""},
		{"FREQ=DAILY;UNTIL=20260304T090000Z", "2026-03-03T09:00:00Z", "2026-03-04T09:00:00Z"},
		{"FREQ=DAILY;UNTIL=20260304T090000Z", "2026-03-04T09:00:00Z", ""},
	} {
		after, err := time.Parse(time.RFC3339, c.after)
		if err != nil {
			t.Fatal(err)
		}
		at, ok := rule(t, c.rule).After(after)
		got := ""
		if ok {
			got = at.Format(time.RFC3339)
		}
		if got != c.want {
			t.Errorf("%s after %s: %q, want %q", c.rule, c.after, got, c.want)
		}
	}
}

// By the owner's clock: nine in the morning stays so when summer time begins.
func TestZone(t *testing.T) {
	detroit, err := time.LoadLocation("America/Detroit")
	if err != nil {
		t.Skipf("no time zones here: %v", err)
	}
	r, err := standing.Parse("FREQ=WEEKLY", time.Date(2026, 3, 2, 9, 0, 0, 0, detroit))
	if err != nil {
		t.Fatal(err)
	}
	at, _ := r.After(time.Date(2026, 3, 3, 0, 0, 0, 0, detroit)) // the clocks change on the 8th
	if got := at.UTC().Format(time.RFC3339); got != "2026-03-09T13:00:00Z" {
		t.Errorf("due at %s", got)
	}
}

func TestParseRefuses(t *testing.T) {
	for text, says := range map[string]string{
		"":                                               "rule",
		"every monday":                                   "one RRULE alone",
		"FREQ=SOMETIMES":                                 "rule",
		"FREQ=MINUTELY":                                  "more often",
		"FREQ=SECONDLY;INTERVAL=100":                     "more often",
		"FREQ=DAILY;BYMINUTE=0,30":                       "more often",
		"FREQ=HOURLY;BYMINUTE=0;BYHOUR=25":               "rule",
		"FREQ=DAILY;INTERVAL=5000":                       "INTERVAL",
		"FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30":            "never due",
		"FREQ=HOURLY;BYMONTH=2;BYMONTHDAY=30":            "never due",
		"DTSTART:20260302T090000Z\nRRULE:FREQ=DAILY":     "one RRULE alone",
		"FREQ=MONTHLY;BYDAY=-7FR":                        "-4 to 5",
		"FREQ=DAILY;COUNT=0":                             "COUNT",
		"FREQ=DAILY;INTERVAL=0":                          "INTERVAL",
		"FREQ=YEARLY;BYYEARDAY=5":                        "not taken",
		"FREQ=DAILY;COUNT=1;" + strings.Repeat("X", 300): "bytes",
	} {
		if _, err := standing.Parse(text, start); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%.60q: %v, want %q in it", text, err, says)
		}
	}
}

func TestSpreadAndLife(t *testing.T) {
	for _, c := range []struct {
		rule         string
		spread, life time.Duration
	}{
		{"FREQ=HOURLY", 15 * time.Minute, time.Hour},
		{"FREQ=DAILY", 4 * time.Hour, 24 * time.Hour},
		{"FREQ=WEEKLY", 4 * time.Hour, 48 * time.Hour},
		{"FREQ=DAILY;COUNT=1", 4 * time.Hour, 48 * time.Hour},
	} {
		r := rule(t, c.rule)
		if got := r.Spread(start); got != c.spread {
			t.Errorf("%s: spread %s, want %s", c.rule, got, c.spread)
		}
		if got := r.Life(start, 48*time.Hour); got != c.life {
			t.Errorf("%s: life %s, want %s", c.rule, got, c.life)
		}
	}
}

// A node that slept for three weeks makes good one occurrence, the newest, a
// while after it woke; one that is a little late casts at once.
func TestLate(t *testing.T) {
	r := rule(t, "FREQ=WEEKLY")
	p := r.Next(start, half)
	if want := start.AddDate(0, 0, 7); !p.Occurrence.Equal(want) || !p.At.Equal(want.Add(2*time.Hour)) {
		t.Fatalf("the plan is %+v", p)
	}
	if got, waits := r.Late(p, p.At.Add(time.Minute), half); waits || got != p {
		t.Errorf("a minute late: %+v, waits %v", got, waits)
	}
	woke := start.AddDate(0, 0, 30)
	late, waits := r.Late(p, woke, half)
	if !waits || !late.Occurrence.Equal(start.AddDate(0, 0, 28)) || !late.At.Equal(woke.Add(10*time.Minute)) {
		t.Errorf("after three weeks: %+v, waits %v", late, waits)
	}
	if again, waits := r.Late(late, late.At, half); waits || again != late {
		t.Errorf("when that has come: %+v, waits %v", again, waits)
	}
	if next := r.Next(late.At, half); !next.Occurrence.Equal(start.AddDate(0, 0, 35)) {
		t.Errorf("after it: %+v", next)
	}
}

// Whenever a node is awake, each occurrence is cast at most once, none before
// its time, and none of before the one made good.
func TestEachOccurrenceAtMostOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.SampledFrom([]string{"FREQ=HOURLY;INTERVAL=3", "FREQ=DAILY", "FREQ=WEEKLY;BYDAY=MO,TH", "FREQ=MONTHLY"}).Draw(t, "rule")
		r, err := standing.Parse(text, start)
		if err != nil {
			t.Fatal(err)
		}
		draw := func() float64 { return rapid.Float64Range(0, 0.999).Draw(t, "draw") }
		now := start
		p := r.Next(now, draw)
		var last time.Time
		for range 20 {
			now = now.Add(time.Duration(rapid.IntRange(1, 24*40).Draw(t, "hours")) * time.Hour)
			if p.At.After(now) {
				continue
			}
			if late, waits := r.Late(p, now, draw); waits {
				p = late
				now = p.At
			}
			if !p.Occurrence.After(last) || p.Occurrence.After(now) {
				t.Fatalf("at %s it is cast for %s, the last was %s", now, p.Occurrence, last)
			}
			last = p.Occurrence
			p = r.Next(now, draw)
			if p.Occurrence.Before(now) || !p.Occurrence.After(last) {
				t.Fatalf("at %s the next is for %s", now, p.Occurrence)
			}
		}
	})
}

// "Every Monday" is cast on a Monday by the owner's clock, whenever it was set
// up, and at no moment near the end of the day that would give that hour away.
func TestKeepsToItsDay(t *testing.T) {
	detroit, err := time.LoadLocation("America/Detroit")
	if err != nil {
		t.Skipf("no time zones here: %v", err)
	}
	late := time.Date(2026, 3, 1, 23, 50, 0, 0, detroit) // a Sunday; the clocks change on the 8th
	for _, c := range []struct{ rule, from, to string }{
		{"FREQ=WEEKLY;BYDAY=MO", "Mon 2 20:00", "Tue 3 00:00"},
		{"FREQ=DAILY;BYHOUR=23", "Mon 2 23:00", "Tue 3 00:00"},
		{"FREQ=DAILY;BYHOUR=8", "Mon 2 08:00", "Mon 2 12:00"},
		{"FREQ=HOURLY;INTERVAL=24;BYDAY=MO", "Mon 2 23:50", "Tue 3 00:00"},
		{"FREQ=HOURLY", "Mon 2 00:50", "Mon 2 01:05"}, // names no day
	} {
		r, err := standing.Parse(c.rule, late)
		if err != nil {
			t.Fatal(err)
		}
		at, _ := r.After(late)
		const layout = "Mon 2 15:04"
		if from, to := at.Format(layout), at.Add(r.Spread(at)).Format(layout); from != c.from || to != c.to {
			t.Errorf("%s is cast between %s and %s, want %s and %s", c.rule, from, to, c.from, c.to)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		begun := late.Add(time.Duration(rapid.IntRange(0, 10*24*60).Draw(t, "minutes")) * time.Minute)
		r, err := standing.Parse("FREQ=WEEKLY;BYDAY=MO", begun)
		if err != nil {
			t.Fatal(err)
		}
		p := r.Next(begun, func() float64 { return rapid.Float64Range(0, 0.999999).Draw(t, "draw") })
		if day := p.At.In(detroit).Weekday(); day != time.Monday {
			t.Fatalf("set up at %s it is cast at %s, a %s", begun, p.At.In(detroit), day)
		}
	})
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"RRULE:FREQ=WEEKLY;BYDAY=MO", "FREQ=MONTHLY;BYDAY=-1FR;BYSETPOS=1", "FREQ=YEARLY;BYWEEKNO=53;BYYEARDAY=-366", "FREQ=DAILY;UNTIL=20260304", "FREQ=HOURLY;INTERVAL=999;COUNT=3", ";;=", "FREQ=DAILY;BYEASTER=0"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		began := time.Now()
		r, err := standing.Parse(s, start)
		if err == nil {
			p := r.Next(start, half)
			r.Late(p, start.AddDate(3, 0, 0), half)
		}
		if took := time.Since(began); took > 3*time.Second {
			t.Errorf("%q took %s", s, took)
		}
	})
}
