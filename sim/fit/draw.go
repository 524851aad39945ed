package fit

import (
	"fmt"
	"math"

	"github.com/parley-network/parley/sim/chart"
)

// Figure draws each series' points with its fitted curve, one small plot each.
func Figure(series []Series, results []Result) chart.Figure {
	g := chart.Grid{Title: "Bass fits", Least: 320}
	for i, s := range series {
		g.Figures = append(g.Figures, panel(s, results[i]))
	}
	if len(g.Figures) == 1 {
		return g.Figures[0]
	}
	return g
}

func panel(s Series, r Result) chart.Figure {
	p := chart.Plot{Title: s.Name, Y: s.Column, FromZero: true, Small: true}
	if r.Fitted() {
		const points = 200
		from := s.Year[0]
		if t0 := r.T0.Value; t0 > from-(r.Last-r.First)/4 {
			from = math.Min(from, t0)
		}
		l := chart.Line{Name: "Bass", Colour: 1}
		for k := range points + 1 {
			t := from + (r.Last-from)*float64(k)/points
			l.X, l.Y = append(l.X, t), append(l.Y, r.Curve().At(t))
		}
		p.Lines = append(p.Lines, l)
		if p.Y = fmt.Sprintf("%s · R² %.3f", s.Column, r.R2); r.Describes || r.Guess {
			p.Y = fmt.Sprintf("%s · p %s  q %s  m %s  R² %.3f", s.Column, short(r.P.Value), short(r.Q.Value), short(r.M.Value), r.R2)
		}
	}
	p.Lines = append(p.Lines, chart.Line{Name: s.Name, X: s.Year, Y: s.Value, Mark: chart.Dots})
	if p.X = "no Bass curve: " + r.Why; r.Describes {
		p.X = fmt.Sprintf("launch %s; Bass curve: %s", r.launched(), r.verdict())
	}
	return p
}
