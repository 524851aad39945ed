package money_test

import (
	"errors"
	"math/big"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/parley-network/parley/relcard/money"
)

func TestAmounts(t *testing.T) {
	for _, ok := range []string{"0", "0.0", "0.000000001", "1", "19.90", "19.9", "-20", "-0.01", "999999999999999.999999999", "100"} {
		if m, err := money.New("USD", ok); err != nil || m.String() != ok+" USD" {
			t.Errorf("%s: %v", ok, err)
		}
	}
	for _, bad := range []string{
		"", "-", ".", ".5", "5.", "-.5", "+1", "--1", "01", "00", "-01", "-0", "-0.00", "1e3", "1E3", "1,5", "1 000", " 1", "1 ", "0x1",
		"1000000000000000", "0.0000000001", "1.2.3", "NaN", "Inf", "١", "½", strings.Repeat("9", 1<<16),
	} {
		if _, err := money.New("USD", bad); err == nil || len(err.Error()) > 200 {
			t.Errorf("%.20q: %v", bad, err)
		}
	}
	for _, bad := range []string{"", "US", "USDX", "usd", "U$D", "ÜSD", "US ", strings.Repeat("A", 1<<16)} {
		if _, err := money.New(bad, "1"); err == nil || len(err.Error()) > 200 {
			t.Errorf("currency %.20q: %v", bad, err)
		}
	}
}

func TestOneCurrencyAtATime(t *testing.T) {
	usd, eur := money.Money{Currency: "USD", Amount: "1"}, money.Money{Currency: "EUR", Amount: "1"}
	if _, err := usd.Add(eur); !errors.Is(err, money.ErrCurrency) {
		t.Errorf("add: %v", err)
	}
	if _, err := usd.Compare(eur); !errors.Is(err, money.ErrCurrency) {
		t.Errorf("compare: %v", err)
	}
}

func TestAmountsThatWereNotChecked(t *testing.T) {
	good, bad := money.Money{Currency: "USD", Amount: "1"}, money.Money{Currency: "USD", Amount: "one"}
	for name, f := range map[string]func() error{
		"decimal":       func() error { _, err := bad.Decimal(); return err },
		"add to":        func() error { _, err := bad.Add(good); return err },
		"add":           func() error { _, err := good.Add(bad); return err },
		"compare with":  func() error { _, err := good.Compare(bad); return err },
		"compare":       func() error { _, err := bad.Compare(good); return err },
		"times":         func() error { _, err := bad.Times("1"); return err },
		"times nothing": func() error { _, err := good.Times(""); return err },
		"times 1e9":     func() error { _, err := good.Times("1e9"); return err },
	} {
		if f() == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func anyAmount(t *rapid.T, label string) string {
	s := rapid.StringMatching(`-?(0|[1-9][0-9]{0,14})(\.[0-9]{1,9})?`).Draw(t, label)
	if strings.Trim(s, "-0.") == "" {
		s = strings.TrimPrefix(s, "-")
	}
	return s
}

// Arithmetic is exact: as with fractions of whole numbers.
func TestArithmeticIsExact(t *testing.T) {
	rat := func(t *rapid.T, s string) *big.Rat {
		r, ok := new(big.Rat).SetString(s)
		if !ok {
			t.Fatalf("%q is no number", s)
		}
		return r
	}
	rapid.Check(t, func(t *rapid.T) {
		x, y := anyAmount(t, "x"), anyAmount(t, "y")
		a, err := money.New("USD", x)
		if err != nil {
			t.Fatal(err)
		}
		b, err := money.New("USD", y)
		if err != nil {
			t.Fatal(err)
		}
		if c, err := a.Compare(b); err != nil || c != rat(t, x).Cmp(rat(t, y)) {
			t.Fatalf("compare %s with %s: %d, %v", x, y, c, err)
		}
		sum, err := a.Add(b)
		if err != nil || rat(t, sum.Amount).Cmp(new(big.Rat).Add(rat(t, x), rat(t, y))) != 0 {
			t.Fatalf("%s + %s = %s, %v", x, y, sum, err)
		}
		product, err := a.Times(y)
		if err != nil || rat(t, product.Amount).Cmp(new(big.Rat).Mul(rat(t, x), rat(t, y))) != 0 {
			t.Fatalf("%s × %s = %s, %v", x, y, product, err)
		}
	})
}

func FuzzCheckDecimal(f *testing.F) {
	for _, s := range []string{"0", "-1.50", "1e3", "01", ".5"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if money.CheckDecimal(s) != nil {
			return
		}
		d, err := money.Money{Currency: "USD", Amount: s}.Decimal()
		if err != nil || len(s) > 26 || d.Exponent() < -9 {
			t.Fatalf("%q: %v", s, err)
		}
	})
}
