package market

import (
	"slices"
)

// pick is the item chosen for a want.
type pick struct {
	i       int32
	cost    fixed  // price times quantity, and the charges
	charges uint64 // which of the item's charges are in, a bit each
}

// miss is why an item does not do: a code, and which constraint or exclusion.
type miss struct {
	code Code
	i    int
}

// choose returns the best item for w in currency, or false and why not.
func (m *matching) choose(w *want, currency string) (pick, []miss, bool) {
	var misses []miss
	for _, t := range []tier{tierGTIN, tierSKU, tierName, tierKind} {
		list, why := m.candidates(w, t)
		if why != (miss{}) {
			return pick{}, []miss{why}, false
		}
		best, found := pick{}, false
		for _, i := range list {
			e := &m.c.entries[i]
			if w.identify(e.gtin, e.sku, e.name) != t {
				continue
			}
			if found && !m.cheaper(e, w, best.cost) {
				break // the rest of the list costs as much before its charges
			}
			p, why, ok := m.judge(i, w, currency)
			if !ok && !slices.Contains(misses, why) {
				misses = append(misses, why)
			}
			if ok && (!found || p.cost.cmp(best.cost) < 0) {
				best, found = p, true
			}
		}
		if found {
			return best, nil, true
		}
	}
	if misses == nil {
		misses = []miss{{code: CodeItem}}
	}
	return pick{}, misses, false
}

// candidates returns the positions, ascending, of all items that can be of
// tier t for w, or why a want of that tier has none.
func (m *matching) candidates(w *want, t tier) ([]int32, miss) {
	switch {
	case t == tierGTIN && w.gtin != "":
		return m.c.byGTIN[w.gtin], miss{}
	case t == tierSKU && w.sku != "":
		return m.c.bySKU[w.sku], miss{}
	case t == tierName && w.name != "":
		return m.c.byName[w.name], miss{}
	case t == tierKind && !w.named():
		return m.c.kind(m.ask, w)
	}
	return nil, miss{}
}

// cheaper reports whether e can cost less than cost before its charges. The
// entries of one currency ascend in price, and entries of another never
// become a best.
func (m *matching) cheaper(e *entry, w *want, cost fixed) bool {
	c, ok := e.price.times(w.quantity)
	return ok && c.cmp(cost) < 0
}

// judge holds one item against everything w asks.
func (m *matching) judge(i int32, w *want, currency string) (pick, miss, bool) {
	e := &m.c.entries[i]
	if e.item.Price.Currency != currency {
		return pick{}, miss{code: CodeCurrency}, false
	}
	if e.unit != w.unit {
		return pick{}, miss{CodeQuantity, unitDiffers}, false
	}
	if e.limited && e.stock.minus(m.taken[i]).cmp(w.quantity) < 0 {
		return pick{}, miss{CodeQuantity, outOfStock}, false
	}
	if w.most != nil && e.price.cmp(*w.most) > 0 {
		return pick{}, miss{code: CodeMaxPrice}, false
	}
	charges, why, ok := m.judgeParts(e, w)
	if !ok {
		return pick{}, why, false
	}
	cost, ok := e.price.times(w.quantity)
	for j := range e.charges {
		if ok && charges&(1<<j) != 0 {
			cost, ok = cost.plus(e.charges[j].price)
		}
	}
	if !ok {
		return pick{}, miss{code: CodeTotal}, false
	}
	return pick{i, cost, charges}, miss{}, true
}

// What about a quantity is wrong.
const (
	unitDiffers = iota
	outOfStock
)

// judgeParts decides what of e would be in the offer: nothing excluded, every
// required attribute, and of the optional charges only those that one of
// these requires.
func (m *matching) judgeParts(e *entry, w *want) (charges uint64, _ miss, ok bool) {
	for i := range m.ask.exclude {
		x := &m.ask.exclude[i]
		if x.property == e.nameKey {
			return 0, miss{CodeExcluded, i}, false
		}
		for j := range e.facts {
			if e.facts[j].contains(x.property) {
				return 0, miss{CodeExcluded, i}, false
			}
		}
	}
	for j := range e.charges {
		if e.charges[j].optional {
			continue
		}
		charges |= 1 << j
		for i := range m.ask.exclude {
			if m.ask.exclude[i].property == e.charges[j].property {
				return 0, miss{CodeExcluded, i}, false
			}
		}
	}
	for i := range w.wishes.require {
		t := &w.wishes.require[i]
		if t.met(e.facts) {
			continue
		}
		j := m.offered(e, t)
		if j < 0 {
			return 0, miss{CodeAttribute, i}, false
		}
		charges |= 1 << j
	}
	// What is charged for is there, whatever the item says of itself.
	for i := range w.wishes.require {
		t := &w.wishes.require[i]
		if e.charged(charges, t.property) && !t.met(e.stated(charges, t.property)) {
			return 0, miss{CodeAttribute, i}, false
		}
	}
	return charges, miss{}, true
}

// offered returns the charge that would meet t when included, or -1.
func (m *matching) offered(e *entry, t *test) int {
	if !t.wantsTrue() || m.ask.names(t.property) != nil {
		return -1
	}
	return slices.IndexFunc(e.charges, func(c charge) bool { return c.property == t.property })
}

// explain turns misses into reasons.
func (m *matching) explain(w *want, misses []miss) (out []Reason) {
	what := "the thing wanted"
	if w.name != "" {
		what = quote(w.name)
	}
	for _, x := range misses {
		r := Reason{Code: x.code, On: w.on}
		switch x.code {
		case CodeItem:
			r.Text = what + " is not in the catalogue"
		case CodeAttribute:
			r.On += "." + at("wishes.require", x.i)
			r.Text = what + " does not meet " + w.wishes.require[x.i].words()
		case CodeExcluded:
			r.Text = what + " can't be had without " + quote(m.ask.exclude[x.i].said) + ", which is excluded"
		case CodeQuantity:
			r.Text = what + " is sold in another unit"
			if x.i == outOfStock {
				r.Text = what + " is not in stock in that quantity"
			}
		case CodeMaxPrice:
			r.Text = what + " costs more than " + w.most.text(m.ask.currency) + " a unit"
		case CodeCurrency:
			r.Text = what + " is sold in another currency"
		case CodeTotal:
			r.Text = what + " comes to a sum too large to write"
		}
		out = append(out, r)
	}
	return out
}
