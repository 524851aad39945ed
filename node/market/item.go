package market

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/relcard/money"
)

// Item is one thing a vendor sells at its list price. Its JSON and TOML forms
// have the same keys.
type Item struct {
	SKU        string                 `json:"sku,omitempty" toml:"sku,omitempty"`   // the vendor's own number, one item each
	GTIN       string                 `json:"gtin,omitempty" toml:"gtin,omitempty"` // 8, 12, 13 or 14 digits with a right check digit
	Name       string                 `json:"name" toml:"name"`
	Category   intentcast.Category    `json:"category,omitzero" toml:"category,omitempty"`      // may be empty
	Price      money.Money            `json:"price" toml:"price"`                               // for one unit; zero is free
	Unit       string                 `json:"unit,omitempty" toml:"unit,omitempty"`             // empty: pieces
	Attributes []intentcast.Attribute `json:"attributes,omitempty" toml:"attributes,omitempty"` // a truth value at most once a property
	Extras     []Charge               `json:"extras,omitempty" toml:"extras,omitempty"`
	Available  string                 `json:"available,omitempty" toml:"available,omitempty"` // units in stock, a decimal; empty: no limit
}

// Charge is something that comes with an item at a price: insurance, prepaid
// fuel, delivery. It is charged once for an offer's line, whatever the
// quantity. An optional one is part of an offer only where the intent
// requires an attribute of that name; nobody is sold what they did not ask.
type Charge struct {
	Property string      `json:"property" toml:"property"`
	Price    money.Money `json:"price" toml:"price"` // in the item's currency
	Optional bool        `json:"optional,omitempty" toml:"optional,omitempty"`
}

// Limits of an item, in bytes and entries, are those of the offer that will
// carry it (package intentcast): better refused at the shop than at the asker.
const (
	maxName    = 200 // names, values of attributes
	maxWord    = 128 // SKUs, units, properties
	maxEntries = 128 // attributes
	maxExtras  = 16
)

// Check reports whether the item can be sold from, naming the field that is
// at fault.
func (it Item) Check() error {
	_, err := newEntry(it)
	return err
}

// entry is an item made ready to match.
type entry struct {
	item     Item
	gtin     string // 14 digits
	name     string // folded
	nameKey  string // the name as a property, for exclusions
	sku      string
	unit     string
	price    fixed
	limited  bool
	stock    fixed
	facts    []fact
	charges  []charge
	category category
}

type charge struct {
	property string
	price    fixed
	optional bool
}

// newEntry parses an item, refusing what Check documents.
func newEntry(it Item) (entry, error) {
	e := entry{item: it, name: fold(it.Name), sku: it.SKU, unit: fold(it.Unit)}
	e.nameKey = property(it.Name)
	var err error
	if e.category, err = newCategory(it.Category); err != nil {
		return e, err
	}
	if err := errors.Join(e.readNames(), e.readPrice(), e.readStock()); err != nil {
		return e, err
	}
	if err := e.readCharges(); err != nil {
		return e, err
	}
	return e, e.readAttributes()
}

func (e *entry) readNames() error {
	it := &e.item
	if err := errors.Join(checkText("name", it.Name, maxName), checkText("sku", it.SKU, maxWord), checkText("unit", it.Unit, maxWord)); err != nil {
		return err
	}
	if e.name == "" {
		return errors.New("name is empty")
	}
	if it.GTIN == "" {
		return nil
	}
	var err error
	e.gtin, err = gtin14(it.GTIN)
	return err
}

func (e *entry) readPrice() (err error) {
	e.price, err = price(e.item.Price)
	if err != nil {
		return fmt.Errorf("price: %w", err)
	}
	return nil
}

// price reads an amount that is not negative.
func price(m money.Money) (fixed, error) {
	if err := m.Check(); err != nil {
		return fixed{}, err
	}
	f, ok := parseFixed(m.Amount)
	if !ok {
		return f, fmt.Errorf("%s is negative", m)
	}
	return f, nil
}

func (e *entry) readStock() error {
	if e.item.Available == "" {
		return nil
	}
	f, ok := parseFixed(e.item.Available)
	if !ok {
		return fmt.Errorf("available: %s is not a decimal of zero or more", quote(e.item.Available))
	}
	e.stock, e.limited = f, true
	return nil
}

func (e *entry) readCharges() error {
	if n := len(e.item.Extras); n > maxExtras {
		return fmt.Errorf("%d extras, more than %d", n, maxExtras)
	}
	for i, c := range e.item.Extras {
		p, err := price(c.Price)
		if err == nil {
			err = checkText("property", c.Property, maxWord)
		}
		switch {
		case err != nil:
		case property(c.Property) == "":
			err = errors.New("property is empty")
		case mixedScript(c.Property):
			err = fmt.Errorf("property %s mixes scripts that look alike", quote(c.Property))
		case c.Price.Currency != e.item.Price.Currency:
			err = fmt.Errorf("price is in %s and the item's in %s", c.Price.Currency, e.item.Price.Currency)
		}
		if err == nil && slices.ContainsFunc(e.charges, func(o charge) bool { return o.property == property(c.Property) }) {
			err = fmt.Errorf("property %s is charged twice", quote(c.Property))
		}
		if err != nil {
			return fmt.Errorf("extras[%d]: %w", i, err)
		}
		e.charges = append(e.charges, charge{property(c.Property), p, c.Optional})
	}
	return nil
}

func (e *entry) readAttributes() (err error) {
	e.facts, err = newFacts(e.item.Attributes)
	return err
}

// newFacts reads the attributes of an item or a seller.
func newFacts(attrs []intentcast.Attribute) ([]fact, error) {
	if len(attrs) > maxEntries {
		return nil, fmt.Errorf("%d attributes, more than %d", len(attrs), maxEntries)
	}
	facts := make([]fact, 0, len(attrs))
	for i, a := range attrs {
		err := errors.Join(checkText("property", a.Property, maxWord), checkText("value", a.Value, maxName), checkText("unit", a.Unit, maxWord))
		var f fact
		if err == nil {
			f, err = newFact(a)
		}
		switch {
		case err != nil:
		case a.Value == "":
			err = fmt.Errorf("attribute %s has no value", quote(a.Property))
		case a.Unit != "" && a.Type != intentcast.TypeNumber:
			err = fmt.Errorf("attribute %s has a unit and is no number", quote(a.Property))
		case f.typ == intentcast.TypeBool && states(facts, f.property):
			err = fmt.Errorf("attribute %s is stated twice", quote(a.Property))
		}
		if err != nil {
			return nil, fmt.Errorf("attributes[%d]: %w", i, err)
		}
		facts = append(facts, f)
	}
	return facts, nil
}

// checkText is what an offer allows of a name: at most most bytes of UTF-8
// without control characters.
func checkText(field, s string, most int) error {
	switch {
	case len(s) > most:
		return fmt.Errorf("%s has %d bytes, more than %d", field, len(s), most)
	case !utf8.ValidString(s):
		return fmt.Errorf("%s is not UTF-8", field)
	case strings.ContainsFunc(s, unicode.IsControl):
		return fmt.Errorf("%s has a control character", field)
	}
	return nil
}

func states(facts []fact, property string) bool {
	for i := range facts {
		if facts[i].property == property {
			return true
		}
	}
	return false
}
