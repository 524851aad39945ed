package fit

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
)

// Series is one product's cumulative adoption, by rising year.
type Series struct {
	Name   string
	Year   []float64
	Value  []float64
	Column string // the unit of Value: percent, share, fraction, count, adopters or value
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

// Read reads cumulative series from CSV (RFC 4180, or with semicolons or tabs)
// with a first line that names its columns. A file is
//
//   - long: columns series, year, and one of percent, share, fraction, count,
//     adopters or value (or others of the same meaning), in any order; columns
//     beside them are not read, which Notes say;
//   - wide: a column year and one for each series, whose names are theirs;
//   - or has a row for each series, and a column for each year.
//
// Rows may come in any order, years may be missing, decimal, or be dates;
// thousands may be parted, and with semicolons the comma is decimal. Empty
// fields, NA and the like are left out; lines that begin with # are comments.
//
// It refuses, with the line and the reason: columns that can't be told apart, a
// value that is no number, negative or above the whole (100 percent, a share of
// 1) by more than noise, a year outside ±10,000, a year given twice in a
// series, a name that is empty, too long or not printable; and a file of more
// than 32 MiB, 100,000 points or 10,000 series. Series come back in the order
// in which the file begins them.
func Read(r io.Reader) ([]Series, error) {
	whole := &io.LimitedReader{R: r, N: maxBytes + 1}
	in := bufio.NewReaderSize(whole, 1<<16)
	if mark, err := in.Peek(3); err == nil && bytes.Equal(mark, []byte("\uFEFF")) {
		_, _ = in.Discard(3) // peeked just now
	}
	c := csv.NewReader(in)
	c.ReuseRecord, c.Comment, c.Comma = true, '#', delimiter(in)
	d := &decoder{csv: c, style: style{decimalComma: c.Comma != ','}, seen: map[string]int{}}
	if err := d.header(); err != nil {
		return nil, err
	}
	for {
		err := d.row()
		if whole.N <= 0 {
			return nil, fmt.Errorf("file is larger than %d MiB", maxBytes>>20)
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
	}
	if d.points == 0 {
		return nil, errors.New("no values below the header")
	}
	return d.finish()
}

// delimiter is what parts most fields of the first line that is no comment.
func delimiter(in *bufio.Reader) rune {
	head, _ := in.Peek(1 << 16) // what there is
	for line := range bytes.Lines(head) {
		if line = bytes.TrimSpace(line); len(line) == 0 || line[0] == '#' {
			continue
		}
		best, most := ',', bytes.Count(line, []byte{','})
		for _, c := range []rune{';', '\t'} {
			if n := bytes.Count(line, []byte(string(c))); n > most {
				best, most = c, n
			}
		}
		return best
	}
	return ','
}

type decoder struct {
	csv     *csv.Reader
	style   style
	layout  layout
	series  []Series
	lines   [][]int // of each series' points
	missing []int   // of each series
	seen    map[string]int
	points  int
}

func (d *decoder) header() error {
	fields, err := d.csv.Read()
	if errors.Is(err, io.EOF) {
		return errors.New("file is empty: want a first line such as series,year,percent")
	}
	if err != nil {
		return wrapped(err)
	}
	if d.layout, err = recognise(slices.Clone(fields), d.style); err != nil {
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
		return wrapped(err)
	}
	line, _ := d.csv.FieldPos(0)
	l := &d.layout
	if l.across != nil {
		return d.rowOfYears(line, fields)
	}
	year, err := d.style.year(fields[l.year])
	if err != nil {
		return fmt.Errorf("line %d: year: %w", line, err)
	}
	for k, w := range l.wide {
		if err := d.value(line, k, year, fields[w.at]); err != nil {
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
	return d.value(line, k, year, fields[l.value])
}

func (d *decoder) rowOfYears(line int, fields []string) error {
	k, err := d.called(line, fields, "value")
	if err != nil {
		return err
	}
	for _, c := range d.layout.across {
		if err := d.value(line, k, c.year, fields[c.at]); err != nil {
			return err
		}
	}
	return nil
}

// called finds the series that a row names.
func (d *decoder) called(line int, fields []string, unit string) (int, error) {
	name, err := label(fields[d.layout.name])
	if err != nil {
		return 0, fmt.Errorf("line %d: series: %w", line, err)
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
	d.lines, d.missing = append(d.lines, nil), append(d.missing, 0)
	return k, nil
}

// value adds a point to a series.
func (d *decoder) value(line, k int, year float64, text string) error {
	if missing(text) {
		d.missing[k]++
		return nil
	}
	s := &d.series[k]
	if s.Column == percent || s.Column == "value" {
		text = strings.TrimSuffix(strings.TrimSpace(text), "%")
	}
	v, err := d.style.number(text)
	if err != nil {
		return fmt.Errorf("line %d: %s: %w", line, s.Column, err)
	}
	if whole := wholeOf(s.Column); whole > 0 && v > whole*(1+noisy) {
		return fmt.Errorf("line %d: %s: %v is more than %v; if it counts something per person, call the column value", line, s.Column, v, whole)
	}
	if d.points++; d.points > maxPoints {
		return fmt.Errorf("line %d: more than %d points", line, maxPoints)
	}
	s.Year, s.Value = append(s.Year, year), append(s.Value, v)
	d.lines[k] = append(d.lines[k], line)
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

// finish puts each series in the order of its years, and looks at it as a whole.
func (d *decoder) finish() ([]Series, error) {
	for k, s := range d.series {
		order := make([]int, len(s.Year))
		for i := range order {
			order[i] = i
		}
		slices.SortStableFunc(order, func(a, b int) int { return cmpFloat(s.Year[a], s.Year[b]) })
		out := Series{Name: s.Name, Column: s.Column}
		for n, i := range order {
			if n > 0 && s.Year[i] == s.Year[order[n-1]] {
				return nil, fmt.Errorf("line %d: series %q has year %v already, on line %d",
					d.lines[k][i], s.Name, s.Year[i], d.lines[k][order[n-1]])
			}
			out.Year, out.Value = append(out.Year, s.Year[i]), append(out.Value, s.Value[i])
		}
		if i := tooLow(s.Value); i >= 0 {
			return nil, fmt.Errorf("line %d: %s: %v is negative", d.lines[k][i], s.Column, s.Value[i])
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
		out = append(out, fmt.Sprintf("%d empty values are left out", n))
	}
	whole := wholeOf(d.series[k].Column)
	outside := 0
	for _, v := range values {
		if v < 0 || whole > 0 && v > whole {
			outside++
		}
	}
	if outside > 0 {
		out = append(out, fmt.Sprintf("%d values below nothing or above everybody are taken as noise", outside))
	}
	if len(d.layout.unread) > 0 && k == 0 {
		out = append(out, "columns that are not read: "+strings.Join(d.layout.unread, ", "))
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

func wrapped(err error) error {
	var p *csv.ParseError
	if errors.As(err, &p) {
		return fmt.Errorf("line %d: %w", p.Line, p.Err)
	}
	return err
}
