package queue

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/parley-network/parley/sim/outcome"
	"github.com/parley-network/parley/sim/result"
	"github.com/parley-network/parley/sim/scenario"
	"github.com/parley-network/parley/sim/sweep"
)

// mostFailures is after how many failed cells a run gives up: the rest would
// fail as well.
const mostFailures = 10

// FolderSweep is a run's folder as a [Sweep].
type FolderSweep struct {
	Folder *result.Folder
	// Cells are those to run, in that order, by index.
	Cells []int
	// Sink is the folder's journal.
	Sink sweep.Sink
	// Meter is told what happens; nil: nobody is.
	Meter *sweep.Meter
	// Tell hears everything that Meter has no place for.
	Tell func(Note)

	mu     sync.Mutex
	failed []error
}

// Sweep returns what a coordinator needs to run the cells under the name run.
// Its local workers and its timing are left to the caller.
func (f *FolderSweep) Sweep(run string) (Sweep, error) {
	m := f.Folder.Manifest()
	s := Sweep{
		Run: run, Version: m.Program, Exact: m.Scenario.Engine == scenario.Model,
		Record: f.record, Recorded: f.recorded, Tell: f.tell,
	}
	if n := m.Scenario.Network; n.File != "" {
		s.Files = []File{{Name: inputName(n), Path: n.File}}
	}
	for _, i := range f.Cells {
		if i < 0 || i >= len(m.Cells) {
			return Sweep{}, fmt.Errorf("there is no cell %d: the run has %d", i, len(m.Cells))
		}
		at, err := m.At(i)
		if err != nil {
			return Sweep{}, fmt.Errorf("%v: %w", m.Cells[i], err)
		}
		if at.Network.File != "" {
			at.Network.File = inputName(at.Network)
		}
		body, err := json.Marshal(cellBody{Scenario: at, Seed: m.Cells[i].Seed})
		if err != nil {
			return Sweep{}, fmt.Errorf("%v: %w", m.Cells[i], err)
		}
		s.Jobs = append(s.Jobs, Job{Cell: i, Body: body})
	}
	return s, nil
}

// Failed is every cell that failed, as [sweep.CellError]; nil if none did.
func (f *FolderSweep) Failed() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return errors.Join(f.failed...)
}

// inputName is what a scenario's file is called wherever the folder lies.
func inputName(n scenario.Network) string { return "inputs/" + n.Digest }

// cellBody is what a worker has to know of a cell.
type cellBody struct {
	Scenario scenario.Scenario `json:"scenario"`
	Seed     uint64            `json:"seed"`
}

func decodeCell(b []byte) (cellBody, error) {
	var c cellBody
	if err := decodeStrict(b, &c); err != nil {
		return cellBody{}, fmt.Errorf("cell: %w", err)
	}
	return c, nil
}

func (f *FolderSweep) record(r Result) error {
	if r.Failed != "" {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.Meter.Failed(r.Cell)
		f.failed = append(f.failed, &sweep.CellError{Cell: f.Folder.Manifest().Cells[r.Cell], Err: reason(r.Failed)})
		if len(f.failed) < mostFailures {
			return nil
		}
		return errors.Join(append(f.failed, fmt.Errorf("%d cells failed; the others are not tried", mostFailures))...)
	}
	o, err := decodeOutcome(r.Body)
	if err != nil {
		return err
	}
	if err := f.Sink.Put(context.Background(), r.Cell, o); err != nil {
		return err
	}
	f.Meter.Finished(r.Cell)
	return nil
}

// reason is an error again, as it was where the cell was run.
func reason(failed string) error {
	if text, ok := strings.CutPrefix(failed, panicked); ok {
		value, stack, _ := strings.Cut(text, "\n")
		return &sweep.PanicError{Value: value, Stack: []byte(stack)}
	}
	return errors.New(failed)
}

// recorded is an outcome as a worker would have sent it.
func (f *FolderSweep) recorded(cell int) []byte {
	if !f.Folder.Has(cell) {
		return nil
	}
	o, err := f.Folder.Outcome(cell)
	if err != nil {
		return nil
	}
	b, err := json.Marshal(o)
	if err != nil {
		return nil
	}
	return b
}

func decodeOutcome(b []byte) (outcome.Outcome, error) {
	var o outcome.Outcome
	if err := strict(b, maxResult, &o); err != nil {
		return outcome.Outcome{}, fmt.Errorf("outcome: %w", err)
	}
	return o, nil
}

func (f *FolderSweep) tell(n Note) {
	switch {
	case (n.Kind == Started || n.Kind == Progressed) && f.Folder.Has(n.Cell):
		// it came after the result
	case n.Kind == Started:
		f.Meter.Started(n.Cell)
	case n.Kind == Progressed:
		f.Meter.Reached(n.Cell, n.Done)
	default:
		if f.Tell != nil {
			f.Tell(n)
		}
	}
}

// Engines has workers run cells by the engines that engine makes, for
// [Workers.Execute] and [Workers.Takes]. An engine is made once.
func Engines(engine func(scenario.Engine) (sweep.Engine, error)) (Execute, func(body []byte) int64) {
	e := &engines{make: engine, made: map[scenario.Engine]sweep.Engine{}}
	return e.execute, e.takes
}

type engines struct {
	make func(scenario.Engine) (sweep.Engine, error)
	mu   sync.Mutex
	made map[scenario.Engine]sweep.Engine
}

func (e *engines) of(kind scenario.Engine) (sweep.Engine, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if have := e.made[kind]; have != nil {
		return have, nil
	}
	engine, err := e.make(kind)
	if err != nil {
		return nil, err
	}
	e.made[kind] = engine
	return engine, nil
}

func (e *engines) execute(ctx context.Context, body []byte, files map[string]string, done func(float64)) ([]byte, error) {
	c, err := decodeCell(body)
	if err != nil {
		return nil, err
	}
	if n := &c.Scenario.Network; n.File != "" {
		path, ok := files[n.File]
		if !ok {
			return nil, fmt.Errorf("the cell came without the file %s", n.File)
		}
		n.File = path
	}
	engine, err := e.of(c.Scenario.Engine)
	if err != nil {
		return nil, err
	}
	o, err := engine.Run(ctx, c.Scenario, c.Seed, done)
	if err != nil {
		return nil, err
	}
	return json.Marshal(o)
}

// takes is 0 for what can't be read: it fails when it is run.
func (e *engines) takes(body []byte) int64 {
	c, err := decodeCell(body)
	if err != nil {
		return 0
	}
	engine, err := e.of(c.Scenario.Engine)
	if err != nil {
		return 0
	}
	_, memory := engine.Expect(c.Scenario)
	return memory
}
