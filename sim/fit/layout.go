package fit

import (
	"fmt"
	"slices"
	"strings"
)

// layout is which of a file's columns is what. A file is long, with a column
// of names and one of values; or wide, with a column for each series; or it has
// a row for each series and a column for each year.
type layout struct {
	name, year, value int    // columns; -1: none
	unit              string // of a long file
	wide              []wideColumn
	across            []acrossColumn
	unread            []string // columns that are nothing of this
}

type wideColumn struct {
	at         int
	name, unit string
}

type acrossColumn struct {
	at   int
	year float64
}

// What columns are called, without regard to case, spaces and underscores.
var (
	nameColumns = []string{"series", "name", "product", "technology", "innovation", "item", "entity", "country", "label"}
	yearColumns = []string{"year", "years", "date", "time", "period", "t", "month", "quarter"}
	// units are the values' columns, and the unit of each.
	units = map[string]string{
		"percent": percent, "percentage": percent, "pct": percent, "%": percent, "share": "share", "fraction": "fraction",
		"count": "count", "adopters": "adopters", "value": "value", "values": "value", "users": "count", "subscribers": "count",
		"households": "count", "units": "count", "cumulative": "count", "adoption": "value", "penetration": "value",
	}
)

const percent = "percent"

// unitOf tells a column's unit by its name.
func unitOf(column string) (unit string, known bool) {
	if unit, known = units[column]; known {
		return unit, true
	}
	if strings.Contains(column, percent) || strings.Contains(column, "pct") || strings.Contains(column, "%") {
		return percent, false
	}
	return "value", false
}

// recognise reads a first line.
func recognise(fields []string, st style) (layout, error) {
	l := layout{name: -1, year: -1, value: -1}
	var rest, values []int
	for i, f := range fields {
		column := canonical(f)
		_, isValue := units[column]
		switch {
		case slices.Contains(nameColumns, column) && l.name < 0:
			l.name = i
		case slices.Contains(yearColumns, column) && l.year < 0:
			l.year = i
		case slices.Contains(nameColumns, column), slices.Contains(yearColumns, column):
			return l, fmt.Errorf("line 1: column %q is a second one of its kind", clipped(f))
		case isValue:
			values = append(values, i)
		default:
			rest = append(rest, i)
		}
	}
	if l.year < 0 {
		if l.overYears(fields, rest, st) {
			return l, nil
		}
		return l, noYear(fields, rest)
	}
	return l, l.columns(fields, values, rest)
}

func canonical(column string) string {
	return strings.Join(strings.Fields(strings.ReplaceAll(strings.ToLower(column), "_", " ")), " ")
}

// columns finds the values of a file that has a column of years.
func (l *layout) columns(fields []string, values, rest []int) error {
	switch {
	case len(values) > 1 && (l.name >= 0 || len(rest) == 0):
		return fmt.Errorf("line 1: column %q is a second one of values, beside %q", clipped(fields[values[1]]), clipped(fields[values[0]]))
	case len(values) == 1 && l.name >= 0:
		l.value = values[0]
	case l.name >= 0 && len(rest) == 1:
		l.value, rest = rest[0], nil
	case l.name >= 0 && len(rest) == 0:
		return fmt.Errorf("line 1: no column percent (or share, fraction, count, adopters, value)")
	case l.name >= 0:
		return fmt.Errorf("line 1: which of the columns %s has the values? Call it percent, share, fraction, count, adopters or value", quoted(fields, rest))
	default:
		return l.series(fields, append(values, rest...))
	}
	l.unit, _ = unitOf(canonical(fields[l.value]))
	for _, i := range rest {
		l.unread = append(l.unread, clipped(strings.TrimSpace(fields[i])))
	}
	return nil
}

// series are a wide file's columns; of a file with none but years and values,
// the one series is called as its column.
func (l *layout) series(fields []string, columns []int) error {
	slices.Sort(columns)
	seen := map[string]bool{}
	for _, i := range columns {
		name, err := label(fields[i])
		if err != nil {
			return fmt.Errorf("line 1: column %d: %w", i+1, err)
		}
		if seen[name] {
			return fmt.Errorf("line 1: column %q is there twice", clipped(name))
		}
		seen[name] = true
		unit, _ := unitOf(canonical(name))
		l.wide = append(l.wide, wideColumn{i, name, unit})
	}
	if len(l.wide) == 0 {
		return fmt.Errorf("line 1: no column beside the years")
	}
	return nil
}

// leastYears is how many columns with rising years make a file one of a row a
// series.
const leastYears = 3

// overYears tells whether the columns but one are years.
func (l *layout) overYears(fields []string, rest []int, st style) bool {
	var across []acrossColumn
	name := l.name
	for _, i := range rest {
		y, err := st.year(fields[i])
		switch {
		case err == nil && (len(across) == 0 || y > across[len(across)-1].year):
			across = append(across, acrossColumn{i, y})
		case name < 0 && i == 0:
			name = 0
		default:
			return false
		}
	}
	if name < 0 || len(across) < leastYears {
		return false
	}
	l.name, l.across = name, across
	return true
}

func noYear(fields []string, rest []int) error {
	if len(rest) == len(fields) {
		return fmt.Errorf("line 1: column %q is not known: want a first line such as series,year,percent, or year and a column for each series", clipped(strings.TrimSpace(fields[0])))
	}
	return fmt.Errorf("line 1: no column year")
}

func quoted(fields []string, columns []int) string {
	words := make([]string, 0, len(columns))
	for _, i := range columns[:min(len(columns), 8)] {
		words = append(words, fmt.Sprintf("%q", clipped(strings.TrimSpace(fields[i]))))
	}
	return strings.Join(words, ", ")
}
