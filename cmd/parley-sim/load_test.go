package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/parley-network/parley/sim/result"
	"github.com/parley-network/parley/sim/scenario"
	"github.com/parley-network/parley/sim/sweep"
)

func TestParseBytes(t *testing.T) {
	for text, want := range map[string]int64{
		"1": 1, "1000000": 1e6, "8GB": 8e9, "1.5 GB": 15e8, "512MiB": 512 << 20, "2KiB": 2048, "3kB": 3000, "1TB": 1e12,
		"": 0, "GB": 0, "-1GB": 0, "0": 0, "0.5": 0, "8 potatoes": 0, "1e40": 0, "NaN": 0, "8GBB": 0,
	} {
		got, err := parseBytes(text)
		if got != want || (err == nil) != (want > 0) {
			t.Errorf("%q: %d, %v; want %d", text, got, err, want)
		}
	}
}

func TestSpan(t *testing.T) {
	for d, want := range map[time.Duration]string{
		1500 * time.Microsecond: "2ms", 1234 * time.Millisecond: "1.2s", 61400 * time.Millisecond: "1m1s",
		47 * time.Hour: "47h0m0s", 72 * time.Hour: "3.0 days",
	} {
		if got := span(d); got != want {
			t.Errorf("%v is written %q, want %q", int64(d), got, want)
		}
	}
}

// What the kernel writes of memory is read; what it does not write is none.
func TestMemoryOfTheMachine(t *testing.T) {
	at := func(name, text string) string {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	if got := memAvailable(at("meminfo", "MemTotal:  9 kB\nMemAvailable:    2048 kB\nSwapFree: 1 kB\n")); got != 2<<20 {
		t.Errorf("%d bytes are free", got)
	}
	for _, text := range []string{"", "MemTotal: 9 kB\n", "MemAvailable: much\n"} {
		if got := memAvailable(at("meminfo", text)); got != 0 {
			t.Errorf("%q says %d", text, got)
		}
	}
	if fileNumber(at("max", "4096\n")) != 4096 || fileNumber(at("max", "max\n")) != 0 || fileNumber("/nowhere") != 0 {
		t.Error("a control group's numbers")
	}
}

// TestRefused: what an engine says of a field is told where the field stands,
// with the point that makes it; what it says of none, with the file.
func TestRefused(t *testing.T) {
	f, problems := scenario.Parse("a.toml", []byte("[protocol]\nloss = 0.9\n[[sweep]]\nfield = \"protocol.work\"\nvalues = [\n 0,\n 9]\n"))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	m, err := result.NewManifest(f.Scenario, "test", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	of := func(err error) error { return refused(m, &sweep.CellError{Cell: m.Cells[1], Err: err}, f.At) }
	got := of(scenario.Problems{{Field: "protocol.work", Reason: "want 0"}, {Field: "protocol.loss", Reason: "is much"}})
	var told scenario.Problems
	if !errors.As(got, &told) || told[0].Error() != "a.toml:7: protocol.work: want 0 (at protocol.work=9)" ||
		told[1].Error() != "a.toml:2: protocol.loss: is much (at protocol.work=9)" || told[0].Line != 7 {
		t.Errorf("%v", got)
	}
	if got := of(errors.New("no engine")); got.Error() != "a.toml: cell 1 (protocol.work=9, replicate 0): no engine" {
		t.Errorf("%v", got)
	}
}

// TestCutLine parts a place as compilers write it.
func TestCutLine(t *testing.T) {
	for at, want := range map[string]int{"a.toml:12": 12, "dir:x/a.toml:3": 3, "a.toml": 0, "--set": 0, "c:a.toml": 0} {
		file, line, ok := cutLine(at)
		if line != want || ok != (want > 0) || ok && !strings.HasSuffix(file, ".toml") {
			t.Errorf("%s: %s, %d, %v", at, file, line, ok)
		}
	}
}

// TestChangesOfTheCommandLine: the flags change the scenario, and say so where
// their values are impossible.
func TestChangesOfTheCommandLine(t *testing.T) {
	t.Chdir(t.TempDir())
	file(t, "a.toml", "name = \"a\"\n[adoption]\nrule = \"bass\"\n[[sweep]]\nfield = \"adoption.q\"\nvalues = [0.1, 0.2]\n")
	seed := uint64(9)
	open := func(flags scenarioFlags) (scenario.Scenario, error) {
		flags.Scenario = "a.toml"
		var told strings.Builder
		f, _, err := flags.open(&env{err: &told})
		if err != nil {
			return scenario.Scenario{}, err
		}
		return f.Scenario, nil
	}
	s, err := open(scenarioFlags{Engine: "stack", Replicates: 3, Seed: &seed, Set: []string{"people.count=40", "protocol.latency=10ms-20ms", "name=b c"}})
	if err != nil || s.Engine != scenario.Stack || s.Replicates != 3 || s.Seed != 9 || s.People.Count != 40 || s.Name != "b c" ||
		s.Protocol.Latency[1].Std() != 20*time.Millisecond {
		t.Errorf("%+v, %v", s, err)
	}
	for want, flags := range map[string]scenarioFlags{
		"--replicates: replicates: is -2":       {Replicates: -2},
		"--set: people.count: is 0":             {Set: []string{"people.count=0"}},
		`--set: "people.count"; want`:           {Set: []string{"people.count"}},
		"--set: adoption.q is varied by the":    {Set: []string{"adoption.q=1"}},
		"--set: network.file is changed in the": {Set: []string{"network.file=x"}},
		"--set: adoption.rule: is \"bas\"":      {Set: []string{"adoption.rule=bas"}},
	} {
		if _, err := open(flags); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%+v: %v, want %s", flags, err, want)
		}
	}
}
