package market

import (
	"time"

	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/relcard"
)

// verdict is what an offer's own claims come to, held against the intent.
// Nothing a vendor wrote as free text is in it.
type verdict struct {
	reasons  []Reason // why it can't be accepted; none when it can
	total    fixed
	readable bool // total could be read
	met      int  // preferred attributes
}

// verifier holds offers against one intent.
type verifier struct {
	ask    *ask
	worth  *fixed
	in     string // currency of worth
	now    time.Time
	folder folder
	facts  []fact // reused from line to line
	seen   []bool // wants answered
	wanted int    // preferred attributes asked for
}

func newVerifier(a *ask, now time.Time) *verifier {
	v := &verifier{ask: a, now: now, folder: newFolder(), seen: make([]bool, len(a.wants)), wanted: len(a.seller.prefer)}
	for i := range a.wants {
		v.wanted += len(a.wants[i].wishes.prefer)
	}
	return v
}

func (d *verdict) no(code Code, on, text string) {
	d.reasons = append(d.reasons, Reason{code, on, text})
}

// verify holds an offer against the intent by the offer's own claims. That the
// offer is signed, answers this intent and recipient, and is well formed
// otherwise was decided when it was received.
func (v *verifier) verify(o *intentcast.Offer) (d verdict) {
	if len(v.ask.wants) == 0 {
		d.no(CodeFreeText, "text", "the intent names no item; only a person can say whether this answers it")
	}
	if !v.now.Before(o.Expires.Std()) {
		d.no(CodeExpired, "", "the offer has expired")
	}
	if !v.boundBy(o) {
		d.no(CodeTerms, "terms", "the offer stands under terms the intent does not name")
	}
	if why := outside(v.ask.in.Window, o.Fulfil, v.now); why != "" {
		d.no(CodeWindow, "window", why)
	}
	sum, ok := v.lines(o, &d)
	sum, ok = v.extras(o, &d, sum, ok)
	v.sellerOf(o, &d)
	v.price(o, &d, sum, ok)
	return d
}

func (v *verifier) boundBy(o *intentcast.Offer) bool {
	for i := range v.ask.in.Terms {
		if v.ask.in.Terms[i] == o.Terms {
			return true
		}
	}
	return false
}

// outside says why the time an offer names does not lie within the window
// asked for: the vendor may pick any moment of its own window.
func outside(window, fulfil *relcard.Window, now time.Time) string {
	if fulfil != nil && !fulfil.Until.IsZero() && (!now.Before(fulfil.Until.Std()) || fulfil.Until.Before(fulfil.From)) {
		return "the time it can be had is over, or ends before it begins"
	}
	switch {
	case window == nil:
	case fulfil == nil:
		return "the offer does not say when it can be had"
	case fulfil.From.Before(window.From):
		return "it may come before the window asked for"
	case !window.Until.IsZero() && (fulfil.Until.IsZero() || window.Until.Before(fulfil.Until)):
		return "it may come after the window asked for"
	}
	return ""
}

// lines holds every line against its want and returns what they cost.
func (v *verifier) lines(o *intentcast.Offer, d *verdict) (total fixed, ok bool) {
	clear(v.seen)
	ok = true
	for i := range o.Lines {
		l := &o.Lines[i]
		cost, readable := v.line(l, o, d)
		total, readable = plus(total, cost, readable)
		ok = ok && readable
	}
	for i, seen := range v.seen {
		if !seen {
			d.no(CodeItem, v.ask.wants[i].on, "nothing in the offer answers what is wanted")
		}
	}
	return total, ok
}

func plus(a, b fixed, ok bool) (fixed, bool) {
	s, fits := a.plus(b)
	return s, ok && fits
}

// line holds one line against its want.
func (v *verifier) line(l *intentcast.OfferLine, o *intentcast.Offer, d *verdict) (cost fixed, ok bool) {
	unit, quantity, ok := amounts(&l.Line)
	if ok {
		cost, ok = unit.times(quantity)
	}
	ok = ok && l.Line.Price.Currency == o.Total.Currency
	if len(v.ask.wants) == 0 {
		return cost, ok
	}
	if l.Want >= uint64(len(v.seen)) || v.seen[l.Want] {
		d.no(CodeItem, "items", "the offer has a line that nobody asked for")
		return cost, ok
	}
	v.seen[l.Want] = true
	w := &v.ask.wants[l.Want]
	if w.named() && w.identify(claimedGTIN(l.Line.GTIN), l.Line.SKU, v.folder.fold(l.Line.Name)) == tierNone {
		d.no(CodeItem, w.on, "what is offered is not what is wanted")
	}
	if quantity != w.quantity || v.folder.fold(l.Line.Unit) != w.unit {
		d.no(CodeQuantity, w.on, "the quantity or its unit is not the one wanted")
	}
	if w.most != nil && (unit.cmp(*w.most) > 0 || l.Line.Price.Currency != v.ask.currency) {
		d.no(CodeMaxPrice, w.on, "a unit costs more than "+w.most.text(v.ask.currency))
	}
	v.attributes(l, w, d)
	return cost, ok
}

// amounts reads a line's price and quantity.
func amounts(l *relcard.Line) (unit, quantity fixed, ok bool) {
	unit, ok = parseFixed(l.Price.Amount)
	quantity, positive := parseFixed(l.Quantity)
	return unit, quantity, ok && positive && !quantity.isZero()
}

// claimedGTIN returns the GTIN in 14 digits; a wrong one equals no other.
func claimedGTIN(s string) string {
	if s == "" {
		return ""
	}
	g, err := gtin14(s)
	if err != nil {
		return "wrong"
	}
	return g
}

// attributes holds a line's attributes against its want and the exclusions.
func (v *verifier) attributes(l *intentcast.OfferLine, w *want, d *verdict) {
	v.read(l.Attributes, &w.wishes, w.on, d)
	for i := range w.wishes.require {
		if t := &w.wishes.require[i]; !t.met(v.facts) {
			d.no(CodeAttribute, w.on+"."+at("wishes.require", i), "the offer does not meet "+t.words())
		}
	}
	for i := range w.wishes.prefer {
		if w.wishes.prefer[i].met(v.facts) {
			d.met++
		}
	}
	if len(v.ask.exclude) == 0 {
		return
	}
	x := v.ask.excluded(v.facts)
	if x == nil {
		x = v.ask.names(v.folder.property(l.Line.Name))
	}
	if x != nil {
		d.no(CodeExcluded, x.on, "the offer contains "+quote(x.said)+", which is excluded")
	}
}

// read sets v.facts to those attributes the intent asks about. One of them
// that can't be read makes the offer unacceptable: it might state what is
// excluded.
func (v *verifier) read(attrs []intentcast.Attribute, w *wishes, on string, d *verdict) {
	v.facts = v.facts[:0]
	for i := range attrs {
		a := &attrs[i]
		f := fact{property: v.folder.property(a.Property), typ: a.Type, unit: v.folder.fold(a.Unit)}
		if !v.ask.asked(w, f.property) {
			continue
		}
		if err := f.read(a.Value, v.folder.fold); err != nil {
			d.no(CodeMalformed, on, "an attribute asked about can't be read")
			continue
		}
		v.facts = append(v.facts, f)
	}
}

// extras holds the charges against the exclusions and adds them up.
func (v *verifier) extras(o *intentcast.Offer, d *verdict, total fixed, ok bool) (fixed, bool) {
	for i := range o.Extras {
		e := &o.Extras[i]
		f, readable := parseFixed(e.Price.Amount)
		total, readable = plus(total, f, readable)
		ok = ok && readable && e.Price.Currency == o.Total.Currency
		if x := v.ask.names(v.folder.property(e.Property)); x != nil {
			d.no(CodeExcluded, x.on, "the offer charges for "+quote(x.said)+", which is excluded")
		}
		if mixedScript(e.Property) {
			d.no(CodeMalformed, "exclude", "a charge has a name that mixes scripts that look alike")
		}
	}
	return total, ok
}

// sellerOf holds the vendor's own attributes against the wishes.
func (v *verifier) sellerOf(o *intentcast.Offer, d *verdict) {
	v.read(o.Seller, &v.ask.seller, "seller", d)
	for i := range v.ask.seller.require {
		if t := &v.ask.seller.require[i]; !t.met(v.facts) {
			d.no(CodeSeller, at("seller.require", i), "the seller does not meet "+t.words())
		}
	}
	for i := range v.ask.seller.prefer {
		if v.ask.seller.prefer[i].met(v.facts) {
			d.met++
		}
	}
	if x := v.ask.excluded(v.facts); x != nil {
		d.no(CodeExcluded, x.on, "the seller's own attributes contain "+quote(x.said)+", which is excluded")
	}
}

// price holds the total against its parts and the limits.
func (v *verifier) price(o *intentcast.Offer, d *verdict, sum fixed, ok bool) {
	currency := o.Total.Currency
	if d.total, d.readable = parseFixed(o.Total.Amount); !d.readable || !ok || o.Total.Check() != nil || d.total != sum {
		d.no(CodeTotal, "", "the total is not the sum of the lines and extras")
	}
	if want := v.ask.currency; want != "" && currency != want {
		d.no(CodeCurrency, "", "the offer is not in "+want)
		return
	}
	if b := v.ask.budget; b != nil && d.total.cmp(*b) > 0 {
		d.no(CodeBudget, "budget", "it costs more than the budget of "+b.text(currency))
	}
	switch {
	case v.worth == nil:
	case v.in != currency:
		d.no(CodeCurrency, "", "the offer is not in "+v.in+", in which you said what it is worth")
	case d.total.cmp(*v.worth) > 0:
		d.no(CodeWorth, "", "it costs more than the "+v.worth.text(currency)+" it is worth to you")
	}
}
