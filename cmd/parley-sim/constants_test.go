package main

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/parley-network/parley/sim/mesh"
	"github.com/parley-network/parley/sim/scenario"
)

// command runs the program with its own engines, in the folder where the test is.
func command(t *testing.T, want int, args ...string) string {
	t.Helper()
	var out, errs bytes.Buffer
	if got := run(t.Context(), args, nil, &out, &errs, newEngine); got != want {
		t.Fatalf("parley-sim %s: exit %d, want %d\n%s%s", strings.Join(args, " "), got, want, &out, &errs)
	}
	return out.String() + errs.String()
}

func file(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestConstants: what calibrate writes, run goes by; the run keeps it, so that
// verify goes by the same when the file is gone, and finds it changed.
func TestConstants(t *testing.T) {
	t.Chdir(t.TempDir())
	file(t, "town.toml", "[clock]\nsteps = 2\n[people]\ncount = 60\n[vendors]\ncount = 20\n")
	c := mesh.Default()
	c.Process = scenario.Duration(30e6) // a hop takes 30 ms more
	text, err := c.JSON()
	if err != nil {
		t.Fatal(err)
	}
	file(t, "slow.json", string(text))
	file(t, "named.toml", "calibration = \"slow.json\"\n[clock]\nsteps = 2\n[people]\ncount = 60\n[vendors]\ncount = 20\n")

	if out := command(t, 0, "plan", "town.toml", "--calibration", "slow.json"); !strings.Contains(out, "constants slow.json") {
		t.Error(out)
	}
	command(t, 0, "run", "town.toml", "--out", "ships.run")
	command(t, 0, "run", "town.toml", "--calibration", "slow.json", "--out", "slow.run")
	command(t, 0, "run", "named.toml", "--out", "named.run")
	runs := map[string]string{}
	for _, dir := range []string{"ships", "slow", "named"} {
		b, err := os.ReadFile(dir + ".run/runs.csv")
		if err != nil {
			t.Fatal(err)
		}
		runs[dir] = string(b)
	}
	if runs["ships"] == runs["slow"] || runs["named"] != runs["slow"] {
		t.Error("the constants make no difference, or another in the file than on the command line")
	}
	if err := os.Remove("slow.json"); err != nil {
		t.Fatal(err)
	}
	command(t, 0, "verify", "slow.run")
	if out := command(t, 2, "plan", "named.toml"); !strings.Contains(out, "named.toml:1: calibration: slow.json: no such file") {
		t.Error(out)
	}

	const path = "slow.run/manifest.json"
	manifest, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	altered := bytes.Replace(manifest, []byte(`"process": "30ms"`), []byte(`"process": "20ms"`), 1)
	if bytes.Equal(altered, manifest) {
		t.Fatal("the manifest does not say what the constants are")
	}
	if err := os.WriteFile(path, altered, 0o600); err != nil {
		t.Fatal(err)
	}
	if out := command(t, 1, "verify", "slow.run"); !strings.Contains(out, "altered since it was written") {
		t.Error(out)
	}
}

// TestConstantsThatAreNone are refused before anything runs, in their place.
func TestConstantsThatAreNone(t *testing.T) {
	t.Chdir(t.TempDir())
	file(t, "a.toml", "seed = 3\ncalibration = \"c.json\"\n")
	file(t, "b.toml", "seed = 3\n")
	for text, want := range map[string]string{
		"process = 3":         "a.toml:2: calibration: c.json: no JSON",
		`{"proces": "3ms"}`:   "a.toml:2: calibration: read calibration:",
		`{"process": "-3ms"}`: "a.toml:2: calibration: read calibration:",
	} {
		file(t, "c.json", text)
		if out := command(t, 2, "run", "a.toml"); !strings.Contains(out, want) {
			t.Errorf("%s: %s, want %s", text, out, want)
		}
		if out := command(t, 2, "run", "b.toml", "--calibration", "c.json"); !strings.Contains(out, "--calibration: ") {
			t.Errorf("%s: %s", text, out)
		}
	}
	if out := command(t, 2, "plan", "b.toml", "--set", "calibration=c.json"); !strings.Contains(out, "--calibration FILE") {
		t.Error(out)
	}
	if _, err := os.Stat("a.run"); err == nil {
		t.Error("it ran")
	}
}
