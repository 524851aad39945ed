package main

import (
	"fmt"
	"io"

	"github.com/parley-network/parley/sim/mesh"
	"github.com/parley-network/parley/sim/scenario"
	"github.com/parley-network/parley/sim/study"
)

// beside says what is played in both engines.
type beside struct {
	Scenario string   `arg:"" optional:"" help:"Take the protocol's parameters from this scenario's file; by default they are those that the node ships with."`
	Sizes    []int    `help:"Numbers of nodes." default:"100,300" placeholder:"N"`
	Seeds    []uint64 `help:"Seeds, one run of each engine a size and seed." default:"1,2,3" placeholder:"N"`
	Casts    int      `help:"Intents cast in each run." default:"20" placeholder:"N"`
}

func (b beside) plan(e *env) (study.Plan, error) {
	p := study.Plan{Protocol: scenario.Default().Protocol, Sizes: b.Sizes, Seeds: b.Seeds, Casts: b.Casts}
	if b.Scenario != "" {
		f, err := scenarioFlags{Scenario: b.Scenario}.open()
		if err != nil {
			return p, err
		}
		p.Protocol = f.Scenario.Protocol
	}
	for _, n := range b.Sizes {
		if n < 10 || n > 5000 {
			return p, wrong("--sizes %d: real nodes are compared from 10 to 5,000", n)
		}
	}
	if len(b.Seeds) == 0 || b.Casts < 1 {
		return p, wrong("want at least one seed and one cast")
	}
	p.Done = e.share("real nodes")
	return p, nil
}

// share returns a func that tells of a long work's progress on standard error.
func (e *env) share(what string) func(float64) {
	last := -1
	return func(done float64) {
		if tenth := int(10 * done); tenth > last && !e.asJSON {
			last = tenth
			e.note("%s: %d%%", what, 10*tenth)
		}
	}
}

type compareCmd struct {
	beside
	Within       float64 `help:"Fail if the 50th or the 99th percentile of the delays is further apart than this share." default:"0.10" placeholder:"SHARE"`
	CopiesWithin float64 `help:"Fail if the copies are." default:"0.05" placeholder:"SHARE"`
}

// Help implements kong.HelpProvider.
func (compareCmd) Help() string {
	return `Plays the same gossip on real nodes and in the model, at sizes where both run,
and shows both side by side: delays, copies, bytes, and how far apart their
distributions are (Kolmogorov-Smirnov, Wasserstein). It fails where they are
further apart than --within. Each 100 nodes take some seconds a seed.

Example:

    parley-sim compare
    parley-sim compare town.toml --sizes 100,300,1000 --seeds 1 --json`
}

// Run compares.
func (c compareCmd) Run(e *env) error {
	p, err := c.plan(e)
	if err != nil {
		return err
	}
	pairs, err := study.Compare(e.ctx, p, mesh.Default())
	if err != nil {
		return err
	}
	apart := 0
	for _, pair := range pairs {
		if !pair.Apart.Within(c.Within, c.CopiesWithin) {
			apart++
		}
	}
	var told error
	if err := e.show(pairs, func(w io.Writer) { told = study.WriteTable(w, pairs) }); err != nil || told != nil {
		return fmt.Errorf("show the comparison: %w", either(err, told))
	}
	if apart > 0 {
		e.note("at %d of %d sizes the model is further from real nodes than asked; parley-sim calibrate fits it", apart, len(pairs))
		return errTold
	}
	return nil
}

func either(a, b error) error {
	if a != nil {
		return a
	}
	return b
}
