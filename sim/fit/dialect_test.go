package fit

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

// TestDialects: how numbers are written is told by those that can be read in
// one way only. A decimal point before three places is not taken for thousands.
func TestDialects(t *testing.T) {
	for _, c := range []struct {
		name, file string
		want       []float64
	}{
		{"commas", "year,x\n1990,0.123\n1991,\"1,234\"\n", []float64{0.123, 1234}},
		{"tabs and points", "year\tx\n1990\t0.123\n1991\t1.234\n1992\t45.678\n", []float64{0.123, 1.234, 45.678}},
		{"tabs, nothing but three places", "year\tx\n1990\t1.234\n1991\t45.678\n", []float64{1.234, 45.678}},
		{"tabs and thousands", "year\tx\n1990\t950\n1991\t1,020\n", []float64{950, 1020}},
		{"tabs, thousands and points", "year\tx\n1990\t950.5\n1991\t1,020\n", []float64{950.5, 1020}},
		{"tabs and millions", "year\tx\n1990\t1,234,567\n1991\t2,000\n", []float64{1234567, 2000}},
		{"tabs and decimal commas", "year\tx\n1990\t3,5\n1991\t1.020\n", []float64{3.5, 1020}},
		{"semicolons and points", "year;x\n1990;0.123\n1991;45.678\n", []float64{0.123, 45.678}},
		{"semicolons, nothing but three places", "year;x\n1990;1,234\n1991;45,678\n", []float64{1.234, 45.678}},
		{"semicolons, thousands and commas", "year;x\n1990;1.234,5\n1991;45.678\n", []float64{1234.5, 45678}},
		{"semicolons and a comma before nothing", "year;x\n1990;0,123\n1991;45,678\n", []float64{0.123, 45.678}},
		{"semicolons, percents", "year;x (%)\n1990;3,5%\n1991;45,678 %\n", []float64{3.5, 45.678}},
		{"upright strokes", "year|x\n1990|3.5\n1991|7\n", []float64{3.5, 7}},
		{"a row's number first", ",year,x\n0,1990,3.5\n1,1991,7\n", []float64{3.5, 7}},
		{"a spreadsheet's empty columns and lines", "year,x,,\n1990,3.5,,\n1991,7,,\n,,,\n , ,,\n", []float64{3.5, 7}},
		{"yr", "yr,x\n1990,3.5\n1991,7\n", []float64{3.5, 7}},
	} {
		got, err := Read(strings.NewReader(c.file))
		if err != nil || len(got) != 1 || !slices.Equal(got[0].Value, c.want) || !slices.IsSorted(got[0].Year) {
			t.Errorf("%s: %v, %v, want %v", c.name, got, err, c.want)
		}
	}
}

// TestTheColumnOfNumbers: beside names and years, the one column of numbers has
// the values, whatever it is called; of two nobody can say.
func TestTheColumnOfNumbers(t *testing.T) {
	got, err := Read(strings.NewReader("Entity,Code,Year,Internet users (%),note\nPeru,PER,1990,0.5,estimate\nPeru,PER,1991,,\nPeru,PER,1992,3,\n"))
	if err != nil || len(got) != 1 || got[0].Name != "Peru" || got[0].Column != percent || !slices.Equal(got[0].Value, []float64{0.5, 3}) ||
		!slices.Contains(got[0].Notes, "columns that are not read: Code, note") {
		t.Errorf("%+v, %v", got, err)
	}
	_, err = Read(strings.NewReader("Entity,Code,Year,Users,Hosts\nPeru,51,1990,0.5,3\n"))
	if err != nil { // users is a word for values
		t.Error(err)
	}
	_, err = Read(strings.NewReader("Entity,Code,Year,Sets\nPeru,51,1990,0.5\n"))
	if err == nil || !strings.Contains(err.Error(), `which of the columns "Code", "Sets" has the values?`) {
		t.Error(err)
	}
}

// TestPer: the unit of time is the year, unless the column counts another.
func TestPer(t *testing.T) {
	for header, want := range map[string]string{"year": "", "Yr": "", "date": "", "Month": "month", "week": "week", "t": "unit of t", "period": "period"} {
		got, err := Read(strings.NewReader(header + ",x\n1,2\n2,3\n"))
		if err != nil || got[0].Per != want {
			t.Errorf("%s: %+v, %v, want %q", header, got, err, want)
		}
	}
	got, err := Read(strings.NewReader("month,x\n1990-01,2\n1990-02,3\n"))
	if err != nil || got[0].Per != "" {
		t.Errorf("months of a calendar are years: %+v, %v", got, err)
	}
	s := of(8, func(i int) float64 { return Bass{.02, .9, 50, 1979}.At(float64(1980 + i)) })
	s.Per = "month"
	r := Fit([]Series{s})[0]
	var b strings.Builder
	if err := WriteTable(&b, []Result{r}); err != nil || !strings.Contains(b.String(), "p and q are per month,") || !strings.Contains(b.String(), "yes, if launched at 1979\n") {
		t.Errorf("%v\n%s", err, &b)
	}
}

// TestHeadersThatAreNot: what a first line was taken for is told, and what of it
// is near.
func TestHeadersThatAreNot(t *testing.T) {
	for _, c := range []struct{ file, want string }{
		{"technology;yeer;value\nx;1;2\n", `line 1: no column year; it has the columns "technology", "yeer", "value", parted by semicolons. Is "yeer" the year? Then call it year`},
		{"technology\tobs_year\tvalue\nx\t1\t2\n", `"value", parted by tabs. Is "obs_year" the year? Then call it year`},
		{"name,Année,value\n", `Is "Année" the year? Then call it year`},
		{"name,wann,value\n", `it has the columns "name", "wann", "value", parted by commas. Want a first line such as series,year,percent`},
		{"year value\n1990 3\n", `line 1: no column year; it is one field, "year value", as commas, semicolons and tabs part fields. Want`},
		{"tv,1990,3\n", `line 1 has no names of columns, it has the values "tv", "1990", "3": want a first line such as`},
		{"series,years,\nx,1,2\n", `no column of values; it has the columns "series", "years", "", parted by commas. Call it percent`},
		{"a,b,c,d,e,f,g,h,i\n", `"h", and 1 more, parted by commas`},
		{"\xff\xfey\x00e\x00a\x00r\x00", "file is in UTF-16: save it as UTF-8"},
	} {
		if got, err := Read(strings.NewReader(c.file)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v, %v, want %s", c.file, got, err, c.want)
		}
	}
}

// broken is a file on a disk that fails.
type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errBroken }

var errBroken = errors.New("the disk fails")

func TestReadSaysThatItCouldNot(t *testing.T) {
	if _, err := Read(broken{}); !errors.Is(err, errBroken) {
		t.Error(err)
	}
}
