package main

import (
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/parley-network/parley/sim/random"
	"github.com/parley-network/parley/sim/scenario"
)

// Runs drawn of a logistic law have their half where the law has it.
func TestHalfFindsTheLaws(t *testing.T) {
	r := random.New(1, "mass")
	var runs []ran
	for _, n := range []int{4, 8, 16, 32, 64, 128} {
		for range 400 {
			p := 1 / (1 + math.Exp(-3*math.Log(float64(n)/20)))
			runs = append(runs, ran{began: n, lives: r.Float64() < p})
		}
	}
	if got := half(runs, ran.alive); math.Abs(got-20) > 1.5 {
		t.Errorf("half live from %.1f on, want 20", got)
	}
}

// Where all end one way there is no half; parted without overlap, it is between.
func TestHalfAtTheEdges(t *testing.T) {
	few, many := ran{began: 10}, ran{began: 40, lives: true}
	if got := half([]ran{few, few}, ran.alive); !math.IsInf(got, 1) {
		t.Errorf("none lives: %v", got)
	}
	if got := half([]ran{many, many}, ran.alive); got != 0 {
		t.Errorf("all live: %v", got)
	}
	if got := half([]ran{few, few, many, many}, ran.alive); got < 15 || got > 27 {
		t.Errorf("parted at 10 and 40: %v, want about 20", got)
	}
}

// Who began is drawn again as the run had it: all agents as seeds are all vendors.
func TestBegunCountsVendors(t *testing.T) {
	s, err := scenario.Load(filepath.Join("..", "..", "..", "docs", "studies", "critical-mass", "scenario.toml"))
	if err != nil {
		t.Fatal(err)
	}
	s.Adoption.Seeds = s.People.Count + s.Vendors.Count
	if got, err := begun(s, 7); err != nil || got != s.Vendors.Count {
		t.Errorf("%d vendors among all, %v; want %d", got, err, s.Vendors.Count)
	}
}

func TestRunRefusesAFolderWithoutRuns(t *testing.T) {
	if err := run(os.Stdout, filepath.Join("..", "..", "..", "docs", "studies", "critical-mass", "scenario.toml"), t.TempDir()); err == nil {
		t.Error("a folder without runs.csv was read")
	}
}
