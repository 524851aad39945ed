package fit

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Series is one product's cumulative adoption, by rising year.
type Series struct {
	Name   string
	Year   []float64
	Value  []float64
	Column string // the unit of Value: percent, share, fraction, count, adopters or value
	// Per is the unit of Year: year, where the file has years or dates, or else
	// what its column counts, such as month. "" is year.
	Per string
	// Notes are what was left out of the file or taken as noise.
	Notes []string
}

// What a file of series may be at most.
const (
	maxBytes  = 32 << 20
	maxPoints = 100_000
	maxSeries = 10_000
	maxName   = 200
)

// noisy is by how much of the whole a percent or a share may be above it, and
// by how much of the series' height any value below 0: measurements scatter.
const noisy = 0.05

// Read reads cumulative series from CSV (RFC 4180, or with semicolons, tabs or
// upright strokes) with a first line that names its columns. A file is
//
//   - long: columns series, year, and one of percent, share, fraction, count,
//     adopters or value (or others of the same meaning), in any order; columns
//     beside them are not read, which Notes say;
//   - wide: a column year and one for each series, whose names are theirs;
//   - or has a row for each series, and a column for each year.
//
// Rows may come in any order, years may be missing, decimal, or be dates;
// thousands may be parted, and between semicolons or tabs the comma may be
// decimal. Empty fields, NA and the like are left out, NaN is not; lines that
// begin with # are comments.
//
// It refuses, with line, column and reason: columns that can't be told apart, a
// value that is no finite number, negative or above the whole (100 percent, a share of
// 1) by more than noise, a year outside ±10,000, a year given twice in a
// series, a name that is empty, too long or not printable; and a file of more
// than 32 MiB, 100,000 points or 10,000 series. Series come back in the order
// in which the file begins them.
func Read(r io.Reader) ([]Series, error) {
	file, err := io.ReadAll(io.LimitReader(r, maxBytes+1))
	if err != nil {
		return nil, fmt.Errorf("read series: %w", err)
	}
	if len(file) > maxBytes {
		return nil, fmt.Errorf("file is larger than %d MiB", maxBytes>>20)
	}
	if bytes.HasPrefix(file, []byte("\xff\xfe")) || bytes.HasPrefix(file, []byte("\xfe\xff")) {
		return nil, errors.New("file is in UTF-16: save it as UTF-8")
	}
	file = bytes.TrimPrefix(file, []byte("\uFEFF"))
	as := dialectOf(file)
	d := &decoder{csv: as.reader(file), dialect: as, seen: map[string]int{}}
	if err := d.header(); err != nil {
		return nil, err
	}
	for {
		err := d.row()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
	}
	if d.points == 0 {
		return nil, errors.New("no values below the first line")
	}
	return d.finish()
}

type decoder struct {
	csv     *csv.Reader
	dialect dialect
	layout  layout
	dated   bool // some of the years are dates
	series  []Series
	places  [][]place // of each series' points
	missing []int     // of each series
	seen    map[string]int
	points  int
}

func (d *decoder) header() error {
	fields, err := d.csv.Read()
	if errors.Is(err, io.EOF) {
		return errors.New("file is empty: want a first line such as series,year,percent")
	}
	if err != nil {
		return d.wrapped(err, nil)
	}
	if d.layout, err = recognise(slices.Clone(fields), d.dialect); err != nil {
		return err
	}
	for _, w := range d.layout.wide {
		if _, err := d.named(1, w.name, w.unit); err != nil {
			return err
		}
	}
	return nil
}

func (d *decoder) row() error {
	fields, err := d.csv.Read()
	if err != nil {
		return d.wrapped(err, fields)
	}
	line, _ := d.csv.FieldPos(0)
	if !slices.ContainsFunc(fields, func(f string) bool { return strings.TrimSpace(f) != "" }) {
		return nil // a spreadsheet's empty line
	}
	l := &d.layout
	if l.across != nil {
		return d.rowOfYears(line, fields)
	}
	year, dated, err := d.dialect.style.year(fields[l.year])
	if err != nil {
		return d.at(line, l.year, err)
	}
	d.dated = d.dated || dated
	for k, w := range l.wide {
		if err := d.value(line, w.at, k, year, fields[w.at]); err != nil {
			return err
		}
	}
	if l.value < 0 {
		return nil
	}
	k, err := d.called(line, fields, l.unit)
	if err != nil {
		return err
	}
	return d.value(line, l.value, k, year, fields[l.value])
}

func (d *decoder) rowOfYears(line int, fields []string) error {
	k, err := d.called(line, fields, "value")
	if err != nil {
		return err
	}
	for _, c := range d.layout.across {
		if err := d.value(line, c.at, k, c.year, fields[c.at]); err != nil {
			return err
		}
	}
	return nil
}

// called finds the series that a row names.
func (d *decoder) called(line int, fields []string, unit string) (int, error) {
	name, err := label(fields[d.layout.name])
	if err != nil {
		return 0, d.at(line, d.layout.name, err)
	}
	return d.named(line, name, unit)
}

func (d *decoder) named(line int, name, unit string) (int, error) {
	if k, ok := d.seen[name]; ok {
		return k, nil
	}
	k := len(d.series)
	if k == maxSeries {
		return 0, fmt.Errorf("line %d: more than %d series", line, maxSeries)
	}
	d.seen[name] = k
	d.series = append(d.series, Series{Name: name, Column: unit})
	d.places, d.missing = append(d.places, nil), append(d.missing, 0)
	return k, nil
}

// at says where something is wrong.
func (d *decoder) at(line, column int, err error) error {
	name := strings.TrimSpace(d.layout.fields[column])
	if name == "" {
		name = fmt.Sprint(column + 1)
	}
	return fmt.Errorf("line %d, column %s: %w", line, clipped(name), err)
}

// value adds a point to a series.
func (d *decoder) value(line, column, k int, year float64, text string) error {
	if missing(text) {
		d.missing[k]++
		return nil
	}
	s := &d.series[k]
	if s.Column == percent || s.Column == "value" {
		text = strings.TrimSuffix(strings.TrimSpace(text), "%")
	}
	v, err := d.dialect.style.number(text)
	if err != nil {
		return d.at(line, column, err)
	}
	if whole := wholeOf(s.Column); whole > 0 && v > whole*(1+noisy) {
		return d.at(line, column, fmt.Errorf("%v is more than %v; if it counts something per person, call the column value", v, whole))
	}
	if d.points++; d.points > maxPoints {
		return fmt.Errorf("line %d: more than %d points", line, maxPoints)
	}
	s.Year, s.Value = append(s.Year, year), append(s.Value, v)
	d.places[k] = append(d.places[k], place{line, column})
	return nil
}

// wholeOf returns what everybody is in a column's unit, 0 where nobody knows.
func wholeOf(column string) float64 {
	switch column {
	case percent:
		return 100
	case "share", "fraction":
		return 1
	}
	return 0
}
