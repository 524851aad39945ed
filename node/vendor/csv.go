package vendor

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"strings"

	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/node/market"
	"github.com/parley-network/parley/node/view"
	"github.com/parley-network/parley/relcard/money"
)

// defaultTaxonomy is the one categories are read in when none is named.
const defaultTaxonomy = "shopify"

// maxColumns bounds a header.
const maxColumns = 256

// row is one line of a CSV file on its way to an item.
type row struct {
	item     market.Item
	currency string
}

// setter puts one cell that is not empty into a row.
type setter func(r *row, cell string)

// csvParser reads lines under one header.
type csvParser struct{ set []setter }

// newCSVParser reads a header line.
func newCSVParser(header []byte) (func([]byte) (market.Item, error), error) {
	names, err := splitCSV(header)
	if err != nil {
		return nil, view.Invalid("header", "%v", err)
	}
	if len(names) > maxColumns {
		return nil, view.Invalid("header", "%d columns, more than %d", len(names), maxColumns)
	}
	p := csvParser{}
	there := map[string]bool{}
	for _, name := range names {
		name = strings.TrimSpace(name)
		if there[name] {
			return nil, view.Invalid("header", "column %q is there twice", name)
		}
		there[name] = true
		set, err := column(name)
		if err != nil {
			return nil, view.Invalid("header", "%v", err)
		}
		p.set = append(p.set, set)
	}
	for _, name := range []string{"name", "price", "currency"} {
		if !there[name] {
			return nil, view.Invalid("header", "column %q is missing", name)
		}
	}
	return p.parse, nil
}

// parse reads one line.
func (p csvParser) parse(line []byte) (market.Item, error) {
	cells, err := splitCSV(line)
	if err != nil {
		return market.Item{}, err
	}
	if len(cells) != len(p.set) {
		return market.Item{}, fmt.Errorf("%d cells under %d columns", len(cells), len(p.set))
	}
	r := row{}
	for i, cell := range cells {
		if cell = strings.TrimSpace(cell); cell != "" {
			p.set[i](&r, cell)
		}
	}
	return r.finish()
}

// finish gives every price the row's currency and checks the item.
func (r *row) finish() (market.Item, error) {
	it := r.item
	it.Price.Currency = r.currency
	for i := range it.Extras {
		it.Extras[i].Price.Currency = r.currency
	}
	switch {
	case it.Category.Value == "":
		it.Category = intentcast.Category{}
	case it.Category.Taxonomy == "":
		it.Category.Taxonomy = defaultTaxonomy
	}
	return it, it.Check()
}

// columns are those with a plain name.
var columns = map[string]setter{
	"sku":       func(r *row, s string) { r.item.SKU = s },
	"gtin":      func(r *row, s string) { r.item.GTIN = s },
	"name":      func(r *row, s string) { r.item.Name = s },
	"price":     func(r *row, s string) { r.item.Price.Amount = s },
	"currency":  func(r *row, s string) { r.currency = s },
	"unit":      func(r *row, s string) { r.item.Unit = s },
	"available": func(r *row, s string) { r.item.Available = s },
	"category":  func(r *row, s string) { r.item.Category.Value = s },
	"taxonomy":  func(r *row, s string) { r.item.Category.Taxonomy = s },
}

// column returns what a column's cells set.
func column(name string) (setter, error) {
	if set, ok := columns[name]; ok {
		return set, nil
	}
	kind, rest, _ := strings.Cut(name, ":")
	if rest == "" {
		return nil, fmt.Errorf("no column is called %.80q", name)
	}
	switch kind {
	case "attr":
		return attributeColumn(rest)
	case "charge", "option":
		return func(r *row, s string) {
			r.item.Extras = append(r.item.Extras, market.Charge{Property: rest, Price: money.Money{Amount: s}, Optional: kind == "option"})
		}, nil
	default:
		return nil, fmt.Errorf("no column is called %.80q", name)
	}
}

// attributeColumn reads PROPERTY[:TYPE[:UNIT]].
func attributeColumn(spec string) (setter, error) {
	part := strings.SplitN(spec, ":", 3)
	a := intentcast.Attribute{Property: part[0], Type: intentcast.TypeText}
	if len(part) > 1 {
		a.Type = intentcast.ValueType(part[1])
	}
	if len(part) > 2 {
		a.Unit = part[2]
	}
	switch a.Type {
	case intentcast.TypeText, intentcast.TypeNumber, intentcast.TypeBool, intentcast.TypeTime:
	default:
		return nil, fmt.Errorf("column attr:%.80s: type %q is not text, number, bool or time", spec, a.Type)
	}
	if a.Property == "" {
		return nil, fmt.Errorf("column attr:%.80s has no property", spec)
	}
	return func(r *row, s string) {
		a := a
		a.Value = s
		r.item.Attributes = append(r.item.Attributes, a)
	}, nil
}

// splitCSV reads one line by itself, so that an open quote spoils that line
// and not the rest of the file.
func splitCSV(line []byte) ([]string, error) {
	r := csv.NewReader(bytes.NewReader(line))
	r.TrimLeadingSpace = true
	cells, err := r.Read()
	var parse *csv.ParseError
	if errors.As(err, &parse) {
		return nil, fmt.Errorf("at column %d: %w", parse.Column, parse.Err)
	}
	return cells, err
}
