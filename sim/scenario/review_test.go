package scenario_test

import (
	"strings"
	"testing"

	"github.com/parley-network/parley/sim/scenario"
)

// TestReview: what is written in vain is told with its line and reason; an axis
// that changes nothing is refused.
func TestReview(t *testing.T) {
	for _, c := range []struct {
		name, text string
		idle       []string // each the whole problem, or how it begins
		refused    string
	}{
		{"nothing is written in vain", "[adoption]\nrule = \"bass\"\nq = 0.2\n", nil, ""},
		{"a network that nobody hears by", "[adoption]\nrule = \"bass\"\n[network]\nkind = \"barabasi-albert\"\nattach = 3\n",
			[]string{`a.toml:4: network.kind: has no effect: adoption.rule is "bass" and adoption.per_edge is false`, "a.toml:5: network.attach"}, ""},
		{"of another network", "[adoption]\nrule = \"complex\"\n[network]\nkind = \"barabasi-albert\"\ndegree = 6\n",
			[]string{`a.toml:5: network.degree: has no effect: network.kind is "barabasi-albert", which is not drawn by it`}, ""},
		{"of another rule", "[adoption]\nrule = \"threshold\"\np = 0.1\nseeds = 4\n",
			[]string{`a.toml:3: adoption.p: has no effect: adoption.rule is "threshold", which does not go by it`}, ""},
		{"those who begin, where all do", "[adoption]\nseeds = 4\n", []string{`a.toml:2: adoption.seeds: has no effect: adoption.rule is "everyone"`}, ""},
		{"admission without spam", "[protocol]\nwork = 16\n", []string{"a.toml:2: protocol.work: has no effect: the engine model plays admission"}, ""},
		{"a cut of no time", "[faults]\npartition = 2\nfrom = 3\n",
			nil,
			"a.toml:1: faults.to: is 0: the partition ends before it begins at 3"},
		{"a cut that is never begun", "[faults]\npartition = 2\n", []string{"a.toml:2: faults.partition: has no effect: the cut lasts from step 0 to step 0"}, ""},
		{"sybils of nobody", "[attack]\nsybils = 4\nshare = 0.5\n", []string{"a.toml:2: attack.sybils", "a.toml:3: attack.share"}, ""},
		{"an attack by nobody", "[attack]\nkind = \"lie\"\n", []string{"a.toml:2: attack.kind: has no effect: attack.share is 0"}, ""},
		{"a market of nobody", "[people]\nintents = 0.0\nworth = 3.0\n", []string{"a.toml:3: people.worth: has no effect: people.intents is 0"}, ""},
		{"of another study", "study = \"siege\"\n[people]\ncount = 10\n", []string{`a.toml:3: people.count: has no effect: study is "siege"`}, ""},
		{"what is off", "[attack]\nkind = \"none\"\nsybils = 0\n[faults]\nto = 0\n[market]\nfee = 0\n", nil, ""},
		{"at some point it matters", "[adoption]\nthreshold = 0.3\n[[sweep]]\nfield = \"adoption.rule\"\nvalues = [\"bass\", \"fraction\"]\n", nil, ""},
		{"an axis in vain", "[market]\nfee = 0.1\n[[sweep]]\nfield = \"market.fee\"\nvalues = [0, 0.1]\n", nil,
			"a.toml:4: sweep[0].field: market.fee changes nothing at any point of the sweep: market.incumbent is 0"},
		{"an axis that another brings to life", "[[sweep]]\nfield = \"market.fee\"\nvalues = [0, 0.1]\n[[sweep]]\nfield = \"market.incumbent\"\nvalues = [0, 0.5]\n", nil, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, problems := scenario.Parse("a.toml", []byte(c.text))
			var idle scenario.Problems
			var err error = problems
			if len(problems) == 0 {
				idle, err = f.Review()
			}
			if c.refused != "" {
				if err == nil || !strings.HasPrefix(err.Error(), c.refused) {
					t.Errorf("refused: %v, want %s", err, c.refused)
				}
				return
			}
			if err != nil || len(idle) != len(c.idle) {
				t.Fatalf("in vain: %v (%v), want %d", idle, err, len(c.idle))
			}
			for i, want := range c.idle {
				if !strings.HasPrefix(idle[i].Error(), want) {
					t.Errorf("got  %v\nwant %s", idle[i], want)
				}
			}
		})
	}
}

// TestBeneathASweep: the value that an axis replaces has to be possible, if only
// at one of the points.
func TestBeneathASweep(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"never possible", "[adoption]\nq = 7.5\n[[sweep]]\nfield = \"adoption.q\"\nvalues = [0.1, 0.2]\n", "a.toml:2: adoption.q: is 7.5, must be from 0 to 1"},
		{"no rule", "[adoption]\nrule = \"bas\"\n[[sweep]]\nfield = \"adoption.rule\"\nvalues = [\"bass\"]\n", `a.toml:2: adoption.rule: is "bas"; did you mean "bass"?`},
		{"possible with another axis' value", "[people]\ncategories = 1\n[vendors]\ncategories = 4\n[[sweep]]\nfield = \"vendors.categories\"\nvalues = [1, 2]\n" +
			"[[sweep]]\nfield = \"people.categories\"\nvalues = [3, 5]\n", ""},
		{"never, whatever the other", "[people]\ncategories = 1\n[vendors]\ncategories = 9\n[[sweep]]\nfield = \"vendors.categories\"\nvalues = [1, 2]\n" +
			"[[sweep]]\nfield = \"people.categories\"\nvalues = [3, 5]\n", "a.toml:4: vendors.categories: is 9, must be from 1 to 1"},
		{"a default that nobody wrote", "[people]\ncount = 3\n[vendors]\ncount = 0\n[network]\nkind = \"barabasi-albert\"\n" +
			"[[sweep]]\nfield = \"network.attach\"\nvalues = [1, 2]\n", ""},
	} {
		_, problems := scenario.Parse("a.toml", []byte(c.text))
		if c.want == "" && len(problems) > 0 || c.want != "" && (len(problems) != 1 || !strings.HasPrefix(problems.Error(), c.want)) {
			t.Errorf("%s: %v, want %q", c.name, problems, c.want)
		}
	}
}

// TestChange: what the command line changes is judged with the rest, and told in
// its own place.
func TestChange(t *testing.T) {
	f, problems := scenario.Parse("a.toml", []byte("[adoption]\nrule = \"bass\"\nq = 0.2\n"))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	if err := f.Change("adoption.rule", "threshold", "--set"); err != nil {
		t.Fatal(err)
	}
	if idle, err := f.Review(); err != nil || len(idle) != 1 || !strings.HasPrefix(idle[0].Error(), "a.toml:3: adoption.q: has no effect") {
		t.Errorf("%v, %v", idle, err)
	}
	if err := f.Change("adoption.threshold", -1.0, "--set"); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Review(); err == nil || !strings.HasPrefix(err.Error(), "--set: adoption.threshold: is -1") || f.At("adoption.threshold") != "--set" {
		t.Errorf("%v, at %s", err, f.At("adoption.threshold"))
	}
	if err := f.Change("adoption.threshold", "many", "--set"); err == nil {
		t.Error("text for a number")
	}
}

// TestWhere: what an engine refuses at a point stands at the axis' value.
func TestWhere(t *testing.T) {
	f, problems := scenario.Parse("a.toml", []byte("[protocol]\nloss = 0.1\n[[sweep]]\nfield = \"protocol.work\"\nvalues = [\n  0,\n  16,\n]\n"))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	_, at, err := f.Scenario.Point(1)
	if err != nil {
		t.Fatal(err)
	}
	for field, want := range map[string]string{"protocol.work": "a.toml:7", "protocol.loss": "a.toml:2", "protocol.d": "a.toml:1"} {
		if got := f.At(f.Scenario.Where(field, at)); got != want {
			t.Errorf("%s stands at %s, want %s", field, got, want)
		}
	}
}
