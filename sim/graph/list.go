package graph

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
)

// MaxLine is the longest line of an edge list, in bytes.
const MaxLine = 4096

// List is a network read of an edge list.
type List struct {
	*Graph
	// ID is the number that the list gave a node, ascending.
	ID []uint64
}

// ReadList reads an edge list: two node numbers a line with white space between
// and around, '#' begins a comment, empty lines are passed over. The numbers
// may be any below 2⁶⁴: nodes are renumbered from 0 in their order. Anything
// else is refused with name and line, and so is a list without an edge between
// two nodes.
func ReadList(name string, in io.Reader) (*List, error) {
	var from, to []uint64
	scan := bufio.NewScanner(in)
	scan.Buffer(make([]byte, MaxLine), MaxLine)
	line := 0
	for scan.Scan() {
		line++
		whole := scan.Bytes()
		if line == 1 {
			whole = bytes.TrimPrefix(whole, []byte("\ufeff")) // as some editors put it before UTF-8
		}
		text, _, _ := bytes.Cut(whole, []byte{'#'})
		fields := bytes.Fields(text)
		if len(fields) == 0 {
			continue
		}
		if len(fields) != 2 {
			return nil, fmt.Errorf("%s:%d: %d words: want two node numbers", name, line, len(fields))
		}
		a, err := strconv.ParseUint(string(fields[0]), 10, 64)
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %.40q is no node number", name, line, fields[0])
		}
		b, err := strconv.ParseUint(string(fields[1]), 10, 64)
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %.40q is no node number", name, line, fields[1])
		}
		if len(from) == Most {
			return nil, fmt.Errorf("%s:%d: more than %d edges", name, line, Most)
		}
		from, to = append(from, a), append(to, b)
	}
	if err := scan.Err(); errors.Is(err, bufio.ErrTooLong) {
		return nil, fmt.Errorf("%s:%d: longer than %d bytes: want two node numbers", name, line+1, MaxLine)
	} else if err != nil {
		return nil, fmt.Errorf("%s:%d: read edge list: %w", name, line+1, err)
	}
	if len(from) == 0 {
		return nil, fmt.Errorf("%s: an edge list with no edge", name)
	}
	l := renumber(from, to)
	if l.Edges() == 0 {
		return nil, fmt.Errorf("%s: an edge list with no edge between two nodes", name)
	}
	return l, nil
}

func renumber(from, to []uint64) *List {
	ids := slices.Concat(from, to)
	slices.Sort(ids)
	ids = slices.Clip(slices.Compact(ids))
	l := &List{ID: ids}
	number := func(list []uint64) []int32 {
		out := make([]int32, len(list))
		for i, id := range list {
			at, _ := slices.BinarySearch(ids, id)
			out[i] = int32(at)
		}
		return out
	}
	l.Graph = fromEdges(len(ids), number(from), number(to))
	return l
}
