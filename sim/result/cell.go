package result

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/parley-network/parley/sim/scenario"
)

// Cell is one run of a sweep: a point, once.
type Cell struct {
	Index int `json:"cell"`
	// Point numbers the combinations of the axes' values, the last axis turning
	// fastest; Replicate the runs of one.
	Point     int `json:"point"`
	Replicate int `json:"replicate"`
	// Seed is below 2^53, so that every program reads it exactly.
	Seed uint64 `json:"seed"`
	// At is the point: each axis's field and its value there.
	At []scenario.Setting `json:"at,omitempty"`
}

// String names the cell for people: "cell 7 (adoption.q=0.3, replicate 2)".
func (c Cell) String() string {
	at := ""
	if len(c.At) > 0 {
		at = Join(c.At) + ", "
	}
	return fmt.Sprintf("cell %d (%sreplicate %d)", c.Index, at, c.Replicate)
}

// Join names a point for people: "adoption.q=0.3, people.count=10".
func Join(at []scenario.Setting) string {
	words := make([]string, len(at))
	for i, set := range at {
		words[i] = set.String()
	}
	return strings.Join(words, ", ")
}

// Cells returns the runs of a valid scenario: every combination of the axes'
// values, each replicated, all runs of a point together.
func Cells(s scenario.Scenario) ([]Cell, error) {
	points := s.Points()
	if n := points * s.Replicates; n > scenario.MaxCells || points > scenario.MaxCells {
		return nil, fmt.Errorf("%d points, %d times each: at most %d cells", points, s.Replicates, scenario.MaxCells)
	}
	cells := make([]Cell, 0, points*s.Replicates)
	for p := range points {
		_, at, err := s.Point(p)
		if err != nil {
			return nil, fmt.Errorf("point %d: %w", p, err)
		}
		for r := range s.Replicates {
			seed, err := cellSeed(s.Seed, at, r)
			if err != nil {
				return nil, fmt.Errorf("point %d: %w", p, err)
			}
			cells = append(cells, Cell{Index: len(cells), Point: p, Replicate: r, Seed: seed, At: at})
		}
	}
	return cells, nil
}

// cellSeed is the first 53 bits of SHA-256 over a domain's name, the scenario's
// seed, the replicate, and the point as JSON with its fields sorted. So a
// point's runs stay the same when the sweep around it changes.
func cellSeed(seed uint64, at []scenario.Setting, replicate int) (uint64, error) {
	sorted := slices.SortedFunc(slices.Values(at), func(a, b scenario.Setting) int { return cmp.Compare(a.Field, b.Field) })
	point, err := json.Marshal(sorted)
	if err != nil {
		return 0, err
	}
	b := []byte("parley/sim/cell/1\x00")
	b = binary.BigEndian.AppendUint64(b, seed)
	b = binary.BigEndian.AppendUint64(b, uint64(replicate))
	sum := sha256.Sum256(append(b, point...))
	return binary.BigEndian.Uint64(sum[:]) >> 11, nil
}
