package scenario_test

import (
	"strings"
	"testing"

	"github.com/parley-network/parley/sim/scenario"
)

// idleCases say, of a scenario that differs from the default by what is set, why
// a field does nothing there; "" where it may do something.
var idleCases = []struct {
	name string
	set  map[string]any
	why  map[string]string
}{
	{"the default", nil, map[string]string{
		"name": "", "seed": "", "people.count": "", "people.worth": "", "people.category_skew": "", "vendors.price": "",
		"clock.steps": "", "clock.window": "", "protocol.d": "", "calibration": "",
		"people.place_skew": "people.places is 1", "market.fee": "market.incumbent is 0", "market.incumbent": "",
		"adoption.seeds": "all are there from the start", "adoption.seeding": "all are there from the start", "adoption.p": "does not go by it",
		"adoption.rule": "", "adoption.patience": "", "network.degree": "not drawn by it", "network.kind": "nobody hears of it from acquaintances",
		"attack.kind": "", "attack.sybils": "needs none", "attack.rate": "only sybils", "attack.budget": "only sybils", "attack.share": "no share",
		"faults.churn": "", "faults.partition": "one part is no cut", "faults.from": "nothing is cut", "faults.to": "nothing is cut",
		"protocol.work": "against spam alone", "protocol.quota": "against spam alone",
		"market.subsidy": "market.subsidy_steps is 0", "market.subsidy_steps": "market.subsidy is 0",
	}},
	{"nobody wants anything", map[string]any{"people.intents": 0}, map[string]string{
		"clock.window": "nobody wants", "clock.steps": "", "people.worth": "nobody wants", "people.fourth_party": "nobody wants",
		"vendors.think": "nobody wants", "vendors.count": "", "vendors.categories": "", "market.incumbent": "nobody wants", "protocol.d": "nobody wants",
		"faults.nat": "nobody wants", "attack.kind": "nobody wants", "adoption.patience": "nobody wants", "calibration": "nobody wants",
	}},
	{"no vendors", map[string]any{"vendors.count": 0, "market.subsidy_steps": 3}, map[string]string{
		"vendors.price": "vendors.count is 0", "vendors.count": "", "market.incumbent": "vendors.count is 0", "market.subsidy": "",
		"protocol.d": "",
	}},
	{"several towns, one thing", map[string]any{"people.places": 3, "people.categories": 1}, map[string]string{
		"people.place_skew": "", "people.category_skew": "people.categories is 1",
	}},
	{"on real nodes", map[string]any{"engine": "stack", "network.kind": "block", "people.places": 2, "protocol.work": 9}, map[string]string{
		"network.kind": "", "network.degree": "", "network.within": "", "network.rewire": "not drawn by it", "calibration": "needs no constants",
		"protocol.work": "",
	}},
	{"spam", map[string]any{"attack.kind": "spam", "attack.sybils": 2}, map[string]string{
		"protocol.work": "", "protocol.quota": "", "attack.rate": "", "attack.budget": "", "attack.sybils": "", "attack.share": "no share",
	}},
	{"spam of nobody", map[string]any{"attack.kind": "spam"}, map[string]string{
		"attack.kind": "attack.sybils is 0", "attack.rate": "only sybils", "protocol.work": "against spam alone",
	}},
	{"an eclipse", map[string]any{"attack.kind": "eclipse-one", "attack.sybils": 2}, map[string]string{
		"attack.kind": "", "attack.sybils": "", "attack.rate": "only sybils", "attack.budget": "only sybils",
	}},
	{"a cartel", map[string]any{"attack.kind": "collude", "attack.share": 0.5}, map[string]string{
		"attack.kind": "", "attack.share": "", "attack.sybils": "needs none",
	}},
	{"a cartel of nobody", map[string]any{"attack.kind": "lie", "attack.share": 0.5, "vendors.count": 0}, map[string]string{"attack.kind": "vendors.count is 0"}},
	{"haste, where nobody sells", map[string]any{"attack.kind": "first-answer", "attack.share": 0.5, "vendors.count": 0}, map[string]string{"attack.kind": ""}},
	{"a cut", map[string]any{"faults.partition": 2, "faults.from": 3, "faults.to": 5}, map[string]string{
		"faults.partition": "", "faults.from": "", "faults.to": "",
	}},
	{"a cut after the end", map[string]any{"faults.partition": 2, "faults.from": 52, "faults.to": 60}, map[string]string{"faults.to": "the last is 51"}},
	{"a cut in the last step", map[string]any{"faults.partition": 2, "faults.from": 51, "faults.to": 60}, map[string]string{"faults.to": ""}},
	{"a cut of no time", map[string]any{"faults.partition": 2, "faults.from": 5, "faults.to": 5}, map[string]string{"faults.partition": "no time"}},
	{"Bass among all", map[string]any{"adoption.rule": "bass", "network.kind": "barabasi-albert"}, map[string]string{
		"adoption.p": "", "adoption.per_edge": "", "adoption.threshold": "does not go by it", "adoption.seeds": "", "adoption.seeding": "",
		"network.kind": "adoption.per_edge is false", "network.attach": "adoption.per_edge is false", "network.degree": "not drawn by it",
	}},
	{"Bass along edges", map[string]any{"adoption.rule": "bass", "adoption.per_edge": true, "network.kind": "barabasi-albert"}, map[string]string{
		"network.kind": "", "network.attach": "",
	}},
	{"Bass, and the influential begin", map[string]any{"adoption.rule": "bass", "adoption.seeding": "influential", "network.kind": "geographic"}, map[string]string{"network.kind": ""}},
	{"but none of them", map[string]any{"adoption.rule": "bass", "adoption.seeding": "influential", "adoption.seeds": 0, "network.kind": "geographic"}, map[string]string{
		"network.kind": "adoption.per_edge is false", "adoption.seeding": "adoption.seeds is 0", "adoption.seeds": "",
	}},
	{"Bass of nobody", map[string]any{"adoption.rule": "bass", "adoption.p": 0, "adoption.q": 0}, map[string]string{"adoption.per_edge": "are 0", "adoption.p": ""}},
	{"Bass by example only", map[string]any{"adoption.rule": "bass", "adoption.p": 0}, map[string]string{"adoption.per_edge": ""}},
	{"Watts", map[string]any{"adoption.rule": "fraction", "network.kind": "watts-strogatz"}, map[string]string{
		"adoption.threshold": "", "adoption.spread": "", "adoption.q": "does not go by it", "network.rewire": "", "network.kind": "",
	}},
	{"a complex contagion", map[string]any{"adoption.rule": "complex"}, map[string]string{"adoption.q": "", "adoption.p": "does not go by it"}},
	{"two sides", map[string]any{"adoption.rule": "utility", "adoption.p": 0, "adoption.q": 0, "network.kind": "erdos-renyi"}, map[string]string{
		"network.kind": "all have heard of it", "adoption.rule": "",
	}},
	{"two sides of nothing", map[string]any{"adoption.rule": "utility", "people.intents": 0}, map[string]string{
		"adoption.rule": "nobody gains anything", "adoption.p": "nobody gains anything",
	}},
	{"two sides of one wish each", map[string]any{"adoption.rule": "utility", "people.intents": 1}, map[string]string{"adoption.rule": "", "adoption.p": ""}},
	{"the cost of an intent", map[string]any{"study": "cost"}, map[string]string{
		"people.count": "", "people.intents": "", "protocol.d": "", "clock.unit": "", "calibration": "", "protocol.sharded": "",
		"people.places": "all intents are on one topic", "vendors.categories": "all intents are on one topic",
		"clock.steps": "does not look at it", "attack.kind": "does not look at it", "people.worth": "does not look at it",
	}},
	{"of one step", map[string]any{"study": "cost", "clock.steps": 1}, map[string]string{"clock.steps": ""}},
	{"sharded", map[string]any{"study": "cost", "protocol.sharded": true}, map[string]string{
		"people.places": "", "people.place_skew": "people.places is 1", "people.category_skew": "", "vendors.categories": "",
	}},
	{"sharded by towns", map[string]any{"study": "cost", "protocol.sharded": true, "people.places": 2, "people.categories": 1}, map[string]string{
		"people.place_skew": "", "people.category_skew": "people.categories is 1",
	}},
	{"admission", map[string]any{"study": "admission"}, map[string]string{
		"protocol.quota": "", "clock.steps": "", "attack.rate": "attack.sybils is 0", "attack.budget": "attack.sybils is 0", "people.categories": "does not look at it",
	}},
	{"admission under attack", map[string]any{"study": "admission", "attack.sybils": 1}, map[string]string{"attack.rate": "", "attack.budget": ""}},
	{"a siege", map[string]any{"study": "siege"}, map[string]string{"attack.kind": "", "attack.sybils": "does not look at it", "protocol.heartbeat": ""}},
}

func TestIdle(t *testing.T) {
	for _, c := range idleCases {
		s := scenario.Default()
		for field, value := range c.set {
			if err := s.Set(field, value); err != nil {
				t.Fatalf("%s: %v", c.name, err)
			}
		}
		for field, why := range c.why {
			if got := s.Idle(field); (got == "") != (why == "") || !strings.Contains(got, why) {
				t.Errorf("%s: %s does nothing because %q, want %q", c.name, field, got, why)
			}
		}
	}
}

// A field's own value is of no account where the sweep varies it, whichever axis
// does: neither told to do nothing nor held against the scenario.
func TestWhatIsBeneathAnAxis(t *testing.T) {
	f, problems := scenario.Parse("a.toml", []byte("[market]\nincumbent = 0.5\n[faults]\npartition = 1\n"+
		"[[sweep]]\nfield = \"market.fee\"\nvalues = [0, 0.1]\n[[sweep]]\nfield = \"faults.partition\"\nvalues = [2, 3]\n"+
		"[[sweep]]\nfield = \"faults.to\"\nvalues = [1, 9]\n"))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	if idle, err := f.Review(); len(idle) > 0 || err != nil {
		t.Errorf("in vain: %v, %v", idle, err)
	}
}

// Who has one mistake many times is told of twenty, and how many more there are.
func TestManyProblemsAreToldShortly(t *testing.T) {
	for n, want := range map[int]string{1: "", 20: "", 21: "and 1 more like these", 25: "and 5 more like these"} {
		ps := make(scenario.Problems, n)
		for i := range ps {
			ps[i] = scenario.Problem{File: "a.toml", Line: i + 1, Field: "seed", Reason: "odd"}
		}
		lines := strings.Split(ps.Error(), "\n")
		if lines[0] != "a.toml:1: seed: odd" {
			t.Errorf("%d problems begin %q", n, lines[0])
		}
		last := lines[len(lines)-1]
		if want == "" && (len(lines) != n || strings.HasPrefix(last, "and")) || want != "" && (len(lines) != 21 || last != want) {
			t.Errorf("%d problems take %d lines, the last %q", n, len(lines), last)
		}
	}
}

// What is nearly a field's name is taken for a slip; what is not is answered with
// all there is.
func TestNearlyRight(t *testing.T) {
	for text, want := range map[string]string{
		"[people]\ncuont = 1\n":                  `did you mean "count"?`,
		"[people]\nCount = 1\n":                  `did you mean "count"?`,
		"[people]\nxyz = 1\n":                    "it has count, places",
		"[adoption]\nrul = \"bass\"\n":           `did you mean "rule"?`,
		"[attack]\nkind = \"eclipse-al\"\n":      `did you mean "eclipse-all"?`,
		"[attack]\nkind = \"none \"\n":           `did you mean "none"?`,
		"[attack]\nkind = \"hypnosis\"\n":        "must be one of none, censor",
		"[adoption]\nseeding = \"thin\"\n":       "must be one of random, place",
		"[" + strings.Repeat("p", 90) + "]\na=1": "a scenario has no",
	} {
		_, problems := scenario.Parse("a.toml", []byte(text))
		if len(problems) != 1 || !strings.Contains(problems[0].Reason, want) || problems[0].Line == 0 {
			t.Errorf("%q: %v, want %s with its line", text, problems, want)
		}
	}
}
