package main

import (
	"errors"

	"github.com/parley-network/parley/sim/result"
)

type resumeCmd struct {
	Dir string `arg:"" help:"The run's folder."`
	machineFlags
	queueFlags
	Shard string `help:"Run one part of the cells only: i/N counted from 0, auto, auto/N, or none." placeholder:"I/N"`
}

// Help implements kong.HelpProvider.
func (resumeCmd) Help() string {
	return `Runs the cells of a folder that have no result yet, and writes the tables once
all have one; of a complete run, by whatever version of the program, that is all
it does. Of a run in parts, it fills every gap unless --shard names a part.

Example:

    parley-sim new small
    parley-sim run small.toml --shard 0/2
    parley-sim resume small.run`
}

// Run goes on with a run.
func (c resumeCmd) Run(e *env) error {
	shard, err := e.shard(c.Shard)
	if err != nil {
		return err
	}
	if err := errors.Join(c.queueFlags.check(), canListen(c.Live)); err != nil {
		return err
	}
	folder, err := result.Open(c.Dir)
	if err != nil {
		return err
	}
	defer folder.Close()
	m := folder.Manifest()
	if err := folder.Check(runVersion(), m.Hash); err != nil {
		if len(folder.Missing()) > 0 {
			return err
		}
		e.note("the run is by %s, and complete: its tables are written of what it recorded", m.Program)
	}
	engine, err := e.engine(m.Scenario.Engine)
	if err != nil {
		return err
	}
	return e.carryOut(folder, engine, shard, c.machineFlags, c.queueFlags)
}
