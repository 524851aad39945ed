package main

import (
	"errors"
	"fmt"
	"os"
	"runtime/debug"
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
	Set        []string `help:"Give a field another value, such as people.count=500." placeholder:"FIELD=VALUE" sep:"none"`
}

// open reads the scenario and changes what the flags say.
func (s scenarioFlags) open() (*scenario.File, error) {
	f, err := scenario.Open(s.Scenario)
	var problems scenario.Problems
	if errors.As(err, &problems) {
		return nil, problems
	} else if err != nil {
		return nil, usageError{err}
	}
	if err := checkEdges(f); err != nil {
		return nil, err
	}
	sc := &f.Scenario
	if s.Engine != "" {
		sc.Engine = scenario.Engine(s.Engine)
	}
	if s.Replicates != 0 {
		sc.Replicates = s.Replicates
	}
	if s.Seed != nil {
		sc.Seed = *s.Seed
	}
	for _, set := range s.Set {
		if err := setField(sc, set); err != nil {
			return nil, usageError{fmt.Errorf("--set: %w", err)}
		}
	}
	if err := sc.Validate(); err != nil {
		return nil, usageError{fmt.Errorf("with what the command line changes:\n%w", err)}
	}
	return f, nil
}

// checkEdges reads the edge list that a scenario names, for what is wrong in it.
func checkEdges(f *scenario.File) error {
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
func setField(s *scenario.Scenario, set string) error {
	field, text, ok := strings.Cut(set, "=")
	if !ok {
		return fmt.Errorf("%q; want FIELD=VALUE", set)
	}
	if field == "network.file" || strings.HasPrefix(field, "sweep") {
		return fmt.Errorf("%s is changed in the file only", field)
	}
	for _, axis := range s.Sweep {
		if axis.Field == field {
			return fmt.Errorf("%s is varied by the sweep: change it in the file", field)
		}
	}
	var v struct{ X any }
	if toml.Unmarshal([]byte("X = "+text), &v) != nil {
		v.X = text
	}
	return s.Set(field, v.X)
}

// machineFlags say what the machine gives.
type machineFlags struct {
	Workers int    `help:"How many cells run at once." default:"${workers}" placeholder:"N"`
	Memory  string `help:"Memory to stay within, such as 8GB; by default what is free." placeholder:"SIZE"`
	Live    string `help:"Show the run on a page at this loopback address, such as 127.0.0.1:8080." placeholder:"ADDR"`
}

// memory is the limit in bytes, 0 for none known.
func (m machineFlags) memory() (int64, error) {
	if m.Memory == "" {
		return freeMemory(), nil
	}
	return parseBytes(m.Memory)
}

func (m machineFlags) check() error {
	if m.Workers < 1 || m.Workers > 4096 {
		return wrong("--workers is %d, must be from 1 to 4096", m.Workers)
	}
	if m.Live != "" {
		if _, err := loopback(m.Live); err != nil {
			return err
		}
	}
	return nil
}

// expect returns what cells take, and refuses, before anything runs, what the
// engine can't do or the memory does not hold. at tells where a field was
// written.
func (e *env) expect(m result.Manifest, engine sweep.Engine, cells []int, flags machineFlags, at func(field string) string) (sweep.Estimate, int64, error) {
	if err := flags.check(); err != nil {
		return sweep.Estimate{}, 0, err
	}
	est, err := sweep.Expect(m, engine, cells, flags.Workers)
	if err != nil {
		var p scenario.Problem // an engine may say which field is in its way
		errors.As(err, &p)
		return est, 0, usageError{fmt.Errorf("%s: %w", at(p.Field), err)}
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
	return est, memory, nil
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
