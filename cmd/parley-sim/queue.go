package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"time"

	"github.com/parley-network/parley/sim/queue"
	"github.com/parley-network/parley/sim/scenario"
	"github.com/parley-network/parley/sim/sweep"
)

// queueFlags say through which queue cells reach their workers.
type queueFlags struct {
	Queue string `help:"Have the workers of a NATS cluster run the cells: nats://HOST:4222, several joined by commas. By default the queue is in this process." env:"PARLEY_SIM_QUEUE" placeholder:"URL"`
	Creds string `help:"A NATS credentials file for --queue." env:"PARLEY_SIM_QUEUE_CREDS" placeholder:"FILE"`
	Alone bool   `help:"With --queue, run no cells in this process." name:"no-local"`
}

// check refuses an address that is none, before a folder is made.
func (q queueFlags) check() error {
	if q.Queue == "" {
		return nil
	}
	if _, err := queue.ParseAddress(q.Queue, q.Creds); err != nil {
		return usageError{err}
	}
	return nil
}

const (
	queueFolder = "queue"
	queueID     = "queue.id"
	// tries is how often a cell is run that fails on a worker elsewhere, which
	// may lack memory or die. Here it would fail again for the same reason.
	tries = 3
)

// enqueue has the cells run, here by the engine or by the workers of a cluster.
func (e *env) enqueue(f *queue.FolderSweep, engine sweep.Engine, shard sweep.Shard, flags machineFlags, through queueFlags) error {
	if len(f.Cells) == 0 {
		return nil
	}
	f.Tell = func(n queue.Note) { e.note("%s", n) }
	run, err := runID(f.Folder.Dir())
	if err != nil {
		return err
	}
	s, err := f.Sweep(run + "-" + strings.ReplaceAll(shard.Log(), ".", "_"))
	if err != nil {
		return err
	}
	memory, err := flags.memory()
	if err != nil {
		return usageError{fmt.Errorf("--memory: %w", err)}
	}
	s.Local = queue.Workers{Name: "here", Count: flags.Workers, Memory: memory}
	s.Local.Execute, s.Local.Takes = queue.Engines(func(scenario.Engine) (sweep.Engine, error) { return engine, nil })
	if through.Queue == "" {
		s.Attempts = 1
		err = queue.Run(e.ctx, filepath.Join(f.Folder.Dir(), queueFolder+"-"+shard.Log()), s)
	} else {
		err = e.cluster(s, through)
	}
	return errors.Join(err, f.Failed())
}

func (e *env) cluster(s queue.Sweep, through queueFlags) error {
	a, err := queue.ParseAddress(through.Queue, through.Creds)
	if err != nil {
		return usageError{err}
	}
	s.Attempts = tries
	if through.Alone {
		s.Local.Count = 0
	}
	e.note("cells go through %s", a)
	return queue.RunCluster(e.ctx, a, s)
}

// runID names the run in a queue. It is drawn once for each folder, so that
// two runs of one scenario don't take each other's results.
func runID(dir string) (string, error) {
	path := filepath.Join(dir, queueID)
	id, err := os.ReadFile(path)
	if err == nil {
		return strings.TrimSpace(string(id)), nil
	}
	if !errors.Is(err, os.ErrNotExist) {
		return "", fmt.Errorf("read the run's name in queues: %w", err)
	}
	text := strings.ToLower(rand.Text())
	part, err := os.CreateTemp(dir, queueID+"-*")
	if err != nil {
		return "", fmt.Errorf("name the run: %w", err)
	}
	defer os.Remove(part.Name())
	_, err = fmt.Fprintln(part, text)
	if err = errors.Join(err, part.Chmod(0o644), part.Close()); err != nil {
		return "", fmt.Errorf("name the run: %w", err)
	}
	// Another part of the run may have been quicker: then its name holds. A file
	// system without links has the rename, which the last of two wins.
	if err := os.Link(part.Name(), path); err != nil && !errors.Is(err, os.ErrExist) {
		if err := os.Rename(part.Name(), path); err != nil {
			return "", fmt.Errorf("name the run: %w", err)
		}
	}
	return runID(dir)
}

type workerCmd struct {
	capacityFlags
	Queue string        `required:"" help:"The NATS cluster: nats://HOST:4222, several joined by commas." env:"PARLEY_SIM_QUEUE" placeholder:"URL"`
	Creds string        `help:"A NATS credentials file." env:"PARLEY_SIM_QUEUE_CREDS" placeholder:"FILE"`
	Idle  time.Duration `help:"End after so long without a cell; by default never." placeholder:"TIME"`
	Name  string        `help:"What it is called in messages; by default host and process." placeholder:"NAME"`
	Cache string        `help:"Where files that scenarios name are kept; by default the user's folder for caches." placeholder:"DIR"`
}

// Help implements kong.HelpProvider.
func (workerCmd) Help() string {
	return `Takes cells of any run from the queue of a NATS cluster, and sends back what
they found. It has to be the same version of the program as the one that put
them there, and sees the cells of no other. It may be killed at any time: its
cells go to another worker. An interrupt (or SIGTERM) gives them back at once.

A password in a URL can be seen by others on the machine: use --creds, or
PARLEY_SIM_QUEUE.

It runs until it is interrupted, or for --idle without a cell. "run --queue" puts
the cells there, on this machine or another. Both need a NATS server that has
JetStream, such as nats-server -js; to try them on one machine, give the worker
a terminal of its own.

Example:

    parley-sim worker --queue nats://127.0.0.1:4222 --idle 10m
    parley-sim new bass
    parley-sim run bass.toml --queue nats://127.0.0.1:4222`
}

// Run runs cells until it is interrupted or idle for too long.
func (c workerCmd) Run(e *env) error {
	if err := c.check(); err != nil {
		return err
	}
	a, err := queue.ParseAddress(c.Queue, c.Creds)
	if err != nil {
		return usageError{err}
	}
	memory, err := c.memory()
	if err != nil {
		return usageError{fmt.Errorf("--memory: %w", err)}
	}
	if memory > 0 {
		debug.SetMemoryLimit(memory) // as expect does for who runs cells without a queue
	}
	w := queue.Workers{
		Version: runVersion(), Name: c.Name, Count: c.Workers, Memory: memory, Idle: c.Idle, Cache: c.Cache,
		Tell: func(n queue.Note) {
			if n.Kind != queue.Progressed {
				e.note("%s", n)
			}
		},
	}
	if w.Name == "" {
		host, err := os.Hostname()
		if err != nil {
			host = "worker"
		}
		w.Name = fmt.Sprintf("%s-%d", host, os.Getpid())
	}
	w.Execute, w.Takes = queue.Engines(e.engine)
	e.note("%d at once, version %s, from %s", c.Workers, w.Version, a)
	return queue.Work(e.ctx, a, w)
}
