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
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Series is one product's cumulative adoption, by rising year.
type Series struct {
	Name   string
	Year   []float64
	Value  []float64
	Column string // the file's name for Value: percent, count, …
}

// What a file of series may be at most.
const (
	maxBytes  = 32 << 20
	maxPoints = 100_000
	maxSeries = 10_000
	maxName   = 200
)

// valueColumns are the names of the third column, and the largest value of
// each that has one.
var valueColumns = map[string]float64{
	"percent": math.Inf(1), // an index per 100 people may pass 100; see Fit
	"share":   1, "fraction": 1,
	"count": math.Inf(1), "adopters": math.Inf(1), "value": math.Inf(1),
}

// Read reads series from CSV (RFC 4180) with a first line that names its
// columns, in any order: series, year, and one of percent, share, fraction,
// count, adopters or value. Rows may come in any order, years may be missing
// and be decimal. It refuses, with the line and the reason: a column it does
// not know, a field that is empty, not a plain number, negative, above 1 in a
// share, a year outside ±10,000, a year given twice in a series, a name that is
// empty, too long or not printable; and a file of more than 32 MiB, 100,000
// points or 10,000 series. Series come back in the order of their first rows.
func Read(r io.Reader) ([]Series, error) {
	whole := &io.LimitedReader{R: r, N: maxBytes + 1}
	in := bufio.NewReader(whole)
	if mark, err := in.Peek(3); err == nil && bytes.Equal(mark, []byte("\uFEFF")) {
		_, _ = in.Discard(3) // peeked just now
	}
	c := csv.NewReader(in)
	c.ReuseRecord = true
	d := &decoder{csv: c, seen: map[string]int{}}
	if err := d.header(); err != nil {
		return nil, err
	}
	for d.points = 0; ; d.points++ {
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
		return nil, errors.New("no rows below the header")
	}
	return d.sorted()
}

type decoder struct {
	csv               *csv.Reader
	name, year, value int // columns
	column            string
	series            []Series
	lines             [][]int // of each series' points
	seen              map[string]int
	points            int
}

func (d *decoder) header() error {
	fields, err := d.csv.Read()
	if errors.Is(err, io.EOF) {
		return errors.New("file is empty: want a first line such as series,year,percent")
	}
	if err != nil {
		return wrapped(err)
	}
	d.name, d.year, d.value = -1, -1, -1
	for i, f := range fields {
		f = strings.ToLower(strings.TrimSpace(f))
		at := &d.value
		switch _, isValue := valueColumns[f]; {
		case f == "series":
			at = &d.name
		case f == "year":
			at = &d.year
		case isValue:
			d.column = f
		default:
			return fmt.Errorf("line 1: column %q is not known: want series, year and one of percent, share, fraction, count, adopters, value", clipped(f))
		}
		if *at >= 0 {
			return fmt.Errorf("line 1: column %q is a second one of its kind", f)
		}
		*at = i
	}
	for _, want := range []struct {
		at   int
		what string
	}{{d.name, "series"}, {d.year, "year"}, {d.value, "percent (or share, fraction, count, adopters, value)"}} {
		if want.at < 0 {
			return fmt.Errorf("line 1: no column %s", want.what)
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
	name, err := label(fields[d.name])
	if err != nil {
		return fmt.Errorf("line %d: series: %w", line, err)
	}
	year, err := number(fields[d.year])
	if err == nil && math.Abs(year) > 10_000 {
		err = fmt.Errorf("%v is not a year: want one within ±10,000", year)
	}
	if err != nil {
		return fmt.Errorf("line %d: year: %w", line, err)
	}
	value, err := number(fields[d.value])
	switch most := valueColumns[d.column]; {
	case err != nil:
	case value < 0:
		err = fmt.Errorf("%v is negative", value)
	case value > most:
		err = fmt.Errorf("%v is more than %v", value, most)
	}
	if err != nil {
		return fmt.Errorf("line %d: %s: %w", line, d.column, err)
	}
	return d.add(line, name, year, value)
}

func (d *decoder) add(line int, name string, year, value float64) error {
	i, ok := d.seen[name]
	if !ok {
		i = len(d.series)
		if i == maxSeries {
			return fmt.Errorf("line %d: more than %d series", line, maxSeries)
		}
		d.seen[name] = i
		d.series = append(d.series, Series{Name: name, Column: d.column})
		d.lines = append(d.lines, nil)
	}
	if d.points == maxPoints {
		return fmt.Errorf("line %d: more than %d points", line, maxPoints)
	}
	s := &d.series[i]
	s.Year, s.Value = append(s.Year, year), append(s.Value, value)
	d.lines[i] = append(d.lines[i], line)
	return nil
}

// sorted puts each series in the order of its years.
func (d *decoder) sorted() ([]Series, error) {
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
		d.series[k] = out
	}
	return d.series, nil
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

func label(s string) (string, error) {
	s = strings.TrimSpace(s)
	switch {
	case s == "":
		return "", errors.New("name is empty")
	case len(s) > maxName:
		return "", fmt.Errorf("name is longer than %d bytes", maxName)
	case !utf8.ValidString(s):
		return "", errors.New("name is not UTF-8")
	case strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }):
		return "", fmt.Errorf("name %q has a character that can't be printed", s)
	}
	return s, nil
}

// number reads a plain decimal; ParseFloat alone would take hexadecimal,
// infinities and NaN.
func number(s string) (float64, error) {
	s = strings.TrimSpace(s)
	if s == "" {
		return 0, errors.New("empty: leave the row out where nothing was measured")
	}
	if strings.Trim(s, "0123456789.eE+-") != "" {
		return 0, fmt.Errorf("%q is not a number", clipped(s))
	}
	v, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsInf(v, 0) {
		return 0, fmt.Errorf("%q is not a number", clipped(s))
	}
	if math.Abs(v) > 1e15 {
		return 0, fmt.Errorf("%v is more than 1e15", v)
	}
	return v, nil
}

func clipped(s string) string {
	if len(s) > 40 {
		s = strings.ToValidUTF8(s[:40], "") + "…"
	}
	return s
}

func wrapped(err error) error {
	var p *csv.ParseError
	if errors.As(err, &p) {
		return fmt.Errorf("line %d: %w", p.Line, p.Err)
	}
	return err
}
