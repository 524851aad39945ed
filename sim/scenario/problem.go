package scenario

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Problem is one thing wrong with a scenario.
type Problem struct {
	// File and Line are where it stands; no line where nothing was written.
	File string `json:"file,omitempty"`
	Line int    `json:"line,omitempty"`
	// Field is the path of what is wrong: "adoption.q", "sweep[0].values[2]".
	Field string `json:"field,omitempty"`
	// Reason says why, in words for people.
	Reason string `json:"reason"`
}

// Error returns it on one line: "file:line: field: reason".
func (p Problem) Error() string {
	var b strings.Builder
	if p.File != "" {
		b.WriteString(p.File)
		if p.Line > 0 {
			fmt.Fprintf(&b, ":%d", p.Line)
		}
		b.WriteString(": ")
	}
	if p.Field != "" {
		b.WriteString(p.Field + ": ")
	}
	return b.String() + p.Reason
}

// Problems are all that is wrong, in the order of the file.
type Problems []Problem

// mostProblems is how many are told: who has more has one mistake many times.
const mostProblems = 20

// Error returns them a line each.
func (ps Problems) Error() string {
	lines := make([]string, 0, len(ps))
	for _, p := range ps[:min(len(ps), mostProblems)] {
		lines = append(lines, p.Error())
	}
	if more := len(ps) - mostProblems; more > 0 {
		lines = append(lines, fmt.Sprintf("and %d more like these", more))
	}
	return strings.Join(lines, "\n")
}

// err returns the problems in the order of the file, nil of none.
func (ps Problems) err() error {
	if len(ps) == 0 {
		return nil
	}
	slices.SortStableFunc(ps, func(a, b Problem) int { return cmp.Compare(a.Line, b.Line) })
	return ps
}

// asProblems finds problems in err.
func asProblems(err error) (ps Problems, ok bool) {
	ok = errors.As(err, &ps)
	return ps, ok
}
