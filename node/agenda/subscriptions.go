package agenda

import (
	"cmp"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"time"

	"github.com/shopspring/decimal"
	"golang.org/x/text/currency"

	"github.com/parley-network/parley/relcard/money"
)

// Subscription is one thing a person gets again and again under a card.
type Subscription struct {
	Card    string       // CID of the card
	Vendor  string       // DID of the vendor
	Title   string       // what it is
	Terms   string       // id of the agreement it stands under
	Price   *money.Money // paid each time, or nil for nothing
	Every   string       // ISO 8601 period between two payments, or "" for paid once
	Since   time.Time    // when it began; ahead of now, it costs nothing yet
	Renews  time.Time    // when it was or will be paid again, or zero
	Ends    time.Time    // when it ends, or zero
	State   string       // of the card, in the card's own word
	Channel string       // where its mail goes, in the channel's own word
}

// Cost is what subscriptions in one currency come to.
type Cost struct {
	Month, Year money.Money // rounded once, half away from zero, to the currency's own unit
	Of          int         // how many subscriptions
}

// Overview is what a person is subscribed to.
type Overview struct {
	// Subscriptions are in the order of their next renewal, those without one
	// last. Renews is the next time after the overview's now, or zero.
	Subscriptions []Subscription
	Costs         []Cost    // by currency, of those that run now
	Next          time.Time // the first renewal, or zero
}

// Subscriptions returns the overview of subs at now. Costs are added exactly,
// as fractions: a period that is no whole number of months counts by the mean
// Gregorian month of 30.436875 days, 52.1775 weeks a year. One that has a
// price or a period out of form is an error that names its card.
func Subscriptions(subs []Subscription, now time.Time) (Overview, error) {
	o := Overview{Subscriptions: slices.Clone(subs)}
	months := map[string]*sum{}
	for i := range o.Subscriptions {
		s := &o.Subscriptions[i]
		if err := s.tally(months, now); err != nil {
			return Overview{}, fmt.Errorf("subscription under card %.80q: %w", s.Card, err)
		}
		if !s.Renews.IsZero() && (o.Next.IsZero() || s.Renews.Before(o.Next)) {
			o.Next = s.Renews
		}
	}
	for code, sum := range months {
		o.Costs = append(o.Costs, sum.cost(code))
	}
	slices.SortFunc(o.Costs, func(a, b Cost) int { return cmp.Compare(a.Month.Currency, b.Month.Currency) })
	slices.SortStableFunc(o.Subscriptions, func(a, b Subscription) int {
		return cmp.Or(byRenewal(a, b), cmp.Compare(a.Vendor, b.Vendor), cmp.Compare(a.Card, b.Card))
	})
	return o, nil
}

func byRenewal(a, b Subscription) int {
	switch {
	case a.Renews.IsZero() && b.Renews.IsZero():
		return 0
	case a.Renews.IsZero():
		return 1
	case b.Renews.IsZero():
		return -1
	}
	return a.Renews.Compare(b.Renews)
}

// sum is the exact cost of a mean month in one currency.
type sum struct {
	month big.Rat
	of    int
}

// tally sets the next renewal of s and adds what it costs.
func (s *Subscription) tally(months map[string]*sum, now time.Time) error {
	if s.Price != nil {
		if err := s.Price.Check(); err != nil {
			return fmt.Errorf("price: %w", err)
		}
	}
	var every Period
	if s.Every != "" {
		var err error
		if every, err = ParsePeriod(s.Every); err != nil {
			return fmt.Errorf("every: %w", err)
		}
	}
	s.Renews = s.next(every, now)
	runs := !s.Since.After(now) && (s.Ends.IsZero() || s.Ends.After(now))
	if s.Price == nil || s.Every == "" || !runs {
		return nil
	}
	price, err := s.Price.Decimal()
	if err != nil {
		return fmt.Errorf("price: %w", err)
	}
	in := months[s.Price.Currency]
	if in == nil {
		in = new(sum)
		months[s.Price.Currency] = in
	}
	in.of++
	in.month.Add(&in.month, new(big.Rat).Mul(price.Rat(), every.perMonth()))
	return nil
}

// next returns the first renewal after now, zero when the end comes first or
// at the same time.
func (s *Subscription) next(every Period, now time.Time) time.Time {
	if s.Renews.IsZero() {
		return time.Time{}
	}
	next := s.Renews
	if !next.After(now) {
		next = time.Time{}
		if every != (Period{}) {
			for t := range (&rule{step: every, period: true}).times(s.Renews, now) {
				if next = t; t.After(now) {
					break
				}
			}
		}
	}
	if !next.After(now) || (!s.Ends.IsZero() && !next.Before(s.Ends)) {
		return time.Time{}
	}
	return next
}

func (s *sum) cost(code string) Cost {
	year := new(big.Rat).Mul(&s.month, big.NewRat(12, 1))
	return Cost{Month: round(code, &s.month), Year: round(code, year), Of: s.of}
}

// round rounds to the smallest unit of the currency (ISO 4217: none for the
// yen, a thousandth for the Kuwaiti dinar), a hundredth for a code not known.
func round(code string, r *big.Rat) money.Money {
	scale := 2
	if unit, err := currency.ParseISO(strings.ToUpper(code)); err == nil {
		scale, _ = currency.Standard.Rounding(unit)
	}
	d := decimal.NewFromBigRat(r, int32(scale))
	return money.Money{Currency: code, Amount: d.StringFixed(int32(scale))}
}
