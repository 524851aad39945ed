package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/parley-network/parley/sim/mesh"
	"github.com/parley-network/parley/sim/outcome"
	"github.com/parley-network/parley/sim/society"
)

// columns are what the tables of a run have, by study.
func columns() []outcome.About { return slices.Concat(society.About(), mesh.About()) }

// columnTable is the table of outputs of docs/ODD.md.
func columnTable(list []outcome.About) string {
	var b strings.Builder
	b.WriteString("| study | name | in | unit | meaning |\n|---|---|---|---|---|\n")
	for _, a := range list {
		var in []string
		for _, t := range []struct {
			is   bool
			name string
		}{{a.Value, "runs"}, {a.Series, "series"}, {a.Sample, "samples"}} {
			if t.is {
				in = append(in, t.name)
			}
		}
		fmt.Fprintf(&b, "| %s | `%s` | %s | %s | %s |\n", a.Study, a.Name, strings.Join(in, ", "), a.Unit, a.Meaning)
	}
	return b.String()
}
