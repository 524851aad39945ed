package main

import (
	"bytes"
	"os/exec"
	"strings"
	"testing"
)

// TestHelpExamplesWork runs the examples of every command's help as they would
// be pasted, each command's in a folder of its own.
func TestHelpExamplesWork(t *testing.T) {
	for _, cmd := range leafCommands(grammar(t).Model.Node) {
		t.Run(cmd.Name, func(t *testing.T) {
			switch cmd.Name {
			case "worker":
				t.Skip("SKIPPED: it takes a NATS server; TestQueue has one")
			case "bench", "calibrate":
				t.Skip("SKIPPED: it takes minutes; its examples are parsed")
			}
			t.Chdir(t.TempDir())
			_, text, _ := strings.Cut(cmd.Detail, "Example:\n")
			for line := range strings.Lines(text) {
				args := strings.Fields(line)
				switch {
				case len(args) == 0:
				case args[0] != "parley-sim":
					if out, err := exec.Command("sh", "-c", line).CombinedOutput(); err != nil {
						t.Errorf("%s: %v\n%s", line, err, out)
					}
				case strings.Contains(line, "run small.toml --engine stack"), strings.Contains(line, "compare"):
					t.Logf("not run, as it takes long: %s", line)
				default:
					var out, errs bytes.Buffer
					if got := run(t.Context(), args[1:], nil, &out, &errs, newEngine); got != exitOK {
						t.Errorf("%s exits with %d\n%s%s", line, got, &out, &errs)
					}
				}
			}
		})
	}
}

// TestHelpTellsDefaults: who reads the help of a flag reads what it is without.
func TestHelpTellsDefaults(t *testing.T) {
	for _, c := range []struct{ command, want string }{
		{"plan", "How many cells run at once; by default "}, {"run", "How many cells run at once; by default "},
		{"compare", "How many nodes there are, one comparison each; by default 100,200."},
		{"compare", "Networks of each size; by default 3."}, {"compare", "Intents cast in each; by default 20."},
		{"compare", "as a share; by default 0.10."}, {"compare", "as a share; by default 0.05."},
		{"calibrate", "Networks of each size; by default 3."}, {"bench", "Agents of the diffusion; by default 1000000."},
		{"bench", "Nodes of the gossip; by default 100."}, {"bench", "by default all."}, {"new", "by default town."},
	} {
		if out := strings.Join(strings.Fields(command(t, 0, c.command, "--help")), " "); !strings.Contains(out, c.want) {
			t.Errorf("%s --help does not say %q\n%s", c.command, c.want, out)
		}
	}
	// What nothing goes by is not offered.
	for _, name := range []string{"plan", "verify", "worker"} {
		if out := command(t, 0, name, "--help"); strings.Contains(out, "--live") {
			t.Errorf("%s offers --live", name)
		}
	}
	if out := command(t, 2, "plan", "town.toml", "--live", "127.0.0.1:0"); !strings.Contains(out, "unknown flag --live") {
		t.Error(out)
	}
}
