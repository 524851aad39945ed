package agenda_test

import (
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/parley-network/parley/node/agenda"
)

// calendar writes the entries and reads them again.
func calendar(t interface {
	Helper()
	Fatalf(string, ...any)
}, now time.Time, entries ...agenda.Entry) []component {
	t.Helper()
	raw, err := agenda.Calendar(entries, "Parley, mine", now)
	if err != nil {
		t.Fatalf("%v", err)
	}
	c, err := parseICal(raw)
	if err != nil {
		t.Fatalf("%v in\n%s", err, raw)
	}
	if c.text("X-WR-CALNAME") != "Parley, mine" || len(c.subs) != len(entries) {
		t.Fatalf("calendar %q has %d events", c.text("X-WR-CALNAME"), len(c.subs))
	}
	return c.subs
}

func TestCalendarSaysWhatTheEntriesSay(t *testing.T) {
	events := calendar(t, at("2026-01-01 10:30"),
		agenda.Entry{ID: "a", Kind: agenda.Demand, When: at("2026-05-10 12:00"), Title: "Shop; deletion, due", Text: "All of it:\r\nname\\address \"home\"\x00"},
		agenda.Entry{ID: "b", Kind: agenda.Renewal, When: at("2026-01-31"), AllDay: true, Repeat: "P1M", Title: "Zeitung"},
		agenda.Entry{ID: "c", Kind: agenda.Expiry, When: at("2026-05-10 12:00"), Done: true},
		agenda.Entry{ID: "d", Kind: agenda.Fulfil, When: at("2026-05-10 12:00"), Warn: -1, Title: "Plumber"},
	)
	var got []string
	for _, e := range events {
		line := fmt.Sprintf("%s|%s|%s%s|%q|%q", e.text("CATEGORIES"), e.all("DTSTAMP")[0].value, e.all("DTSTART")[0].value, e.all("DTSTART")[0].params, e.text("SUMMARY"), e.text("DESCRIPTION"))
		for _, alarm := range e.subs {
			line += fmt.Sprintf("|%s %q", alarm.all("TRIGGER")[0].value, alarm.text("DESCRIPTION"))
		}
		got = append(got, line)
	}
	want := []string{
		`demand|20260101T103000Z|20260510T120000Z|"Shop; deletion, due"|"All of it:\nname\\address \"home\""|-PT72H "Shop; deletion, due"`,
		`renewal|20260101T103000Z|20260131;VALUE=DATE|"Zeitung"|""|-PT168H "Zeitung"`,
		`expiry|20260101T103000Z|20260510T120000Z|"expiry"|""`,
		`fulfil|20260101T103000Z|20260510T120000Z|"Plumber"|""`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatal(diff)
	}
}

func TestCalendarKeepsItsUIDs(t *testing.T) {
	e := agenda.Entry{ID: "bafyreicard/expiry", Kind: agenda.Expiry, When: at("2026-05-10"), Card: "bafyreicard", Vendor: "did:webvh:Qm:shop.example", Title: "Shop"}
	before := calendar(t, at("2026-01-01"), e)[0].text("UID")
	e.When, e.Title, e.Done = at("2027-05-10"), "Shop, renewed", true
	after := calendar(t, at("2026-06-01"), e)[0].text("UID")
	const want = "91bed3b0-2019-83a6-9619-e829d042fb72" // for good: a calendar program knows the event by it
	if before != want || after != want {
		t.Fatalf("%s, then %s", before, after)
	}
	raw, _ := agenda.Calendar([]agenda.Entry{e}, "x", at("2026-01-01"))
	if strings.Contains(string(raw), "bafyrei") || strings.Contains(string(raw), "did:") {
		t.Fatal("the calendar names the card or the vendor's identifier")
	}
}

func TestCalendarRefusesAnIDTwice(t *testing.T) {
	e := agenda.Entry{ID: "a", Kind: agenda.Demand, When: at("2026-05-10")}
	if _, err := agenda.Calendar([]agenda.Entry{e, e}, "x", at("2026-01-01")); err == nil || !strings.Contains(err.Error(), "twice") {
		t.Fatal(err)
	}
}

// What a calendar program makes of a repetition is what the node makes of it.
func TestCalendarRepeatsAsTheAgendaDoes(t *testing.T) {
	berlin := zone(t, "Europe/Berlin")
	for _, c := range []struct {
		repeat string
		when   time.Time
		allDay bool
		means  string // RRULE or RDATE
	}{
		{"P1M", at("2026-01-31"), true, "RRULE"},
		{"P1M", at("2026-01-30"), true, "RRULE"},
		{"P1M", at("2026-01-29 09:00"), false, "RRULE"},
		{"P1M", at("2026-01-28"), true, "RRULE"},
		{"P3M", at("2025-11-30"), true, "RRULE"},
		{"P1Y", at("2024-02-29"), true, "RRULE"},
		{"P1Y6M", at("2024-08-31"), true, "RRULE"},
		{"P2W", at("2026-01-31 23:30"), false, "RRULE"},
		{"P1W3D", at("2026-01-31"), true, "RRULE"},
		{"FREQ=MONTHLY;BYMONTHDAY=15,-1;COUNT=9", at("2026-01-31"), true, "RRULE"},
		{"P1M2D", at("2026-01-01"), true, "RDATE"},
		{"P1M", time.Date(2026, 1, 31, 12, 0, 0, 0, berlin), false, "RDATE"},
	} {
		t.Run(c.repeat+" "+c.when.String(), func(t *testing.T) {
			e := agenda.Entry{ID: "e", Kind: agenda.Renewal, When: c.when, AllDay: c.allDay, Repeat: c.repeat}
			event := calendar(t, at("2024-01-01"), e)[0]
			if len(event.all(c.means)) != 1 {
				t.Fatalf("no %s: %v", c.means, event.props)
			}
			to := at("2027-06-30")
			if diff := cmp.Diff(dates(e, to.AddDate(0, 0, 2).Add(-1)), event.instances(to)); diff != "" {
				t.Fatalf("(-agenda +calendar)\n%s", diff)
			}
		})
	}
}

func TestDatesWrittenOutAreTheNextOnes(t *testing.T) {
	berlin := zone(t, "Europe/Berlin")
	e := agenda.Entry{ID: "e", Kind: agenda.Renewal, When: time.Date(2020, 1, 31, 9, 0, 0, 0, berlin), Repeat: "P1M"}
	got := calendar(t, at("2026-03-15"), e)[0].all("RDATE")[0].value
	if !strings.HasPrefix(got, "20260331T070000Z,20260430T070000Z,") || strings.Count(got, ",") != 23 || !strings.Contains(got, ",20261031T080000Z,") {
		t.Fatal(got)
	}
}

// Any title and text survive, however they must be escaped and folded.
func TestCalendarCarriesAnyText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.OneOf(rapid.String(), rapid.StringMatching(`[ <>ü漢😀\\;,:"\n\r\t]{0,200}`), rapid.SampledFrom([]string{"\xff\xfe", "a\x00b\u2028c"}))
		e := agenda.Entry{ID: rapid.StringN(1, 50, 200).Draw(t, "id"), Kind: agenda.Demand, When: at("2026-05-10"), Title: word.Draw(t, "title"), Text: word.Draw(t, "text")}
		event := calendar(t, at("2026-01-01"), e)[0]
		want := strings.TrimSpace(strings.Map(func(r rune) rune {
			if unicode.IsControl(r) && r != '\n' && r != '\t' {
				return -1
			}
			return r
		}, strings.NewReplacer("\r\n", "\n", "\r", "\n", "\u2028", "\n", "\u2029", "\n").Replace(strings.ToValidUTF8(e.Text, "\ufffd"))))
		if got := event.text("DESCRIPTION"); got != want {
			t.Fatalf("%q became %q", e.Text, got)
		}
	})
}

func TestALongTextIsCut(t *testing.T) {
	e := agenda.Entry{ID: "e", Kind: agenda.Demand, When: at("2026-05-10"), Text: strings.Repeat("漢", 5000)}
	if got := []rune(calendar(t, at("2026-01-01"), e)[0].text("DESCRIPTION")); len(got) != 4096 || got[4095] != '…' {
		t.Fatalf("%d characters, the last %q", len(got), got[len(got)-1])
	}
}
