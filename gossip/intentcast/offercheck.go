package intentcast

import (
	"github.com/shopspring/decimal"

	"github.com/parley-network/parley/relcard"
)

// OfferType is the Type of every Offer.
const OfferType = "offer"

// Check reports whether o is well formed: everything that holds at any time
// and whatever it answers. The error is an *InvalidError naming the field, or
// wraps WrongTotal.
func (o *Offer) Check() error {
	if e := o.check(); e != nil {
		return e
	}
	return o.checkTotal()
}

func (o *Offer) check() *InvalidError {
	if e := o.checkHeader(); e != nil {
		return e
	}
	if e := o.checkPrices(); e != nil {
		return e
	}
	if e := first(
		checkAttributes("seller", o.Seller),
		checkNames("memberships", o.Memberships),
		checkWindow("fulfil", o.Fulfil),
		checkText("text", o.Text, 0, maxText, true),
		o.Route.check().in("route"),
	); e != nil {
		return e
	}
	if err := o.Terms.Check(); err != nil {
		return invalid("terms", "%s", err)
	}
	return nil
}

func (o *Offer) checkHeader() *InvalidError {
	switch {
	case o.Version != BodyVersion:
		return invalid("v", "version %d: only %d is known", o.Version, BodyVersion)
	case o.Type != OfferType:
		return invalid("type", "%.20q, want %q", o.Type, OfferType)
	case o.Intent.IsZero():
		return invalid("intent", "is missing")
	case len(o.Recipient) != digestSize:
		return invalid("recipient", "%d bytes, want %d", len(o.Recipient), digestSize)
	}
	return first(
		checkText("vendor.did", string(o.Vendor.DID), 1, maxDID, false),
		checkName("vendor.name", o.Vendor.Name),
		checkLife(o.Created, o.Expires),
	)
}

func (o *Offer) checkPrices() *InvalidError {
	if n := len(o.Lines); n < 1 || n > maxLines {
		return invalid("lines", "%d entries, 1 to %d are allowed", n, maxLines)
	}
	if len(o.Extras) > maxList {
		return invalid("extras", "%d entries, at most %d are allowed", len(o.Extras), maxList)
	}
	var currency string
	for i := range o.Lines {
		if e := o.Lines[i].check(&currency); e != nil {
			return e.at("lines", i)
		}
	}
	for i := range o.Extras {
		x := &o.Extras[i]
		if e := checkProperty("property", x.Property); e != nil {
			return e.at("extras", i)
		}
		if e := checkMoney("price", x.Price, &currency); e != nil {
			return e.at("extras", i)
		}
	}
	return checkMoney("total", o.Total, &currency)
}

func (l *OfferLine) check(currency *string) *InvalidError {
	if l.Want >= MaxItems {
		return invalid("want", "%d, an intent has at most %d items", l.Want, MaxItems)
	}
	if e := checkLine(&l.Line, currency); e != nil {
		return e.in("line")
	}
	return checkAttributes("attrs", l.Attributes)
}

func checkLine(l *relcard.Line, currency *string) *InvalidError {
	return first(
		checkName("name", l.Name),
		checkGTIN("gtin", l.GTIN),
		checkText("sku", l.SKU, 0, maxProperty, false),
		checkPositive("qty", l.Quantity),
		checkUnit("unit", l.Unit),
		checkMoney("price", l.Price, currency),
	)
}

// checkTotal adds up exactly: no rounding is allowed to either side. The
// amounts have passed check.
func (o *Offer) checkTotal() error {
	sum := decimal.Zero
	for i := range o.Lines {
		price, err := o.Lines[i].Line.Price.Times(o.Lines[i].Line.Quantity)
		if err != nil {
			return invalid("line", "%s", err).at("lines", i)
		}
		d, err := price.Decimal()
		if err != nil {
			return invalid("line", "%s", err).at("lines", i)
		}
		sum = sum.Add(d)
	}
	for i := range o.Extras {
		d, err := o.Extras[i].Price.Decimal()
		if err != nil {
			return invalid("price", "%s", err).at("extras", i)
		}
		sum = sum.Add(d)
	}
	total, err := o.Total.Decimal()
	if err != nil {
		return invalid("total", "%s", err)
	}
	if !total.Equal(sum) {
		return refuse(WrongTotal, "total: %s, the lines and extras come to %s", o.Total, sum)
	}
	return nil
}
