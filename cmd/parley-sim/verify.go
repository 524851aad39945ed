package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/parley-network/parley/sim/result"
	"github.com/parley-network/parley/sim/scenario"
	"github.com/parley-network/parley/sim/sweep"
)

type verifyCmd struct {
	Dir string `arg:"" help:"The run's folder."`
	capacityFlags
	Sample int `help:"Run that many cells again, evenly spread; by default all." placeholder:"N"`
}

// Help implements kong.HelpProvider.
func (verifyCmd) Help() string {
	return `Runs cells of a finished run of the model engine again, with the same seeds, and
compares what they find bit for bit with what is recorded; the tables are
compared with the journal they were written of. It says so when the program is
not the one that the run was made by. The stack engine's runs are never the same
to the bit, and are refused.

Example:

    parley-sim new small
    parley-sim run small.toml
    parley-sim verify small.run
    parley-sim verify small.run --sample 1`
}

// verified is the answer.
type verified struct {
	Dir string `json:"dir"`
	// Program made the run; Now compares.
	Program string             `json:"program"`
	Now     string             `json:"now"`
	Cells   int                `json:"cells"`
	Same    int                `json:"same"`
	Differ  []sweep.Difference `json:"differ"`
	Missing int                `json:"missing"`
	Tables  []string           `json:"tables_that_differ"`
	Where   []result.Altered   `json:"where_they_differ,omitempty"`
	Absent  []string           `json:"tables_that_are_not_there,omitempty"`
	Notes   []string           `json:"notes,omitempty"`
	Holds   bool               `json:"holds"`
}

// Run verifies a run.
func (c verifyCmd) Run(e *env) error {
	if c.Sample < 0 {
		return wrong("--sample is %d, must be 1 or more", c.Sample)
	}
	folder, err := result.Open(c.Dir)
	if err != nil {
		return err
	}
	defer folder.Close()
	m := folder.Manifest()
	if m.Scenario.Engine != scenario.Model {
		return wrong("%s was run on the engine %s, whose runs are never the same to the bit; compare outcomes with parley-sim compare", c.Dir, m.Scenario.Engine)
	}
	engine, err := e.engine(m.Scenario.Engine)
	if err != nil {
		return err
	}
	v := verified{Dir: c.Dir, Program: m.Program, Now: runVersion(), Missing: len(folder.Missing()), Notes: folder.Notes(),
		Differ: []sweep.Difference{}, Tables: []string{}}
	cells := sweep.Sample(recorded(folder), c.Sample)
	if err := e.again(folder, engine, cells, machineFlags{capacityFlags: c.capacityFlags}, &v); err != nil {
		return err
	}
	if v.Missing == 0 {
		altered, err := folder.AlteredTables()
		if err != nil {
			return err
		}
		v.divide(altered)
	}
	v.Cells = len(cells)
	v.Holds = v.Missing == 0 && len(v.Differ) == 0 && len(v.Tables) == 0 && v.Same > 0
	if err := e.show(v, func(w io.Writer) { v.print(w) }); err != nil {
		return err
	}
	if !v.Holds {
		return errTold
	}
	return nil
}

// divide tells tables that say something else from those that say nothing:
// the journal has all that was found, and what is too long to be handed on can
// be written from it again.
func (v *verified) divide(altered []result.Altered) {
	for _, a := range altered {
		if a.Absent {
			v.Absent = append(v.Absent, a.Name)
			continue
		}
		v.Tables, v.Where = append(v.Tables, a.Name), append(v.Where, a)
	}
}

func recorded(folder *result.Folder) (cells []int) {
	for cell := range folder.Manifest().Cells {
		if folder.Has(cell) {
			cells = append(cells, cell)
		}
	}
	return cells
}

// again runs cells and compares.
func (e *env) again(folder *result.Folder, engine sweep.Engine, cells []int, flags machineFlags, v *verified) error {
	m := folder.Manifest()
	est, _, err := e.expect(m, engine, cells, flags, func(string) string { return folder.Dir() })
	if err != nil {
		return err
	}
	est.LongestFirst(m, cells)
	sink := &sweep.Verifier{Folder: folder}
	meter := sweep.NewMeter(m, est, time.Now())
	stop := e.watch(meter)
	job := sweep.Job{Manifest: m, Engine: engine, Workers: flags.Workers, Source: sweep.NewList(cells), Sink: sink, Meter: meter}
	err = job.Run(e.ctx)
	stop()
	same, differ := sink.Found()
	v.Same, v.Differ = same, append(v.Differ, differ...)
	return err
}

func (v verified) print(w io.Writer) {
	for _, note := range v.Notes {
		fmt.Fprintln(w, note)
	}
	if v.Program != v.Now {
		fmt.Fprintf(w, "The run is by %s; this is %s.\n", v.Program, v.Now)
	}
	for _, d := range v.Differ {
		fmt.Fprintf(w, "%v: %s\n", d.Cell, d.What)
	}
	if len(v.Differ) > 0 && v.Program == v.Now {
		fmt.Fprintf(w, "The program is the one that made the run: its record was changed. Take %s from where it was copied, or run the scenario again in another folder.\n", v.Dir)
	}
	for _, a := range v.Where {
		fmt.Fprintf(w, "%s is not what the journal says, from %s on; parley-sim resume %s writes it again\n", a.Name, place(a), v.Dir)
	}
	if len(v.Absent) > 0 {
		fmt.Fprintf(w, "Not there: %s; parley-sim resume %s writes what the journal says.\n", strings.Join(v.Absent, ", "), v.Dir)
	}
	if v.Missing > 0 {
		fmt.Fprintf(w, "%d cells have no result; parley-sim resume %s runs them\n", v.Missing, v.Dir)
	}
	verdict := "does not hold"
	switch {
	case v.Holds:
		verdict = "holds"
	case v.Missing > 0 && v.Same == v.Cells && len(v.Tables) == 0:
		verdict = "is not finished, and holds as far as it goes"
	}
	fmt.Fprintf(w, "%s %s: %d of %d cells the same to the bit\n", v.Dir, verdict, v.Same, v.Cells)
}

// place is where a table differs: a line of what has lines.
func place(a result.Altered) string {
	if strings.HasSuffix(a.Name, ".csv") {
		return fmt.Sprintf("line %d", a.Line)
	}
	return fmt.Sprintf("byte %d", a.Byte)
}
