package main

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestAnAfternoon goes the way of a question with the program's own model: a
// scenario to begin with, its plan, the run, the report, and the proof that it
// is the same again.
func TestAnAfternoon(t *testing.T) {
	t.Chdir(t.TempDir())
	command(t, 0, "new", "small")
	if out := command(t, 0, "plan", "small.toml"); !strings.Contains(out, "cells     2: 2 points, 1 times each") {
		t.Error(out)
	}
	if out := command(t, 0, "run", "small.toml"); !strings.Contains(out, "All 2 are there. Next: parley-sim report small.run") {
		t.Error(out)
	}
	command(t, 0, "report", "small.run")
	page, err := os.ReadFile("small.run/report.html")
	if err != nil || !strings.Contains(string(page), "How a small town takes to it") {
		t.Errorf("the page: %v, %d bytes", err, len(page))
	}
	if plots, err := os.ReadDir("small.run/plots"); err != nil || len(plots) < 10 {
		t.Errorf("%d plots, %v", len(plots), err)
	}
	if out := command(t, 1, "report", "small.run", "--value", "happiness"); !strings.Contains(out, `no value is called "happiness"; there are `) {
		t.Error(out)
	}
	command(t, 0, "report", "small.run", "--no-plots", "--value", "copies", "--out", "page.html")
	if _, err := os.Stat("page.html"); err != nil {
		t.Error(err)
	}

	var v struct {
		Cells, Same int
		Holds       bool
	}
	if err := json.Unmarshal([]byte(command(t, 0, "verify", "small.run", "--json")), &v); err != nil || v.Cells != 2 || v.Same != 2 || !v.Holds {
		t.Errorf("%+v, %v", v, err)
	}
	table, err := os.ReadFile("small.run/runs.csv")
	if err != nil {
		t.Fatal(err)
	}
	file(t, "small.run/runs.csv", strings.Replace(string(table), "0,0,0.3,", "0,0,0.4,", 1))
	if out := command(t, 1, "verify", "small.run"); !strings.Contains(out, "runs.csv is not what the journal says") {
		t.Error(out)
	}
	command(t, 0, "resume", "small.run")
	command(t, 0, "verify", "small.run")

	// A table that is left out, as being too long to hand on, contradicts nothing.
	if err := os.Remove("small.run/runs.csv"); err != nil {
		t.Fatal(err)
	}
	if out := command(t, 0, "verify", "small.run"); !strings.Contains(out, "Not there: runs.csv") {
		t.Error(out)
	}
}

// TestWhatTheModelRefuses is told before there is a folder.
func TestWhatTheModelRefuses(t *testing.T) {
	t.Chdir(t.TempDir())
	for text, want := range map[string]string{
		"[record]\nseries = [\"people\", \"peple\"]\n":              `a.toml:2: record.series[1]: there is no series "peple"; there are participants`,
		"study = \"siege\"\n[attack]\nkind = \"spam\"\n":            `a.toml:3: attack.kind: is "spam", which is none of the twelve`,
		"engine = \"stack\"\n\n[protocol]\nwork = 30\nloss = 0.5\n": "a.toml:4: protocol.work: engine stack: is 30; real nodes ask for 22 bits at most",
		"engine = \"stack\"\n[protocol]\nquota = 3.0\n":             "a.toml:3: protocol.quota: engine stack: is 3; real nodes can't count what one identity casts",
		"[network]\nkind = \"block\"\n":                             "a.toml:1: network.within: is 0.8, and there is one town",
	} {
		file(t, "a.toml", text)
		if out := command(t, 2, "run", "a.toml"); !strings.Contains(out, want) {
			t.Errorf("%s\n%s\nwant %s", text, out, want)
		}
		if _, err := os.Stat("a.run"); err == nil {
			t.Error("there is a folder")
		}
	}
}

// TestWhatCompareRefuses: what both engines can't play is told at once.
func TestWhatCompareRefuses(t *testing.T) {
	t.Chdir(t.TempDir())
	file(t, "bad.json", "{}")
	for want, args := range map[string][]string{
		"--sizes: 1 nodes are no network": {"compare", "--sizes", "1"},
		"must be at least 1":              {"compare", "--seeds", "0"},
		"--from: bad.json: ":              {"compare", "--from", "bad.json"},
		"none.toml: no such file":         {"compare", "none.toml"},
		"--agents is 3":                   {"bench", "--agents", "3"},
		"--only must be one of":           {"bench", "--only", "beauty"},
	} {
		if out := command(t, 2, args...); !strings.Contains(out, want) {
			t.Errorf("%v: %s, want %s", args, out, want)
		}
	}
}

// TestTablesOfAnotherVersionsRun: a complete run whose long tables were not kept
// gets them back from any version, as a study's does; one with a gap is not
// touched by another.
func TestTablesOfAnotherVersionsRun(t *testing.T) {
	study, err := filepath.Abs("../../docs/studies/attacks/run")
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	if err := os.CopyFS("study.run", os.DirFS(study)); err != nil {
		t.Fatal(err)
	}
	kept, err := os.ReadFile("study.run/runs.csv")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove("study.run/samples.csv"); err != nil {
		t.Fatal(err)
	}
	if out := command(t, 0, "resume", "study.run"); !strings.Contains(out, "and complete: its tables are written") {
		t.Error(out)
	}
	if again, err := os.ReadFile("study.run/runs.csv"); err != nil || string(again) != string(kept) {
		t.Errorf("the table that was kept is another: %v", err)
	}
	if _, err := os.Stat("study.run/samples.csv"); err != nil {
		t.Error(err)
	}

	if err := errors.Join(os.RemoveAll("study.run/journal"), os.Mkdir("study.run/journal", 0o700)); err != nil {
		t.Fatal(err)
	}
	if out := command(t, 1, "resume", "study.run"); !strings.Contains(out, "results of another run") {
		t.Error(out)
	}
}
