package fit

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestShapes: the same two series as people write them down.
func TestShapes(t *testing.T) {
	long := []Series{
		{Name: "radio", Year: []float64{1990, 1991, 1992}, Value: []float64{1000.5, 1200, 1300}, Column: "count"},
		{Name: "tv", Year: []float64{1990, 1992}, Value: []float64{1, 30000}, Column: "count"},
	}
	unit := func(column string) []Series {
		out := make([]Series, len(long))
		for i, s := range long {
			out[i] = s
			out[i].Column = column
		}
		return out
	}
	for _, c := range []struct {
		name, file string
		want       []Series
		note       string // of the first series
	}{
		{"long", "series,year,count\nradio,1990,1000.5\nradio,1991,1200\nradio,1992,1300\ntv,1990,1\ntv,1992,30000\n", long, ""},
		{"other words", "Technology,Date,Users\nradio,1990,1000.5\nradio,1991,1200\nradio,1992,1300\ntv,1990,1\ntv,1992,30000\n", long, ""},
		{"thousands", "series,year,count\nradio,1990,\"1,000.5\"\nradio,1991,\"1,200\"\nradio,1992,1 300\ntv,1990,1\ntv,1992,\"30,000\"\n", long, ""},
		{"semicolons", "series;year;count\nradio;1990;1.000,5\nradio;1991;1200\nradio;1992;1.300\ntv;1990;1\ntv;1992;30000,0\n", long, ""},
		{"missing values", "series,year,count\nradio,1990,1000.5\nradio,1991,1200\nradio,1992,1300\nradio,1993,\ntv,1990,1\ntv,1991,NA\ntv,1992,30000\n", long,
			"1 value is missing, and is left out"},
		{"columns beside", "entity,code,year,count,source\nradio,R,1990,1000.5,a\nradio,R,1991,1200,a\nradio,R,1992,1300,b\ntv,T,1990,1,a\ntv,T,1992,30000,a\n", long,
			"columns that are not read: code, source"},
		{"another name of the values", "series,year,sets sold so far\nradio,1990,1000.5\nradio,1991,1200\nradio,1992,1300\ntv,1990,1\ntv,1992,30000\n", unit("value"), ""},
		{"wide", "year,radio,tv\n1990,1000.5,1\n1991,1200,\n1992,1300,30000\n", unit("value"), ""},
		{"wide with tabs", "Year\tradio\ttv\n1990\t1000,5\t1\n1991\t1200\t..\n1992\t1300\t30000\n", unit("value"), ""},
		{"a row a series", "product,1990,1991,1992\nradio,1000.5,1200,1300\ntv,1,n/a,30000\n", unit("value"), ""},
		{"a row a series, no name for the names", ",1990,1991,1992\nradio,1000.5,1200,1300\ntv,1,-,30000\n", unit("value"), ""},
		{"dates and comments", "# from the almanac\nseries,date,count\nradio,1990-01-01,1000.5\nradio,1991-01,1200\nradio,1992Q1,1300\n# and\ntv,1990,1\ntv,1992,30000\n", long, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := Read(strings.NewReader(c.file))
			if err != nil {
				t.Fatal(err)
			}
			if c.note != "" && (len(got[0].Notes) != 1 || got[0].Notes[0] != c.note) {
				t.Errorf("notes %q, want %q", got[0].Notes, c.note)
			}
			for i := range got {
				got[i].Notes = nil
			}
			if d := cmp.Diff(c.want, got); d != "" {
				t.Error(d)
			}
		})
	}
}

// TestUnits: a column's name says what everybody is.
func TestUnits(t *testing.T) {
	for header, want := range map[string]string{
		"series,year,percent": "percent", "series,year,Share of households (%)": "percent", "series,year,pct_homes": "percent",
		"series,year,fraction": "fraction", "series,year,subscribers": "count", "series,year,per_100": "value",
	} {
		got, err := Read(strings.NewReader(header + "\ntv,1990,1\ntv,1991,0.5%\n"))
		if want != "percent" && want != "value" {
			got, err = Read(strings.NewReader(header + "\ntv,1990,1\ntv,1991,0.5\n"))
		}
		if err != nil || got[0].Column != want {
			t.Errorf("%s: %v, %v; want %s", header, got, err, want)
		}
	}
	// One column beside the years is a series by its own name.
	got, err := Read(strings.NewReader("year,broadband (%)\n2001,10\n2002,101\n"))
	if err != nil || got[0].Name != "broadband (%)" || got[0].Column != "percent" ||
		got[0].Notes[0] != "1 value below nothing or above everybody is taken as noise" {
		t.Errorf("%+v, %v", got, err)
	}
}
