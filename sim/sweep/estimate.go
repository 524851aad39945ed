package sweep

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/parley-network/parley/sim/result"
)

// Estimate is what cells take, by what the engine expects.
type Estimate struct {
	// Cells is how many there are.
	Cells int
	// Work is the processor time of one core that all take together, Wall how
	// long that is with the workers.
	Work, Wall time.Duration
	// Memory is of the largest cells, one a worker, in bytes; Largest the first
	// of them and Alone what it takes.
	Memory  int64
	Largest result.Cell
	Alone   int64

	workers int
	weights []time.Duration // by point
}

// Expect adds up what the cells of that index take. An engine that can't run
// one of them ([Checker]) is a [CellError].
func Expect(m result.Manifest, e Engine, cells []int, workers int) (Estimate, error) {
	est := Estimate{Cells: len(cells), workers: max(workers, 1)}
	if len(cells) == 0 {
		return est, nil
	}
	points := m.Cells[len(m.Cells)-1].Point + 1
	est.weights = make([]time.Duration, points)
	memory := make([]int64, points)
	asked := make([]bool, points)
	for _, i := range cells {
		if p := m.Cells[i].Point; !asked[p] {
			asked[p] = true
			var err error
			if est.weights[p], memory[p], err = ask(m, e, i); err != nil {
				return est, err
			}
		}
	}
	var longest time.Duration
	largest := slices.Clone(cells)
	for _, i := range cells {
		w := est.weights[m.Cells[i].Point]
		est.Work += w
		longest = max(longest, w)
	}
	slices.SortStableFunc(largest, func(a, b int) int { return cmp.Compare(memory[m.Cells[b].Point], memory[m.Cells[a].Point]) })
	for _, i := range largest[:min(est.workers, len(largest))] {
		est.Memory += memory[m.Cells[i].Point]
	}
	est.Largest, est.Alone = m.Cells[largest[0]], memory[m.Cells[largest[0]].Point]
	est.Wall = max(est.Work/time.Duration(min(est.workers, len(cells))), longest)
	return est, nil
}

func ask(m result.Manifest, e Engine, cell int) (time.Duration, int64, error) {
	s, err := m.At(cell)
	if err != nil {
		return 0, 0, err
	}
	if c, ok := e.(Checker); ok {
		if err := c.Check(s); err != nil {
			return 0, 0, &CellError{Cell: m.Cells[cell], Err: err}
		}
	}
	// What takes no time at all would weigh nothing in the progress.
	took, memory := e.Expect(s)
	return max(took, time.Millisecond), max(memory, 0), nil
}

// Fits returns an error that says what would fit where the cells take more than
// that many bytes of memory.
func (e Estimate) Fits(memory int64) error {
	switch {
	case e.Memory <= memory:
		return nil
	case e.Alone > memory:
		return fmt.Errorf("%v takes %s of memory, and there are %s: make it smaller, or run it on a larger machine",
			e.Largest, Bytes(e.Alone), Bytes(memory))
	}
	fit := max(memory/e.Alone, 1)
	return fmt.Errorf("%d cells side by side take %s of memory (%v alone %s), and there are %s: run with --workers %d",
		e.workers, Bytes(e.Memory), e.Largest, Bytes(e.Alone), Bytes(memory), fit)
}

// LongestFirst puts cells into the order in which workers are idle least at the
// end: what takes longest first, else by index.
func (e Estimate) LongestFirst(m result.Manifest, cells []int) {
	slices.SortStableFunc(cells, func(a, b int) int {
		return cmp.Compare(e.weights[m.Cells[b].Point], e.weights[m.Cells[a].Point])
	})
}

// Bytes writes a size for people: "1.5 GB".
func Bytes(n int64) string {
	x, unit := float64(n), "B"
	for _, next := range []string{"kB", "MB", "GB", "TB", "PB", "EB"} {
		if x < 999.5 {
			break
		}
		x, unit = x/1000, next
	}
	return fmt.Sprintf("%.3g %s", x, unit)
}
