package relcard

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/shopspring/decimal"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/webvh"
	"github.com/parley-network/parley/relcard/money"
)

// Bounds of a body's parts, in bytes of UTF-8 or in elements.
const (
	maxName   = 200
	maxWord   = 100
	maxReason = 1000
	maxLines  = 200
	maxExtras = 50
	maxSeq    = 1 << 20
)

// Check reports whether b is a valid version of a card by itself, naming the
// first field that is not. Whether it follows another version is for
// [Chain.Apply] to say.
func (b *Body) Check() error {
	if err := b.checkVersion(); err != nil {
		return err
	}
	if err := b.checkFrame(); err != nil {
		return err
	}
	if err := b.checkParties(); err != nil {
		return err
	}
	if err := b.Terms.Check(); err != nil {
		return refuse(ErrTerms, "terms: %w", err)
	}
	if b.Status == StatusEnded {
		return b.checkEnd()
	}
	return b.checkDeal()
}

func (b *Body) checkVersion() error {
	if b.Version < firstVersion || b.Version > BodyVersion || b.Type != BodyType {
		return refuse(ErrVersion, "body is %.40q version %d, known is %q version %d to %d", b.Type, b.Version, BodyType, firstVersion, BodyVersion)
	}
	if b.Version == firstVersion && (!b.Proffer.IsZero() || b.Location != "" || b.Term != nil) {
		return refuse(ErrVersion, "a body of version %d knows no proffer, location or term", firstVersion)
	}
	return nil
}

// checkFrame checks the fields that place a version in its chain.
func (b *Body) checkFrame() error {
	switch {
	case b.Seq > maxSeq:
		return refuse(ErrField, "seq: %d is above %d", b.Seq, maxSeq)
	case b.Seq == 0 && !b.Prev.IsZero():
		return refuse(ErrField, "prev: the first version names one before it")
	case b.Seq > 0 && b.Prev.IsZero():
		return refuse(ErrField, "prev: version %d names none before it", b.Seq)
	case b.Seq == 0 && b.Status == StatusEnded:
		return refuse(ErrField, "status: the first version can't be an end")
	case b.Status != StatusAgreed && b.Status != StatusEnded:
		return refuse(ErrField, "status: %.40q is neither %q nor %q", string(b.Status), StatusAgreed, StatusEnded)
	case (b.End != nil) != (b.Status == StatusEnded):
		return refuse(ErrField, "end: must be there exactly when status is %q", StatusEnded)
	case !validTime(b.Time):
		return refuse(ErrField, "time: none, or outside the years 0 to 9999")
	}
	return nil
}

func (b *Body) checkParties() error {
	for _, p := range []struct {
		field string
		party Party
	}{{"person", b.Person}, {"vendor", b.Vendor}} {
		if err := checkDID(p.party.DID); err != nil {
			return refuse(ErrField, "%s.did: %w", p.field, err)
		}
		if err := checkText(p.party.Name, maxName, true); err != nil {
			return refuse(ErrField, "%s.name: %w", p.field, err)
		}
	}
	if b.Person.DID == b.Vendor.DID {
		return refuse(ErrField, "vendor.did: is the person's own")
	}
	return nil
}

// checkDID accepts the one form of the two methods in use.
func checkDID(d identity.DID) error {
	if d.IsKey() {
		_, err := d.PublicKey()
		return err
	}
	_, err := webvh.ParseID(d)
	return err
}

// checkEnd allows an end to carry nothing but the end: it takes effect by one
// party's signature, so nothing else may ride on it.
func (b *Body) checkEnd() error {
	if b.End.By != identity.RolePerson && b.End.By != identity.RoleVendor {
		return refuse(ErrField, "end.by: %.40q is neither %q nor %q", string(b.End.By), identity.RolePerson, identity.RoleVendor)
	}
	if err := checkText(b.End.Reason, maxReason, true); err != nil {
		return refuse(ErrField, "end.reason: %w", err)
	}
	if !b.Intent.IsZero() || !b.Offer.IsZero() || !b.Proffer.IsZero() || b.Jurisdiction != "" || b.Location != "" ||
		b.Term != nil || len(b.Lines) > 0 || b.Total != nil || len(b.Extras) > 0 || b.Fulfil != nil {
		return refuse(ErrField, "end: an ended version agrees on nothing else")
	}
	return nil
}

func (b *Body) checkDeal() error {
	if b.Intent.IsZero() && !b.Offer.IsZero() {
		return refuse(ErrField, "intent: an offer answers an intent, and none is named")
	}
	if err := checkJurisdiction(b.Jurisdiction); err != nil {
		return refuse(ErrField, "jurisdiction: %w", err)
	}
	if err := checkText(b.Location, maxName, true); err != nil {
		return refuse(ErrField, "location: %w", err)
	}
	if err := b.Term.check(); err != nil {
		return refuse(ErrField, "term%w", err)
	}
	if err := b.Fulfil.check(); err != nil {
		return refuse(ErrField, "fulfil: %w", err)
	}
	if len(b.Lines) > maxLines {
		return refuse(ErrField, "lines: %d, the most is %d", len(b.Lines), maxLines)
	}
	if len(b.Extras) > maxExtras {
		return refuse(ErrField, "extras: %d, the most is %d", len(b.Extras), maxExtras)
	}
	for i, l := range b.Lines {
		if err := l.check(); err != nil {
			return refuse(ErrField, "lines[%d].%w", i, err)
		}
	}
	for i, e := range b.Extras {
		if err := e.check(); err != nil {
			return refuse(ErrField, "extras[%d].%w", i, err)
		}
	}
	return b.checkTotal()
}

// checkTotal compares by value, not by text: 8 lines of 2.50 are 20.00 or 20.
func (b *Body) checkTotal() error {
	if len(b.Lines)+len(b.Extras) == 0 {
		if b.Total != nil {
			return refuse(ErrTotal, "total: %s for nothing", *b.Total)
		}
		return nil
	}
	if b.Total == nil {
		return refuse(ErrTotal, "total: none for %d lines and %d extras", len(b.Lines), len(b.Extras))
	}
	if err := checkMoney(*b.Total, false); err != nil {
		return refuse(ErrField, "total: %w", err)
	}
	sum := money.Of(b.Total.Currency, decimal.Zero)
	add := func(m money.Money, err error) error {
		if err == nil {
			sum, err = sum.Add(m)
		}
		return err
	}
	for i, l := range b.Lines {
		if err := add(l.Price.Times(l.Quantity)); err != nil {
			return refuse(ErrTotal, "lines[%d]: %w", i, err)
		}
	}
	for i, e := range b.Extras {
		if err := add(e.Price, nil); err != nil {
			return refuse(ErrTotal, "extras[%d]: %w", i, err)
		}
	}
	if c, err := sum.Compare(*b.Total); err != nil || c != 0 {
		return refuse(ErrTotal, "total: %s, but lines and extras make %s", *b.Total, sum)
	}
	return nil
}

func (l Line) check() error {
	if err := checkText(l.Name, maxName, false); err != nil {
		return fmt.Errorf("name: %w", err)
	}
	if n := len(l.GTIN); n != 0 && ((n != 8 && (n < 12 || n > 14)) || strings.Trim(l.GTIN, "0123456789") != "") {
		return fmt.Errorf("gtin: %.40q is not 8, 12, 13 or 14 digits", l.GTIN)
	}
	if err := checkText(l.SKU, maxWord, true); err != nil {
		return fmt.Errorf("sku: %w", err)
	}
	if err := money.CheckDecimal(l.Quantity); err != nil {
		return fmt.Errorf("qty: %w", err)
	}
	if strings.HasPrefix(l.Quantity, "-") || strings.Trim(l.Quantity, "0.") == "" {
		return fmt.Errorf("qty: %q is not above zero", l.Quantity)
	}
	if err := checkText(l.Unit, maxWord, true); err != nil {
		return fmt.Errorf("unit: %w", err)
	}
	if err := checkMoney(l.Price, false); err != nil {
		return fmt.Errorf("price: %w", err)
	}
	return nil
}

// check allows a negative price: a discount.
func (e Extra) check() error {
	if err := checkText(e.Property, maxWord, false); err != nil {
		return fmt.Errorf("property: %w", err)
	}
	if err := checkMoney(e.Price, true); err != nil {
		return fmt.Errorf("price: %w", err)
	}
	return nil
}

func (w *Window) check() error {
	switch {
	case w == nil:
		return nil
	case w.From.IsZero() && w.Until.IsZero():
		return fmt.Errorf("a window open at both ends says nothing")
	case !w.From.IsZero() && !validTime(w.From), !w.Until.IsZero() && !validTime(w.Until):
		return fmt.Errorf("outside the years 0 to 9999")
	case !w.Until.IsZero() && w.Until.Before(w.From):
		return fmt.Errorf("until %s is before from %s", w.Until, w.From)
	}
	return nil
}

// period is a whole number of one calendar unit, as ISO 8601 writes it.
var period = regexp.MustCompile(`^P[1-9][0-9]{0,3}[YMWD]$`)

func (t *Term) check() error {
	switch {
	case t == nil:
		return nil
	case t.Until.IsZero() && t.Every == "":
		return fmt.Errorf(": neither until nor every is given")
	case !t.Until.IsZero() && !validTime(t.Until):
		return fmt.Errorf(".until: outside the years 0 to 9999")
	case t.Every != "" && !period.MatchString(t.Every):
		return fmt.Errorf(".every: %.40q is no ISO 8601 period of one unit, such as P1M", t.Every)
	case t.Renews && t.Every == "":
		return fmt.Errorf(".renews: without every, nothing says for how long")
	}
	return nil
}

func checkMoney(m money.Money, negative bool) error {
	if err := m.Check(); err != nil {
		return err
	}
	if !negative && strings.HasPrefix(m.Amount, "-") {
		return fmt.Errorf("%s is below zero", m)
	}
	return nil
}

// checkJurisdiction takes "", ISO 3166-1 alpha-2 ("US") or ISO 3166-2
// ("US-UT") by form; no list of countries is kept here.
func checkJurisdiction(s string) error {
	if s == "" {
		return nil
	}
	country, part, divided := strings.Cut(s, "-")
	upper := func(s string, more string) bool {
		return strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"+more) == ""
	}
	if len(country) != 2 || !upper(country, "") ||
		(divided && (len(part) < 1 || len(part) > 3 || !upper(part, "0123456789"))) {
		return fmt.Errorf("%.40q is not an ISO 3166 code", s)
	}
	return nil
}

// checkText refuses what a reader would not see as it stands: control
// characters, line breaks, changes of writing direction and blank edges.
func checkText(s string, most int, empty bool) error {
	switch {
	case s == "" && empty:
		return nil
	case s == "":
		return fmt.Errorf("is empty")
	case len(s) > most:
		return fmt.Errorf("%d bytes, the most is %d", len(s), most)
	case !utf8.ValidString(s):
		return fmt.Errorf("%.40q is not UTF-8", s)
	case strings.TrimSpace(s) != s:
		return fmt.Errorf("%.40q has blanks at its edges", s)
	}
	for i, r := range s {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' || unicode.Is(unicode.Bidi_Control, r) {
			return fmt.Errorf("character %U at byte %d is not for display", r, i)
		}
	}
	return nil
}

func validTime(t identity.Time) bool {
	y := t.Std().Year()
	return !t.IsZero() && y >= 0 && y <= 9999
}
