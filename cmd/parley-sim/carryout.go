package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/parley-network/parley/sim/queue"
	"github.com/parley-network/parley/sim/result"
	"github.com/parley-network/parley/sim/sweep"
)

// shard tells which part of the cells this process runs.
func (e *env) shard(text string) (sweep.Shard, error) {
	s, err := sweep.ParseShard(text, os.Getenv)
	if err == nil && s.Count > 1 && !e.asJSON {
		e.note("part %v of the cells", s)
	}
	return s, err
}

// carried is the answer of run and resume.
type carried struct {
	Dir string `json:"dir"`
	// Cells are all of the run, Ran those of this process, Missing those that
	// have no result yet.
	Cells   int      `json:"cells"`
	Ran     int      `json:"ran"`
	Missing int      `json:"missing"`
	Seconds float64  `json:"seconds"`
	Notes   []string `json:"notes,omitempty"`
	Tables  []string `json:"tables,omitempty"`
}

// carryOut runs what is missing of a shard, and writes the tables when nothing
// of the run is missing any more.
func (e *env) carryOut(folder *result.Folder, engine sweep.Engine, shard sweep.Shard, flags machineFlags, through queueFlags) error {
	m := folder.Manifest()
	writer, err := folder.Writer(shard.Log())
	if err != nil {
		return err
	}
	defer writer.Close()
	if busy, err := folder.Busy(shard.Crosses); err != nil {
		return err
	} else if len(busy) > 0 {
		return fmt.Errorf("journal %s, which has cells of part %v as well: %w", strings.Join(busy, ", "), shard, result.ErrBusy)
	}
	for _, note := range folder.Notes() {
		e.note("%s", note)
	}
	cells := shard.Of(folder.Missing())
	est, _, err := e.expect(m, engine, cells, flags, func(string) string { return folder.Dir() })
	if err != nil {
		return err
	}
	est.LongestFirst(m, cells)
	engine, sink, unwatch, err := e.live(flags.Live, folder, engine, writer)
	if err != nil {
		return e.unfinished(folder, err)
	}
	defer unwatch()
	start := time.Now()
	meter := sweep.NewMeter(m, est, start)
	stop := e.watch(meter)
	err = e.enqueue(&queue.FolderSweep{Folder: folder, Cells: cells, Sink: sink, Meter: meter}, engine, shard, flags, through)
	stop()
	if err != nil {
		return e.unfinished(folder, err)
	}
	done := carried{Dir: folder.Dir(), Cells: len(m.Cells), Ran: len(cells), Seconds: time.Since(start).Seconds(), Notes: folder.Notes()}
	return e.finish(folder, writer, done)
}

// unfinished adds to an error what is safe and how to go on.
func (e *env) unfinished(folder *result.Folder, err error) error {
	all := len(folder.Manifest().Cells)
	what := fmt.Sprintf("%d of %d cells are recorded; go on with: parley-sim resume %s", all-len(folder.Missing()), all, folder.Dir())
	if errors.Is(err, context.Canceled) {
		return fmt.Errorf("interrupted; %s", what)
	}
	return fmt.Errorf("%w\n%s", err, what)
}

// finish writes the tables if the other parts are there as well.
func (e *env) finish(folder *result.Folder, writer *result.Writer, done carried) error {
	if err := writer.Close(); err != nil {
		return err
	}
	again, err := result.Open(folder.Dir()) // with what other processes have recorded meanwhile
	if err != nil {
		return err
	}
	defer again.Close()
	if done.Missing = len(again.Missing()); done.Missing == 0 {
		if err := again.WriteTables(); err != nil {
			return fmt.Errorf("every cell is recorded, but the tables can't be written; once that is mended: parley-sim resume %s\n%w", folder.Dir(), err)
		}
		done.Tables = []string{result.RunsCSV, result.SeriesCSV, result.SeriesParquet, result.SamplesCSV}
	}
	return e.show(done, func(w io.Writer) { done.print(w) })
}

func (c carried) print(w io.Writer) {
	fmt.Fprintf(w, "%d cells in %s, into %s\n", c.Ran, span(time.Duration(c.Seconds*float64(time.Second))), c.Dir)
	if c.Missing > 0 {
		fmt.Fprintf(w, "%d of the run's %d cells are still missing: other parts run them, or parley-sim resume %s --shard none\n", c.Missing, c.Cells, c.Dir)
		return
	}
	fmt.Fprintf(w, "All %d are there. Next: %s report %s\n", c.Cells, called(), c.Dir)
}
