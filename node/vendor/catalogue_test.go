package vendor_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/node/market"
	"github.com/parley-network/parley/node/vendor"
	"github.com/parley-network/parley/node/view"
	"github.com/parley-network/parley/relcard/money"
)

// read collects a catalogue: items and problems by line, and what ended it.
func read(r io.Reader, f vendor.Format) (items map[int]market.Item, problems map[int]string, end error) {
	items, problems = map[int]market.Item{}, map[int]string{}
	for line, err := range vendor.ReadCatalogue(r, f) {
		var bad *vendor.LineError
		switch {
		case err == nil:
			items[line.Number] = line.Item
		case errors.As(err, &bad):
			problems[bad.Line] = bad.Err.Error()
		default:
			end = err
		}
	}
	return items, problems, end
}

func usd(amount string) money.Money { return money.Money{Currency: "USD", Amount: amount} }

func ExampleReadCatalogue() {
	file := `sku,name,price,currency,attr:drive,attr:seats:number,charge:delivery
A1,Forester,89.00,USD,4wd,5,
A2,Sienna,95.00,USD,fwd,eight,
A3,Outback,99.00,USD,4wd,5,12.50
`
	for line, err := range vendor.ReadCatalogue(strings.NewReader(file), vendor.CSV) {
		var bad *vendor.LineError
		switch {
		case errors.As(err, &bad):
			fmt.Println("refused:", bad)
		case err != nil:
			fmt.Println("stopped:", err)
		default:
			fmt.Println("line", line.Number, line.Item.Name, line.Item.Price)
		}
	}
	// Output:
	// line 2 Forester 89.00 USD
	// refused: line 3: attributes[1]: attribute “seats”: “eight” is not a plain decimal
	// line 4 Outback 99.00 USD
}

func TestNDJSON(t *testing.T) {
	good := `{"sku":"%d","name":"Ski rack","price":{"cur":"USD","amt":"9.50"}}`
	lines := []struct {
		text    string
		problem string // part of it; empty: an item
		blank   bool
	}{
		{text: fmt.Sprintf(good, 1)},
		{text: "   ", blank: true},
		{text: `{"sku":"2","name":"Van","price":{"cur":"USD","amt":"9.50"},"colour":"red"}`, problem: `unknown field "colour"`},
		{text: `{"sku":"3","sku":"4","name":"Van","price":{"cur":"USD","amt":"9.50"}}`, problem: `"sku" is there twice`},
		{text: fmt.Sprintf(good, 5) + fmt.Sprintf(good, 6), problem: "more after the end"},
		{text: `{"sku":"7"`, problem: "breaks off"},
		{text: `["a"]`, problem: "not a JSON object"},
		{text: `null`, problem: "not a JSON object"},
		{text: `{"name":"Van","price":{"cur":"USD","amt":9.5}}`, problem: "price.amt: is a number, wants string"},
		{text: `{"name":"","price":{"cur":"USD","amt":"9.50"}}`, problem: "name is empty"},
		{text: `{"name":"Van","price":{"cur":"USD","amt":"-9.50"}}`, problem: "negative"},
		{text: `{"name":"Van","gtin":"4006381333932","price":{"cur":"USD","amt":"9.50"}}`, problem: "check digit"},
		{text: "{\"name\":\"V\xffn\",\"price\":{\"cur\":\"USD\",\"amt\":\"9.50\"}}", problem: "not UTF-8"},
		{text: `{"name":"` + strings.Repeat("x", vendor.MaxLine) + `"}`, problem: "longer than"},
		{text: `{"name":"` + strings.Repeat("x", 5*vendor.MaxLine) + `"}`, problem: "longer than"},
		{text: fmt.Sprintf(good, 8) + "\r"},
		{text: fmt.Sprintf(good, 9)}, // the last line has no line break
	}
	var texts []string
	for _, l := range lines {
		texts = append(texts, l.text)
	}
	file := "\ufeff" + strings.Join(texts, "\n")
	for _, r := range []io.Reader{strings.NewReader(file), iotest.OneByteReader(strings.NewReader(file)), iotest.DataErrReader(strings.NewReader(file))} {
		items, problems, end := read(r, vendor.NDJSON)
		if end != nil {
			t.Fatalf("ended with %v", end)
		}
		for i, l := range lines {
			_, isItem := items[i+1]
			problem := problems[i+1]
			switch {
			case l.blank:
				if isItem || problem != "" {
					t.Errorf("line %d is blank, got item %t, problem %q", i+1, isItem, problem)
				}
			case l.problem == "" && !isItem:
				t.Errorf("line %d was refused: %s", i+1, problem)
			case l.problem != "" && !strings.Contains(problem, l.problem):
				t.Errorf("line %d: problem is %q, want one with %q", i+1, problem, l.problem)
			}
		}
	}
}

func TestCSV(t *testing.T) {
	file := ` sku,gtin,name,price,currency,unit,available,category,taxonomy,attr:drive,attr:seats:number,attr:height:number:cm,attr:automatic:bool,charge:delivery,option:insurance
A1,4006381333931,"Forester, 4-wheel",89.00,USD,day,3,Vehicles/SUV,,4wd,5,173,true,12.50,20
A2,,Sienna,95,USD,,,,,,,,,,
A3,,"Open quote,95,USD,,,,,,,,,,
A4,,Too few,95
A5,,"He said ""go""",95,USD,,,Vehicles/Van,google,,,,,,
`
	items, problems, end := read(strings.NewReader(file), vendor.CSV)
	if end != nil {
		t.Fatal(end)
	}
	want := map[int]market.Item{
		2: {
			SKU: "A1", GTIN: "4006381333931", Name: "Forester, 4-wheel", Price: usd("89.00"), Unit: "day", Available: "3",
			Category: intentcast.Category{Taxonomy: "shopify", Value: "Vehicles/SUV"},
			Attributes: []intentcast.Attribute{
				{Property: "drive", Type: intentcast.TypeText, Value: "4wd"},
				{Property: "seats", Type: intentcast.TypeNumber, Value: "5"},
				{Property: "height", Type: intentcast.TypeNumber, Value: "173", Unit: "cm"},
				{Property: "automatic", Type: intentcast.TypeBool, Value: "true"},
			},
			Extras: []market.Charge{{Property: "delivery", Price: usd("12.50")}, {Property: "insurance", Price: usd("20"), Optional: true}},
		},
		3: {SKU: "A2", Name: "Sienna", Price: usd("95")},
		6: {SKU: "A5", Name: `He said "go"`, Price: usd("95"), Category: intentcast.Category{Taxonomy: "google", Value: "Vehicles/Van"}},
	}
	if d := cmp.Diff(want, items); d != "" {
		t.Error(d)
	}
	if len(problems) != 2 || !strings.Contains(problems[4], "column") || !strings.Contains(problems[5], "4 cells under 15 columns") {
		t.Errorf("problems: %v", problems)
	}
}

func TestCSVHeaderRefused(t *testing.T) {
	for header, want := range map[string]string{
		"":                                   "empty",
		"\n\n":                               "empty",
		"name,price":                         `column "currency" is missing`,
		"name,price,currency,prize":          `no column is called "prize"`,
		"name,price,currency,name":           `column "name" is there twice`,
		"name,price,currency,attr:":          `no column is called "attr:"`,
		"name,price,currency,attr::number":   "has no property",
		"name,price,currency,attr:x:numeric": `"numeric" is not text, number, bool or time`,
		"name,price,currency,fee:x":          `no column is called "fee:x"`,
		`name,"price,currency`:               "header",
		"name,price,currency" + strings.Repeat(",x", 300): "303 columns",
		"n\xffme,price,currency":                          "not UTF-8",
	} {
		_, _, end := read(strings.NewReader(header), vendor.CSV)
		if end == nil || !strings.Contains(end.Error(), want) {
			t.Errorf("%.40q: ended with %v, want %q", header, end, want)
		}
	}
}

func TestReaderFails(t *testing.T) {
	broken := errors.New("cable pulled")
	r := io.MultiReader(strings.NewReader(`{"name":"Van","price":{"cur":"USD","amt":"9.50"}}`+"\n{\"na"), iotest.ErrReader(broken))
	items, problems, end := read(r, vendor.NDJSON)
	if len(items) != 1 || len(problems) != 0 || !errors.Is(end, broken) || !strings.Contains(end.Error(), "after line 1") {
		t.Errorf("items %v, problems %v, end %v", items, problems, end)
	}
	long := io.MultiReader(strings.NewReader(strings.Repeat("x", 2*vendor.MaxLine)), iotest.ErrReader(broken))
	if _, _, end := read(long, vendor.NDJSON); !errors.Is(end, broken) {
		t.Errorf("end %v", end)
	}
}

func TestUnknownFormat(t *testing.T) {
	if _, _, end := read(strings.NewReader(""), "xml"); !errors.Is(end, view.ErrInvalid) {
		t.Errorf("end %v", end)
	}
}

func TestStopsWhenAskedTo(t *testing.T) {
	n := 0
	for range vendor.ReadCatalogue(strings.NewReader("x\nx\nx\n"), vendor.NDJSON) {
		if n++; n == 2 {
			break
		}
	}
	if n != 2 {
		t.Errorf("read %d lines", n)
	}
}

// TestEveryLineIsAccountedFor puts good, bad and blank lines in any order and
// checks that each has its own fate under its own number.
func TestEveryLineIsAccountedFor(t *testing.T) {
	const good, bad, blank = `{"name":"x","price":{"cur":"USD","amt":"1"}}`, `{"name":"x"`, " "
	rapid.Check(t, func(t *rapid.T) {
		lines := rapid.SliceOf(rapid.SampledFrom([]string{good, bad, blank})).Draw(t, "lines")
		items, problems, end := read(strings.NewReader(strings.Join(lines, "\n")), vendor.NDJSON)
		if end != nil {
			t.Fatal(end)
		}
		for i, l := range lines {
			_, item := items[i+1]
			_, problem := problems[i+1]
			if item != (l == good) || problem != (l == bad) {
				t.Errorf("line %d %q: item %t, problem %t", i+1, l, item, problem)
			}
		}
	})
}

func TestKey(t *testing.T) {
	for want, it := range map[string]market.Item{
		"sku:1":  {SKU: "1", GTIN: "2", Name: "3"},
		"gtin:2": {GTIN: "2", Name: "3"},
		"name:3": {Name: "3"},
	} {
		if got := vendor.Key(it); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

// FuzzReadCatalogue checks that no bytes break the reader, that what it lets
// through passes its own check, and that each line is told at most once.
func FuzzReadCatalogue(f *testing.F) {
	for _, s := range []string{
		`{"name":"x","price":{"cur":"USD","amt":"1"}}`, "{}\n[]\nnull\n\n", "name,price,currency\nx,1,USD\n",
		"name,price,currency,attr:a:number:cm,option:b\n\"x\",1,USD,2,3\n\"", "\ufeffname,price,currency", "\xff\n",
	} {
		f.Add([]byte(s), true)
		f.Add([]byte(s), false)
	}
	f.Fuzz(func(t *testing.T, b []byte, asCSV bool) {
		format := vendor.NDJSON
		if asCSV {
			format = vendor.CSV
		}
		last := 0
		for line, err := range vendor.ReadCatalogue(strings.NewReader(string(b)), format) {
			number := line.Number
			var bad *vendor.LineError
			switch {
			case errors.As(err, &bad):
				number = bad.Line
			case err != nil:
				continue
			default:
				if err := line.Item.Check(); err != nil {
					t.Errorf("line %d went through and is bad: %v", number, err)
				}
			}
			if number <= last {
				t.Errorf("line %d after line %d", number, last)
			}
			last = number
		}
	})
}

func BenchmarkReadCatalogue(b *testing.B) {
	line := `{"sku":"1","name":"Ski rack","category":{"taxonomy":"shopify","value":"Vehicles/Parts"},"price":{"cur":"USD","amt":"9.50"}}` + "\n"
	file := strings.Repeat(line, 1000)
	b.SetBytes(int64(len(file)))
	for b.Loop() {
		if items, _, _ := read(strings.NewReader(file), vendor.NDJSON); len(items) != 1000 {
			b.Fatal(len(items))
		}
	}
}
