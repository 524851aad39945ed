package main

import (
	"fmt"
	"strconv"
	"strings"
)

// measured is a figure as programs read it: a promise, with what was wanted and
// whether it holds, or an info, which promises nothing.
type measured struct {
	Name string   `json:"name,omitempty"`
	Got  *float64 `json:"got,omitempty"`
	// Want is the bound with its sign, such as "≥1.8"; "" of an info.
	Want string `json:"want,omitempty"`
	OK   *bool  `json:"ok,omitempty"`
	// Told is what an info says that is no number.
	Told string `json:"told,omitempty"`
}

// figures reads the lines that package figure prints.
func figures(lines string) ([]measured, error) {
	out := []measured{}
	for line := range strings.Lines(lines) {
		line = strings.TrimSpace(line)
		kind, rest, _ := strings.Cut(line, " ")
		name, rest, _ := strings.Cut(rest, " ")
		m := measured{Name: name}
		switch kind {
		case "figure":
			var got float64
			var verdict string
			if _, err := fmt.Sscanf(rest, "got %g want %s %s", &got, &m.Want, &verdict); err != nil {
				return nil, fmt.Errorf("read the figure %q: %w", line, err)
			}
			ok := verdict == "ok"
			m.Got, m.OK = &got, &ok
		case "info":
			if got, err := strconv.ParseFloat(rest, 64); err == nil {
				m.Got = &got
			} else {
				m.Told = rest
			}
		default: // whatever else a measurement says
			m = measured{Told: line}
		}
		if m != (measured{}) {
			out = append(out, m)
		}
	}
	return out, nil
}
