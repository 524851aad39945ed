package channel

import (
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/webvh"
	"github.com/parley-network/parley/relcard/money"
)

// Most bytes of a text.
const (
	maxID    = 128
	maxTitle = 200
	maxText  = 4 << 10
	maxURL   = 1 << 10
)

// Check reports whether e is well formed and has what its kind asks for and
// nothing else. The error is a [*FieldError].
func (e *Event) Check() error {
	if !e.Kind.Known() {
		return invalid("type", "%.40q is no known kind", string(e.Kind))
	}
	if err := checkText("id", e.ID, 1, maxID, false); err != nil {
		return err
	}
	if err := checkDID(e.Source); err != nil {
		return invalid("source", "%s", err)
	}
	if err := checkText("subject", e.Subject, 0, maxID, false); err != nil {
		return err
	}
	if err := checkTime("time", e.Time); err != nil {
		return err
	}
	if err := e.Data.check(); err != nil {
		return err
	}
	return e.checkParts()
}

// checkParts is the table of [Data].
func (e *Event) checkParts() error {
	d := &e.Data
	amount, recalled := d.Amount != money.Money{}, d.GTIN != "" || d.Serial != ""
	switch k := e.Kind; {
	case k == KindReceipt && !amount:
		return invalid("data.amount", "is missing from a receipt")
	case amount && (k == KindRecall || k == KindMessage):
		return invalid("data.amount", "has no place in a %s", k)
	case k == KindRenewal && d.Renews.IsZero():
		return invalid("data.renews", "is missing from a renewal")
	case k != KindRenewal && !d.Renews.IsZero():
		return invalid("data.renews", "has no place in a %s", k)
	case k == KindRecall && !recalled:
		return invalid("data.gtin", "is missing from a recall, and so is serial")
	case k != KindRecall && d.GTIN != "":
		return invalid("data.gtin", "has no place in a %s", k)
	case k != KindRecall && d.Serial != "":
		return invalid("data.serial", "has no place in a %s", k)
	case d.Gone && k == KindReceipt:
		return invalid("data.gone", "has no place in a receipt: what is paid back has a receipt of its own")
	case d.Gone && e.Subject == "":
		return invalid("data.gone", "says that something is no more, and subject does not say what")
	}
	return nil
}

func (d *Data) check() error {
	for _, t := range []struct {
		field, value string
		least, most  int
		lines        bool
	}{
		{"data.title", d.Title, 1, maxTitle, false},
		{"data.text", d.Text, 0, maxText, true},
		{"data.third_party", d.ThirdParty, 0, maxTitle, false},
		{"data.serial", d.Serial, 0, maxTitle, false},
	} {
		if err := checkText(t.field, t.value, t.least, t.most, t.lines); err != nil {
			return err
		}
	}
	if d.Amount != (money.Money{}) {
		if err := d.Amount.Check(); err != nil {
			return invalid("data.amount", "%s", err)
		}
	}
	if !d.Due.IsZero() {
		if err := checkTime("data.due", d.Due); err != nil {
			return err
		}
	}
	if !d.Renews.IsZero() {
		if err := checkTime("data.renews", d.Renews); err != nil {
			return err
		}
	}
	if err := checkURL(d.URL); err != nil {
		return err
	}
	return checkGTIN(d.GTIN)
}

// checkText refuses what a reader would not see as it stands: control
// characters, changes of writing direction, blanks at the edges, and the
// replacement character, which stands where text was damaged.
func checkText(field, s string, least, most int, lines bool) error {
	switch {
	case len(s) < least:
		return invalid(field, "is missing")
	case len(s) > most:
		return invalid(field, "%d bytes, the most is %d", len(s), most)
	case strings.TrimSpace(s) != s:
		return invalid(field, "%.40q has blanks at its edges", s)
	}
	for i, r := range s {
		switch {
		case lines && (r == '\n' || r == '\t'):
		case r == utf8.RuneError:
			return invalid(field, "is damaged text at byte %d", i)
		case unicode.IsControl(r), r == '\u2028', r == '\u2029', unicode.Is(unicode.Bidi_Control, r):
			return invalid(field, "character %U at byte %d is not for display", r, i)
		}
	}
	return nil
}

func checkTime(field string, t identity.Time) error {
	if y := t.Std().Year(); t.IsZero() || y < 1 || y > 9999 {
		return invalid(field, "is missing, or outside the years 1 to 9999")
	}
	return nil
}

func checkDID(d identity.DID) error {
	if d.IsKey() {
		_, err := d.PublicKey()
		return err
	}
	_, err := webvh.ParseID(d)
	return err
}

// checkURL takes https alone, and names in ASCII: a host in another script
// stands as its punycode, which can't be mistaken for another's.
func checkURL(s string) error {
	if s == "" {
		return nil
	}
	if len(s) > maxURL {
		return invalid("data.url", "%d bytes, the most is %d", len(s), maxURL)
	}
	if i := strings.IndexFunc(s, func(r rune) bool { return r <= ' ' || r >= 0x7f }); i >= 0 {
		return invalid("data.url", "character at byte %d is not printable ASCII", i)
	}
	u, err := url.Parse(s)
	switch {
	case err != nil:
		return invalid("data.url", "%.80q is not a URL", s)
	case u.Scheme != "https" || u.Hostname() == "" || u.Opaque != "":
		return invalid("data.url", "%.80q is not an https URL with a host", s)
	case u.User != nil:
		return invalid("data.url", "names a user, who would be mistaken for a host")
	}
	return nil
}

// checkGTIN verifies the check digit (GS1 General Specifications 7.9).
func checkGTIN(s string) error {
	if s == "" {
		return nil
	}
	sum := 0
	for i := range len(s) {
		d := int(s[i]) - '0'
		if d < 0 || d > 9 || !slices.Contains([]int{8, 12, 13, 14}, len(s)) {
			return invalid("data.gtin", "%.20q is not 8, 12, 13 or 14 digits", s)
		}
		if (len(s)-i)%2 == 0 { // weight 3 falls on every second digit left of the check digit
			d *= 3
		}
		sum += d
	}
	if sum%10 != 0 {
		return invalid("data.gtin", "%s has a wrong check digit", s)
	}
	return nil
}
