package result_test

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"

	"github.com/parley-network/parley/sim/result"
)

func fill(t *testing.T, dir string, order []int, logs int) {
	t.Helper()
	f := create(t, dir, swept())
	for k := range logs {
		w := writer(t, f, fmt.Sprintf("shard-%d", k))
		for i, cell := range order {
			if i%logs == k {
				put(t, w, cell)
			}
		}
		w.Close()
	}
	f.Close()
	again := open(t, dir)
	if err := again.WriteTables(); err != nil {
		t.Fatal(err)
	}
	if altered, err := again.AlteredTables(); err != nil || len(altered) > 0 {
		t.Errorf("altered: %v, %v", altered, err)
	}
}

// TestTablesDoNotDependOnTheOrder of the cells, nor on who ran them.
func TestTablesDoNotDependOnTheOrder(t *testing.T) {
	a, b := t.TempDir(), t.TempDir()
	fill(t, a, []int{0, 1, 2, 3, 4, 5, 6, 7}, 1)
	fill(t, b, []int{5, 1, 7, 0, 2, 6, 4, 3}, 3)
	for _, name := range []string{result.RunsCSV, result.SeriesCSV, result.SeriesParquet, result.SamplesCSV} {
		x, errX := os.ReadFile(filepath.Join(a, name))
		y, errY := os.ReadFile(filepath.Join(b, name))
		if errX != nil || errY != nil || !bytes.Equal(x, y) || len(x) == 0 {
			t.Errorf("%s: not the same bytes (%v, %v)", name, errX, errY)
		}
	}
	if err := os.WriteFile(filepath.Join(b, result.RunsCSV), []byte("cell\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(b, result.SamplesCSV)); err != nil {
		t.Fatal(err)
	}
	altered, err := open(t, b).AlteredTables()
	if err != nil {
		t.Fatal(err)
	}
	want := []result.Altered{{Name: result.RunsCSV, Line: 1, Byte: 4}, {Name: result.SamplesCSV, Absent: true}}
	if diff := cmp.Diff(want, altered); diff != "" {
		t.Error(diff)
	}
}

func TestTables(t *testing.T) {
	dir := t.TempDir()
	fill(t, dir, []int{0, 1, 2, 3, 4, 5, 6, 7}, 1)
	read := func(name string) [][]string {
		f, err := os.Open(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		rows, err := csv.NewReader(f).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		return rows
	}
	runs := read(result.RunsCSV)
	if diff := cmp.Diff([]string{"cell", "point", "adoption.q", "protocol.sharded", "replicate", "seed", "fills", "share"}, runs[0]); diff != "" {
		t.Error(diff)
	}
	if got := strings.Join(runs[6], " "); !strings.HasPrefix(got, "5 2 0.25 false 1 ") || !strings.HasSuffix(got, " 5 0.125") {
		t.Errorf("cell 5 is %s", got)
	}
	series := read(result.SeriesCSV)
	if diff := cmp.Diff([]string{"cell", "replicate", "adoption.q", "protocol.sharded", "series", "step", "value"}, series[0]); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"1", "1", "0.1", "false", "joined", "1", "3.141592653589793"}, series[4]); diff != "" {
		t.Error(diff)
	}
	samples := read(result.SamplesCSV)
	if diff := cmp.Diff([]string{"0", "0", "0.1", "false", "delay_seconds", "9", "0.5", "0.2"}, samples[2]); diff != "" {
		t.Error(diff)
	}
	compareParquet(t, filepath.Join(dir, result.SeriesParquet), series)
}

// compareParquet has every row of series.csv in the Parquet file.
func compareParquet(t *testing.T, path string, rows [][]string) {
	t.Helper()
	type row struct {
		Q         float64 `parquet:"adoption.q"`
		Cell      int64   `parquet:"cell"`
		Sharded   bool    `parquet:"protocol.sharded"`
		Replicate int64   `parquet:"replicate"`
		Series    string  `parquet:"series"`
		Step      int64   `parquet:"step"`
		Value     float64 `parquet:"value"`
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	in := parquet.NewGenericReader[row](f)
	defer in.Close()
	got := make([]row, len(rows))
	n, err := in.Read(got)
	if n != len(rows)-1 || !errors.Is(err, io.EOF) {
		t.Fatalf("%d rows, want %d (%v)", n, len(rows)-1, err)
	}
	for i, r := range got[:n] {
		text := fmt.Sprint(r.Cell, r.Replicate, r.Q, r.Sharded, " ", r.Series, " ", r.Step, r.Value)
		want := rows[i+1]
		if joined := strings.Join(want[:4], " ") + " " + want[4] + " " + strings.Join(want[5:], " "); text != joined {
			t.Errorf("row %d: %s, want %s", i, text, joined)
		}
	}
}
