package result

import (
	"errors"
	"fmt"
	"io"

	"github.com/parquet-go/parquet-go"

	"github.com/parley-network/parley/sim/outcome"
)

// parquetBatch is how many rows are handed over at once, and parquetGroup how
// many make a row group.
const (
	parquetBatch = 4096
	parquetGroup = 1 << 20
)

// writeParquet writes what writeSeries does. Columns are in the alphabetical
// order of their names. Nothing is compressed beyond the encodings, so that the
// bytes don't depend on a compressor's build.
func (f *Folder) writeParquet(w io.Writer) error {
	schema := parquet.NewSchema("series", f.parquetColumns())
	out := parquet.NewGenericWriter[any](w, schema, parquet.CreatedBy("parley-sim", fmt.Sprint(Format), ""),
		parquet.Compression(&parquet.Uncompressed), parquet.MaxRowsPerRowGroup(parquetGroup))
	t := parquetTable{out: out, column: map[string]int{}}
	for i, path := range schema.Columns() {
		t.column[path[0]] = i
	}
	err := f.each(t.add)
	if err == nil {
		err = t.flush()
	}
	return errors.Join(err, out.Close())
}

func (f *Folder) parquetColumns() parquet.Group {
	number := parquet.Encoded(parquet.Int(64), &parquet.DeltaBinaryPacked)
	words := parquet.Encoded(parquet.String(), &parquet.RLEDictionary)
	columns := parquet.Group{
		"cell": number, "replicate": number, "step": number,
		"series": words,
		"value":  parquet.Leaf(parquet.DoubleType),
	}
	if len(f.manifest.Cells) == 0 {
		return columns
	}
	for _, set := range f.manifest.Cells[0].At {
		switch set.Value.(type) {
		case int64, uint64:
			columns[set.Field] = number
		case float64:
			columns[set.Field] = parquet.Encoded(parquet.Leaf(parquet.DoubleType), &parquet.RLEDictionary)
		case bool:
			columns[set.Field] = parquet.Leaf(parquet.BooleanType)
		default:
			columns[set.Field] = words
		}
	}
	return columns
}

type parquetTable struct {
	out    *parquet.GenericWriter[any]
	column map[string]int
	rows   []parquet.Row
}

// add writes a cell's series.
func (t *parquetTable) add(c Cell, o outcome.Outcome) error {
	head := make(parquet.Row, len(t.column))
	t.set(head, "cell", int64(c.Index))
	t.set(head, "replicate", int64(c.Replicate))
	for _, set := range c.At {
		t.set(head, set.Field, set.Value)
	}
	for _, s := range o.Series {
		t.set(head, "series", s.Name)
		for i, step := range s.Step {
			row := make(parquet.Row, len(head))
			copy(row, head)
			t.set(row, "step", int64(step))
			t.set(row, "value", s.At[i])
			if t.rows = append(t.rows, row); len(t.rows) == parquetBatch {
				if err := t.flush(); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func (t *parquetTable) set(row parquet.Row, name string, v any) {
	i := t.column[name]
	row[i] = parquet.ValueOf(v).Level(0, 0, i)
}

func (t *parquetTable) flush() error {
	_, err := t.out.WriteRows(t.rows)
	t.rows = t.rows[:0]
	return err
}
