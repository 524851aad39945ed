package market

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/parley-network/parley/gossip/intentcast"
)

// Catalogue is what a vendor sells, indexed. It never changes: a new price is
// a new Catalogue, and any number of matches may read one at a time.
type Catalogue struct {
	// entries are in the order of preference among equal lines: currency,
	// price, SKU, name. A posting list below holds ascending positions in it,
	// so that the first survivor is the cheapest before charges.
	entries    []entry
	currencies []string // sorted

	byGTIN     map[string][]int32
	bySKU      map[string][]int32
	byName     map[string][]int32
	byCategory map[category][]int32 // also under every category above
	byProperty map[string][]int32   // attributes and charges
	byFact     map[valueKey][]int32 // text and truth values, and charges as true
	byToken    map[string][]int32   // words of names
	columns    map[columnKey]*column
	containing map[string][]int32 // items that contain a property in every offer, for exclusions
}

// valueKey finds items by one text or truth value.
type valueKey struct {
	property string
	typ      intentcast.ValueType
	text     string
}

// NewCatalogue indexes items, which it does not keep a reference to beyond
// their own slices. The first item that fails Item.Check, or has the SKU of
// another, is an error that names its index.
func NewCatalogue(items []Item) (*Catalogue, error) {
	c := &Catalogue{
		entries: make([]entry, 0, len(items)),
		byGTIN:  map[string][]int32{}, bySKU: map[string][]int32{}, byName: map[string][]int32{},
		byCategory: map[category][]int32{}, byProperty: map[string][]int32{},
		byFact: map[valueKey][]int32{}, byToken: map[string][]int32{},
		columns: map[columnKey]*column{}, containing: map[string][]int32{},
	}
	skus := make(map[string]int, len(items))
	for i, it := range items {
		e, err := newEntry(it)
		if err != nil {
			return nil, fmt.Errorf("items[%d] %s: %w", i, quote(it.Name), err)
		}
		if j, taken := skus[it.SKU]; taken && it.SKU != "" {
			return nil, fmt.Errorf("items[%d] %s: SKU %s is also that of items[%d]", i, quote(it.Name), quote(it.SKU), j)
		}
		skus[it.SKU] = i
		c.entries = append(c.entries, e)
	}
	slices.SortStableFunc(c.entries, func(a, b entry) int {
		return cmp.Or(cmp.Compare(a.item.Price.Currency, b.item.Price.Currency), a.price.cmp(b.price), cmp.Compare(a.sku, b.sku), cmp.Compare(a.name, b.name))
	})
	for i := range c.entries {
		c.index(int32(i))
	}
	for _, col := range c.columns {
		slices.SortStableFunc(*col, func(a, b reading) int { return a.num.cmp(b.num) })
	}
	return c, nil
}

// Len returns the number of items.
func (c *Catalogue) Len() int { return len(c.entries) }

// index enters one entry in every index.
func (c *Catalogue) index(i int32) {
	e := &c.entries[i]
	if n := len(c.currencies); n == 0 || c.currencies[n-1] != e.item.Price.Currency {
		c.currencies = append(c.currencies, e.item.Price.Currency)
	}
	post(c.byName, e.name, i)
	if e.gtin != "" {
		post(c.byGTIN, e.gtin, i)
	}
	if e.sku != "" {
		post(c.bySKU, e.sku, i)
	}
	for k := range e.category.ancestors {
		post(c.byCategory, k, i)
	}
	c.indexParts(i, e)
	for _, t := range tokens(e.name) {
		post(c.byToken, t, i)
	}
}

// indexParts enters an entry's attributes and charges.
func (c *Catalogue) indexParts(i int32, e *entry) {
	post(c.containing, e.nameKey, i)
	for _, f := range e.facts {
		post(c.byProperty, f.property, i)
		if f.contains(f.property) {
			post(c.containing, f.property, i)
		}
		switch f.typ {
		case intentcast.TypeText, intentcast.TypeBool:
			post(c.byFact, valueKey{f.property, f.typ, f.text}, i)
		default:
			k := columnKey{f.property, f.typ, f.unit}
			if c.columns[k] == nil {
				c.columns[k] = new(column)
			}
			*c.columns[k] = append(*c.columns[k], reading{f.num, i})
		}
	}
	for _, ch := range e.charges {
		post(c.byProperty, ch.property, i)
		post(c.byFact, valueKey{ch.property, intentcast.TypeBool, "true"}, i)
		if !ch.optional {
			post(c.containing, ch.property, i)
		}
	}
}

// post appends i to the list of key once.
func post[K comparable](m map[K][]int32, key K, i int32) {
	if l := m[key]; len(l) == 0 || l[len(l)-1] != i {
		m[key] = append(l, i)
	}
}
