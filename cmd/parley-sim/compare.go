package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/parley-network/parley/sim/mesh"
	"github.com/parley-network/parley/sim/scenario"
	"github.com/parley-network/parley/sim/study"
)

// sidesFlags say what both engines play.
type sidesFlags struct {
	Scenario string `arg:"" optional:"" help:"The scenario whose protocol is played; by default the node's own, on links of 30 to 70 ms to compare and of 50 ms to calibrate."`
	Sizes    []int  `help:"How many nodes there are, one comparison each." default:"100,200" placeholder:"N,N"`
	Seeds    int    `help:"Networks of each size." default:"3" placeholder:"N"`
	Casts    int    `help:"Intents cast in each." default:"20" placeholder:"N"`
	From     string `help:"Constants of the model, as calibrate writes them; by default the scenario's, or those that ship." name:"from" aliases:"calibration" placeholder:"FILE"`
}

// plan is what both engines play, and the model's constants; without a scenario
// they play the protocol usual.
func (f sidesFlags) plan(e *env, usual scenario.Protocol) (study.Plan, mesh.Calibration, error) {
	s, c := scenario.Default(), mesh.Default()
	s.Protocol = usual
	if f.Scenario != "" {
		file, err := readScenario(f.Scenario)
		if err != nil {
			return study.Plan{}, c, err
		}
		s = file.Scenario
		if c, err = mesh.CalibrationOf(s, c); err != nil {
			return study.Plan{}, c, usageError{fmt.Errorf("%s: %w", file.At("calibration"), err)}
		}
	}
	if f.Seeds < 1 || f.Casts < 1 || len(f.Sizes) == 0 {
		return study.Plan{}, c, wrong("--sizes, --seeds and --casts must be at least 1")
	}
	for _, n := range f.Sizes {
		if n < 2 {
			return study.Plan{}, c, wrong("--sizes: %d nodes are no network", n)
		}
	}
	if f.From != "" {
		var err error
		if c, err = readConstants(f.From); err != nil {
			return study.Plan{}, c, usageError{fmt.Errorf("--from: %w", err)}
		}
	}
	p := study.Plan{Protocol: s.Protocol, Sizes: f.Sizes, Casts: f.Casts}
	for i := range f.Seeds {
		p.Seeds = append(p.Seeds, s.Seed+uint64(i))
	}
	if !e.asJSON {
		start := time.Now()
		p.Done = func(share float64) {
			e.note("real nodes: %.0f %% after %s", 100*share, span(time.Since(start)))
		}
	}
	return p, c, nil
}

// mostConstants is how long a file of constants may be.
const mostConstants = 1 << 16

func readConstants(path string) (c mesh.Calibration, err error) {
	f, err := os.Open(path)
	if err != nil {
		return c, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, mostConstants))
	if err != nil {
		return c, err
	}
	if c, err = mesh.ParseCalibration(text); err != nil {
		return c, fmt.Errorf("%s: %w", path, err)
	}
	return c, nil
}

type compareCmd struct {
	sidesFlags
	Delay  float64 `help:"How far the model's p50 and p99 may be from real nodes', as a share." default:"0.10" placeholder:"SHARE"`
	Copies float64 `help:"How far its copies may be, as a share." default:"0.05" placeholder:"SHARE"`
}

// Help implements kong.HelpProvider.
func (compareCmd) Help() string {
	return `Plays the same gossip on real nodes and in the model, and shows both side by
side: delays, copies, bytes, and the distance between the distributions of
delays (Kolmogorov-Smirnov, Wasserstein). It ends with 1 where the model is
further away than allowed.

Where all links are of one length, delays come in steps of a hop, and a p99 that
lies between two steps can be a hop off by chance: give such a scenario more
--seeds.

Example:

    parley-sim new gossip
    parley-sim compare gossip.toml --sizes 50 --seeds 2 --casts 10
    parley-sim compare --sizes 100,300 --json`
}

// Run compares the engines.
func (c compareCmd) Run(e *env) error {
	p, constants, err := c.plan(e, study.Spread())
	if err != nil {
		return err
	}
	pairs, err := study.Compare(e.ctx, p, constants)
	if err != nil {
		return err
	}
	var far []string
	for _, pair := range pairs {
		if !pair.Apart.Within(c.Delay, c.Copies) {
			far = append(far, fmt.Sprint(pair.Model.Nodes))
		}
	}
	answer := struct {
		Pairs  []study.Pair `json:"pairs"`
		Within bool         `json:"within"`
	}{pairs, len(far) == 0}
	var written error
	err = e.show(answer, func(w io.Writer) {
		written = study.WriteTable(w, pairs)
		if len(far) > 0 {
			fmt.Fprintf(w, "further away than allowed at %s nodes\n", strings.Join(far, ", "))
		}
	})
	if err = errors.Join(err, written); err == nil && len(far) > 0 {
		err = errTold
	}
	return err
}
