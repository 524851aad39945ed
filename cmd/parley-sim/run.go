package main

import (
	"errors"
	"path/filepath"
	"strings"

	"github.com/parley-network/parley/sim/result"
	"github.com/parley-network/parley/sim/sweep"
)

type runCmd struct {
	scenarioFlags
	machineFlags
	queueFlags
	Out   string `help:"The run's folder; by default the scenario's name with .run." placeholder:"DIR"`
	Shard string `help:"Run one part of the cells only: i/N counted from 0, auto, auto/N, or none." placeholder:"I/N"`
}

// Help implements kong.HelpProvider.
func (runCmd) Help() string {
	return `Everything is checked before anything runs. Each cell is on the disk as soon as
it is finished; killed at any point, "resume" goes on with the others.

Several machines that share the folder run a part each. Counted from 0, --shard
2/8 is the third of eight. In a Slurm array the part is known from its
variables; in a Kubernetes indexed job --shard auto/8 takes it from
JOB_COMPLETION_INDEX. Whoever finishes last writes the tables.

Example:

    parley-sim new small
    parley-sim run small.toml --replicates 30
    parley-sim run small.toml --engine stack --workers 2 --out stack.run
    parley-sim run small.toml --shard 0/2 --out parts.run
    parley-sim run small.toml --shard 1/2 --out parts.run`
}

// Run runs the scenario.
func (c runCmd) Run(e *env) error {
	shard, err := e.shard(c.Shard)
	if err != nil {
		return err
	}
	f, _, err := c.open(e)
	if err != nil {
		return err
	}
	m, engine, err := e.prepare(f)
	if err != nil {
		return err
	}
	if _, _, err := e.expect(m, engine, shard.Of(allCells(m)), c.machineFlags, f.At); err != nil {
		return err
	}
	if err := errors.Join(c.queueFlags.check(), canListen(c.Live)); err != nil {
		return err
	}
	dir := c.Out
	if dir == "" {
		base := filepath.Base(c.Scenario)
		dir = strings.TrimSuffix(base, filepath.Ext(base)) + ".run"
	}
	folder, err := create(dir, m, shard)
	if err != nil {
		return err
	}
	defer folder.Close()
	return e.carryOut(folder, engine, shard, c.machineFlags, c.queueFlags)
}

// create makes the run's folder, or joins the one that another shard made.
func create(dir string, m result.Manifest, shard sweep.Shard) (*result.Folder, error) {
	folder, err := result.Create(dir, m)
	if errors.Is(err, result.ErrExists) && shard.Count > 1 {
		if folder, err = result.Open(dir); err != nil {
			return nil, err
		}
		if err := folder.Check(m.Program, m.Hash); err != nil {
			return nil, errors.Join(err, folder.Close())
		}
	}
	return folder, err
}
