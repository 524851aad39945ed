package society

import (
	"fmt"
	"slices"
	"strings"

	"github.com/parley-network/parley/sim/scenario"
)

// Check tells what of a scenario no medium can live, which its own rules don't
// know: series that there are not.
func Check(s scenario.Scenario) (out scenario.Problems) {
	names := SeriesNames()
	for i, name := range s.Record.Series {
		if !slices.Contains(names, name) {
			out = append(out, scenario.Problem{Field: fmt.Sprintf("record.series[%d]", i),
				Reason: fmt.Sprintf("there is no series %q; there are %s", name, strings.Join(names, ", "))})
		}
	}
	return out
}
