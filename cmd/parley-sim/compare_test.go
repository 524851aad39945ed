package main

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/parley-network/parley/sim/mesh"
	"github.com/parley-network/parley/sim/scenario"
	"github.com/parley-network/parley/sim/study"
	"github.com/parley-network/parley/sim/sweep"
)

// TestComparison: what both engines play is the node's own mesh unless a scenario
// says otherwise; a comparison that is not within what is asked ends with 1 and
// names the sizes, and tells the same in JSON.
func TestComparison(t *testing.T) {
	t.Chdir(t.TempDir())
	small := []string{"compare", "--sizes", "6,9", "--seeds", "1", "--casts", "2"}
	var answer struct {
		Pairs  []study.Pair `json:"pairs"`
		Within bool         `json:"within"`
	}
	out := command(t, 0, append(small, "--json", "--delay", "1", "--copies", "1")...)
	if err := json.Unmarshal([]byte(out), &answer); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if len(answer.Pairs) != 2 || !answer.Within {
		t.Fatalf("answer %+v", answer)
	}
	for i, n := range []int{6, 9} {
		p := answer.Pairs[i]
		if p.Model.Nodes != n || p.Stack.Nodes != n || p.Stack.Casts != 2 || p.Model.Casts != 20 || p.Model.Engine != scenario.Model || p.Stack.Engine != scenario.Stack {
			t.Errorf("%d nodes: %+v", n, p)
		}
		if p.Stack.P50 < 0.02 || p.Stack.P50 > 0.5 || p.Stack.Missed != 0 || p.Model.Missed != 0 || p.Apart.P50 != p.Model.P50/p.Stack.P50 {
			t.Errorf("%d nodes: %+v", n, p)
		}
	}
	// Nobody is within nothing at all, unless by chance in everything.
	out = command(t, 1, append(small, "--copies", "0", "--delay", "0")...)
	if !strings.Contains(out, "further away than allowed at ") || !strings.Contains(out, "real nodes: 100 %") {
		t.Error(out)
	}
}

// TestWhatIsCompared: sizes, seeds and casts are those asked for; the protocol is
// the scenario's, the constants its own, or those of the command line before them.
func TestWhatIsCompared(t *testing.T) {
	t.Chdir(t.TempDir())
	constants := func(name string, process time.Duration) {
		t.Helper()
		c := mesh.Default()
		c.Process = scenario.Duration(process)
		text, err := c.JSON()
		if err != nil {
			t.Fatal(err)
		}
		file(t, name, string(text))
	}
	constants("its.json", 3*time.Millisecond)
	constants("other.json", 7*time.Millisecond)
	file(t, "a.toml", "seed = 40\ncalibration = \"its.json\"\n[protocol]\nd = 6\n")
	file(t, "bad.toml", "calibration = \"bad.json\"\n")
	file(t, "bad.json", "{}")

	var told strings.Builder
	e := &env{err: &told}
	p, c, err := (sidesFlags{Sizes: []int{30, 40}, Seeds: 2, Casts: 3}).plan(e, scenario.Default().Protocol)
	if err != nil {
		t.Fatal(err)
	}
	if p.Protocol != scenario.Default().Protocol || c.Process != mesh.Default().Process {
		t.Errorf("of no scenario: %+v, %+v", p.Protocol, c)
	}
	if len(p.Seeds) != 2 || p.Seeds[0] != 1 || p.Seeds[1] != 2 || p.Casts != 3 || len(p.Sizes) != 2 {
		t.Errorf("plan %+v", p)
	}
	if p.Done(0.5); !strings.HasPrefix(told.String(), "parley-sim: real nodes: 50 % after ") {
		t.Errorf("told %q", told.String())
	}
	p, c, err = (sidesFlags{Scenario: "a.toml", Sizes: []int{30}, Seeds: 1, Casts: 1}).plan(e, scenario.Default().Protocol)
	if err != nil || p.Protocol.D != 6 || p.Seeds[0] != 40 || c.Process.Std() != 3*time.Millisecond {
		t.Errorf("of a scenario: %+v, %+v, %v", p, c, err)
	}
	e.asJSON = true
	p, c, err = (sidesFlags{Scenario: "a.toml", From: "other.json", Sizes: []int{30}, Seeds: 1, Casts: 1}).plan(e, scenario.Default().Protocol)
	if err != nil || c.Process.Std() != 7*time.Millisecond || p.Done != nil {
		t.Errorf("with constants of the command line: %+v, %v", c, err)
	}
	if _, _, err = (sidesFlags{Scenario: "bad.toml", Sizes: []int{30}, Seeds: 1, Casts: 1}).plan(e, scenario.Default().Protocol); err == nil || !strings.HasPrefix(err.Error(), "bad.toml:1: ") {
		t.Errorf("constants that are none: %v", err)
	}
}

// TestCalibration: what calibrate writes is what compare and run read, and says
// what it was measured on.
func TestCalibration(t *testing.T) {
	t.Chdir(t.TempDir())
	out := command(t, 0, "calibrate", "--sizes", "8", "--seeds", "1", "--casts", "2", "--out", "c.json")
	if !strings.Contains(out, "distance ") || !strings.Contains(out, " before, ") {
		t.Error(out)
	}
	text, err := os.ReadFile("c.json")
	if err != nil {
		t.Fatal(err)
	}
	c, err := mesh.ParseCalibration(text)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(c.Measured["process"], "[8] nodes, seeds [1], 2 casts each") || !strings.Contains(c.Measured["again_after"], "2% of packets lost") {
		t.Errorf("measured %v", c.Measured)
	}
	if c.Best != mesh.Default().Best || c.Mend != mesh.Default().Mend {
		t.Error("what the node sets was fitted")
	}
	command(t, 0, "compare", "--from", "c.json", "--sizes", "6", "--seeds", "1", "--casts", "1", "--delay", "1", "--copies", "1")
	if out := command(t, 1, "calibrate", "--sizes", "6", "--seeds", "1", "--casts", "1", "--out", "nowhere/c.json"); !strings.Contains(out, "write the constants") || strings.Contains(out, "real nodes") {
		t.Errorf("what can't be written was measured: %s", out)
	}
}

// TestProgressInWords: what is done, what failed, and how long it may take once
// that can be told.
func TestProgressInWords(t *testing.T) {
	for want, p := range map[string]sweep.Progress{
		"0 of 4 cells":                           {Cells: 4},
		"1 of 4 cells":                           {Cells: 4, Done: 1, Left: time.Hour, Elapsed: time.Second},
		"3 of 4 cells, 2 failed":                 {Cells: 4, Done: 3, Failed: 2},
		"2 of 4 cells, about 1m1s left":          {Cells: 4, Done: 2, Left: 61 * time.Second, Elapsed: time.Minute},
		"2 of 4 cells, 1 failed, about 2s left":  {Cells: 4, Done: 2, Failed: 1, Left: 2100 * time.Millisecond, Elapsed: time.Minute},
		"2 of 4 cells, about 4.2 days left":      {Cells: 4, Done: 2, Left: 100 * time.Hour, Elapsed: time.Minute},
		"4 of 4 cells":                           {Cells: 4, Done: 4, Elapsed: time.Minute},
		"5 of 99 cells, 5 failed, about 3s left": {Cells: 99, Done: 5, Failed: 5, Left: 3 * time.Second, Elapsed: 2 * time.Second},
	} {
		if got := words(p); got != want {
			t.Errorf("%+v is told as %q, want %q", p, got, want)
		}
	}
}

// TestFiguresOfGossip: each promise has its line, and falls short on either side.
func TestFiguresOfGossip(t *testing.T) {
	good := study.Pair{Model: study.Measured{Nodes: 100}, Apart: study.Apart{P50: 1.05, P99: 0.95, Copies: 0.97, Rate: 1500}}
	var out strings.Builder
	if !gossipFigures(&out, good) {
		t.Errorf("what is good falls short:\n%s", out.String())
	}
	for _, name := range []string{"gossip-100-deliveries-per-second-over-stack", "gossip-100-p50-away", "gossip-100-p99-away", "gossip-100-copies-away"} {
		if !strings.Contains(out.String(), name) {
			t.Errorf("no line of %s", name)
		}
	}
	for name, change := range map[string]func(*study.Apart){
		"slow": func(a *study.Apart) { a.Rate = 999 }, "p50 above": func(a *study.Apart) { a.P50 = 1.12 }, "p50 below": func(a *study.Apart) { a.P50 = 0.9 },
		"p99": func(a *study.Apart) { a.P99 = 1.11 }, "copies above": func(a *study.Apart) { a.Copies = 1.06 }, "copies below": func(a *study.Apart) { a.Copies = 0.94 },
	} {
		p := good
		change(&p.Apart)
		if gossipFigures(&out, p) {
			t.Errorf("%s is good enough", name)
		}
	}
}
