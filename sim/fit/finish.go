package fit

import (
	"encoding/csv"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
)

// place is where a value stands.
type place struct{ line, column int }

// finish puts each series in the order of its years, and looks at it as a whole.
func (d *decoder) finish() ([]Series, error) {
	for k, s := range d.series {
		order := make([]int, len(s.Year))
		for i := range order {
			order[i] = i
		}
		slices.SortStableFunc(order, func(a, b int) int { return cmpFloat(s.Year[a], s.Year[b]) })
		out := Series{Name: s.Name, Column: s.Column, Per: d.layout.per(d.dated)}
		for n, i := range order {
			if n > 0 && s.Year[i] == s.Year[order[n-1]] {
				return nil, fmt.Errorf("line %d: series %q has year %v already, on line %d",
					d.places[k][i].line, s.Name, s.Year[i], d.places[k][order[n-1]].line)
			}
			out.Year, out.Value = append(out.Year, s.Year[i]), append(out.Value, s.Value[i])
		}
		if i := tooLow(out.Value); i >= 0 {
			at := d.places[k][order[i]]
			return nil, d.at(at.line, at.column, fmt.Errorf("%v is negative", out.Value[i]))
		}
		out.Notes = d.notes(k, out.Value)
		d.series[k] = out
	}
	return d.series, nil
}

// tooLow is the first value that is negative by more than noise, -1 of none.
func tooLow(values []float64) int {
	least := 0.0
	for _, v := range values {
		least = math.Min(least, -noisy*v)
	}
	return slices.IndexFunc(values, func(v float64) bool { return v < least })
}

func (d *decoder) notes(k int, values []float64) (out []string) {
	if n := d.missing[k]; n > 0 {
		out = append(out, counted(n, "value is missing, and is left out", "values are missing, and are left out"))
	}
	whole := wholeOf(d.series[k].Column)
	outside := 0
	for _, v := range values {
		if v < 0 || whole > 0 && v > whole {
			outside++
		}
	}
	if outside > 0 {
		out = append(out, counted(outside, "value below nothing or above everybody is taken as noise", "values below nothing or above everybody are taken as noise"))
	}
	if len(d.layout.unread) > 0 && k == 0 {
		out = append(out, "columns that are not read: "+strings.ReplaceAll(quoted(d.layout.fields, d.layout.unread), `"`, ""))
	}
	return out
}

func cmpFloat(a, b float64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// wrapped tells where a file is no CSV, and why that may be.
func (d *decoder) wrapped(err error, fields []string) error {
	var p *csv.ParseError
	if !errors.As(err, &p) {
		return err
	}
	if !errors.Is(err, csv.ErrFieldCount) {
		return fmt.Errorf("line %d: %w", p.Line, p.Err)
	}
	hint := ""
	if len(fields) > len(d.layout.fields) && d.dialect.comma == ',' {
		hint = "; where the comma is decimal or parts thousands, put the number in quotes or part the fields with ;"
	}
	return fmt.Errorf("line %d: %s, and line 1 has %d, parted by %s%s", p.Line, counted(len(fields), "field", "fields"), len(d.layout.fields), d.dialect.partedBy(), hint)
}
