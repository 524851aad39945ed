package scenario_test

import (
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/parley-network/parley/sim/scenario"
)

// lively is a scenario in which every part does something.
func lively() scenario.Scenario {
	s := scenario.Default()
	s.Clock.Steps = 20
	s.People.Places, s.Vendors.Places = 3, 2
	s.Adoption.Rule, s.Adoption.Seeds = "bass", 5
	s.Market = scenario.Market{Incumbent: 0.5, Fee: 0.2, Subsidy: 1, SubsidySteps: 3}
	s.Faults = scenario.Faults{Churn: 0.1, Asleep: 0.1, NAT: 0.1, Partition: 2, From: 3, To: 5}
	s.Attack = scenario.Attack{Kind: "spam", Sybils: 10, Rate: 1, Budget: 5, Share: 0.1}
	return s
}

// inVain lists the fields that change nothing.
func inVain(s scenario.Scenario) []string {
	var out []string
	for _, p := range scenario.Parameters() {
		if p.Type != "list" && s.Idle(p.Path) != "" {
			out = append(out, p.Path)
		}
	}
	slices.Sort(out)
	return out
}

// parts are all fields of some parts.
func parts(names ...string) (out []string) {
	for _, p := range scenario.Parameters() {
		if part, _, ok := strings.Cut(p.Path, "."); p.Type != "list" && ok && slices.Contains(names, part) {
			out = append(out, p.Path)
		}
	}
	return out
}

// What changes nothing, one circumstance at a time. Everything that is not
// listed may change something.
func TestWhatChangesNothing(t *testing.T) {
	const rules = "adoption."
	network := []string{"network.attach", "network.degree", "network.file", "network.kind", "network.rewire", "network.within"}
	threshold := []string{"adoption.spread", "adoption.threshold"}
	base := slices.Concat(network, threshold, []string{"attack.share"})
	without := func(all []string, names ...string) []string {
		return slices.DeleteFunc(slices.Clone(all), func(s string) bool { return slices.Contains(names, s) })
	}
	for name, c := range map[string]struct {
		change func(*scenario.Scenario)
		want   []string
	}{
		"everything at work":      {func(*scenario.Scenario) {}, base},
		"one town":                {func(s *scenario.Scenario) { s.People.Places = 1 }, append(base, "people.place_skew")},
		"one category":            {func(s *scenario.Scenario) { s.People.Categories = 1 }, append(base, "people.category_skew")},
		"no incumbent":            {func(s *scenario.Scenario) { s.Market.Incumbent = 0 }, append(base, "market.fee")},
		"a subsidy of no time":    {func(s *scenario.Scenario) { s.Market.SubsidySteps = 0 }, append(base, "market.subsidy")},
		"a time of no subsidy":    {func(s *scenario.Scenario) { s.Market.Subsidy = 0 }, append(base, "market.subsidy_steps")},
		"no vendors":              {func(s *scenario.Scenario) { s.Vendors.Count = 0 }, append(without(append(base, parts("vendors")...), "vendors.count"), "market.fee", "market.incumbent")},
		"one part":                {func(s *scenario.Scenario) { s.Faults.Partition = 1 }, append(base, "faults.from", "faults.partition", "faults.to")},
		"no part":                 {func(s *scenario.Scenario) { s.Faults.Partition = 0 }, append(base, "faults.from", "faults.partition", "faults.to")},
		"a cut of no time":        {func(s *scenario.Scenario) { s.Faults.To = 3 }, append(base, "faults.from", "faults.partition", "faults.to")},
		"a cut of one step":       {func(s *scenario.Scenario) { s.Faults.To = 4 }, base},
		"a cut after the end":     {func(s *scenario.Scenario) { s.Faults.From, s.Faults.To = 20, 30 }, append(base, "faults.from", "faults.partition", "faults.to")},
		"a cut in the last step":  {func(s *scenario.Scenario) { s.Faults.From, s.Faults.To = 19, 30 }, base},
		"spam of nobody":          {func(s *scenario.Scenario) { s.Attack.Sybils = 0 }, append(base, "attack.budget", "attack.kind", "attack.rate", "protocol.quota", "protocol.work")},
		"an eclipse":              {func(s *scenario.Scenario) { s.Attack.Kind = "eclipse-all" }, append(base, "attack.budget", "attack.rate", "protocol.quota", "protocol.work")},
		"liars":                   {func(s *scenario.Scenario) { s.Attack.Kind = "lie" }, append(without(base, "attack.share"), "attack.budget", "attack.rate", "attack.sybils", "protocol.quota", "protocol.work")},
		"no liars":                {func(s *scenario.Scenario) { s.Attack.Kind, s.Attack.Share = "lie", 0 }, append(without(base, "attack.share"), "attack.budget", "attack.kind", "attack.rate", "attack.sybils", "protocol.quota", "protocol.work")},
		"no attack":               {func(s *scenario.Scenario) { s.Attack.Kind = "none" }, append(base, "attack.budget", "attack.rate", "attack.sybils", "protocol.quota", "protocol.work")},
		"everyone from the start": {func(s *scenario.Scenario) { s.Adoption.Rule = "everyone" }, append(base, rules+"p", rules+"q", rules+"per_edge", rules+"seeds", rules+"seeding")},
		"nobody begins":           {func(s *scenario.Scenario) { s.Adoption.Seeds = 0 }, append(base, rules+"seeding")},
		"nobody hears":            {func(s *scenario.Scenario) { s.Adoption.P, s.Adoption.Q = 0, 0 }, append(base, rules+"per_edge")},
		"by acquaintances":        {func(s *scenario.Scenario) { s.Adoption.Rule = "complex" }, append(without(base, slices.Concat(threshold, []string{"network.kind"})...), rules+"p", rules+"per_edge")},
		"along the edges":         {func(s *scenario.Scenario) { s.Adoption.PerEdge, s.Network.Kind = true, "watts-strogatz" }, without(base, "network.kind", "network.degree", "network.rewire")},
		"who knows many begins":   {func(s *scenario.Scenario) { s.Adoption.Seeding, s.Network.Kind = "influential", "barabasi-albert" }, without(base, "network.kind", "network.attach")},
		"two-sided":               {func(s *scenario.Scenario) { s.Adoption.Rule = "utility" }, base},
		"two-sided, all have heard": {func(s *scenario.Scenario) {
			s.Adoption.Rule, s.Adoption.PerEdge, s.Adoption.P, s.Adoption.Q, s.Network.Kind = "utility", true, 0, 0, "block"
		},
			append(base, rules+"per_edge")},
		"nobody imitates":  {func(s *scenario.Scenario) { s.Adoption.Q = 0 }, base},
		"all by imitation": {func(s *scenario.Scenario) { s.Adoption.P = 0 }, base},
		"two-sided, by word": {func(s *scenario.Scenario) {
			s.Adoption.Rule, s.Adoption.PerEdge, s.Adoption.P, s.Network.Kind = "utility", true, 0, "erdos-renyi"
		}, without(base, "network.kind", "network.degree")},
		"two-sided, by themselves": {func(s *scenario.Scenario) {
			s.Adoption.Rule, s.Adoption.PerEdge, s.Adoption.Q, s.Network.Kind = "utility", true, 0, "erdos-renyi"
		}, without(base, "network.kind", "network.degree")},
		"real nodes": {func(s *scenario.Scenario) { s.Engine, s.Network.Kind = scenario.Stack, "geographic" }, append(without(base, "network.kind", "network.degree"), "calibration")},
		"nobody wants anything": {func(s *scenario.Scenario) { s.People.Intents = 0 }, append(without(slices.Concat(base, parts("protocol", "faults", "attack")), "attack.share"), "attack.share",
			"calibration", "clock.window", "people.worth", "people.spread", "people.fourth_party", "vendors.price", "vendors.spread", "vendors.margin", "vendors.capacity",
			"vendors.think", "market.incumbent", "market.fee", rules+"patience")},
		"nobody wants anything of two sides": {func(s *scenario.Scenario) { s.People.Intents, s.Adoption.Rule = 0, "utility" }, append(slices.Concat(base, parts("protocol", "faults")),
			"attack.budget", "attack.kind", "attack.rate", "attack.sybils", "calibration", "clock.window", "people.worth", "people.spread", "people.fourth_party", "vendors.price",
			"vendors.spread", "vendors.margin", "vendors.capacity", "vendors.think", "market.incumbent", "market.fee", rules+"patience", rules+"rule", rules+"p", rules+"q", rules+"per_edge")},
	} {
		s := lively()
		c.change(&s)
		slices.Sort(c.want)
		if got := inVain(s); !slices.Equal(got, c.want) {
			for _, f := range got {
				if !slices.Contains(c.want, f) {
					t.Errorf("%s: %s is said to change nothing: %s", name, f, s.Idle(f))
				}
			}
			for _, f := range c.want {
				if !slices.Contains(got, f) {
					t.Errorf("%s: %s is said to change something", name, f)
				}
			}
		}
	}
}

// What each study of the overlay looks at, and no more.
func TestWhatStudiesLookAt(t *testing.T) {
	mesh := []string{"calibration", "description", "engine", "name", "protocol.bandwidth", "protocol.d", "protocol.heartbeat", "protocol.high", "protocol.latency",
		"protocol.lazy", "protocol.loss", "protocol.low", "protocol.peers", "protocol.size", "replicates", "seed", "study"}
	topics := []string{"people.places", "people.place_skew", "people.categories", "people.category_skew", "vendors.categories", "vendors.places"}
	cost := []string{"clock.unit", "people.count", "people.intents", "vendors.count", "protocol.sharded"}
	admission := []string{"clock.unit", "clock.steps", "people.count", "people.intents", "vendors.count", "protocol.work", "protocol.quota", "attack.kind", "attack.sybils"}
	for name, c := range map[string]struct {
		study  string
		change func(*scenario.Scenario)
		looks  [][]string
	}{
		"siege":                 {"siege", func(*scenario.Scenario) {}, [][]string{{"attack.kind"}}},
		"siege of one step":     {"siege", func(s *scenario.Scenario) { s.Clock.Steps = 1 }, [][]string{{"attack.kind"}}},
		"admission":             {"admission", func(*scenario.Scenario) {}, [][]string{admission, {"attack.rate", "attack.budget"}}},
		"admission of nobody":   {"admission", func(s *scenario.Scenario) { s.Attack.Sybils = 0 }, [][]string{admission}},
		"cost of one topic":     {"cost", func(*scenario.Scenario) {}, [][]string{cost}},
		"cost of one step":      {"cost", func(s *scenario.Scenario) { s.Clock.Steps = 1 }, [][]string{cost, {"clock.steps"}}},
		"cost, sharded":         {"cost", func(s *scenario.Scenario) { s.Protocol.Sharded = true }, [][]string{cost, topics}},
		"cost in one town":      {"cost", func(s *scenario.Scenario) { s.Protocol.Sharded, s.People.Places = true, 1 }, [][]string{cost, slices.DeleteFunc(slices.Clone(topics), func(f string) bool { return f == "people.place_skew" })}},
		"cost of one category":  {"cost", func(s *scenario.Scenario) { s.Protocol.Sharded, s.People.Categories = true, 1 }, [][]string{cost, slices.DeleteFunc(slices.Clone(topics), func(f string) bool { return f == "people.category_skew" })}},
		"cost without an enemy": {"cost", func(s *scenario.Scenario) { s.Attack.Sybils = 0 }, [][]string{cost}},
	} {
		s := lively()
		s.Study = c.study
		c.change(&s)
		looks := append(slices.Concat(c.looks...), mesh...)
		for _, p := range scenario.Parameters() {
			if p.Type == "list" {
				continue
			}
			if why := s.Idle(p.Path); (why == "") != slices.Contains(looks, p.Path) {
				t.Errorf("%s: of %s is said: %q", name, p.Path, why)
			}
		}
	}
}

// The table of parameters in docs/ODD.md says what a file that leaves all out
// comes to.
func TestDefaultsAreThoseOfODD(t *testing.T) {
	text, err := os.ReadFile("../../docs/ODD.md")
	if err != nil {
		t.Fatal(err)
	}
	f, problems := scenario.Parse("a.toml", nil)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	rows := 0
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(line, " | ")
		path, ok := strings.CutPrefix(cells[0], "| `")
		if !ok || len(cells) != 5 || cells[1] == "list" {
			continue
		}
		path = strings.TrimSuffix(path, "`")
		v, err := f.Scenario.Get(path)
		if err != nil {
			continue // another table
		}
		if rows++; strings.Trim(cells[3], " `") != fmt.Sprint(v) {
			t.Errorf("%s is %v, docs/ODD.md has %q", path, v, cells[3])
		}
	}
	if want := len(bounds) / 2; rows < want {
		t.Errorf("%d rows, want %d at least", rows, want)
	}
}

// A number that is none is refused where a program sets it, as no file can.
func TestNumbersThatAreNone(t *testing.T) {
	for field, at := range map[string]func(*scenario.Scenario) *float64{
		"people.worth":     func(s *scenario.Scenario) *float64 { return &s.People.Worth },
		"people.intents":   func(s *scenario.Scenario) *float64 { return &s.People.Intents },
		"vendors.price":    func(s *scenario.Scenario) *float64 { return &s.Vendors.Price },
		"vendors.margin":   func(s *scenario.Scenario) *float64 { return &s.Vendors.Margin },
		"adoption.spread":  func(s *scenario.Scenario) *float64 { return &s.Adoption.Spread },
		"protocol.loss":    func(s *scenario.Scenario) *float64 { return &s.Protocol.Loss },
		"market.subsidy":   func(s *scenario.Scenario) *float64 { return &s.Market.Subsidy },
		"attack.budget":    func(s *scenario.Scenario) *float64 { return &s.Attack.Budget },
		"people.effort":    func(s *scenario.Scenario) *float64 { return &s.People.Effort },
		"protocol.quota":   func(s *scenario.Scenario) *float64 { return &s.Protocol.Quota },
		"market.incumbent": func(s *scenario.Scenario) *float64 { return &s.Market.Incumbent },
	} {
		for _, x := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
			s := scenario.Default()
			*at(&s) = x
			if err := s.Validate(); err == nil || !strings.HasPrefix(err.Error(), field+": is ") {
				t.Errorf("%s = %v: %v", field, x, err)
			}
		}
	}
}

// What a change makes impossible beneath an axis is told of the change; a field
// that the first axis varies is not told of as idle beside it.
func TestReviewBeneathAnAxis(t *testing.T) {
	f, problems := scenario.Parse("a.toml", []byte("[adoption]\nrule = \"bass\"\nq = 0.2\n[[sweep]]\nfield = \"adoption.q\"\nvalues = [0.1, 0.3]\n"))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	if idle, err := f.Review(); err != nil || len(idle) > 0 {
		t.Errorf("in vain %v, %v", idle, err)
	}
	if err := f.Change("adoption.q", 7.5, "--set"); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Review(); err == nil || !strings.HasPrefix(err.Error(), "--set: adoption.q: is 7.5, must be from 0 to 1") {
		t.Errorf("never possible: %v", err)
	}
	f, problems = scenario.Parse("a.toml", []byte("[market]\nfee = 0.1\n[[sweep]]\nfield = \"market.fee\"\nvalues = [0.1, 0.2]\n"))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	if idle, err := f.Review(); err == nil || len(idle) > 0 || strings.Count(err.Error(), "\n") > 0 {
		t.Errorf("told twice: %v and %v", idle, err)
	}
}
