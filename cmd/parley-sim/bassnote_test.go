package main

import (
	"strings"
	"testing"

	"github.com/parley-network/parley/sim/scenario"
)

// TestBassNote: who takes a year's p and q for a week's is told by the plan.
func TestBassNote(t *testing.T) {
	axis := func(field string, values ...any) []scenario.Axis {
		return []scenario.Axis{{Field: field, Values: values}}
	}
	for _, c := range []struct {
		name   string
		change func(*scenario.Scenario)
		want   string
	}{
		{"the defaults", func(*scenario.Scenario) {},
			"Bass's p 0.03 and q 0.38 are per step, a week: adoption peaks after about 6.19 weeks; published values are per year, 52 of those"},
		{"of years", func(s *scenario.Scenario) { s.Clock.Unit = "year" },
			"Bass's p 0.03 and q 0.38 are per step, a year: adoption peaks after about 6.19 years"},
		{"a sweep", func(s *scenario.Scenario) { s.Clock.Unit, s.Sweep = "month", axis("adoption.q", 0.1, 0.38) },
			"Bass's p 0.03 and q 0.1 to 0.38 are per step, a month: adoption peaks after about 6.19 to 9.26 months; published values are per year, 12 of those"},
		{"along edges", func(s *scenario.Scenario) { s.Clock.Unit, s.Adoption.PerEdge = "day", true },
			"Bass's p 0.03 and q 0.38 are per step, a day; published values are per year, 365.25 of those"},
		{"without a peak", func(s *scenario.Scenario) { s.Adoption.Q = 0.01; s.Clock.Unit = "year" },
			"Bass's p 0.03 and q 0.01 are per step, a year"},
		{"another rule", func(s *scenario.Scenario) { s.Adoption.Rule = "utility" }, ""},
		{"one of the rules", func(s *scenario.Scenario) { s.Clock.Unit, s.Sweep = "year", axis("adoption.rule", "complex", "bass") },
			"Bass's p 0.03 and q 0.38 are per step, a year: adoption peaks after about 6.19 years"},
	} {
		s := scenario.Default()
		s.Adoption.Rule = "bass"
		c.change(&s)
		if got, err := bassNote(s); err != nil || got != c.want {
			t.Errorf("%s: %q, %v\nwant %q", c.name, got, err, c.want)
		}
	}
	t.Chdir(t.TempDir())
	file(t, "a.toml", "adoption = {rule = \"bass\"}\n")
	if out := command(t, 0, "plan", "a.toml"); !strings.Contains(out, "\nadoption  Bass's p 0.03 and q 0.38 are per step, a week: ") {
		t.Error(out)
	}
	if out := command(t, 0, "plan", "a.toml", "--json"); !strings.Contains(out, `"bass": "Bass's p 0.03`) {
		t.Error(out)
	}
	for _, path := range []string{"adoption.p", "adoption.q"} {
		for _, p := range scenario.Parameters() {
			if p.Path == path && !strings.Contains(p.Meaning, "per year") {
				t.Errorf("%s: %s", path, p.Meaning)
			}
		}
	}
}

// TestCalled: hints name the program as it was called.
func TestCalled(t *testing.T) {
	for name, want := range map[string]string{
		"parley-sim": "parley-sim", "bin/parley-sim": "bin/parley-sim", "./parley-sim": "./parley-sim", "/opt/parley/parley-sim": "/opt/parley/parley-sim",
		t.TempDir() + "/exe/parley-sim": "parley-sim",
	} {
		if got := calledAs(name); got != want {
			t.Errorf("%s is called %s, want %s", name, got, want)
		}
	}
}
