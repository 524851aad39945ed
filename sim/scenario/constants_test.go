package scenario_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/parley-network/parley/sim/scenario"
)

// TestConstantsAreOfTheScenario: what stands in the file counts, and neither its
// name nor its white space; it goes wherever the scenario goes as JSON.
func TestConstantsAreOfTheScenario(t *testing.T) {
	dir := t.TempDir()
	load := func(constants string) scenario.Scenario {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, "c.json"), []byte(constants), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "a.toml"), []byte("calibration = \"c.json\"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := scenario.Load(filepath.Join(dir, "a.toml"))
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	hash := func(s scenario.Scenario) string {
		t.Helper()
		h, err := s.Hash()
		if err != nil {
			t.Fatal(err)
		}
		return h
	}
	a, same, other := load(`{"hold": "2ms", "best": 3}`), load("{\n \"best\": 3,\n \"hold\": \"2ms\"}\n"), load(`{"hold": "3ms", "best": 3}`)
	renamed := a
	renamed.Calibration = "elsewhere.json"
	if hash(a) != hash(same) || hash(a) != hash(renamed) || hash(a) == hash(other) || hash(a) == hash(scenario.Default()) {
		t.Error("the hash is not that of the constants")
	}
	text, err := json.MarshalIndent(a, "", "   ")
	if err != nil {
		t.Fatal(err)
	}
	var back scenario.Scenario
	if err := json.Unmarshal(text, &back); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(a, back); d != "" || hash(back) != hash(a) {
		t.Errorf("not the same again:\n%s", d)
	}
}
