// Command mass reads a run of the study of critical mass and prints how many
// must begin for half of the runs to live, and for half to take the region:
// the numbers of the study's README.
//
//	go run ./cmd/parley-sim/mass docs/studies/critical-mass/scenario.toml docs/studies/critical-mass/run
//
// A run's table does not have how many of those who began were vendors. It is
// drawn from the cell's seed, so it is drawn again here by the model's own code.
package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/parley-network/parley/sim/random"
	"github.com/parley-network/parley/sim/scenario"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: mass <scenario.toml> <run folder>")
		os.Exit(2)
	}
	if err := run(os.Stdout, os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "mass:", err)
		os.Exit(1)
	}
}

func run(w io.Writer, file, folder string) error {
	s, err := scenario.Load(file)
	if err != nil {
		return err
	}
	f, err := os.Open(filepath.Join(folder, "runs.csv"))
	if err != nil {
		return fmt.Errorf("open the runs: %w", err)
	}
	defer f.Close()
	groups, err := read(f, s)
	if err != nil {
		return fmt.Errorf("%s: %w", f.Name(), err)
	}
	fmt.Fprintln(w, "| who begins | lives | lives, a vendor among them | region | region, a vendor among them | runs without a vendor: live |")
	fmt.Fprintln(w, "|---|---|---|---|---|---|")
	for _, g := range groups {
		with := g.with(func(r ran) bool { return r.vendors > 0 })
		without := g.with(func(r ran) bool { return r.vendors == 0 })
		alive := 0
		for _, r := range without.runs {
			if r.lives {
				alive++
			}
		}
		fmt.Fprintf(w, "| %s | %s | %s | %s | %s | %d of %d |\n", g.name,
			mass(g, ran.alive), mass(with, ran.alive), mass(g, ran.taken), mass(with, ran.taken), alive, len(without.runs))
	}
	return nil
}

// resamples is how many bootstrap samples a bracket is of.
const resamples = 400

// mass is a group's critical mass and, in brackets, what 95% of bootstrap
// samples of its runs lie within.
func mass(g group, ends func(ran) bool) string {
	least, most := g.span()
	at := func(x float64) string {
		switch {
		case x < least:
			return fmt.Sprintf("under %.0f", least)
		case x > most:
			return fmt.Sprintf("over %.0f", most)
		}
		return fmt.Sprintf("%.0f", x)
	}
	r := random.New(1, "critical-mass/bootstrap/"+g.name)
	all := make([]float64, resamples)
	for i := range all {
		again := make([]ran, len(g.runs))
		for j := range again {
			again[j] = g.runs[r.IntN(len(g.runs))]
		}
		all[i] = half(again, ends)
	}
	low, high := middle95(all)
	return fmt.Sprintf("%s [%s–%s]", at(half(g.runs, ends)), at(low), at(high))
}
