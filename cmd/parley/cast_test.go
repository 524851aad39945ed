package main

import (
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/view"
)

// wanted parses a cast command line as the program does and returns the want
// it makes.
func wanted(t *testing.T, now time.Time, args ...string) (view.Want, error) {
	t.Helper()
	var c cli
	if _, err := parser(&c, io.Discard, io.Discard, func(int) {}).Parse(append([]string{"cast"}, args...)); err != nil {
		return view.Want{}, err
	}
	return c.Cast.want(&env{in: strings.NewReader("")}, now)
}

// asJSON writes a want as the API carries it, with sorted keys.
func asJSON(t *testing.T, v any) string {
	t.Helper()
	b, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// fromJSON reads the want a test expects.
func fromJSON(t *testing.T, text string) (w view.Want) {
	t.Helper()
	if err := view.DecodeJSON([]byte(text), &w); err != nil {
		t.Fatal(err)
	}
	return w
}

var noon = time.Date(2026, 3, 19, 12, 0, 0, 0, time.UTC)

// TestMissionIntents casts the two intents the project is measured by and
// checks them field by field.
func TestMissionIntents(t *testing.T) {
	for _, tc := range []struct {
		name string
		args []string
		want string
	}{
		{
			name: "skiing",
			args: []string{
				"I'll be skiing in Park City from March 20-25. I want a 4-wheel-drive SUV.", "--category", "Vehicles/SUV",
				"--item", "SUV", "--require", "drive=4wd", "--place", "Park City", "--region", "US-UT", "--geohash", "9x0q", "--radius", "20km",
				"--from", "2026-03-20", "--until", "2026-03-25", "--exclude", "prepaid_fuel:pay up front for gas", "--exclude", "insurance",
				"--membership", "Avis Wizard", "--membership", "Budget FastBreak", "--membership", "Hertz 1 Club",
				"--budget", "USD 500", "--worth", "620.50 usd", "--terms", "SD-BASE", "--terms", "PDC-INTENT", "--responders", "5", "--life", "48h",
				"--private", "flight=UA 2210, seat 4", "--lang", "en",
			},
			want: `{"text":"I'll be skiing in Park City from March 20-25. I want a 4-wheel-drive SUV.","lang":"en",
				"category":{"taxonomy":"shopify","value":"vehicles/suv"},
				"items":[{"name":"SUV","qty":"1","wishes":{"require":[{"property":"drive","type":"text","op":"eq","values":["4wd"]}]}}],
				"exclude":[{"property":"prepaid_fuel","text":"pay up front for gas"},{"property":"insurance"}],
				"place":{"geohash":"9x0q","radius":20000,"region":"US-UT","name":"Park City"},
				"window":{"from":"2026-03-20T00:00:00Z","until":"2026-03-26T00:00:00Z"},
				"budget":{"cur":"USD","amt":"500"},"worth":{"cur":"USD","amt":"620.50"},
				"memberships":["Avis Wizard","Budget FastBreak","Hertz 1 Club"],"terms":["SD-BASE","PDC-INTENT"],
				"responders":5,"life":"48h0m0s","private":{"flight":"UA 2210, seat 4"}}`,
		},
		{
			name: "stroller",
			args: []string{"I", "need", "a", "stroller", "for", "twins", "--category", "gpc:Baby/Twin Strollers", "--item", "twin stroller:2", "--place", "Grand Rapids", "--within", "5h"},
			want: `{"text":"I need a stroller for twins","category":{"taxonomy":"gpc","value":"baby/twin-strollers"},
				"items":[{"name":"twin stroller","qty":"2"}],"place":{"name":"Grand Rapids"},
				"window":{"from":"2026-03-19T12:00:00Z","until":"2026-03-19T17:00:00Z"}}`,
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := wanted(t, noon, tc.args...)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(asJSON(t, fromJSON(t, tc.want)), asJSON(t, got)); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestParseConstraint(t *testing.T) {
	type c = intentcast.Constraint
	for in, want := range map[string]c{
		"drive=4wd":                       {Property: "drive", Type: "text", Op: "eq", Values: []string{"4wd"}},
		"colour!=red":                     {Property: "colour", Type: "text", Op: "ne", Values: []string{"red"}},
		"seats>=5":                        {Property: "seats", Type: "number", Op: "ge", Values: []string{"5"}},
		"height <= 180 cm":                {Property: "height", Type: "number", Op: "le", Values: []string{"180"}, Unit: "cm"},
		"weight<12.5 kg":                  {Property: "weight", Type: "number", Op: "lt", Values: []string{"12.5"}, Unit: "kg"},
		"rating>4":                        {Property: "rating", Type: "number", Op: "gt", Values: []string{"4"}},
		"colour=red|dark blue":            {Property: "colour", Type: "text", Op: "in", Values: []string{"red", "dark blue"}},
		"size=38|40":                      {Property: "size", Type: "number", Op: "in", Values: []string{"38", "40"}},
		"automatic=true":                  {Property: "automatic", Type: "bool", Op: "eq", Values: []string{"true"}},
		"gps":                             {Property: "gps", Type: "text", Op: "exists"},
		"model:text=5":                    {Property: "model", Type: "text", Op: "eq", Values: []string{"5"}},
		"ready<2026-03-20T09:00:00Z":      {Property: "ready", Type: "time", Op: "lt", Values: []string{"2026-03-20T09:00:00Z"}},
		"note=a=b":                        {Property: "note", Type: "text", Op: "eq", Values: []string{"a=b"}},
		"range:number>=300 km":            {Property: "range", Type: "number", Op: "ge", Values: []string{"300"}, Unit: "km"},
		"opening hours=Mon-Fri until 8pm": {Property: "opening hours", Type: "text", Op: "eq", Values: []string{"Mon-Fri until 8pm"}},
	} {
		got, err := parseConstraint(in)
		if err != nil {
			t.Errorf("%s: %v", in, err)
		} else if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s: %s", in, d)
		}
	}
	for _, in := range []string{"", "=5", ":text=5", "seats>=5|6", "size=38|large", "width=3 cm|4 mm"} {
		var usage *usageError
		if got, err := parseConstraint(in); !errors.As(err, &usage) {
			t.Errorf("%q: got %+v, %v; want a usage error", in, got, err)
		}
	}
}

func TestParseItem(t *testing.T) {
	for in, want := range map[string]intentcast.Want{
		"SUV":                  {Name: "SUV", Quantity: "1"},
		"ski pass:4":           {Name: "ski pass", Quantity: "4"},
		"cheese:0.5":           {Name: "cheese", Quantity: "0.5"},
		"Dune: Part Two":       {Name: "Dune: Part Two", Quantity: "1"},
		"gtin:4006381333931":   {GTIN: "4006381333931", Quantity: "1"},
		"gtin:4006381333931:3": {GTIN: "4006381333931", Quantity: "3"},
		"sku:A1:2":             {SKU: "A1", Quantity: "2"},
		"sku:17":               {SKU: "17", Quantity: "1"},
	} {
		if got, err := parseItem(in); err != nil {
			t.Errorf("%s: %v", in, err)
		} else if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s: %s", in, d)
		}
	}
	if _, err := parseItem(":2"); err == nil {
		t.Error("an item without a name")
	}
}

func TestParseWhenIsLocal(t *testing.T) {
	denver, err := time.LoadLocation("America/Denver")
	if err != nil {
		t.Skip("no time zones on this machine: America/Denver")
	}
	for in, want := range map[string]string{
		"2026-03-20":                "2026-03-20T06:00:00Z",
		"2026-03-20 18:30":          "2026-03-21T00:30:00Z",
		"2026-03-20T18:30":          "2026-03-21T00:30:00Z",
		"2026-03-20T18:30:00+01:00": "2026-03-20T17:30:00Z",
	} {
		if got, err := parseWhen("--from", in, denver, 0); err != nil || got.String() != want {
			t.Errorf("%s: got %s, %v; want %s", in, got, err, want)
		}
	}
}

func TestWantRefused(t *testing.T) {
	for _, tc := range []struct {
		args []string
		want string
	}{
		{[]string{"a thing"}, "--category"},
		{[]string{"--category", "a", "--within", "5h", "--until", "2026-03-20"}, "--within"},
		{[]string{"--category", "a", "--until", "tomorrow"}, "tomorrow"},
		{[]string{"--category", "a", "--budget", "500"}, "USD 500"},
		{[]string{"--category", "a", "--budget", "500 dollars"}, "USD 500"},
		{[]string{"--category", "a", "--radius", "far"}, "20km"},
		{[]string{"--category", "a", "--require", "=4wd"}, "drive=4wd"},
		{[]string{"--file", "want.json", "--place", "Park City"}, "--file"},
	} {
		var usage *usageError
		_, err := wanted(t, noon, tc.args...)
		if !errors.As(err, &usage) || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%q: error is %v, want a usage error with %q", tc.args, err, tc.want)
		}
	}
}

// TestEmptyKnowsEveryOption guards --file against being mixed with an option
// that was added later.
func TestEmptyKnowsEveryOption(t *testing.T) {
	for _, args := range [][]string{
		{"text"}, {"--category=a"}, {"--item=a"}, {"--require=a"}, {"--prefer=a"}, {"--seller-require=a"}, {"--seller-prefer=a"},
		{"--exclude=a"}, {"--place=a"}, {"--region=a"}, {"--geohash=a"}, {"--radius=1"}, {"--from=2026-03-20"}, {"--until=2026-03-20"},
		{"--within=1h"}, {"--budget=USD 1"}, {"--worth=USD 1"}, {"--membership=a"}, {"--terms=a"}, {"--responders=1"}, {"--life=1h"},
		{"--private=a=b"}, {"--lang=en"},
	} {
		if _, err := wanted(t, noon, append([]string{"--file=-"}, args...)...); err == nil || !strings.Contains(err.Error(), "leave the other options out") {
			t.Errorf("%q beside --file: %v", args, err)
		}
	}
}

func TestPick(t *testing.T) {
	a, b := dagcbor.Sum([]byte("a")), dagcbor.Sum([]byte("b"))
	ids := []dagcbor.CID{a, b}
	text := a.String()
	for _, s := range []string{text, text[len(text)-8:], "…" + text[len(text)-8:], strings.ToUpper(text[len(text)-6:]), text[:20]} {
		if got, err := pick(s, "card", "parley cards", ids); err != nil || got != a {
			t.Errorf("%q: got %s, %v", s, got, err)
		}
	}
	if got, err := pick(dagcbor.Sum([]byte("c")).String(), "card", "", ids); err != nil || got != dagcbor.Sum([]byte("c")) {
		t.Errorf("a whole id need not be listed: %v", err)
	}
	if _, err := pick("bafyrei", "card", "", ids); err == nil || !strings.Contains(err.Error(), "give more") {
		t.Errorf("ambiguous: %v", err)
	}
	if _, err := pick("zzzzzzzz", "card", "parley cards", ids); !errors.Is(err, view.ErrNotFound) || !strings.Contains(err.Error(), "parley cards") {
		t.Errorf("unknown: %v", err)
	}
	var usage *usageError
	if _, err := pick("abc", "card", "", ids); !errors.As(err, &usage) {
		t.Errorf("too short: %v", err)
	}
}

func TestCleanStopsForeignTextFromSteeringTheTerminal(t *testing.T) {
	for in, want := range map[string]string{
		"plain, ünïcödé × 3":    "plain, ünïcödé × 3",
		"\x1b[2Jgone":           " [2Jgone",
		"a\r\nb\tc":             "a  b c",
		"\u202eevil\u2066":      " evil ",
		"\u009b31mred":          " 31mred",
		"bad \xff utf-8\u2028x": "bad \ufffd utf-8 x",
	} {
		if got := clean(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}
