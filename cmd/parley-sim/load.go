package main

import (
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/pelletier/go-toml/v2"

	"github.com/parley-network/parley/sim/graph"
	"github.com/parley-network/parley/sim/result"
	"github.com/parley-network/parley/sim/scenario"
	"github.com/parley-network/parley/sim/sweep"
)

// scenarioFlags say which scenario, and what of it is otherwise this time.
type scenarioFlags struct {
	Scenario   string   `arg:"" help:"The scenario's file (.toml, .yaml)."`
	Engine     string   `help:"Run it on model or stack, whatever it says." enum:",model,stack" default:"" placeholder:"ENGINE"`
	Replicates int      `help:"Runs of each point, whatever it says." placeholder:"N"`
	Seed       *uint64  `help:"The seed, whatever it says." placeholder:"N"`
	Calibrated string   `help:"Go by these constants of the model, as calibrate writes them, whatever it says." name:"calibration" placeholder:"FILE"`
	Set        []string `help:"Give a field another value, such as people.count=500." placeholder:"FIELD=VALUE" sep:"none"`
}

// open reads the scenario, changes what the flags say, and refuses what is
// impossible then. Settings that were written in vain are told, and returned.
func (s scenarioFlags) open(e *env) (*scenario.File, scenario.Problems, error) {
	f, err := readScenario(s.Scenario)
	if err != nil {
		return nil, nil, err
	}
	if err := s.change(f); err != nil {
		return nil, nil, usageError{err}
	}
	idle, err := f.Review()
	if err != nil {
		return nil, nil, err // scenario.Problems, each in its place
	}
	if err := e.checkEdges(f); err != nil {
		return nil, nil, err
	}
	for _, p := range idle {
		fmt.Fprintln(e.err, p)
	}
	return f, idle, nil
}

func readScenario(path string) (*scenario.File, error) {
	f, err := scenario.Open(path)
	var problems scenario.Problems
	switch {
	case err == nil:
		return f, nil
	case errors.As(err, &problems):
		return nil, problems
	}
	return nil, usageError{err}
}

// change gives fields the values that the flags say.
func (s scenarioFlags) change(f *scenario.File) error {
	flags := map[string]any{}
	if s.Engine != "" {
		flags["engine"] = s.Engine
	}
	if s.Replicates != 0 {
		flags["replicates"] = s.Replicates
	}
	if s.Seed != nil {
		flags["seed"] = *s.Seed
	}
	for field, value := range flags {
		if err := f.Change(field, value, "--"+field); err != nil {
			return err
		}
	}
	if s.Calibrated != "" {
		if err := f.Calibrate(s.Calibrated, "--calibration"); err != nil {
			return fmt.Errorf("--calibration: %w", err)
		}
	}
	for _, set := range s.Set {
		if err := setField(f, set); err != nil {
			return fmt.Errorf("--set: %w", err)
		}
	}
	return nil
}

// checkEdges reads the edge list that a scenario names, for what is wrong in it.
func (e *env) checkEdges(f *scenario.File) error {
	if f.Scenario.Network.Kind != "file" {
		return nil
	}
	list, err := os.Open(f.Scenario.Network.File)
	if err != nil {
		return usageError{err}
	}
	defer list.Close()
	edges, err := graph.ReadList(list.Name(), list)
	if err != nil {
		return usageError{fmt.Errorf("%s: network.file: %w", f.At("network.file"), err)}
	}
	if edges.Loops+edges.Twice > 0 {
		fmt.Fprintf(e.err, "%s: network.file: %s: %d edges from a node to itself and %d that are there already are left out; %d are not\n",
			f.At("network.file"), list.Name(), edges.Loops, edges.Twice, edges.Edges())
	}
	for i := range f.Scenario.Points() {
		s, _, err := f.Scenario.Point(i)
		if err != nil {
			return err
		}
		// The first people are the list's; whoever is beyond has no acquaintance.
		if agents := s.People.Count + s.Vendors.Count; agents < edges.Len() {
			return usageError{fmt.Errorf("%s: network.file: it has %d people, and people.count and vendors.count are %d together: want at least as many",
				f.At("network.file"), edges.Len(), agents)}
		}
	}
	return nil
}

// setField reads a value as a TOML file would, and else as text.
func setField(f *scenario.File, set string) error {
	field, text, ok := strings.Cut(set, "=")
	if !ok {
		return fmt.Errorf("%q; want FIELD=VALUE", set)
	}
	if field == "calibration" {
		return fmt.Errorf("calibration is given by --calibration FILE")
	}
	if field == "network.file" || strings.HasPrefix(field, "sweep") {
		return fmt.Errorf("%s is changed in the file only", field)
	}
	for _, axis := range f.Scenario.Sweep {
		if axis.Field == field {
			return fmt.Errorf("%s is varied by the sweep: change it in the file", field)
		}
	}
	var v struct{ X any }
	if toml.Unmarshal([]byte("X = "+text), &v) != nil {
		v.X = text
	}
	return f.Change(field, v.X, "--set")
}

// capacityFlags say what the machine gives.
type capacityFlags struct {
	Workers int    `help:"How many cells run at once." default:"${workers}" placeholder:"N"`
	Memory  string `help:"Memory to stay within, such as 8GB; by default what is free." placeholder:"SIZE"`
}

// machineFlags are those of what runs cells of a folder.
type machineFlags struct {
	capacityFlags
	Live string `help:"Show the run on a page at this loopback address, such as 127.0.0.1:8080." placeholder:"ADDR"`
}

// memory is the limit in bytes, 0 for none known.
func (m capacityFlags) memory() (int64, error) {
	if m.Memory == "" {
		return freeMemory(), nil
	}
	return parseBytes(m.Memory)
}

func (m capacityFlags) check() error {
	if m.Workers < 1 || m.Workers > 4096 {
		return wrong("--workers is %d, must be from 1 to 4096", m.Workers)
	}
	return nil
}

func (m machineFlags) check() error {
	if err := m.capacityFlags.check(); err != nil {
		return err
	}
	if m.Live != "" {
		if _, err := loopback(m.Live); err != nil {
			return err
		}
	}
	return nil
}

// programBytes is what the program takes beside its cells: its code, the queue in
// it, and what the collector leaves alone for the ballast.
const programBytes = 50<<20 + ballastBytes

// expect returns what cells take, and refuses, before anything runs, what the
// engine can't do or the memory does not hold. at tells where a field was
// written.
func (e *env) expect(m result.Manifest, engine sweep.Engine, cells []int, flags machineFlags, at func(field string) string) (sweep.Estimate, int64, error) {
	if err := flags.check(); err != nil {
		return sweep.Estimate{}, 0, err
	}
	est, err := sweep.Expect(m, engine, cells, flags.Workers)
	if err != nil {
		return est, 0, refused(m, err, at)
	}
	memory, err := flags.memory()
	if err != nil {
		return est, 0, usageError{fmt.Errorf("--memory: %w", err)}
	}
	if memory > 0 {
		if err := est.Fits(memory); err != nil {
			field := "people.count"
			if len(m.Scenario.Sweep) > 0 {
				field = "sweep"
			}
			return est, memory, usageError{fmt.Errorf("%s: %w", at(field), err)}
		}
		// The collector works harder then, instead of the heap growing to twice
		// what the cells were expected to keep.
		debug.SetMemoryLimit(memory)
	}
	est.Memory += programBytes
	return est, memory, nil
}

// refused tells what an engine can't run, where it was written, and at which
// point.
func refused(m result.Manifest, err error, at func(field string) string) error {
	var cell *sweep.CellError
	var problems scenario.Problems
	if !errors.As(err, &cell) || !errors.As(err, &problems) {
		return usageError{fmt.Errorf("%s: %w", at(""), err)}
	}
	for i := range problems {
		p := &problems[i]
		p.File = at(m.Scenario.Where(p.Field, cell.Cell.At))
		if file, line, ok := cutLine(p.File); ok {
			p.File, p.Line = file, line
		}
		if len(cell.Cell.At) > 0 {
			p.Reason += " (at " + result.Join(cell.Cell.At) + ")"
		}
	}
	return problems
}

// cutLine parts "file:line".
func cutLine(at string) (file string, line int, ok bool) {
	k := strings.LastIndexByte(at, ':')
	if k < 0 {
		return at, 0, false
	}
	line, err := strconv.Atoi(at[k+1:])
	return at[:k], line, err == nil
}

// parseBytes reads a size such as 8GB, 512MiB or 1000000.
func parseBytes(text string) (int64, error) {
	units := []struct {
		suffix string
		factor float64
	}{{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"TiB", 1 << 40},
		{"kB", 1e3}, {"KB", 1e3}, {"MB", 1e6}, {"GB", 1e9}, {"TB", 1e12}, {"B", 1}, {"", 1}}
	for _, u := range units {
		if n, ok := strings.CutSuffix(text, u.suffix); ok {
			var x float64
			if _, err := fmt.Sscanf(strings.TrimSpace(n)+"\n", "%g\n", &x); err != nil || !(x >= 1) || x*u.factor > 1<<60 {
				return 0, fmt.Errorf("%q is no size; want one such as 8GB or 512MiB", text)
			}
			return int64(x * u.factor), nil
		}
	}
	return 0, fmt.Errorf("%q is no size", text)
}

// span writes a duration for people.
func span(d time.Duration) string {
	switch {
	case d < time.Second:
		return d.Round(time.Millisecond).String()
	case d < time.Minute:
		return d.Round(time.Second / 10).String()
	case d < 48*time.Hour:
		return d.Round(time.Second).String()
	}
	return fmt.Sprintf("%.1f days", d.Hours()/24)
}
