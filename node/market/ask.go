package market

import (
	"errors"
	"fmt"

	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/relcard/money"
)

// ask is an intent made ready: read once, then held against ten thousand
// items or a thousand offers.
type ask struct {
	in       *intentcast.Intent
	category category
	wants    []want
	seller   wishes
	exclude  []exclusion
	currency string // all amounts of the intent are in it; empty: none stated
	budget   *fixed
}

type want struct {
	on       string // "items[0]"
	gtin     string // 14 digits
	sku      string
	name     string // folded
	quantity fixed
	unit     string
	most     *fixed // MaxPrice
	wishes   wishes
}

type wishes struct{ require, prefer []test }

type exclusion struct {
	on, property, said string
}

// newAsk reads an intent. An error names the field that can't be read; such an
// intent has no answer that could be right.
func newAsk(in *intentcast.Intent) (*ask, error) {
	if in == nil {
		return nil, errors.New("no intent")
	}
	a := &ask{in: in}
	var err error
	if a.category, err = newCategory(in.Category); err != nil {
		return nil, err
	}
	if a.seller, err = newWishes(in.Seller); err != nil {
		return nil, fmt.Errorf("seller: %w", err)
	}
	for i, x := range in.Exclude {
		p := property(x.Property)
		if p == "" {
			return nil, fmt.Errorf("%s: no property", at("exclude", i))
		}
		a.exclude = append(a.exclude, exclusion{at("exclude", i), p, x.Property})
	}
	if in.Budget != nil {
		if a.budget, err = a.amount(*in.Budget); err != nil {
			return nil, fmt.Errorf("budget: %w", err)
		}
	}
	for i := range in.Items {
		w, err := a.want(&in.Items[i])
		if err != nil {
			return nil, fmt.Errorf("%s: %w", at("items", i), err)
		}
		w.on = at("items", i)
		a.wants = append(a.wants, w)
	}
	return a, nil
}

// amount reads an amount of the intent: all are in one currency.
func (a *ask) amount(m money.Money) (*fixed, error) {
	f, err := price(m)
	if err != nil {
		return nil, err
	}
	if a.currency != "" && a.currency != m.Currency {
		return nil, fmt.Errorf("amounts in %s and %s: %w", a.currency, m.Currency, money.ErrCurrency)
	}
	a.currency = m.Currency
	return &f, nil
}

func (a *ask) want(in *intentcast.Want) (w want, err error) {
	w = want{sku: in.SKU, name: fold(in.Name), unit: fold(in.Unit)}
	var ok bool
	if w.quantity, ok = parseFixed(in.Quantity); !ok || w.quantity.isZero() {
		return w, fmt.Errorf("quantity %s is not a positive decimal", quote(in.Quantity))
	}
	if in.GTIN != "" {
		if w.gtin, err = gtin14(in.GTIN); err != nil {
			return w, err
		}
	}
	if in.MaxPrice != nil {
		if w.most, err = a.amount(*in.MaxPrice); err != nil {
			return w, fmt.Errorf("max: %w", err)
		}
	}
	if in.KnownPrice != nil { // no limit, but it says which currency the asker thinks in
		if _, err = a.amount(*in.KnownPrice); err != nil {
			return w, fmt.Errorf("known: %w", err)
		}
	}
	w.wishes, err = newWishes(in.Wishes)
	if err == nil && !w.named() && len(w.wishes.require) == 0 {
		err = errors.New("neither named nor with a required attribute")
	}
	return w, err
}

// named reports whether the want says which thing it means, so that category
// and attributes alone can't answer it.
func (w *want) named() bool { return w.gtin != "" || w.sku != "" || w.name != "" }

// newWishes reads required and preferred constraints.
func newWishes(in intentcast.Wishes) (w wishes, err error) {
	if w.require, err = newTests("require", in.Require); err != nil {
		return w, err
	}
	w.prefer, err = newTests("prefer", in.Prefer)
	return w, err
}

func newTests(list string, in []intentcast.Constraint) ([]test, error) {
	var out []test
	for i, c := range in {
		t, err := newTest(c)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", at(list, i), err)
		}
		out = append(out, t)
	}
	return out, nil
}

// asked reports whether the intent requires, prefers or excludes property, so
// that an offer should say what it knows of it.
func (a *ask) asked(w *wishes, property string) bool {
	for _, list := range [][]test{w.require, w.prefer} {
		for i := range list {
			if list[i].property == property {
				return true
			}
		}
	}
	for i := range a.exclude {
		if a.exclude[i].property == property {
			return true
		}
	}
	return false
}

// excluded returns the first exclusion that any fact contains, or nil.
func (a *ask) excluded(facts []fact) *exclusion {
	for i := range a.exclude {
		for j := range facts {
			if facts[j].contains(a.exclude[i].property) {
				return &a.exclude[i]
			}
		}
	}
	return nil
}

// names returns the exclusion of property, or nil.
func (a *ask) names(property string) *exclusion {
	for i := range a.exclude {
		if a.exclude[i].property == property {
			return &a.exclude[i]
		}
	}
	return nil
}

// tier is how surely a thing is what a want means; a lower one is surer.
type tier int

const (
	tierGTIN tier = iota
	tierSKU
	tierName
	tierKind
	tierNone
)

// identify says how a thing with these names answers w, before attributes:
//
//   - A GTIN that is the want's is enough; one that is another rules the thing
//     out, whatever else agrees.
//   - A SKU is one vendor's own number, which another vendor may have given to
//     something else: it is enough only where the want's name, if it has one,
//     agrees too.
//   - A name is enough unless both state a SKU and these differ, for one name
//     may cover several sizes.
//   - A want with no name, GTIN or SKU can't be contradicted by one: its
//     category (of the intent) and required attributes decide.
func (w *want) identify(gtin, sku, name string) tier {
	switch {
	case w.gtin != "" && gtin != "":
		if w.gtin == gtin {
			return tierGTIN
		}
		return tierNone
	case !w.named():
		return tierKind
	case w.sku != "" && sku == w.sku && (w.name == "" || name == w.name):
		return tierSKU
	case w.name != "" && name == w.name && (w.sku == "" || sku == "" || sku == w.sku):
		return tierName
	}
	return tierNone
}
