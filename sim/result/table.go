package result

import (
	"encoding/csv"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/parley-network/parley/sim/outcome"
)

// The names of the tables in a run's folder.
const (
	RunsCSV       = "runs.csv"
	SeriesCSV     = "series.csv"
	SeriesParquet = "series.parquet"
	SamplesCSV    = "samples.csv"
)

// WriteTables writes the tables of a run whose every cell is there, and else
// returns [ErrMissing]. The bytes follow from the manifest's cells and their
// outcomes alone. A table is put in its place when it is whole.
func (f *Folder) WriteTables() error {
	if missing := f.Missing(); len(missing) > 0 {
		return fmt.Errorf("%d of %d cells, the first %v: %w", len(missing), len(f.manifest.Cells), f.manifest.Cells[missing[0]], ErrMissing)
	}
	for _, t := range f.tables() {
		if err := writeFile(filepath.Join(f.dir, t.name), t.write); err != nil {
			return err
		}
	}
	for _, dir := range []string{f.dir, filepath.Join(f.dir, inputsName)} {
		if err := dropTemps(dir); err != nil {
			return fmt.Errorf("remove what was left half written: %w", err)
		}
	}
	return nil
}

type table struct {
	name  string
	write func(io.Writer) error
}

func (f *Folder) tables() []table {
	return []table{{RunsCSV, f.writeRuns}, {SeriesCSV, f.writeSeries}, {SeriesParquet, f.writeParquet}, {SamplesCSV, f.writeSamples}}
}

// each calls visit for every cell in order.
func (f *Folder) each(visit func(Cell, outcome.Outcome) error) error {
	for _, cell := range f.manifest.Cells {
		o, err := f.Outcome(cell.Index)
		if err != nil {
			return err
		}
		if err := visit(cell, o); err != nil {
			return err
		}
	}
	return nil
}

// writeRuns goes through the cells twice: their values are columns, in the
// order in which they are first met; a cell without one leaves it empty.
func (f *Folder) writeRuns(w io.Writer) error {
	var names []string
	column := map[string]int{}
	err := f.each(func(_ Cell, o outcome.Outcome) error {
		for _, v := range o.Values {
			if _, ok := column[v.Name]; !ok {
				column[v.Name] = len(names)
				names = append(names, v.Name)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	axes := f.manifest.Axes()
	out := csv.NewWriter(w)
	if err := out.Write(slices.Concat([]string{"cell", "point"}, axes, []string{"replicate", "seed"}, names)); err != nil {
		return err
	}
	err = f.each(func(c Cell, o outcome.Outcome) error {
		row := append([]string{strconv.Itoa(c.Index), strconv.Itoa(c.Point)}, c.point()...)
		row = append(row, strconv.Itoa(c.Replicate), strconv.FormatUint(c.Seed, 10))
		values := make([]string, len(names))
		for _, v := range o.Values {
			values[column[v.Name]] = number(v.Number)
		}
		return out.Write(append(row, values...))
	})
	out.Flush()
	return firstOf(err, out.Error())
}

// writeSeries writes a row for each number of each series.
func (f *Folder) writeSeries(w io.Writer) error {
	out := csv.NewWriter(w)
	if err := out.Write(slices.Concat([]string{"cell", "replicate"}, f.manifest.Axes(), []string{"series", "step", "value"})); err != nil {
		return err
	}
	err := f.each(func(c Cell, o outcome.Outcome) error {
		row := append([]string{strconv.Itoa(c.Index), strconv.Itoa(c.Replicate)}, c.point()...)
		for _, s := range o.Series {
			for i, step := range s.Step {
				if err := out.Write(append(row, s.Name, strconv.Itoa(step), number(s.At[i]))); err != nil {
					return err
				}
			}
		}
		return nil
	})
	out.Flush()
	return firstOf(err, out.Error())
}

// writeSamples writes a row for each quantile of each sample.
func (f *Folder) writeSamples(w io.Writer) error {
	out := csv.NewWriter(w)
	if err := out.Write(slices.Concat([]string{"cell", "replicate"}, f.manifest.Axes(), []string{"sample", "count", "quantile", "value"})); err != nil {
		return err
	}
	err := f.each(func(c Cell, o outcome.Outcome) error {
		row := append([]string{strconv.Itoa(c.Index), strconv.Itoa(c.Replicate)}, c.point()...)
		for _, s := range o.Samples {
			for i, x := range s.Of {
				q := float64(i) / float64(max(len(s.Of)-1, 1))
				if err := out.Write(append(row, s.Name, strconv.Itoa(s.Count), number(q), number(x))); err != nil {
					return err
				}
			}
		}
		return nil
	})
	out.Flush()
	return firstOf(err, out.Error())
}

func firstOf(a, b error) error {
	if a != nil {
		return a
	}
	return b
}

// point is the cell's values of the axes as text.
func (c Cell) point() []string {
	out := make([]string, len(c.At))
	for i, set := range c.At {
		if x, ok := set.Value.(float64); ok {
			out[i] = number(x)
		} else {
			out[i] = fmt.Sprint(set.Value)
		}
	}
	return out
}

// number is the shortest text that means exactly x.
func number(x float64) string {
	if size := math.Abs(x); size != 0 && (size < 1e-6 || size >= 1e21) {
		return strconv.FormatFloat(x, 'e', -1, 64)
	}
	return strconv.FormatFloat(x, 'f', -1, 64)
}
