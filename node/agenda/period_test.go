package agenda_test

import (
	"errors"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/parley-network/parley/node/agenda"
)

func TestParsePeriod(t *testing.T) {
	for s, want := range map[string]agenda.Period{
		"P1M": {Months: 1}, "P1Y": {Years: 1}, "P1W": {Weeks: 1}, "P14D": {Days: 14}, "P1Y6M": {Years: 1, Months: 6},
		"P1Y2M3W4D": {1, 2, 3, 4}, "P9999D": {Days: 9999}, "P0Y1M": {Months: 1},
	} {
		if p, err := agenda.ParsePeriod(s); err != nil || p != want {
			t.Errorf("%s: got %v, %v", s, p, err)
		}
	}
	for _, s := range []string{"", "P", "1M", "P1", "PM", "P-1M", "P+1M", "P1.5M", "P1M1Y", "P1M1M", "PT1H", "P1DT1H", "P0D", "P10000D", "p1m", " P1M", "P1M ", "P1S", "P１M"} {
		if p, err := agenda.ParsePeriod(s); !errors.Is(err, agenda.ErrPeriod) {
			t.Errorf("%q: got %v, %v, want an error", s, p, err)
		}
	}
}

func TestAPeriodKeepsToTheEndOfTheMonth(t *testing.T) {
	for _, c := range []struct{ from, period, want string }{
		{"2026-01-31", "P1M", "2026-01-31 2026-02-28 2026-03-31 2026-04-30 2026-05-31"},
		{"2028-01-30", "P1M", "2028-01-30 2028-02-29 2028-03-30 2028-04-30 2028-05-30"},
		{"2024-02-29", "P1Y", "2024-02-29 2025-02-28 2026-02-28 2027-02-28 2028-02-29"},
		{"2026-12-31", "P2M", "2026-12-31 2027-02-28 2027-04-30 2027-06-30 2027-08-31"},
		{"2026-02-28", "P1M", "2026-02-28 2026-03-28 2026-04-28 2026-05-28 2026-06-28"},
		{"2026-02-25", "P1W", "2026-02-25 2026-03-04 2026-03-11 2026-03-18 2026-03-25"},
		{"2026-01-31", "P1M1D", "2026-01-31 2026-03-01 2026-04-02 2026-05-03 2026-06-04"},
	} {
		p, err := agenda.ParsePeriod(c.period)
		if err != nil {
			t.Fatal(err)
		}
		var got string
		for k := range 5 {
			got += p.From(at(c.from), k).Format(" 2006-01-02")
		}
		if got[1:] != c.want {
			t.Errorf("%s from %s\n got%s\nwant %s", c.period, c.from, got, c.want)
		}
	}
}

func TestPeriodsGoForward(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 40)
		p := agenda.Period{Years: n.Draw(t, "y"), Months: n.Draw(t, "m"), Weeks: n.Draw(t, "w"), Days: n.Draw(t, "d")}
		if p == (agenda.Period{}) {
			return
		}
		if again, err := agenda.ParsePeriod(p.String()); err != nil || again != p {
			t.Fatalf("%s reads as %v, %v", p, again, err)
		}
		loc, err := time.LoadLocation(rapid.SampledFrom(zones).Draw(t, "zone"))
		if err != nil {
			loc = time.UTC
		}
		from := time.Unix(rapid.Int64Range(0, 4e9).Draw(t, "from"), 0).In(loc)
		if !p.From(from, 0).Equal(from) {
			t.Fatalf("it begins at %s, not at %s", p.From(from, 0), from)
		}
		for k := range 30 {
			if a, b := p.From(from, k), p.From(from, k+1); !b.After(a) {
				t.Fatalf("%s from %s: %s, then %s", p, from, a, b)
			}
		}
	})
}

func FuzzParsePeriod(f *testing.F) {
	for _, s := range []string{"P1M", "P1Y6M", "P9999Y", "P1W2D", "P", "PT1S", "P00001D", "P1M1M"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p, err := agenda.ParsePeriod(s)
		if err != nil {
			return
		}
		again, err := agenda.ParsePeriod(p.String())
		if err != nil || again != p {
			t.Fatalf("%q is %v, whose text %s is %v, %v", s, p, p, again, err)
		}
		if from := at("2026-01-31"); !p.From(from, 1).After(from) {
			t.Fatalf("%q does not go forward", s)
		}
	})
}
