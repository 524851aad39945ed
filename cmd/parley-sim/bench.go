package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/parley-network/parley/sim/figure"
	"github.com/parley-network/parley/sim/mesh"
	"github.com/parley-network/parley/sim/outcome"
	"github.com/parley-network/parley/sim/result"
	"github.com/parley-network/parley/sim/scenario"
	"github.com/parley-network/parley/sim/study"
	"github.com/parley-network/parley/sim/sweep"
	"github.com/parley-network/parley/sim/yardstick"
)

type benchCmd struct {
	Only   string `help:"One of them: bass, size, workers or gossip; by default all." enum:",bass,size,workers,gossip" default:"" placeholder:"NAME"`
	Agents int    `help:"Agents of the diffusion." default:"1000000" placeholder:"N"`
	Nodes  []int  `help:"Nodes of the gossip." default:"100" placeholder:"N,N"`
}

// Help implements kong.HelpProvider.
func (benchCmd) Help() string {
	return `Measures what the engines reach here, a line each, and ends with 1 where one
falls short of what is promised:

  bass     agent-steps a second of network Bass on a Barabási-Albert graph
           (m = 4, p = .002, q = .01 per edge, 50 steps), one thread, over those
           of graph-tool and agentscript, run beside it where they are here
           (agentscript is installed by npm among your caches)
  size     ten million agents in one run, and the memory that takes
  workers  how much quicker two workers are than one, of the same cells
  gossip   deliveries a second of the model over those of real nodes, and how
           near its delays and copies are, on links of 30 to 70 ms

Example:

    parley-sim bench
    parley-sim bench --only gossip --nodes 100,300
    parley-sim bench --only workers --json`
}

// Run prints the figures.
func (c benchCmd) Run(e *env) error {
	for _, n := range c.Nodes {
		if n < 2 {
			return wrong("--nodes: %d nodes are no network", n)
		}
	}
	if c.Agents < 10 || c.Agents > scenario.MaxAgents {
		return wrong("--agents is %d, must be from 10 to %d", c.Agents, scenario.MaxAgents)
	}
	lines := *e
	var kept bytes.Buffer
	if e.asJSON {
		lines.out = &kept
	}
	ok, err := c.measure(&lines)
	if err != nil {
		return err
	}
	if e.asJSON {
		list, err := figures(kept.String())
		if err != nil {
			return err
		}
		if err := e.show(struct {
			Figures []measured `json:"figures"`
			OK      bool       `json:"ok"`
		}{list, ok}, nil); err != nil {
			return err
		}
	}
	if !ok {
		return errTold
	}
	return nil
}

// measure prints the figures, a line each, and reports whether all hold.
func (c benchCmd) measure(e *env) (bool, error) {
	ok := true
	for _, b := range []struct {
		name string
		run  func(*env) (bool, error)
	}{{"bass", c.bass}, {"size", c.size}, {"workers", c.workers}, {"gossip", c.gossip}} {
		if c.Only != "" && c.Only != b.name {
			continue
		}
		good, err := b.run(e)
		if err != nil {
			return false, err
		}
		ok = ok && good
	}
	return ok, nil
}

// diffusion is the published benchmark: network Bass.
func diffusion(agents int) scenario.Scenario {
	s := scenario.Default()
	s.People.Count, s.People.Intents, s.Vendors.Count, s.Clock.Steps = agents, 0, 0, 50
	s.Network.Kind, s.Network.Attach = "barabasi-albert", 4
	s.Adoption = scenario.Adoption{Rule: "bass", Seeding: "random", P: 0.002, Q: 0.01, PerEdge: true}
	return s
}

func (c benchCmd) bass(e *env) (bool, error) {
	return yardstick.Spread(e.ctx, e.out, c.Agents, max(c.Agents/10, 10))
}

func (c benchCmd) size(e *env) (bool, error) { return yardstick.Size(e.out, 10*c.Agents) }

// discard is a sink that only counts.
type discard struct {
	mu sync.Mutex
	n  int
}

// Put implements [sweep.Sink]: it counts the cell and forgets what it found.
func (d *discard) Put(context.Context, int, outcome.Outcome) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.n++
	return nil
}

// workers runs the same cells with one worker and with two, by turns.
func (c benchCmd) workers(e *env) (bool, error) {
	engine, err := e.engine(scenario.Model)
	if err != nil {
		return false, err
	}
	s := diffusion(max(c.Agents/10, 10))
	s.Replicates = 40 // a second or more: what is shorter, chance decides
	m, err := result.NewManifest(s, runVersion(), time.Now())
	if err != nil {
		return false, err
	}
	best := map[int]float64{}
	for range 5 {
		for _, n := range []int{1, 2} {
			sink := &discard{}
			start := time.Now()
			job := sweep.Job{Manifest: m, Engine: engine, Workers: n, Source: sweep.NewList(allCells(m)), Sink: sink}
			if err := job.Run(e.ctx); err != nil {
				return false, err
			}
			if sink.n != len(m.Cells) {
				return false, fmt.Errorf("%d of %d cells ran", sink.n, len(m.Cells))
			}
			if took := time.Since(start).Seconds(); best[n] == 0 || took < best[n] {
				best[n] = took
			}
		}
	}
	return figure.AtLeast(e.out, "two-workers-over-one", best[1]/best[2], 1.8), nil
}

func (c benchCmd) gossip(e *env) (bool, error) {
	p := study.Plan{Protocol: study.Spread(), Sizes: c.Nodes, Seeds: []uint64{1, 2, 3}, Casts: 20}
	pairs, err := study.Compare(e.ctx, p, mesh.Default())
	if err != nil {
		return false, err
	}
	ok := true
	for _, pair := range pairs {
		ok = gossipFigures(e.out, pair) && ok
	}
	return ok, nil
}

func gossipFigures(w io.Writer, p study.Pair) bool {
	name := func(what string) string { return fmt.Sprintf("gossip-%d-%s", p.Model.Nodes, what) }
	away := func(ratio float64) float64 { return max(ratio, 1/ratio) - 1 }
	ok := figure.AtLeast(w, name("deliveries-per-second-over-stack"), p.Apart.Rate, 1000)
	ok = figure.AtMost(w, name("p50-away"), away(p.Apart.P50), 0.10) && ok
	ok = figure.AtMost(w, name("p99-away"), away(p.Apart.P99), 0.10) && ok
	return figure.AtMost(w, name("copies-away"), away(p.Apart.Copies), 0.05) && ok
}
