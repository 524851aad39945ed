package main

import (
	"fmt"
	"math"
	"strconv"

	"github.com/parley-network/parley/sim/scenario"
)

// stepsInAYear by what a step is called.
var stepsInAYear = map[string]float64{"hour": 8766, "day": 365.25, "week": 52, "month": 12, "year": 1}

// mostLooked is how many points of a sweep are looked at for a note.
const mostLooked = 1000

// bassNote says what Bass's p and q come to, which are per step: published
// ones are per year, and a step is a week unless the scenario says otherwise.
// "" is of a scenario whose rule is another.
func bassNote(s scenario.Scenario) (string, error) {
	var p, q, peak extent
	var unit string
	perEdge := false
	for i := range min(s.Points(), mostLooked) {
		at, _, err := s.Point(i)
		if err != nil {
			return "", err
		}
		a := at.Adoption
		if a.Rule != "bass" {
			continue
		}
		unit, perEdge = at.Clock.Unit, perEdge || a.PerEdge
		p.take(a.P)
		q.take(a.Q)
		if a.P > 0 && a.Q > a.P {
			peak.take(math.Log(a.Q/a.P) / (a.P + a.Q))
		}
	}
	if unit == "" {
		return "", nil
	}
	note := fmt.Sprintf("Bass's p %s and q %s are per step, a %s", p, q, unit)
	if !perEdge && peak.seen {
		note += fmt.Sprintf(": adoption peaks after about %s %ss", peak, unit)
	}
	if n := stepsInAYear[unit]; n > 1 {
		note += fmt.Sprintf("; published values are per year, %s of those", strconv.FormatFloat(n, 'g', -1, 64))
	}
	return note, nil
}

// extent is the least and the most of some values.
type extent struct {
	least, most float64
	seen        bool
}

func (x *extent) take(v float64) {
	if !x.seen {
		x.least, x.most, x.seen = v, v, true
	}
	x.least, x.most = min(x.least, v), max(x.most, v)
}

// String writes 0.3, or 0.3 to 0.8.
func (x extent) String() string {
	least, most := fmt.Sprintf("%.3g", x.least), fmt.Sprintf("%.3g", x.most)
	if least == most {
		return least
	}
	return least + " to " + most
}
