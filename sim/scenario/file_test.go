package scenario_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/parley-network/parley/sim/scenario"
)

// write puts a scenario's text into a file of that name and returns its path.
func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

const asTOML = `
name = "two towns"
seed = 7
replicates = 3

[clock]
steps = 1e2
window = "90s"

[people]
count = 500
places = 2
intents = 1       # a whole number will do for any number

[adoption]
rule = "bass"
p = 0.0           # nobody joins by himself; 0 is not "left out"

[protocol]
latency = ["40ms", "130ms"]

[[sweep]]
field = "adoption.q"
values = [0.1, 0.3, 1]

[[sweep]]
field = "protocol.heartbeat"
values = ["500ms", "1s"]
`

const asYAML = `
name: two towns
seed: 7
replicates: 3
clock: {steps: 100, window: 1m30s}
people:
  count: 500
  places: 2
  intents: 1.0
adoption: {rule: bass, p: 0}
protocol:
  latency: 40ms-130ms
sweep:
  - {field: adoption.q, values: [0.1, 0.3, 1]}
  - field: protocol.heartbeat
    values: [500ms, 1000ms]
`

func TestLoad(t *testing.T) {
	s, err := scenario.Load(write(t, "towns.toml", asTOML))
	if err != nil {
		t.Fatal(err)
	}
	want := scenario.Default()
	want.Name, want.Seed, want.Replicates = "two towns", 7, 3
	want.Clock.Steps, want.Clock.Window = 100, scenario.Duration(90*time.Second)
	want.People.Count, want.People.Places, want.People.Intents = 500, 2, 1
	want.Adoption.Rule, want.Adoption.P = "bass", 0
	want.Protocol.Latency = [2]scenario.Duration{scenario.Duration(40 * time.Millisecond), scenario.Duration(130 * time.Millisecond)}
	want.Sweep = []scenario.Axis{
		{Field: "adoption.q", Values: []any{0.1, 0.3, 1.0}},
		{Field: "protocol.heartbeat", Values: []any{"500ms", "1s"}},
	}
	if diff := cmp.Diff(want, s); diff != "" {
		t.Errorf("read (-want +got):\n%s", diff)
	}

	same, err := scenario.Load(write(t, "towns.yaml", asYAML))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(s, same); diff != "" {
		t.Errorf("the same in YAML (-toml +yaml):\n%s", diff)
	}
}

func TestEmptyFileIsTheDefault(t *testing.T) {
	for _, name := range []string{"empty.toml", "empty.yaml", "empty.yml"} {
		s, err := scenario.Load(write(t, name, "# nothing\n"))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(scenario.Default(), s); diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}
	}
}

// TestRefused has what is wrong, and how each problem is told: its line, its
// field and the words of the reason.
func TestRefused(t *testing.T) {
	for _, c := range []struct {
		name, file, text string
		want             []string
	}{
		{"unknown key", "a.toml", "[people]\ncount = 10\ncuont = 20\n",
			[]string{`a.toml:3: people.cuont: people has no "cuont"; did you mean "count"?`}},
		{"unknown part", "a.toml", "\n[advertising]\nbudget = 3\n",
			[]string{`a.toml:2: advertising: a scenario has no "advertising"; it has name, description`}},
		{"several at once, in order", "a.toml", "seed = \"x\"\n[people]\ncount = 1.5\n[adoption]\nper_edge = 1\n[clock]\nwindow = 60\n",
			[]string{"a.toml:1: seed: want a whole number, not text", "a.toml:3: people.count: want a whole number, not 1.5",
				"a.toml:5: adoption.per_edge: want true or false, not a whole number",
				"a.toml:7: clock.window: want a duration in quotes"}},
		{"a part that is no table", "a.toml", "people = 5\n", []string{"a.toml:1: people: want a table of its fields, not a whole number"}},
		{"no TOML", "a.toml", "name = \"a\"\nseed = = 1\n", []string{"a.toml:2: "}},
		{"key twice", "a.toml", "seed = 1\nseed = 2\n", []string{"a.toml:2"}},
		{"not finite", "a.toml", "[adoption]\nq = nan\n", []string{"a.toml:2: adoption.q: want a finite number"}},
		{"negative seed", "a.toml", "seed = -1\n", []string{"a.toml:1: seed: want a whole number that is not negative"}},
		{"digest is not written", "a.toml", "[network]\nfile_sha256 = \"00\"\n", []string{"a.toml:2: network.file_sha256: network has no"}},
		{"unit missing", "a.toml", "[clock]\nwindow = \"10\"\n", []string{`a.toml:2: clock.window: duration "10": want a number with its unit`}},
		{"impossible", "a.toml", "[adoption]\nrule = \"bas\"\np = 1.5\n[people]\ncount = -1\n[protocol]\nd = 20\n",
			[]string{`a.toml:2: adoption.rule: is "bas"; did you mean "bass"?`, "a.toml:3: adoption.p: is 1.5, must be from 0 to 1",
				"a.toml:5: people.count: is -1", "protocol.high: is 8, must be from protocol.d, which is 20"}},
		{"degree", "a.toml", "[network]\nkind = \"watts-strogatz\"\ndegree = 5\n", []string{"a.toml:3: network.degree: is 5, must be even"}},
		{"attach", "a.toml", "[network]\nkind = \"barabasi-albert\"\nattach = 0\n", []string{"a.toml:3: network.attach: is 0"}},
		{"no file", "a.toml", "[network]\nkind = \"file\"\n", []string{"a.toml:2: network.kind: is file, and network.file names none"}},
		{"missing file", "a.toml", "[network]\nkind = \"file\"\nfile = \"edges.txt\"\n", []string{"a.toml:3: network.file: ", "edges.txt: no such file"}},
		{"latency", "a.toml", "[protocol]\nlatency = [\"9ms\", \"5ms\"]\n", []string{"a.toml:2: protocol.latency: the most, 5ms, is less than the least, 9ms"}},
		{"latency of three", "a.toml", "[protocol]\nlatency = [\"9ms\", \"5ms\", \"1s\"]\n", []string{"a.toml:2: protocol.latency: want two durations"}},
		{"nobody", "a.toml", "[people]\ncount = 0\n[vendors]\ncount = 0\n", []string{"a.toml:2: people.count: is 0, must be from 1"}},
		{"partition", "a.toml", "[faults]\npartition = 2\nfrom = 9\nto = 3\n", []string{"a.toml:4: faults.to: is 3: the partition ends before it begins at 9"}},

		{"axis of no field", "a.toml", "[[sweep]]\nvalues = [1]\n", []string{"a.toml:1: sweep[0]: an axis needs a field"}},
		{"axis of an unknown field", "a.toml", "[[sweep]]\nfield = \"adoption.r\"\nvalues = [1]\n", []string{`a.toml:2: sweep[0].field: "adoption.r" can't be varied: adoption has no "r"`}},
		{"axis of a part", "a.toml", "[[sweep]]\nfield = \"adoption\"\nvalues = [1]\n", []string{`a.toml:2: sweep[0].field: "adoption" can't be varied: adoption is no single value`}},
		{"axis of the seed", "a.toml", "[[sweep]]\nfield = \"seed\"\nvalues = [1]\n", []string{"a.toml:2: sweep[0].field: seed is the same for a whole sweep"}},
		{"axis without values", "a.toml", "[[sweep]]\nfield = \"adoption.q\"\nvalues = []\n", []string{"a.toml:1: sweep[0]: adoption.q has no values"}},
		{"value of another type", "a.toml", "[[sweep]]\nfield = \"adoption.q\"\nvalues = [\n 0.1,\n \"b\",\n]\n", []string{"a.toml:5: sweep[0].values[1]: adoption.q: want a number, not text"}},
		{"value twice", "a.toml", "[[sweep]]\nfield = \"adoption.q\"\nvalues = [0.1, 1, 0.10]\n", []string{"a.toml:3: sweep[0].values[2]: adoption.q takes 0.1 already, as value 1"}},
		{"axis twice", "a.toml", "[[sweep]]\nfield = \"adoption.q\"\nvalues = [1]\n[[sweep]]\nfield = \"adoption.q\"\nvalues = [0]\n", []string{"a.toml:5: sweep[1].field: adoption.q is varied twice"}},
		{"impossible value", "a.toml", "[[sweep]]\nfield = \"adoption.q\"\nvalues = [0.5,\n  1.5]\n", []string{"a.toml:4: sweep[0].values[1]: adoption.q is 1.5, must be from 0 to 1"}},
		{"impossible combination", "a.toml", "[protocol]\nhigh = 12\n[[sweep]]\nfield = \"protocol.d\"\nvalues = [6, 20]\n[[sweep]]\nfield = \"people.count\"\nvalues = [10, 20]\n",
			[]string{"a.toml:2: protocol.high: is 12, must be from protocol.d, which is 20, to 65536 (at protocol.d=20, people.count=10)"}},
		{"wrong at every point", "a.toml", "[protocol]\nloss = 1.0\n[[sweep]]\nfield = \"people.count\"\nvalues = [10, 20]\n",
			[]string{"a.toml:2: protocol.loss: is 1, must be from 0 to less than 1"}},
		{"absurd", "a.toml", "replicates = 1000000\n[[sweep]]\nfield = \"people.count\"\nvalues = [10, 20]\n",
			[]string{"a.toml:2: sweep: is 2000000 runs (every combination of 2, 1000000 times each); at most 1000000"}},

		{"unknown key in YAML", "a.yaml", "people:\n  count: 10\n  cuont: 20\n", []string{`a.yaml:3: people.cuont: people has no "cuont"`}},
		{"wrong type in YAML", "a.yaml", "people:\n  count: ten\n", []string{"a.yaml:2: people.count: want a whole number, not text"}},
		{"value in YAML", "a.yaml", "sweep:\n  - field: adoption.q\n    values:\n      - 0.1\n      - 7\n", []string{"a.yaml:5: sweep[0].values[1]: adoption.q is 7"}},
		{"key twice in YAML", "a.yaml", "seed: 1\nseed: 2\n", []string{"a.yaml:2: seed: written twice"}},
		{"no YAML", "a.yaml", "seed: 1\n\tname: x\n", []string{"a.yaml:2: "}},
		{"anchors", "a.yaml", "people: &x\n  count: 10\n", []string{"a.yaml:1: people: anchors and aliases are not read"}},
		{"null", "a.yaml", "people:\n  count:\n", []string{"a.yaml:2: people.count: no value"}},
		{"date", "a.yaml", "name: 2026-01-01\n", []string{"a.yaml:1: name: not a number"}},
		{"two documents", "a.yaml", "seed: 1\n---\nseed: 2\n", []string{"a.yaml:2: a second document"}},
		{"a list", "a.yaml", "- 1\n", []string{"a.yaml:1: want a mapping"}},
		{"a key that is no word", "a.yaml", "1: 2\n", []string{"a.yaml:1: a key is a plain word"}},
		{"neither", "a.json", "{}", []string{`a.json: a scenario's file ends in .toml or .yaml, not ".json"`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := write(t, c.file, c.text)
			_, err := scenario.Load(path)
			var problems scenario.Problems
			if !errors.As(err, &problems) {
				t.Fatalf("got %v, want problems", err)
			}
			text := strings.ReplaceAll(err.Error(), filepath.Dir(path)+"/", "")
			lines := strings.Split(text, "\n")
			if c.name != "missing file" && len(lines) != len(c.want) {
				t.Errorf("%d problems, want %d:\n%s", len(lines), len(c.want), text)
			}
			for i, want := range c.want {
				if !strings.Contains(lines[min(i, len(lines)-1)], want) {
					t.Errorf("problem %d:\n got %s\nwant %s", i, lines[min(i, len(lines)-1)], want)
				}
			}
		})
	}
}

func TestManyProblemsAreCutShort(t *testing.T) {
	_, err := scenario.Load(write(t, "a.toml", "[people]\n"+manyKeys(40)))
	if err == nil || !strings.Contains(err.Error(), "more like these") {
		t.Errorf("got %v", err)
	}
}

func manyKeys(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString("k" + strings.Repeat("z", i+1) + " = 1\n")
	}
	return b.String()
}

func TestTooLong(t *testing.T) {
	_, err := scenario.Load(write(t, "a.toml", strings.Repeat("# long\n", 1<<16)))
	if err == nil || !strings.Contains(err.Error(), "longer than") {
		t.Errorf("got %v", err)
	}
	if _, err := scenario.Load(filepath.Join(t.TempDir(), "none.toml")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
}

func TestAt(t *testing.T) {
	f, err := scenario.Open(write(t, "towns.toml", asTOML))
	if err != nil {
		t.Fatal(err)
	}
	for field, want := range map[string]string{
		"people.count": ":11", "sweep": ":22", "sweep[1].field": ":27", "people.worth": ":10", "network.kind": "",
	} {
		if got := strings.TrimPrefix(f.At(field), f.Path); got != want {
			t.Errorf("%s is at %q, want %q", field, got, want)
		}
	}
}

// TestEdgeListIsFoundFromTheScenario has the file named relative to the
// scenario, and its content in the hash instead of its path.
func TestEdgeListIsFoundFromTheScenario(t *testing.T) {
	text := "[network]\nkind = \"file\"\nfile = \"edges.txt\"\n"
	hash := func(edges string) string {
		path := write(t, "a.toml", text)
		if err := os.WriteFile(filepath.Join(filepath.Dir(path), "edges.txt"), []byte(edges), 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := scenario.Load(path)
		if err != nil {
			t.Fatal(err)
		}
		if want := filepath.Join(filepath.Dir(path), "edges.txt"); s.Network.File != want {
			t.Errorf("file is %s, want %s", s.Network.File, want)
		}
		h, err := s.Hash()
		if err != nil {
			t.Fatal(err)
		}
		return h
	}
	if a, b := hash("0 1\n"), hash("0 1\n"); a != b {
		t.Error("the same edges in another folder have another hash")
	}
	if a, b := hash("0 1\n"), hash("0 2\n"); a == b {
		t.Error("other edges have the same hash")
	}
}

// Editors on Windows begin a text with a byte order mark.
func TestByteOrderMark(t *testing.T) {
	for name, text := range map[string]string{"a.toml": "\ufeff[people]\r\ncount = 7\r\n", "a.yaml": "\ufeffpeople:\r\n  count: 7\r\n"} {
		f, problems := scenario.Parse(name, []byte(text))
		if len(problems) > 0 || f.Scenario.People.Count != 7 {
			t.Errorf("%s: %v", name, problems)
		}
	}
}

// What one reader takes for eight and another for ten is refused, and so is a
// date; each with its line.
func TestValuesThatMayMeanSomethingElse(t *testing.T) {
	for text, want := range map[string]string{
		"people:\n  count: 010\n":        "a.yaml:2: people.count: 010 begins with 0",
		"people:\n  count: -07\n":        "a.yaml:2: people.count: -07 begins with 0",
		"people:\n  count: 2020-01-01\n": "a.yaml:2: people.count: not a number",
		"[people]\ncount = 2020-01-01\n": "a.toml:2: people.count: want a whole number, not a date or a time of day",
		"[people]\nworth = 07:32:00\n":   "a.toml:2: people.worth: want a number, not a date or a time of day",
	} {
		name := "a.yaml"
		if text[0] == '[' {
			name = "a.toml"
		}
		if _, problems := scenario.Parse(name, []byte(text)); len(problems) == 0 || !strings.Contains(problems.Error(), want) {
			t.Errorf("%q: %v; want %s", text, problems, want)
		}
	}
	f, problems := scenario.Parse("a.yaml", []byte("people:\n  worth: 0.5\n  spread: 0\nmarket:\n  incumbent: 0\n"))
	if len(problems) > 0 || f.Scenario.People.Worth != 0.5 {
		t.Errorf("0 and 0.5: %v", problems)
	}
}
