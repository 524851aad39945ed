package sweep

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"sync"

	"github.com/parley-network/parley/sim/outcome"
	"github.com/parley-network/parley/sim/result"
)

// Difference is a cell that found something else when it was run again.
type Difference struct {
	Cell result.Cell `json:"cell"`
	// What says where the two differ first.
	What string `json:"what"`
}

// Verifier is a sink that records nothing: it compares what cells find with
// what a folder has of them, bit for bit.
type Verifier struct {
	Folder *result.Folder

	mu      sync.Mutex
	same    int
	differs []Difference
}

// Put compares a cell's outcome with the recorded one.
func (v *Verifier) Put(_ context.Context, cell int, now outcome.Outcome) error {
	then, err := v.Folder.Outcome(cell)
	if err != nil {
		return err
	}
	what, err := difference(then, now)
	if err != nil {
		return fmt.Errorf("%v: %w", v.Folder.Manifest().Cells[cell], err)
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if what == "" {
		v.same++
		return nil
	}
	v.differs = append(v.differs, Difference{v.Folder.Manifest().Cells[cell], what})
	return nil
}

// Found returns how many cells were the same, and those that were not, by
// index.
func (v *Verifier) Found() (same int, differ []Difference) {
	v.mu.Lock()
	defer v.mu.Unlock()
	differ = slices.Clone(v.differs)
	slices.SortFunc(differ, func(a, b Difference) int { return cmp.Compare(a.Cell.Index, b.Cell.Index) })
	return v.same, differ
}

// difference says where two outcomes differ, "" if not at all. Their JSON is
// what counts: it has every bit of each number.
func difference(then, now outcome.Outcome) (string, error) {
	a, err := json.Marshal(then)
	if err != nil {
		return "", err
	}
	b, err := json.Marshal(now)
	if err != nil {
		return "", err
	}
	if bytes.Equal(a, b) {
		return "", nil
	}
	for i, v := range then.Values {
		if i >= len(now.Values) || now.Values[i].Name != v.Name {
			return "value " + v.Name + " is not found any more in its place", nil
		}
		if x := now.Values[i].Number; math.Float64bits(x) != math.Float64bits(v.Number) {
			return fmt.Sprintf("value %s was %v and is %v", v.Name, v.Number, x), nil
		}
	}
	for i, s := range then.Series {
		if i >= len(now.Series) || now.Series[i].Name != s.Name || !slices.Equal(now.Series[i].Step, s.Step) {
			return "series " + s.Name + " has other steps, or is not there", nil
		}
		for k, x := range s.At {
			if y := now.Series[i].At[k]; x != y {
				return fmt.Sprintf("series %s at step %d was %v and is %v", s.Name, s.Step[k], x, y), nil
			}
		}
	}
	return "the values and series are the same; the samples, the spread or something added is not", nil
}

// Sample returns n of the cells, evenly spread over them; all where there are
// no more, or n is 0.
func Sample(cells []int, n int) []int {
	if n <= 0 || n >= len(cells) {
		return slices.Clone(cells)
	}
	out := make([]int, n)
	for i := range out {
		out[i] = cells[i*len(cells)/n]
	}
	return out
}
