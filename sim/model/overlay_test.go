package model

import (
	"testing"

	"github.com/parley-network/parley/sim/mesh"
	"github.com/parley-network/parley/sim/scenario"
)

// A scenario that asks something of the overlay alone is answered by package
// mesh, and nobody joins or trades.
func TestOverlayStudies(t *testing.T) {
	s := scenario.Default()
	s.Study = "cost"
	s.People.Count, s.Vendors.Count = 5000, 200
	v := values(t, s, 1)
	if v["intent_per_follower_bytes"] <= 0 || v["participants"] != 5200 {
		t.Errorf("cost of an intent: %v", v)
	}
	if _, told := v["people_share"]; told {
		t.Error("a study of the overlay tells who joined")
	}
	time, memory := New().Expect(s)
	if a, b := mesh.StudyExpect(s); time != a || memory != b {
		t.Errorf("expected %v and %d bytes, package mesh has %v and %d", time, memory, a, b)
	}
}

// More of anything takes longer, and no less memory.
func TestExpectGrows(t *testing.T) {
	base := market()
	for name, change := range map[string]func(*scenario.Scenario){
		"people":  func(s *scenario.Scenario) { s.People.Count *= 10 },
		"vendors": func(s *scenario.Scenario) { s.Vendors.Count *= 10 },
		"intents": func(s *scenario.Scenario) { s.People.Intents *= 10 },
		"steps":   func(s *scenario.Scenario) { s.Clock.Steps *= 10 },
		"edges":   func(s *scenario.Scenario) { s.Network.Degree *= 10 },
	} {
		more := base
		change(&more)
		time, memory := New().Expect(base)
		longer, larger := New().Expect(more)
		if longer <= time || larger < memory {
			t.Errorf("ten times the %s: %v and %d bytes, before %v and %d", name, longer, larger, time, memory)
		}
	}
}

// Slower hops in the calibration are slower intents.
func TestCalibrated(t *testing.T) {
	c := mesh.Default()
	c.Hold *= 20
	s := market()
	s.Adoption = scenario.Adoption{Rule: "everyone"}
	s.Clock.Steps = 3
	out, err := Calibrated(c).Run(t.Context(), s, 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	was := values(t, s, 1)
	for _, v := range out.Values {
		if v.Name == "delay_p50_seconds" && v.Number <= was[v.Name] {
			t.Errorf("half have heard after %v s, with a shorter hold after %v s", v.Number, was[v.Name])
		}
	}
}
