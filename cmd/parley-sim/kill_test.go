package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/parley-network/parley/sim/result"
)

const killed = `
replicates = 10
clock = {steps = 20, window = "8ms"}
[[sweep]]
field = "people.count"
values = [100, 200, 300, 400]
`

// TestKilled kills a run with SIGKILL at a random moment, then what resumes it,
// and so on until one of them finishes: the tables are, to the byte, those of a
// run that nobody disturbed, and no cell is recorded twice. PARLEY_SIM_KILLS is
// how many runs are treated so.
func TestKilled(t *testing.T) {
	runs := 6
	if text := os.Getenv("PARLEY_SIM_KILLS"); text != "" {
		var err error
		if runs, err = strconv.Atoi(text); err != nil {
			t.Fatal(err)
		}
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "s.toml")
	if err := os.WriteFile(file, []byte(killed), 0o600); err != nil {
		t.Fatal(err)
	}
	whole := filepath.Join(dir, "whole")
	start := time.Now()
	if out, err := exec.Command("parley-sim", "run", file, "--out", whole, "--workers", "2").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	took := time.Since(start)
	kills := 0
	for i := range runs {
		broken := filepath.Join(dir, fmt.Sprint("broken", i))
		kills += breakAndMend(t, file, broken, took)
		for _, name := range []string{result.RunsCSV, result.SeriesCSV, result.SeriesParquet, result.SamplesCSV} {
			want, errWant := os.ReadFile(filepath.Join(whole, name))
			got, errGot := os.ReadFile(filepath.Join(broken, name))
			if errWant != nil || errGot != nil || !bytes.Equal(want, got) {
				t.Errorf("%s of a run that was killed is another (%v, %v)", name, errWant, errGot)
			}
		}
		once(t, broken)
	}
	if kills < runs {
		t.Errorf("%d kills in %d runs: the cells are too quick to be hit", kills, runs)
	}
	t.Logf("%d kills", kills)
}

// breakAndMend runs and resumes until a process is left to finish, and returns
// how many were killed.
func breakAndMend(t *testing.T, file, dir string, took time.Duration) (kills int) {
	t.Helper()
	for {
		args := []string{"resume", dir, "--workers", "2"}
		if _, err := os.Stat(filepath.Join(dir, "manifest.json")); err != nil {
			args = []string{"run", file, "--out", dir, "--workers", "2"}
		}
		cmd := exec.Command("parley-sim", args...)
		var out bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &out
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		timer := time.AfterFunc(time.Duration(rand.Int64N(int64(took))), func() { cmd.Process.Kill() })
		err := cmd.Wait()
		timer.Stop()
		switch {
		case err == nil:
			return kills
		case cmd.ProcessState.ExitCode() != -1: // not by a signal
			t.Fatalf("%v: %v\n%s", args, err, &out)
		}
		kills++
	}
}

var cellRecord = regexp.MustCompile(`(?m)^[0-9a-f]{8} \{"cell":(\d+),`)

// once looks into the journal itself.
func once(t *testing.T, dir string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "journal", "local.log"))
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]int{}
	for _, m := range cellRecord.FindAllSubmatch(text, -1) {
		seen[string(m[1])]++
	}
	if len(seen) != 40 {
		t.Errorf("%d cells in the journal", len(seen))
	}
	for cell, n := range seen {
		if n != 1 {
			t.Errorf("cell %s is there %d times", cell, n)
		}
	}
}
