package main

import (
	"context"
	"encoding/csv"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/parley-network/parley/sim/mesh"
	"github.com/parley-network/parley/sim/model"
	"github.com/parley-network/parley/sim/outcome"
	"github.com/parley-network/parley/sim/scenario"
	"github.com/parley-network/parley/sim/society"
)

var update = flag.Bool("update", false, "rewrite what is generated in docs/ODD.md")

// TestODD compares the tables of parameters and of outputs in docs/ODD.md with
// the code.
func TestODD(t *testing.T) {
	for name, want := range map[string]string{"parameters": markdown(scenario.Parameters()), "outputs": columnTable(columns())} {
		generated(t, name, want)
	}
}

func generated(t *testing.T, name, want string) {
	t.Helper()
	begin, end := "<!-- "+name+": generated -->\n", "<!-- "+name+": end -->"
	path := filepath.Join("..", "..", "docs", "ODD.md")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(text), begin)
	got, after, closed := strings.Cut(rest, end)
	if !ok || !closed {
		t.Fatalf("%s has no place for the table of %s", path, name)
	}
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

// TestEveryColumnIsDescribed runs a market and reads the tables of the studies:
// what they have is described, and what is described of a market is found.
func TestEveryColumnIsDescribed(t *testing.T) {
	s := scenario.Default()
	s.People.Count, s.Vendors.Count, s.Clock.Steps = 60, 10, 4
	s.Market.Incumbent, s.Market.Fee = .5, .1
	s.Adoption.Rule, s.Adoption.Seeds = "bass", 30
	out, err := model.New().Run(context.Background(), s, 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	var values, series, samples []string
	for _, v := range out.Values {
		values = append(values, v.Name)
	}
	for _, v := range out.Series {
		series = append(series, v.Name)
	}
	for _, v := range out.Samples {
		samples = append(samples, v.Name)
	}
	described := society.About()
	same(t, "runs.csv", values, named(described, func(a outcome.About) bool { return a.Value }))
	same(t, "series.csv", series, named(described, func(a outcome.About) bool { return a.Series }))
	same(t, "samples.csv", samples, named(described, func(a outcome.About) bool { return a.Sample }))

	isValue := func(a outcome.About) bool { return a.Value }
	same(t, "cost-per-intent", header(t, "cost-per-intent"), named(of("cost"), isValue))
	same(t, "admission", header(t, "admission"), named(of("admission"), isValue))
	same(t, "critical-mass", header(t, "critical-mass"), named(of("society"), isValue))
	same(t, "attacks", situations(header(t, "attacks")), named(of("siege"), isValue))
}

func of(study string) (out []outcome.About) {
	for _, a := range columns() {
		if a.Study == study {
			out = append(out, a)
		}
	}
	return out
}

// named are the names of those of a kind.
func named(list []outcome.About, is func(outcome.About) bool) (out []string) {
	for _, a := range list {
		if is(a) {
			out = append(out, a.Name)
		}
	}
	return out
}

func same(t *testing.T, table string, found, described []string) {
	t.Helper()
	slices.Sort(found)
	slices.Sort(described)
	if diff := cmp.Diff(found, described); diff != "" {
		t.Errorf("%s: found (-) and described (+) in package society or mesh, about.go:\n%s", table, diff)
	}
}

// header are the names of what a study's runs found.
func header(t *testing.T, study string) []string {
	t.Helper()
	f, err := os.Open(filepath.Join("..", "..", "docs", "studies", study, "run", "runs.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	row, err := csv.NewReader(f).Read()
	if err != nil {
		t.Fatal(err)
	}
	return row[slices.Index(row, "seed")+1:]
}

// situations puts one name for those of all situations.
func situations(names []string) (out []string) {
	for _, name := range names {
		for _, s := range mesh.Twelve() {
			short := strings.NewReplacer("-", "_", ".", "").Replace(s.Name) + "_"
			rest, ok := strings.CutPrefix(name, short)
			is := slices.ContainsFunc(mesh.About(), func(a outcome.About) bool { return a.Name == "<situation>_"+rest })
			if ok && is && !slices.Contains(out, "<situation>_"+rest) {
				out = append(out, "<situation>_"+rest)
			}
			if ok && is {
				name = ""
				break
			}
		}
		if name != "" {
			out = append(out, name)
		}
	}
	return out
}
