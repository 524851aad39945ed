package scenario_test

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/parley-network/parley/sim/scenario"
)

// set are fields by their paths and what a file gives them.
type set map[string]any

// bound is where a field's possible values end: the last that are taken and the
// first that are refused, with other fields as they are given.
type bound struct {
	field          string
	taken, refused []any
	with           set
	told           string // the field that the refusal is of, if another
}

// wide are whole numbers from low to high.
func wide(field string, low, high int, with set) bound {
	return bound{field: field, taken: []any{low, high}, refused: []any{low - 1, high + 1}, with: with}
}

// part is a share, sum an amount without an end, words one of some.
func part(field string) bound {
	return bound{field: field, taken: []any{0.0, 1.0, 0.37}, refused: []any{-1e-9, 1.000000001}}
}

func sum(field string) bound {
	return bound{field: field, taken: []any{0.0, 1e300, 0.37}, refused: []any{-1e-9}}
}

func words(field string, of ...any) bound {
	return bound{field: field, taken: of, refused: []any{"", "other"}}
}

func spans(field, low, before string) bound {
	return bound{field: field, taken: []any{low, "8760h0m0s"}, refused: []any{before, "8760h0m0.000000001s"}}
}

const most = 1_000_000_000

// few are fifteen agents.
func few(more set) set {
	out := set{"people.count": 10, "vendors.count": 5}
	maps.Copy(out, more)
	return out
}

var bounds = []bound{
	words("engine", "model", "stack"), words("study", "society", "cost", "admission", "siege"),
	{field: "study", refused: []any{"cost", "admission", "siege"}, with: set{"engine": "stack"}},
	wide("replicates", 1, 1_000_000, nil),
	words("clock.unit", "hour", "day", "week", "month", "year"), wide("clock.steps", 1, 1_000_000, nil), spans("clock.window", "1ns", "0s"),

	wide("people.count", 1, most, set{"vendors.count": 0}),
	{field: "people.count", taken: []any{most - 50}, refused: []any{most - 49}, with: set{"vendors.count": 50}},
	wide("people.places", 1, 1_000_000, nil), sum("people.place_skew"), sum("people.intents"), wide("people.categories", 1, 1_000_000, nil),
	sum("people.category_skew"), sum("people.worth"), sum("people.spread"), sum("people.effort"), part("people.fourth_party"),

	{field: "vendors.count", taken: []any{0, most - 1}, refused: []any{-1, most + 1}, with: set{"people.count": 1}},
	{field: "vendors.count", refused: []any{most}, with: set{"people.count": 1}, told: "people.count"},
	wide("vendors.categories", 1, 4, set{"people.categories": 4, "vendors.count": 1}), wide("vendors.places", 1, 3, set{"people.places": 3}),
	{field: "vendors.categories", taken: []any{0, 99}, with: set{"vendors.count": 0}}, {field: "vendors.places", taken: []any{0, 99}, with: set{"vendors.count": 0}},
	sum("vendors.price"), sum("vendors.spread"), part("vendors.margin"), sum("vendors.cost"), wide("vendors.capacity", 0, most, nil),
	spans("vendors.think", "0s", "-1ns"),

	words("network.kind", "none", "complete", "erdos-renyi", "watts-strogatz", "barabasi-albert", "geographic"),
	{field: "network.degree", taken: []any{0.0, 14.0}, refused: []any{-1e-9, 14.000000001}, with: few(set{"network.kind": "erdos-renyi"})},
	{field: "network.degree", taken: []any{0.0, 14.0}, refused: []any{-1e-9, 14.000000001}, with: few(set{"network.kind": "geographic"})},
	{field: "network.degree", taken: []any{0.0, 14.0}, refused: []any{-1e-9, 14.000000001}, with: few(set{"network.kind": "block", "people.places": 2})},
	{field: "network.degree", taken: []any{0.0, 2.0, 12.0}, refused: []any{1.0, 2.5, 3.0, 13.0, 14.0, 16.0}, with: few(set{"network.kind": "watts-strogatz"})},
	{field: "network.degree", taken: []any{0.0}, refused: []any{2.0}, with: set{"network.kind": "watts-strogatz", "people.count": 1, "vendors.count": 0}},
	{field: "network.attach", taken: []any{1, 14}, refused: []any{0, 15}, with: few(set{"network.kind": "barabasi-albert"})},
	{field: "network.degree", taken: []any{-1.0, 99.0}, with: few(set{"network.kind": "barabasi-albert"})}, {field: "network.attach", taken: []any{-1, 99}, with: few(nil)},
	part("network.rewire"), part("network.within"),
	{field: "network.within", taken: []any{1.0}, refused: []any{0.999999999, 0.0}, with: set{"network.kind": "block", "people.places": 1}},
	{field: "network.file", taken: []any{"edges.txt"}, with: set{"network.kind": "file"}}, {field: "network.file", refused: []any{"edges.txt"}},

	words("adoption.rule", "everyone", "bass", "threshold", "fraction", "complex", "utility"), part("adoption.p"), part("adoption.q"),
	{field: "adoption.per_edge", taken: []any{true, false}},
	{field: "adoption.threshold", taken: []any{0.0, 1.0}, refused: []any{-1e-9, 1.000000001}, with: set{"adoption.rule": "fraction"}},
	{field: "adoption.threshold", taken: []any{0.0, 1e9}, refused: []any{-1e-9, 1000000000.5}, with: set{"adoption.rule": "threshold"}},
	{field: "adoption.spread", taken: []any{0.0, 1e9}, refused: []any{-1e-9, 1000000000.5}},
	wide("adoption.seeds", 0, most, set{"adoption.rule": "everyone"}), wide("adoption.seeds", 0, 15, few(set{"adoption.rule": "bass"})),
	words("adoption.seeding", "random", "place", "category", "influential"), wide("adoption.patience", 0, 1_000_000, nil),
	part("market.incumbent"), part("market.fee"), sum("market.subsidy"), wide("market.subsidy_steps", 0, 1_000_000, nil),

	wide("protocol.d", 3, 9, set{"protocol.low": 3, "protocol.high": 9}), // by its neighbours
	wide("protocol.d", 1, 65536, set{"protocol.low": 1, "protocol.high": 65536}),
	wide("protocol.low", 1, 5, set{"protocol.d": 5, "protocol.high": 9}), wide("protocol.high", 5, 65536, set{"protocol.d": 5, "protocol.low": 2}),
	wide("protocol.lazy", 0, 65536, nil), spans("protocol.heartbeat", "1ms", "999.999µs"), wide("protocol.peers", 1, 65536, nil),
	{field: "protocol.latency", taken: []any{"0s-0s", "1m0s-1m0s", "2ms-3ms"}, refused: []any{[]any{"-1ns", "1ms"}, []any{"0s", "1m0.000000001s"}, []any{"2ms", "1.999999ms"}}},
	{field: "protocol.loss", taken: []any{0.0, 0.999999999}, refused: []any{-1e-9, 1.0}}, sum("protocol.bandwidth"), wide("protocol.size", 1, 8192, nil),
	{field: "protocol.sharded", taken: []any{true, false}}, wide("protocol.work", 0, 40, nil), sum("protocol.quota"),

	part("faults.churn"), part("faults.asleep"), part("faults.nat"), wide("faults.partition", 0, most, nil),
	wide("faults.from", 0, 1_000_000, nil), wide("faults.to", 0, 1_000_000, nil),
	{field: "faults.to", taken: []any{5, 6}, refused: []any{4}, with: set{"faults.partition": 2, "faults.from": 5}},
	{field: "faults.to", taken: []any{4}, with: set{"faults.partition": 1, "faults.from": 5}},

	words("attack.kind", "none", "censor", "cold-boot", "covert-flash", "dawn", "eclipse-one", "eclipse-all", "eclipse-publishers", "degradation",
		"colocation", "withhold", "spam", "collude", "lie", "first-answer"),
	wide("attack.sybils", 0, most, nil), sum("attack.rate"), sum("attack.budget"), part("attack.share"),
	wide("record.every", 1, 1_000_000, nil), wide("record.spread", 0, 1_000_000, nil),
	{field: "seed", taken: []any{0, uint64(1<<63 - 1)}, refused: []any{-1}},
	{field: "name", taken: []any{"", "two \"towns\": a # b"}}, {field: "description", taken: []any{"x: y"}},
}

// value writes a value as both formats have it.
func value(v any) string {
	switch v := v.(type) {
	case string:
		return strconv.Quote(v)
	case float64:
		if v == float64(int64(v)) {
			return strconv.FormatFloat(v, 'f', 1, 64)
		}
		return strconv.FormatFloat(v, 'g', -1, 64)
	case []any:
		parts := make([]string, len(v))
		for i, x := range v {
			parts[i] = value(x)
		}
		return "[" + strings.Join(parts, ", ") + "]"
	}
	return fmt.Sprint(v)
}

// document writes fields in TOML or YAML, each on a line of its own, and tells
// the lines.
func document(format string, fields set) (text string, lines map[string]int) {
	lines = map[string]int{}
	var b strings.Builder
	line, part := 1, ""
	put := func(s string) { fmt.Fprintln(&b, s); line++ }
	put("# a comment")
	paths := slices.SortedFunc(maps.Keys(fields), func(a, b string) int { // what is in no part comes first
		if x, y := strings.Contains(a, "."), strings.Contains(b, "."); x != y {
			return map[bool]int{true: 1, false: -1}[x]
		}
		return strings.Compare(a, b)
	})
	for _, path := range paths {
		before, name, ok := strings.Cut(path, ".")
		if !ok {
			before, name = "", path
		}
		if before != part {
			put("")
			put(map[string]string{"toml": "[" + before + "]", "yaml": before + ":"}[format])
			part = before
		}
		lines[path] = line
		if format == "toml" {
			put(name + " = " + value(fields[path]))
		} else if part == "" {
			put(name + ": " + value(fields[path]))
		} else {
			put("  " + name + ": " + value(fields[path]))
		}
	}
	return b.String(), lines
}

// Each field takes what is just within its bounds, in TOML and in YAML, and is
// then that and changes no other; what is just outside is refused where it
// stands.
func TestBounds(t *testing.T) {
	seen := map[string]bool{}
	for _, b := range bounds {
		seen[b.field] = true
		for _, format := range []string{"toml", "yaml"} {
			name := "a." + format
			for _, v := range b.taken {
				fields := set{b.field: v}
				maps.Copy(fields, b.with)
				text, lines := document(format, fields)
				f, problems := scenario.Parse(name, []byte(text))
				if len(problems) > 0 {
					t.Errorf("%s is refused: %v\n%s", name, problems, text)
					continue
				}
				want := scenario.Default()
				for path, x := range fields {
					if err := want.Set(path, x); err != nil {
						t.Fatal(err)
					}
					if at := fmt.Sprintf("%s:%d", name, lines[path]); f.At(path) != at {
						t.Errorf("%s stands at %s, want %s\n%s", path, f.At(path), at, text)
					}
				}
				if diff := cmp.Diff(want, f.Scenario); diff != "" {
					t.Errorf("%s\n%s", text, diff)
				}
				if got, err := f.Scenario.Get(b.field); err != nil || fmt.Sprint(got) != fmt.Sprint(v) {
					t.Errorf("%s = %v reads as %v, %v", b.field, v, got, err)
				}
			}
			for _, v := range b.refused {
				fields := set{b.field: v}
				maps.Copy(fields, b.with)
				text, lines := document(format, fields)
				_, problems := scenario.Parse(name, []byte(text))
				told := b.field
				if b.told != "" {
					told = b.told
				}
				ok := slices.ContainsFunc(problems, func(p scenario.Problem) bool {
					return p.File == name && p.Field == told && p.Line == lines[told] && p.Reason != ""
				})
				// A mesh's degrees are bounds of each other: the neighbour may be told.
				neighbours := b.field == "protocol.d" && slices.ContainsFunc(problems, func(p scenario.Problem) bool {
					return (p.Field == "protocol.low" || p.Field == "protocol.high") && p.Line == lines[p.Field]
				})
				if !ok && !neighbours {
					t.Errorf("%s = %v, with %v: %v; want a problem of %s:%d: %s", b.field, v, b.with, problems, name, lines[told], told)
				}
			}
		}
	}
	for _, p := range scenario.Parameters() {
		if !seen[p.Path] && p.Type != "list" && p.Path != "calibration" {
			t.Errorf("%s has no bounds here", p.Path)
		}
	}
}

// A mesh's degree has an end of its own, beside its neighbours'.
func TestDegreesOfAMesh(t *testing.T) {
	for _, c := range []struct{ low, d, high, problems int }{{1, 1, 1, 0}, {1, 0, 1, 2}, {1, 65537, 65537, 2}, {6, 5, 4, 2}, {0, 5, 65537, 2}} {
		text, _ := document("toml", set{"protocol.low": c.low, "protocol.d": c.d, "protocol.high": c.high})
		if _, problems := scenario.Parse("a.toml", []byte(text)); len(problems) != c.problems {
			t.Errorf("from %d by %d to %d: %v, want %d problems", c.low, c.d, c.high, problems, c.problems)
		}
	}
}

// A slip of the hand or two is guessed, three are not, nor a name of which
// nothing is left.
func TestGuesses(t *testing.T) {
	for key, want := range map[string]string{
		"cont": "count", "counts": "count", "coutn": "count", "cotn": "count", "couttttn": "", "c": "", "efort": "effort", "fort": "worth",
		"placesskew": "place_skew", "place_skew" + strings.Repeat("x", 60): "",
	} {
		_, problems := scenario.Parse("a.toml", []byte("[people]\n"+key+" = 1\n"))
		guess := fmt.Sprintf("did you mean %q?", want)
		if want == "" {
			guess = "it has count, places,"
		}
		if len(problems) != 1 || !strings.Contains(problems[0].Reason, guess) {
			t.Errorf("%s: %v, want %s", key, problems, guess)
		}
	}
	_, problems := scenario.Parse("a.toml", []byte("[adoption]\nrule = \"viral\"\n"))
	if want := "must be one of everyone, bass, threshold, fraction, complex, utility"; len(problems) != 1 || !strings.Contains(problems[0].Reason, want) {
		t.Errorf("%v, want %s", problems, want)
	}
}

// A million runs are a sweep, one more is not; what a whole sweep shares can't
// be varied.
func TestBoundsOfASweep(t *testing.T) {
	sweep := func(replicates, values int, field string) string {
		var b strings.Builder
		fmt.Fprintf(&b, "replicates = %d\n[[sweep]]\nfield = %q\nvalues = [", replicates, field)
		for i := range values {
			fmt.Fprintf(&b, "%d,", i+1)
		}
		return b.String() + "]\n"
	}
	if _, problems := scenario.Parse("a.toml", []byte(sweep(500_000, 2, "people.count"))); len(problems) > 0 {
		t.Errorf("a million runs: %v", problems)
	}
	if _, problems := scenario.Parse("a.toml", []byte(sweep(333_334, 3, "people.count"))); len(problems) != 1 || !strings.HasPrefix(problems.Error(), "a.toml:2: sweep: is 1000002 runs") {
		t.Errorf("a million runs and two: %v", problems)
	}
	for _, field := range []string{"name", "description", "engine", "study", "seed", "replicates", "network.file", "calibration", "record.every", "record.spread", "record.series"} {
		_, problems := scenario.Parse("a.toml", []byte(sweep(1, 2, field)))
		if want := "a.toml:3: sweep[0].field: " + field + " is the same for a whole sweep"; len(problems) != 1 || !strings.HasPrefix(problems.Error(), want) {
			t.Errorf("%v, want %s", problems, want)
		}
	}
}

// Of two axes each problem is told of its own value, and how many runs there
// would be of both.
func TestProblemsOfTwoAxes(t *testing.T) {
	text := "[[sweep]]\nfield = \"adoption.q\"\nvalues = [0.5,\n1.5]\n[[sweep]]\nfield = \"people.count\"\nvalues = [10,\n20,\n0]\n"
	_, problems := scenario.Parse("a.toml", []byte(text))
	want := "a.toml:4: sweep[0].values[1]: adoption.q is 1.5, must be from 0 to 1\na.toml:9: sweep[1].values[2]: people.count is 0, must be from 1 to 1000000000"
	if problems.Error() != want {
		t.Errorf("%v\nwant\n%s", problems, want)
	}
	text = "replicates = 300000\n[[sweep]]\nfield = \"adoption.q\"\nvalues = [0.5, 1]\n[[sweep]]\nfield = \"people.count\"\nvalues = [10, 20, 30]\n"
	_, problems = scenario.Parse("a.toml", []byte(text))
	if want := "is 1800000 runs (every combination of 2 × 3, 300000 times each)"; len(problems) != 1 || !strings.Contains(problems[0].Reason, want) {
		t.Errorf("%v, want %s", problems, want)
	}
}

// Whatever way values are written in, each line is found.
func TestLinesOfNestedValues(t *testing.T) {
	for _, c := range []struct{ file, text, want string }{
		{"a.toml", "sweep = [\n  {field = \"adoption.q\", values = [0.5,\n    1.5]},\n]\n", "a.toml:3: sweep[0].values[1]: adoption.q is 1.5"},
		{"a.toml", "people = {count = 0}\n", "a.toml:1: people.count: is 0"},
		{"a.toml", "\nadoption.p = 3\nadoption.q = 2\n", "a.toml:2: adoption.p: is 3, must be from 0 to 1\na.toml:3: adoption.q: is 2, must be from 0 to 1"},
		{"a.toml", "[[sweep]]\nfield = \"adoption.q\"\nvalues = [0.5]\n[people]\ncount = 3\n[[sweep]]\nfield = \"adoption.p\"\nvalues = [\n7]\n", "a.toml:9: sweep[1].values[0]: adoption.p is 7"},
		{"a.yaml", "people:\n  - 1\n", "a.yaml:1: people: want a table"},
		{"a.yaml", "sweep:\n  - field: adoption.q\n    values: [0.5,\n      1.5]\n", "a.yaml:4: sweep[0].values[1]: adoption.q is 1.5"},
		{"a.yaml", "people:\n  count:\n    0\n", "a.yaml:2: people.count: is 0"},
		{"a.yaml", "? [a, b]\n: 1\n", "a.yaml:1: a key is a plain word"},
	} {
		if _, problems := scenario.Parse(c.file, []byte(c.text)); !strings.HasPrefix(problems.Error(), c.want) {
			t.Errorf("%s\n%v, want %s", c.text, problems, c.want)
		}
	}
}
