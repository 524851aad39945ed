package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/parley-network/parley/sim/figure"
)

// TestFigures: what package figure prints for people, programs read back.
func TestFigures(t *testing.T) {
	var lines strings.Builder
	figure.AtLeast(&lines, "speed", 215.4, 100)
	figure.AtMost(&lines, "away", 0.12, 0.05)
	figure.AtLeast(&lines, "large", 2.6e8, 2e8)
	figure.Info(&lines, "seconds", 0.25)
	figure.Info(&lines, "theirs", "SKIPPED: not here; its published figure stands in")
	got, err := figures(lines.String())
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	if more, err := figures("\nhello\n"); err != nil || len(more) != 1 || more[0].Told != "hello" {
		t.Errorf("%+v, %v", more, err)
	}
	want := `[{"name":"speed","got":215,"want":"≥100","ok":true},{"name":"away","got":0.12,"want":"≤0.05","ok":false},` +
		`{"name":"large","got":260000000,"want":"≥2e+08","ok":true},{"name":"seconds","got":0.25},` +
		`{"name":"theirs","told":"SKIPPED: not here; its published figure stands in"}]`
	if string(text) != want {
		t.Errorf("%s\nwant %s", text, want)
	}
	for _, bad := range []string{"figure x\n", "figure x got fast want ≥1 ok\n"} {
		if got, err := figures(bad); err == nil {
			t.Errorf("%q: %v", bad, got)
		}
	}
}

// TestBenchAnswersPrograms: --json gives nothing else, and the exit code is that
// of the lines.
func TestBenchAnswersPrograms(t *testing.T) {
	t.Chdir(t.TempDir())
	out := command(t, 0, "bench", "--only", "size", "--agents", "1000", "--json")
	var got struct {
		Figures []measured
		OK      bool
	}
	if err := json.Unmarshal([]byte(out), &got); err != nil || !got.OK || len(got.Figures) < 2 {
		t.Fatalf("%v: %s", err, out)
	}
	last := got.Figures[len(got.Figures)-1]
	if !strings.HasSuffix(last.Name, "GiB") || last.Want != "≤24" || last.OK == nil || !*last.OK || !(*last.Got > 0) {
		t.Errorf("%+v", last)
	}
	if out := command(t, 0, "bench", "--only", "size", "--agents", "1000"); !strings.HasPrefix(out, "info ") || !strings.Contains(out, "want ≤24 ok") {
		t.Error(out)
	}
}
