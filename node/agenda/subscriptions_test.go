package agenda_test

import (
	"fmt"
	"math/big"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"github.com/parley-network/parley/node/agenda"
	"github.com/parley-network/parley/relcard/money"
)

func price(currency, amount string) *money.Money {
	return &money.Money{Currency: currency, Amount: amount}
}

func ExampleSubscriptions() {
	o, err := agenda.Subscriptions([]agenda.Subscription{
		{Vendor: "did:webvh:Qm:news.example", Title: "Newspaper", Price: price("EUR", "4.90"), Every: "P1W", Since: at("2024-01-06"), Renews: at("2026-01-10")},
		{Vendor: "did:webvh:Qm:films.example", Title: "Films", Price: price("EUR", "12.99"), Every: "P1M", Since: at("2024-01-31"), Renews: at("2026-01-31")},
		{Vendor: "did:webvh:Qm:gas.example", Title: "Gas", Price: price("GBP", "600"), Every: "P1Y", Since: at("2024-05-01"), Renews: at("2026-05-01"), Ends: at("2026-05-01")},
	}, at("2026-02-01"))
	if err != nil {
		panic(err)
	}
	for _, s := range o.Subscriptions {
		fmt.Println(s.Title, s.Renews.Format("2006-01-02"))
	}
	for _, c := range o.Costs {
		fmt.Println(c.Of, c.Month, c.Year)
	}
	// Output:
	// Newspaper 2026-02-07
	// Films 2026-02-28
	// Gas 0001-01-01
	// 2 34.30 EUR 411.55 EUR
	// 1 50.00 GBP 600.00 GBP
}

func TestCosts(t *testing.T) {
	type S = agenda.Subscription
	for _, c := range []struct {
		name string
		subs []S
		want []string
	}{
		{"nothing", nil, nil},
		{"a year by the month", []S{{Price: price("EUR", "100"), Every: "P1Y"}}, []string{"8.33 EUR 100.00 EUR"}},
		{"fractions are added before they are rounded", []S{
			{Price: price("EUR", "0.10"), Every: "P1Y"}, {Price: price("EUR", "0.10"), Every: "P1Y"}, {Price: price("EUR", "0.10"), Every: "P1Y"}, {Price: price("EUR", "0.10"), Every: "P1Y"}},
			[]string{"0.03 EUR 0.40 EUR"}},
		{"two years and a quarter", []S{{Price: price("CHF", "270"), Every: "P2Y3M"}}, []string{"10.00 CHF 120.00 CHF"}},
		{"weeks of a mean year", []S{{Price: price("USD", "10000"), Every: "P1W"}}, []string{"43481.25 USD 521775.00 USD"}},
		{"28 days are four weeks", []S{{Price: price("USD", "40000"), Every: "P28D"}}, []string{"43481.25 USD 521775.00 USD"}},
		{"a currency without cents", []S{{Price: price("JPY", "1500"), Every: "P1Y"}}, []string{"125 JPY 1500 JPY"}},
		{"a currency with thousandths", []S{{Price: price("KWD", "1"), Every: "P1Y"}}, []string{"0.083 KWD 1.000 KWD"}},
		{"a code nobody knows", []S{{Price: price("QQZ", "1"), Every: "P1M"}}, []string{"1.00 QQZ 12.00 QQZ"}},
		{"paid once", []S{{Price: price("EUR", "100")}}, nil},
		{"free", []S{{Every: "P1M"}}, nil},
		{"over", []S{{Price: price("EUR", "1"), Every: "P1M", Ends: at("2026-02-01")}}, nil},
		{"not yet begun", []S{{Price: price("EUR", "1"), Every: "P1M", Since: at("2026-02-02")}}, nil},
		{"money back", []S{{Price: price("EUR", "-1"), Every: "P1M"}, {Price: price("EUR", "0.50"), Every: "P1M"}}, []string{"-0.50 EUR -6.00 EUR"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			o, err := agenda.Subscriptions(c.subs, at("2026-02-01"))
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, cost := range o.Costs {
				got = append(got, cost.Month.String()+" "+cost.Year.String())
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Fatal(diff)
			}
		})
	}
}

func TestSubscriptionsNameWhatIsWrong(t *testing.T) {
	for why, s := range map[string]agenda.Subscription{
		"price": {Card: "bafycard", Price: price("euro", "1"), Every: "P1M"},
		"every": {Card: "bafycard", Price: price("EUR", "1"), Every: "monthly"},
	} {
		if _, err := agenda.Subscriptions([]agenda.Subscription{s}, at("2026-01-01")); err == nil || !strings.Contains(err.Error(), why) || !strings.Contains(err.Error(), "bafycard") {
			t.Errorf("%s: %v", why, err)
		}
	}
}

// The costs are those of exact fractions, whatever the periods; the next
// renewal is after now and before the end; nothing given is changed.
func TestSubscriptionsAddUpExactly(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		now := at("2026-02-01")
		var subs []agenda.Subscription
		year := new(big.Rat)
		for i := range rapid.IntRange(1, 8).Draw(t, "n") {
			cents := rapid.Int64Range(0, 1e6).Draw(t, "cents")
			months, days := rapid.IntRange(0, 30).Draw(t, "months"), rapid.IntRange(1, 90).Draw(t, "days")
			p := agenda.Period{Months: months, Days: days}
			s := agenda.Subscription{Card: fmt.Sprint(i), Every: p.String(), Renews: at("2020-01-31").AddDate(0, 0, rapid.IntRange(0, 4000).Draw(t, "renews"))}
			s.Price = price("EUR", decimal.New(cents, -2).String())
			subs = append(subs, s)
			// 146,097 days are 400 years.
			length := new(big.Rat).Add(new(big.Rat).Mul(big.NewRat(int64(months), 1), big.NewRat(146097, 4800)), big.NewRat(int64(days), 1))
			year.Add(year, new(big.Rat).Quo(new(big.Rat).Mul(big.NewRat(cents, 100), big.NewRat(146097, 400)), length))
		}
		o, err := agenda.Subscriptions(subs, now)
		if err != nil {
			t.Fatal(err)
		}
		if want := year.FloatString(2); o.Costs[0].Year.Amount != want || o.Costs[0].Of != len(subs) {
			t.Fatalf("%s of %d, want %s of %d", o.Costs[0].Year, o.Costs[0].Of, want, len(subs))
		}
		for i, s := range o.Subscriptions {
			if !s.Renews.After(now) || (i > 0 && s.Renews.Before(o.Subscriptions[i-1].Renews)) {
				t.Fatalf("renewal %d at %s", i, s.Renews)
			}
		}
		if !o.Next.Equal(o.Subscriptions[0].Renews) {
			t.Fatalf("next is %s", o.Next)
		}
	})
}
