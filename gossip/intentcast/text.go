package intentcast

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/parley-network/parley/relcard/money"
)

// checkText is the rule for every string shown to somebody: least to most
// bytes of UTF-8 without control characters. Free text may have line ends.
func checkText(field, s string, least, most int, lines bool) *InvalidError {
	switch {
	case len(s) < least && s == "":
		return invalid(field, "is missing")
	case len(s) > most:
		return invalid(field, "%d bytes, at most %d are allowed", len(s), most)
	}
	for i := range len(s) {
		if c := s[i]; c >= utf8.RuneSelf {
			return checkRunes(field, s, lines)
		} else if (c < ' ' && (c != '\n' || !lines)) || c == 0x7f {
			return invalid(field, "control character %U at byte %d", c, i)
		}
	}
	return nil
}

func checkRunes(field, s string, lines bool) *InvalidError {
	for i, c := range s {
		if c == utf8.RuneError {
			if _, n := utf8.DecodeRuneInString(s[i:]); n == 1 {
				return invalid(field, "not UTF-8 at byte %d", i)
			}
		}
		if unicode.IsControl(c) && (c != '\n' || !lines) {
			return invalid(field, "control character %U at byte %d", c, i)
		}
	}
	return nil
}

func checkName(field, s string) *InvalidError     { return checkText(field, s, 1, maxName, false) }
func checkOptional(field, s string) *InvalidError { return checkText(field, s, 0, maxName, false) }
func checkProperty(field, s string) *InvalidError { return checkText(field, s, 1, maxProperty, false) }
func checkUnit(field, s string) *InvalidError     { return checkText(field, s, 0, maxProperty, false) }

// checkNames is a bounded list of names, none twice.
func checkNames(list string, names []string) *InvalidError {
	if len(names) > maxList {
		return invalid(list, "%d entries, at most %d are allowed", len(names), maxList)
	}
	for i, n := range names {
		if e := checkName("", n); e != nil {
			return e.at(list, i)
		}
		for _, m := range names[:i] {
			if m == n {
				return invalid("", "%.40q stands twice", n).at(list, i)
			}
		}
	}
	return nil
}

// checkPositive is a plain decimal above zero.
func checkPositive(field, s string) *InvalidError {
	if err := money.CheckDecimal(s); err != nil {
		return invalid(field, "%s", err)
	}
	if s[0] == '-' || strings.Trim(s, "0.") == "" {
		return invalid(field, "%s is not above zero", s)
	}
	return nil
}

// checkMoney is an amount of at least zero in the currency of all the others
// of its body, which the first one sets.
func checkMoney(field string, m money.Money, currency *string) *InvalidError {
	if err := m.Check(); err != nil {
		return invalid(field, "%s", err)
	}
	switch {
	case m.Amount[0] == '-':
		return invalid(field, "%s is below zero", m)
	case *currency == "":
		*currency = m.Currency
	case *currency != m.Currency:
		return invalid(field, "is in %s, the amounts before it in %s", m.Currency, *currency)
	}
	return nil
}

// checkGTIN is a GS1 number as bodies carry it: 8, 12, 13 or 14 digits. The
// check digit is left to the catalogue that knows the article.
func checkGTIN(field, s string) *InvalidError {
	switch len(s) {
	case 0, 8, 12, 13, 14:
	default:
		return invalid(field, "%d characters, a GTIN has 8, 12, 13 or 14", len(s))
	}
	if !only(s, "0123456789") {
		return invalid(field, "%q is not all digits", s)
	}
	return nil
}

// only reports whether s has no byte outside set.
func only(s, set string) bool {
	for i := range len(s) {
		if strings.IndexByte(set, s[i]) < 0 {
			return false
		}
	}
	return true
}
