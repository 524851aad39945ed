package fit

import (
	"bytes"
	"encoding/csv"
	"io"
	"math"
	"regexp"
	"strings"
)

// separators are what may part fields, the first that parts as many as any.
var separators = []struct {
	mark rune
	name string
}{{',', "commas"}, {';', "semicolons"}, {'\t', "tabs"}, {'|', "upright strokes"}}

// dialect is how a file is written down.
type dialect struct {
	comma rune
	style style
	// numeric are the columns with nothing but numbers below the first line.
	numeric []bool
}

// partedBy names the separator.
func (d dialect) partedBy() string {
	for _, s := range separators {
		if s.mark == d.comma {
			return s.name
		}
	}
	return "commas"
}

// dialectOf looks through a whole file.
func dialectOf(file []byte) dialect {
	d := dialect{comma: delimiter(file)}
	if d.comma != ',' {
		d.style.decimalComma = decimalComma(file, d.comma)
	}
	d.numeric = d.numbers(file)
	return d
}

// lookedAt is how many lines are looked at to see which columns have numbers.
const lookedAt = 1000

func (d dialect) numbers(file []byte) (numeric []bool) {
	c := d.reader(file)
	var some []bool
	for line := range lookedAt {
		fields, err := c.Read()
		if err != nil {
			break // the second reading tells what is wrong, if anything
		}
		if line == 0 {
			numeric, some = make([]bool, len(fields)), make([]bool, len(fields))
			for i := range numeric {
				numeric[i] = true
			}
			continue
		}
		for i, f := range fields {
			if missing(f) {
				continue
			}
			_, err := d.style.number(strings.TrimSuffix(strings.TrimSpace(f), "%"))
			numeric[i], some[i] = numeric[i] && err == nil, true
		}
	}
	for i := range numeric {
		numeric[i] = numeric[i] && some[i]
	}
	return numeric
}

// reader reads the file in its dialect.
func (d dialect) reader(file []byte) *csv.Reader {
	c := csv.NewReader(bytes.NewReader(file))
	c.ReuseRecord, c.Comment, c.Comma = true, '#', d.comma
	return c
}

// delimiter is what parts most fields of the first line that is no comment.
func delimiter(file []byte) rune {
	for line := range bytes.Lines(file) {
		if line = bytes.Trim(line, " \r\n"); len(line) == 0 || line[0] == '#' {
			continue
		}
		best, most := ',', 0
		for _, s := range separators {
			if n := bytes.Count(line, []byte(string(s.mark))); n > most {
				best, most = s.mark, n
			}
		}
		return best
	}
	return ','
}

var (
	// surelyComma can be a number only where the comma is decimal, surelyPoint
	// only where the point is; 1,234 and 1.234 may be either.
	surelyComma = regexp.MustCompile(`^[+-]?(\d*,(\d{0,2}|\d{4,})|0\d*,\d+|\d{4,},\d+|,\d+|\d{1,3}(\.\d{3})+,\d*)$`)
	surelyPoint = regexp.MustCompile(`^[+-]?(\d*\.(\d{0,2}|\d{4,})|0\d*\.\d+|\d{4,}\.\d+|\.\d+|\d{1,3}(,\d{3})+\.\d*|\d{1,3}(,\d{3}){2,})$`)
	maybeComma  = regexp.MustCompile(`^[+-]?[1-9]\d{0,2},\d{3}$`)
)

// decimalComma tells whether the comma is decimal, which a comma that parts
// fields never is: by the numbers that can be read in one way only. Where there
// is none, 1,234 is a decimal between semicolons, and thousands between tabs.
func decimalComma(file []byte, separator rune) bool {
	c := dialect{comma: separator}.reader(file)
	c.FieldsPerRecord = -1
	var comma, point, either int
	for line := 0; ; line++ {
		fields, err := c.Read()
		if err == io.EOF || line > math.MaxInt32 {
			break
		}
		if err != nil || line == 0 {
			if err != nil && fields == nil {
				break // the second reading tells what is wrong
			}
			continue
		}
		for _, f := range fields {
			f = strings.TrimSuffix(strings.TrimSpace(f), "%")
			switch {
			case surelyComma.MatchString(f):
				comma++
			case surelyPoint.MatchString(f):
				point++
			case maybeComma.MatchString(f):
				either++
			}
		}
	}
	switch {
	case comma > 0 || point > 0:
		return comma > 0
	default:
		return either > 0 && separator == ';'
	}
}
