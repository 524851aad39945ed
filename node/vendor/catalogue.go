// Package vendor is what a vendor's systems hand to its node. So far that is
// the catalogue, as a file of lines.
package vendor

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"unicode/utf8"

	"github.com/parley-network/parley/node/market"
	"github.com/parley-network/parley/node/view"
)

// MaxLine is the longest line of a catalogue, in bytes.
const MaxLine = 64 << 10

// Format is how a catalogue's lines are written.
type Format string

// The formats. NDJSON has one JSON object a line, a [market.Item]. CSV
// (RFC 4180, without line breaks inside fields) begins with a header line of
// these columns in any order, of which name, price and currency must be there:
//
//	sku, gtin, name, price, currency, unit, available
//	category          a path such as Vehicles/SUV
//	taxonomy          of the category; shopify when the column is missing
//	attr:PROPERTY     an attribute that is text
//	attr:PROPERTY:TYPE[:UNIT]  one that is a number, bool or time
//	charge:PROPERTY   the price of something that always comes with the item
//	option:PROPERTY   the price of something that comes when asked for
//
// An empty cell says nothing.
const (
	NDJSON Format = "ndjson"
	CSV    Format = "csv"
)

// Line is one line of a catalogue that holds an item, one that passed its
// Check.
type Line struct {
	Number int // from 1, blank lines and a header counted
	Item   market.Item
}

// LineError is what is wrong with one line of a catalogue.
type LineError struct {
	Line int // as in [Line]
	Err  error
}

// Error names the line.
func (e *LineError) Error() string { return fmt.Sprintf("line %d: %v", e.Line, e.Err) }

// Unwrap returns what is wrong without the line.
func (e *LineError) Unwrap() error { return e.Err }

// ReadCatalogue reads a catalogue line by line and holds no more than one. A
// line without a good item yields a [*LineError] and reading goes on. Any
// other error ends it: r failed, or a CSV's header is unusable.
func ReadCatalogue(r io.Reader, format Format) iter.Seq2[Line, error] {
	return func(yield func(Line, error) bool) {
		lines := &lineReader{r: bufio.NewReaderSize(r, MaxLine+2)}
		parse, err := parser(lines, format)
		if err != nil {
			yield(Line{}, err)
			return
		}
		for {
			line, err := lines.item(parse)
			if errors.Is(err, io.EOF) {
				return
			}
			var bad *LineError
			if !yield(line, err) || err != nil && !errors.As(err, &bad) {
				return
			}
		}
	}
}

// Key is what an item is known by in a catalogue, so that the same item
// imported again takes the place of the one before: its SKU, else its GTIN,
// else its name.
func Key(it market.Item) string {
	switch {
	case it.SKU != "":
		return "sku:" + it.SKU
	case it.GTIN != "":
		return "gtin:" + it.GTIN
	default:
		return "name:" + it.Name
	}
}

// parser returns what reads one line, after reading a header if there is one.
func parser(lines *lineReader, format Format) (func([]byte) (market.Item, error), error) {
	switch format {
	case NDJSON:
		return parseJSON, nil
	case CSV:
		header, err := lines.next()
		if errors.Is(err, io.EOF) {
			return nil, view.Invalid("", "the catalogue is empty: a CSV file begins with a header line")
		}
		if bad := (*LineError)(nil); errors.As(err, &bad) {
			return nil, view.Invalid("header", "%v", bad.Err)
		}
		if err != nil {
			return nil, err
		}
		return newCSVParser(header)
	default:
		return nil, view.Invalid("", "catalogue format %q is not %s or %s", string(format), NDJSON, CSV)
	}
}

func parseJSON(b []byte) (market.Item, error) {
	var it market.Item
	if b[0] != '{' {
		return it, errors.New("not a JSON object")
	}
	if err := view.DecodeJSON(b, &it); err != nil {
		return it, err
	}
	return it, it.Check()
}

// lineReader splits text into lines within MaxLine.
type lineReader struct {
	r      *bufio.Reader
	number int // of the line last returned
}

// item reads the next line's item.
func (l *lineReader) item(parse func([]byte) (market.Item, error)) (Line, error) {
	b, err := l.next()
	if err != nil {
		return Line{}, err
	}
	it, err := parse(b)
	if err != nil {
		return Line{}, l.bad(err)
	}
	return Line{l.number, it}, nil
}

// bad is a fault of the line last read, not of the reader.
func (l *lineReader) bad(err error) error { return &LineError{l.number, err} }

// next returns the next line that is not blank, without white space around
// it, valid until the next call.
func (l *lineReader) next() ([]byte, error) {
	for {
		line, err := l.r.ReadSlice('\n')
		if errors.Is(err, bufio.ErrBufferFull) {
			l.number++
			return nil, l.skip()
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("read catalogue after line %d: %w", l.number, err)
		}
		ended := err != nil
		if !ended || len(line) > 0 {
			l.number++
		}
		if l.number == 1 {
			line = bytes.TrimPrefix(line, []byte("\ufeff"))
		}
		if line = bytes.TrimSpace(line); len(line) > 0 {
			return line, l.check(line)
		}
		if ended {
			return nil, io.EOF
		}
	}
}

func (l *lineReader) check(line []byte) error {
	switch {
	case len(line) > MaxLine:
		return l.bad(fmt.Errorf("longer than %d bytes", MaxLine))
	case !utf8.Valid(line):
		return l.bad(errors.New("not UTF-8 text"))
	default:
		return nil
	}
}

// skip passes over the rest of a line that is too long.
func (l *lineReader) skip() error {
	for {
		_, err := l.r.ReadSlice('\n')
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
		case err == nil, errors.Is(err, io.EOF):
			return l.bad(fmt.Errorf("longer than %d bytes", MaxLine))
		default:
			return fmt.Errorf("read catalogue in line %d: %w", l.number, err)
		}
	}
}
