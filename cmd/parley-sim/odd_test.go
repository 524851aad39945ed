package main

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/parley-network/parley/sim/scenario"
)

var update = flag.Bool("update", false, "rewrite what is generated in docs/ODD.md")

// TestODD compares the table of parameters in docs/ODD.md with the code.
func TestODD(t *testing.T) {
	const begin, end = "<!-- parameters: generated -->\n", "<!-- parameters: end -->"
	path := filepath.Join("..", "..", "docs", "ODD.md")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(text), begin)
	got, after, closed := strings.Cut(rest, end)
	if !ok || !closed {
		t.Fatalf("%s has no place for the table", path)
	}
	want := markdown(scenario.Parameters())
	if *update {
		if err := os.WriteFile(path, []byte(before+begin+want+end+after), 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s is not what the code has; run: go test ./cmd/parley-sim -run TestODD -update\n%s", path, diff)
	}
}
