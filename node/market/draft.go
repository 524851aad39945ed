package market

import (
	"strconv"
	"time"

	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/relcard"
	"github.com/parley-network/parley/relcard/money"
	"github.com/parley-network/parley/relcard/terms"
)

// Draft is everything of an offer that matching decides. Of an item and of
// the seller it states those attributes that the intent requires, prefers or
// excludes.
type Draft struct {
	Lines       []intentcast.OfferLine `json:"lines"`            // one for each want, in their order
	Extras      []relcard.Extra        `json:"extras,omitempty"` // charges, one sum for each property
	Total       money.Money            `json:"total"`            // exactly lines and extras
	Seller      []intentcast.Attribute `json:"seller,omitempty"`
	Memberships []string               `json:"memberships,omitempty"` // the intent's that the vendor honours
	Fulfil      *relcard.Window        `json:"fulfil,omitempty"`
	Terms       terms.Ref              `json:"terms"`   // the first of the intent's that the vendor accepts
	Expires     identity.Time          `json:"expires"` // not after Fulfil ends
	Text        string                 `json:"text,omitempty"`
	LeftOut     []string               `json:"left_out,omitempty"` // optional charges the person did not ask for
}

// Offer returns the draft as an offer that lacks Intent, Recipient, Vendor,
// Created and Route, which the vendor's node knows.
func (d *Draft) Offer() intentcast.Offer {
	return intentcast.Offer{
		Version: intentcast.BodyVersion, Type: intentcast.OfferType, Expires: d.Expires,
		Lines: d.Lines, Extras: d.Extras, Total: d.Total, Seller: d.Seller,
		Memberships: d.Memberships, Fulfil: d.Fulfil, Terms: d.Terms, Text: d.Text,
	}
}

// maxUnmet is how many wants that nothing answers are looked into: there is no
// draft after the first, and a person at the vendor has seen enough.
const maxUnmet = 4

// sum adds up a draft under construction.
type sum struct {
	total    fixed
	currency string
	extras   []fixed // beside Draft.Extras
	fits     bool
}

func (s *sum) add(f fixed) {
	t, ok := s.total.plus(f)
	s.total, s.fits = t, s.fits && ok
}

// draft answers every want in one currency.
func (m *matching) draft(currency string) Answer {
	m.taken = map[int32]fixed{}
	d := &Draft{Fulfil: m.fulfil, Terms: m.terms, Text: m.rules.Text}
	s := &sum{currency: currency, fits: true}
	var out Answer
	unmet := 0
	for i := range m.ask.wants {
		if unmet == maxUnmet {
			out.Reasons = append(out.Reasons, Reason{CodeItem, "items", "the wants after these were not looked at"})
			break
		}
		w := &m.ask.wants[i]
		p, misses, ok := m.choose(w, currency)
		if !ok {
			unmet++
			out.Reasons = append(out.Reasons, m.explain(w, misses)...)
			out.Suggestions = append(out.Suggestions, m.suggest(w)...)
			continue
		}
		if m.c.entries[p.i].limited {
			m.taken[p.i], _ = m.taken[p.i].plus(w.quantity)
		}
		m.addLine(d, s, uint64(i), p)
	}
	if out.Reasons != nil {
		return out
	}
	if out.Reasons = m.checkSum(d, s); out.Reasons != nil {
		return out
	}
	m.finish(d)
	return Answer{Draft: d, Ask: m.rules.Answer != ModeAuto}
}

// addLine puts a chosen item and its charges into d.
func (m *matching) addLine(d *Draft, s *sum, i uint64, p pick) {
	e, w := &m.c.entries[p.i], &m.ask.wants[i]
	line := intentcast.OfferLine{Want: i, Line: relcard.Line{
		Name: e.item.Name, GTIN: e.item.GTIN, SKU: e.item.SKU, Price: e.item.Price,
		Quantity: m.ask.in.Items[i].Quantity, Unit: m.ask.in.Items[i].Unit,
	}}
	cost, ok := e.price.times(w.quantity)
	s.fits = s.fits && ok
	s.add(cost)
	for j := range e.charges {
		c := &e.charges[j]
		if p.charges&(1<<j) == 0 {
			d.LeftOut = append(d.LeftOut, e.item.Extras[j].Property)
			continue
		}
		m.addExtra(d, s, e.item.Extras[j].Property, c)
		if m.ask.asked(&w.wishes, c.property) && !e.tells(c.property) {
			line.Attributes = append(line.Attributes, included(e.item.Extras[j].Property))
		}
	}
	for j, f := range e.facts {
		if !m.ask.asked(&w.wishes, f.property) {
			continue
		}
		attr := e.item.Attributes[j]
		if e.paid(p.charges, &f) {
			attr = included(attr.Property)
		}
		line.Attributes = append(line.Attributes, attr)
	}
	d.Lines = append(d.Lines, line)
}

// stated are the facts of a property that a draft with these charges states:
// those of addLine.
func (e *entry) stated(charges uint64, property string) (facts []fact) {
	there := fact{property: property, typ: intentcast.TypeBool, text: "true"}
	if e.charged(charges, property) && !e.tells(property) {
		facts = append(facts, there)
	}
	for _, f := range e.facts {
		switch {
		case f.property != property:
		case e.paid(charges, &f):
			facts = append(facts, there)
		default:
			facts = append(facts, f)
		}
	}
	return facts
}

// paid reports whether f is a truth value about something that is charged for,
// so that it is there now.
func (e *entry) paid(charges uint64, f *fact) bool {
	return f.typ == intentcast.TypeBool && e.charged(charges, f.property)
}

// tells reports whether e states property as a truth value.
func (e *entry) tells(property string) bool {
	for i := range e.facts {
		if f := &e.facts[i]; f.property == property && f.typ == intentcast.TypeBool {
			return true
		}
	}
	return false
}

// included says that an extra is part of the line.
func included(property string) intentcast.Attribute {
	return intentcast.Attribute{Property: property, Type: intentcast.TypeBool, Value: "true"}
}

// charged reports whether a charge of that property is among these.
func (e *entry) charged(charges uint64, property string) bool {
	for j := range e.charges {
		if charges&(1<<j) != 0 && e.charges[j].property == property {
			return true
		}
	}
	return false
}

// addExtra adds a charge to the extra of the same property.
func (m *matching) addExtra(d *Draft, s *sum, name string, c *charge) {
	s.add(c.price)
	for i := range d.Extras {
		if property(d.Extras[i].Property) == c.property {
			f, ok := s.extras[i].plus(c.price)
			text, fits := f.plain()
			s.extras[i], s.fits = f, s.fits && ok && fits
			d.Extras[i].Price.Amount = text
			return
		}
	}
	text, fits := c.price.plain()
	s.fits = s.fits && fits
	s.extras = append(s.extras, c.price)
	d.Extras = append(d.Extras, relcard.Extra{Property: name, Price: money.Money{Currency: s.currency, Amount: text}})
}

// checkSum writes the total and holds it against the limits of both sides.
func (m *matching) checkSum(d *Draft, s *sum) []Reason {
	text, ok := s.total.plain()
	if !ok || !s.fits {
		return []Reason{{CodeTotal, "", "the total is too large, or has more than 9 decimal places"}}
	}
	if n := len(d.Extras); n > maxExtras {
		return []Reason{{CodeMalformed, "", "the offer would carry " + strconv.Itoa(n) + " kinds of charges, more than " + strconv.Itoa(maxExtras)}}
	}
	d.Total = money.Money{Currency: s.currency, Amount: text}
	if b := m.ask.budget; b != nil && s.total.cmp(*b) > 0 {
		return []Reason{{CodeBudget, "budget", "the whole comes to " + d.Total.String() + ", over the budget of " + b.text(s.currency)}}
	}
	least := m.rules.minOrder
	switch {
	case least == nil:
	case m.rules.MinOrder.Currency != s.currency:
		return []Reason{{CodeCurrency, "", "the smallest order is set in " + m.rules.MinOrder.Currency + ", the offer would be in " + s.currency}}
	case s.total.cmp(*least) < 0:
		return []Reason{{CodeMinOrder, "", "the whole comes to " + d.Total.String() + ", under the smallest order of " + least.text(s.currency)}}
	}
	return nil
}

// finish sets what does not depend on items.
func (m *matching) finish(d *Draft) {
	for i, f := range m.rules.seller {
		if m.ask.asked(&m.ask.seller, f.property) {
			d.Seller = append(d.Seller, m.rules.Seller[i])
		}
	}
	for _, held := range m.ask.in.Memberships {
		for _, honoured := range m.rules.Memberships {
			if fold(held) == fold(honoured) {
				d.Memberships = append(d.Memberships, held)
				break
			}
		}
	}
	d.Expires = identity.At(m.now.Add(time.Duration(m.rules.OfferLife)))
	if w := m.fulfil; w != nil && !w.Until.IsZero() && w.Until.Before(d.Expires) {
		d.Expires = w.Until
	}
}
