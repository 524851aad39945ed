package main

import (
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/parley-network/parley/sim/result"
	"github.com/parley-network/parley/sim/scenario"
	"github.com/parley-network/parley/sim/sweep"
)

type planCmd struct {
	scenarioFlags
	capacityFlags
	All bool `help:"List every cell, not the first ones alone."`
}

// Help implements kong.HelpProvider.
func (planCmd) Help() string {
	return `Reads the scenario as "run" would, and says what it would take. Nothing is run.
Where the rule is Bass's, it says what his p and q are per.

Example:

    parley-sim new town
    parley-sim plan town.toml --workers 2
    parley-sim plan town.toml --engine stack --set people.count=500 --json`
}

// planned is the answer.
type planned struct {
	Scenario string          `json:"scenario"`
	Hash     string          `json:"scenario_sha256"`
	Engine   scenario.Engine `json:"engine"`
	// Bass says what the rates of that rule are per, "" of another rule.
	Bass string `json:"bass,omitempty"`
	Seed uint64 `json:"seed"`
	// Calibration names the constants that the model goes by, "" those that ship.
	Calibration string        `json:"calibration,omitempty"`
	Points      int           `json:"points"`
	Count       int           `json:"cells"`
	Cells       []result.Cell `json:"plan"`
	Workers     int           `json:"workers"`
	Work        float64       `json:"processor_seconds"`
	Wall        float64       `json:"wall_seconds"`
	Memory      int64         `json:"memory_bytes"`
	Free        int64         `json:"memory_free_bytes,omitempty"`
	// Idle are settings that were written and change nothing.
	Idle scenario.Problems `json:"without_effect,omitempty"`

	provided string // what has to be so for it to take as long
}

// Run shows the plan.
func (c planCmd) Run(e *env) error {
	f, idle, err := c.open(e)
	if err != nil {
		return err
	}
	m, engine, err := e.prepare(f)
	if err != nil {
		return err
	}
	est, free, err := e.expect(m, engine, allCells(m), machineFlags{capacityFlags: c.capacityFlags}, f.At)
	if err != nil {
		return err
	}
	bass, err := bassNote(f.Scenario)
	if err != nil {
		return err
	}
	p := planned{Bass: bass, Scenario: c.Scenario, Hash: m.Hash, Engine: m.Scenario.Engine, Seed: m.Scenario.Seed, Calibration: m.Scenario.Calibration,
		Points: m.Scenario.Points(), Count: len(m.Cells), Cells: m.Cells, Workers: c.Workers,
		Work: est.Work.Seconds(), Wall: est.Wall.Seconds(), Memory: est.Memory, Free: free, Idle: idle}
	if m.Scenario.Study == "society" && m.Scenario.People.Intents > 0 && m.Scenario.Adoption.Rule != "everyone" {
		p.provided = ", less where not all take part"
	}
	return e.show(p, func(w io.Writer) { p.print(w, est, c.All) })
}

// prepare makes the manifest and the engine of a scenario.
func (e *env) prepare(f *scenario.File) (result.Manifest, sweep.Engine, error) {
	m, err := result.NewManifest(f.Scenario, runVersion(), time.Now())
	if err != nil {
		return m, nil, err
	}
	engine, err := e.engine(f.Scenario.Engine)
	if err != nil {
		return m, nil, usageError{err}
	}
	return m, engine, nil
}

func allCells(m result.Manifest) []int {
	out := make([]int, len(m.Cells))
	for i := range out {
		out[i] = i
	}
	return out
}

// fewCells is how many are listed unless all are asked for.
const fewCells = 12

func (p planned) print(w io.Writer, est sweep.Estimate, all bool) {
	fmt.Fprintf(w, "scenario  %s (%s)\nengine    %s\nseed      %d\n", p.Scenario, p.Hash[:12], p.Engine, p.Seed)
	if p.Calibration != "" {
		fmt.Fprintf(w, "constants %s\n", p.Calibration)
	}
	if p.Bass != "" {
		fmt.Fprintf(w, "adoption  %s\n", p.Bass)
	}
	fmt.Fprintf(w, "cells     %d: %d points, %d times each\n", p.Count, p.Points, p.Count/p.Points)
	fmt.Fprintf(w, "time      about %s with %d workers (%s of one core)%s\n", span(est.Wall), p.Workers, span(est.Work), p.provided)
	fmt.Fprintf(w, "memory    about %s", sweep.Bytes(p.Memory))
	if p.Free > 0 {
		fmt.Fprintf(w, " of %s", sweep.Bytes(p.Free))
	}
	fmt.Fprint(w, "\n\n")
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprint(tw, "CELL\tPOINT\tREPLICATE\tSEED")
	for _, set := range p.Cells[0].At {
		fmt.Fprintf(tw, "\t%s", set.Field)
	}
	fmt.Fprintln(tw)
	shown := p.Cells
	if !all && len(shown) > fewCells {
		shown = shown[:fewCells]
	}
	for _, c := range shown {
		fmt.Fprintf(tw, "%d\t%d\t%d\t%d", c.Index, c.Point, c.Replicate, c.Seed)
		for _, set := range c.At {
			fmt.Fprintf(tw, "\t%v", set.Value)
		}
		fmt.Fprintln(tw)
	}
	tw.Flush()
	if more := len(p.Cells) - len(shown); more > 0 {
		fmt.Fprintf(w, "… and %d more; --all lists them\n", more)
	}
}
