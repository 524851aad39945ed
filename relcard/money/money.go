// Package money is amounts of money as bodies carry them: an ISO 4217 code
// and a decimal string, never a float.
package money

import (
	"errors"
	"fmt"
	"strings"

	"github.com/shopspring/decimal"
)

// Money is an amount in one currency. Amount is a canonical decimal: an
// optional minus, no leading zeros, no exponent, at most 15 digits before the
// point and 9 after it ("19.90" and "19.9" are different texts of one value;
// both are allowed, and compare as equal).
type Money struct {
	Currency string `cbor:"cur" json:"cur"`
	Amount   string `cbor:"amt" json:"amt"`
}

// ErrCurrency is returned where two amounts of different currencies meet.
var ErrCurrency = errors.New("amounts are in different currencies")

const maxWhole, maxFraction = 15, 9

// New returns an amount after checking its form.
func New(currency, amount string) (Money, error) {
	m := Money{currency, amount}
	if err := m.Check(); err != nil {
		return Money{}, err
	}
	return m, nil
}

// Of returns d as money in currency.
func Of(currency string, d decimal.Decimal) Money { return Money{currency, d.String()} }

// Check reports whether m is well formed, naming what is not.
func (m Money) Check() error {
	if len(m.Currency) != 3 || strings.Trim(m.Currency, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
		return fmt.Errorf("currency %.20q is not an ISO 4217 code", m.Currency)
	}
	if err := CheckDecimal(m.Amount); err != nil {
		return fmt.Errorf("amount: %w", err)
	}
	return nil
}

// CheckDecimal reports whether s is a decimal as bodies carry them.
func CheckDecimal(s string) error {
	digits := strings.TrimPrefix(s, "-")
	whole, fraction, point := strings.Cut(digits, ".")
	bad := whole == "" || len(whole) > maxWhole || len(fraction) > maxFraction ||
		(point && fraction == "") || (len(whole) > 1 && whole[0] == '0') ||
		strings.Trim(whole+fraction, "0123456789") != "" ||
		(digits != s && strings.Trim(whole+fraction, "0") == "")
	if bad {
		return fmt.Errorf("%.40q is not a plain decimal", s)
	}
	return nil
}

// Decimal returns the amount for arithmetic; m must have passed Check.
func (m Money) Decimal() (decimal.Decimal, error) {
	d, err := decimal.NewFromString(m.Amount)
	if err != nil {
		return decimal.Decimal{}, fmt.Errorf("amount %.40q: %w", m.Amount, err)
	}
	return d, nil
}

// Compare returns -1, 0 or 1 as m is less than, equal to or more than n, and
// ErrCurrency when they can't be compared.
func (m Money) Compare(n Money) (int, error) {
	if m.Currency != n.Currency {
		return 0, fmt.Errorf("compare %s with %s: %w", m.Currency, n.Currency, ErrCurrency)
	}
	a, err := m.Decimal()
	if err != nil {
		return 0, err
	}
	b, err := n.Decimal()
	if err != nil {
		return 0, err
	}
	return a.Cmp(b), nil
}

// Add returns m+n, or ErrCurrency.
func (m Money) Add(n Money) (Money, error) {
	if m.Currency != n.Currency {
		return Money{}, fmt.Errorf("add %s to %s: %w", n.Currency, m.Currency, ErrCurrency)
	}
	a, err := m.Decimal()
	if err != nil {
		return Money{}, err
	}
	b, err := n.Decimal()
	if err != nil {
		return Money{}, err
	}
	return Of(m.Currency, a.Add(b)), nil
}

// Times returns the amount for quantity units; quantity is a plain decimal.
func (m Money) Times(quantity string) (Money, error) {
	if err := CheckDecimal(quantity); err != nil {
		return Money{}, fmt.Errorf("quantity: %w", err)
	}
	a, err := m.Decimal()
	if err != nil {
		return Money{}, err
	}
	q, err := decimal.NewFromString(quantity)
	if err != nil {
		return Money{}, fmt.Errorf("quantity %.40q: %w", quantity, err)
	}
	return Of(m.Currency, a.Mul(q)), nil
}

// String returns "19.90 USD".
func (m Money) String() string { return m.Amount + " " + m.Currency }
