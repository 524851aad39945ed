package fit

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// layout is which of a file's columns is what. A file is long, with a column
// of names and one of values; or wide, with a column for each series; or it has
// a row for each series and a column for each year.
type layout struct {
	fields            []string // the first line
	partedBy          string   // what parts them
	name, year, value int      // columns; -1: none
	unit              string   // of a long file
	wide              []wideColumn
	across            []acrossColumn
	unread            []int // columns that are nothing of this
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
	yearColumns = []string{"year", "years", "yr", "yrs", "calendar year", "fiscal year", "date", "time", "period", "t", "step", "quarter", "month", "week", "day"}
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
func recognise(fields []string, d dialect) (layout, error) {
	l := layout{fields: fields, partedBy: d.partedBy(), name: -1, year: -1, value: -1}
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
		if l.overYears(rest, d.style) {
			return l, nil
		}
		return l, l.noYear(d.style)
	}
	return l, l.columns(values, named(fields, rest), d.numeric)
}

// named are the columns that have a name. One without is a row's number, or
// what a spreadsheet leaves at the end of its lines.
func named(fields []string, columns []int) []int {
	return slices.DeleteFunc(columns, func(i int) bool { return strings.TrimSpace(fields[i]) == "" })
}

func canonical(column string) string {
	return strings.Join(strings.Fields(strings.ReplaceAll(strings.ToLower(column), "_", " ")), " ")
}

// columns finds the values of a file that has a column of years.
func (l *layout) columns(values, rest []int, numeric []bool) error {
	numbers := slices.DeleteFunc(slices.Clone(rest), func(i int) bool { return i >= len(numeric) || !numeric[i] })
	switch {
	case len(values) > 1 && (l.name >= 0 || len(rest) == 0):
		return fmt.Errorf("line 1: column %q is a second one of values, beside %q", clipped(l.fields[values[1]]), clipped(l.fields[values[0]]))
	case len(values) == 1 && l.name >= 0:
		l.value = values[0]
	case l.name >= 0 && len(rest) == 1:
		l.value, rest = rest[0], nil
	case l.name >= 0 && len(values) == 0 && len(numbers) == 1:
		l.value = numbers[0]
		rest = slices.DeleteFunc(rest, func(i int) bool { return i == l.value })
	case l.name >= 0 && len(rest) == 0:
		return fmt.Errorf("line 1: no column of values; %s. Call it percent, share, fraction, count, adopters or value", l.found())
	case l.name >= 0:
		return fmt.Errorf("line 1: which of the columns %s has the values? Call it percent, share, fraction, count, adopters or value", quoted(l.fields, rest))
	default:
		return l.series(append(values, rest...))
	}
	l.unit, _ = unitOf(canonical(l.fields[l.value]))
	l.unread = rest
	return nil
}

// series are a wide file's columns; of a file with none but years and values,
// the one series is called as its column.
func (l *layout) series(columns []int) error {
	slices.Sort(columns)
	seen := map[string]bool{}
	for _, i := range columns {
		name, err := label(l.fields[i])
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
		return fmt.Errorf("line 1: no column beside the years; %s", l.found())
	}
	return nil
}

// leastYears is how many columns with rising years make a file one of a row a
// series.
const leastYears = 3

// overYears tells whether the columns but one are years.
func (l *layout) overYears(rest []int, st style) bool {
	var across []acrossColumn
	name := l.name
	for _, i := range rest {
		y, _, err := st.year(l.fields[i])
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

// noYear says what is there instead, and what may have been meant.
func (l *layout) noYear(st style) error {
	for _, f := range l.fields {
		if _, err := st.number(f); err == nil {
			return fmt.Errorf("line 1 has no names of columns, it has the values %s: want a first line such as series,year,percent, or year and a column for each series", quoted(l.fields, every(l.fields)))
		}
	}
	next := "Want a first line such as series,year,percent, or year and a column for each series"
	for _, f := range l.fields {
		if len(l.fields) > 1 && likeYear(canonical(f)) {
			next = fmt.Sprintf("Is %q the year? Then call it year", clipped(strings.TrimSpace(f)))
			break
		}
	}
	return fmt.Errorf("line 1: no column year; %s. %s", l.found(), next)
}

// found tells a first line as it was understood.
func (l *layout) found() string {
	if len(l.fields) == 1 {
		return fmt.Sprintf("it is one field, %q, as commas, semicolons and tabs part fields", clipped(strings.TrimSpace(l.fields[0])))
	}
	return fmt.Sprintf("it has the columns %s, parted by %s", quoted(l.fields, every(l.fields)), l.partedBy)
}

// likeYear tells whether a column's name is a word for the year, or year
// mistyped.
func likeYear(column string) bool {
	for word := range strings.FieldsFuncSeq(column, func(r rune) bool { return !unicode.IsLetter(r) }) {
		if slices.Contains(yearColumns, word) || slices.Contains([]string{"jahr", "jahre", "année", "annee", "an", "año", "ano", "anno", "god", "when", "x"}, word) {
			return true
		}
		letters := []rune(word)
		slices.Sort(letters)
		if strings.HasPrefix(word, "year") || string(letters) == "aery" || len(word) <= 5 && strings.HasPrefix(word, "y") && strings.HasSuffix(word, "r") {
			return true
		}
	}
	return false
}

func every(fields []string) []int {
	all := make([]int, len(fields))
	for i := range all {
		all[i] = i
	}
	return all
}

func quoted(fields []string, columns []int) string {
	words := make([]string, 0, len(columns))
	for _, i := range columns[:min(len(columns), 8)] {
		words = append(words, fmt.Sprintf("%q", clipped(strings.TrimSpace(fields[i]))))
	}
	if more := len(columns) - len(words); more > 0 {
		words = append(words, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(words, ", ")
}

// per is the unit of time: "", years, where the column has dates or is called
// so, or else what the column counts.
func (l *layout) per(dated bool) string {
	if l.year < 0 || dated {
		return ""
	}
	switch column := canonical(l.fields[l.year]); column {
	case "quarter", "month", "week", "day", "step", "period":
		return column
	case "t", "time":
		return "unit of " + column
	}
	return ""
}
