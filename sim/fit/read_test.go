package fit

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestReadTakesColumnsAndRowsInAnyOrder(t *testing.T) {
	got, err := Read(strings.NewReader("\uFEFFYear,Count,Series\r\n1991,20,\"radio, car\"\r\n1990,10.5,\"radio, car\"\r\n1990.5, 3e2 ,tv\r\n"))
	if err != nil {
		t.Fatal(err)
	}
	want := []Series{
		{Name: "radio, car", Year: []float64{1990, 1991}, Value: []float64{10.5, 20}, Column: "count"},
		{Name: "tv", Year: []float64{1990.5}, Value: []float64{300}, Column: "count"},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestReadRefusesWithLineAndReason(t *testing.T) {
	const head = "series,year,percent\n"
	for _, c := range []struct{ name, file, want string }{
		{"nothing", "", "file is empty"},
		{"no rows", head, "no values below the first line"},
		{"no header", "tv,1990,3\ntv,1991,4\n", `line 1 has no names of columns, it has the values "tv", "1990", "3": want`},
		{"a column short", "series,year\ntv,1990\n", `line 1: no column of values; it has the columns "series", "year", parted by commas`},
		{"no year", "series,percent\ntv,3\n", "line 1: no column year"},
		{"nothing but years", "year\n1990\n", "line 1: no column beside the years"},
		{"which are the values", "series,year,tv,radio\na,1990,1,2\n", `line 1: which of the columns "tv", "radio" has the values?`},
		{"a series twice", "year,tv,tv\n1990,1,2\n", `line 1: column "tv" is there twice`},
		{"years that fall", "name,1990,1989,1988\ntv,1,2,3\n", `line 1 has no names of columns, it has the values "name", "1990"`},
		{"two values", "series,year,percent,count\na,1990,1,2\n", `line 1: column "count" is a second one`},
		{"a field short", head + "tv,1990,3\ntv,1991\n", "line 3: 2 fields, and line 1 has 3, parted by commas"},
		{"a field more", head + "tv,1990,3,4\n", "line 2: 4 fields, and line 1 has 3, parted by commas; where the comma is decimal"},
		{"words", head + "tv,1990,many\n", `line 2, column percent: "many" is not a number`},
		{"infinite", head + "tv,1990,1e999\n", `line 2, column percent: "1e999" is not finite`},
		{"infinite by name", head + "tv,1990,1\ntv,1991,-Inf\n", `line 3, column percent: "-Inf" is not finite`},
		{"no number", head + "tv,1990,NaN\n", `line 2, column percent: "NaN" is not a number; leave empty what was not measured`},
		{"no number in a column of its own", "year,tv,Radio sets\n1990,1,nan\n", `line 2, column Radio sets: "nan" is not a number; leave`},
		{"no number in a row of its own", "name,1990,1991,1992\ntv,1,2,inf\n", `line 2, column 1992: "inf" is not finite`},
		{"a decimal comma", head + "tv,1990,\"3,5\"\n", `line 2, column percent: "3,5" is not a number: where the comma is decimal, part the fields with ;`},
		{"a decimal comma without quotes", head + "tv,1990,3,5\n", `line 2: 4 fields, and line 1 has 3, parted by commas; where the comma is decimal or parts thousands, put the number in quotes or part the fields with ;`},
		{"negative beyond the first by year", "series,year,count\ntv,1991,100\ntv,1990,-9\n", "line 3, column count: -9 is negative"},
		{"hexadecimal", head + "tv,1990,0x1p4\n", `line 2, column percent: "0x1p4" is not a number`},
		{"thousands in the wrong place", head + "tv,1990,\"1,23\"\n", `line 2, column percent: "1,23" is not a number`},
		{"empty values alone", head + "tv,1990,\ntv,1991,NA\n", "no values below the first line"},
		{"negative", head + "tv,1990,-1\n", "line 2, column percent: -1 is negative"},
		{"share of more than all", "series,year,share\ntv,1990,1.5\n", "line 2, column share: 1.5 is more than 1"},
		{"percent of more than all", head + "tv,1990,99\ntv,1991,120\n", "line 3, column percent: 120 is more than 100; if it counts something per person, call the column value"},
		{"negative beside others", "series,year,count\ntv,1990,-9\ntv,1991,100\n", "line 2, column count: -9 is negative"},
		{"too large", head + "tv,1990,1e16\n", "line 2, column percent: 1e+16 is more than 1e15"},
		{"no date", head + "tv,1990-13-01,3\n", `line 2, column year: "1990-13-01" is not a number`},
		{"a date of another order", head + "tv,01/02/1990,3\n", `line 2, column year: "01/02/1990" is not a number`},
		{"no year", head + "tv,,3\n", "line 2, column year: empty"},
		{"far year", head + "tv,19900,3\n", "line 2, column year: 19900 is not a year"},
		{"no name", head + "\ntv,1990,1\n ,1990,3\n", "line 4, column series: name is empty"},
		{"control character", head + "t\x01v,1990,3\n", "line 2, column series: name"},
		{"not UTF-8", head + "t\xffv,1990,3\n", "line 2, column series: name is not UTF-8"},
		{"long name", head + strings.Repeat("t", 201) + ",1990,3\n", "line 2, column series: name is longer"},
		{"year twice", head + "tv,1990,3\nradio,1990,3\ntv,1990,4\n", `line 4: series "tv" has year 1990 already, on line 2`},
		{"open quote", head + "\"tv,1990,3\n", "line 2: "},
		{"binary", "\x00\x01\x02", "line 1: no column year"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := Read(strings.NewReader(c.file))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, error %v, want %q", got, err, c.want)
			}
		})
	}
}

// endless gives the same row for ever, with another year each time.
type endless struct {
	row int
	buf []byte
}

func (e *endless) Read(p []byte) (int, error) {
	if e.row == 0 {
		e.buf = []byte("series,year,count\n")
	}
	for len(e.buf) < len(p) {
		e.row++
		e.buf = fmt.Appendf(e.buf, "s%d,%d,1\n", e.row/9000, e.row%9000)
	}
	n := copy(p, e.buf)
	e.buf = e.buf[n:]
	return n, nil
}

func TestReadIsBounded(t *testing.T) {
	if _, err := Read(&endless{}); err == nil || !strings.Contains(err.Error(), "larger than 32 MiB") {
		t.Errorf("endless rows: %v", err)
	}
	if _, err := Read(io.LimitReader(&endless{}, 2<<20)); err == nil || !strings.Contains(err.Error(), "more than 100000 points") {
		t.Errorf("many rows: %v", err)
	}
	var many bytes.Buffer
	many.WriteString("series,year,count\n")
	for i := range maxSeries + 1 {
		fmt.Fprintf(&many, "s%d,1990,1\n", i)
	}
	if _, err := Read(&many); err == nil || !strings.Contains(err.Error(), "more than 10000 series") {
		t.Errorf("many series: %v", err)
	}
	if _, err := Read(strings.NewReader("series,year,count\n\"" + strings.Repeat("x", maxBytes))); err == nil || !strings.Contains(err.Error(), "larger than") {
		t.Errorf("one long field: %v", err)
	}
}

// What is accepted can be written and read again, fitted and told.
func FuzzRead(f *testing.F) {
	for _, s := range []string{
		"series,year,percent\ntv,1990,1\ntv,1991,2\n",
		"series,year,count\na,1,0\na,2,1\na,3,4\na,4,9\na,5,12\na,6,13\na,7,13.5\n",
		"value,series,year\n1e-300,x,0\n2e-300,x,1\n3e-300,x,2\n4,x,3\n5,x,4\n6,x,5\n7,x,6\n",
		"series,year,share\n\"a\"\"b\",-5.5,.5\n", "year;a;b\n1990;1,5;\n1991;1.000,5;7%\n",
		"name\t1990\t1991\t1992\nx\t1\tNA\t3\n", "# note\nEntity,Code,Year,Share of households (%)\nx,y,2001-07,\"1,000\"\n", "\uFEFFseries,year,percent\n", "series,year,percent\nx,,\n",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		series, err := Read(bytes.NewReader(b))
		if err != nil {
			if series != nil {
				t.Fatal("an error and series")
			}
			return
		}
		var again bytes.Buffer
		w := csv.NewWriter(&again)
		unit := series[slices.IndexFunc(series, func(s Series) bool { return len(s.Year) > 0 })].Column
		series = slices.DeleteFunc(series, func(s Series) bool { return len(s.Year) == 0 || s.Column != unit })
		w.Write([]string{"year", "series", unit})
		for i := range series {
			series[i].Notes = nil
		}
		for _, s := range series {
			if !slices.IsSorted(s.Year) {
				t.Fatalf("%q is not in order: %v", s.Name, s.Year)
			}
			for i := range s.Year {
				w.Write([]string{fmt.Sprint(s.Year[i]), s.Name, fmt.Sprint(s.Value[i])})
			}
		}
		w.Flush()
		back, err := Read(&again)
		for i := range back {
			back[i].Notes = nil
		}
		if d := cmp.Diff(series, back); err != nil || d != "" {
			t.Fatalf("%v\n%s", err, d)
		}
		if len(series) > 4 || len(series[0].Year) > 200 {
			return // fits take their time
		}
		var out bytes.Buffer
		results := Fit(series)
		if err := WriteJSON(&out, results); err != nil || !json.Valid(out.Bytes()) {
			t.Fatalf("%v: %s", err, &out)
		}
		for _, r := range results {
			if r.Describes == (r.Why != "") || r.Describes && !(r.R2 >= 0.97 && r.P.Value > 0 && r.Q.Value > 0) {
				t.Fatalf("%+v", r)
			}
		}
	})
}
