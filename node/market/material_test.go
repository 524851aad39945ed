package market_test

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/node/market"
	"github.com/parley-network/parley/relcard"
	"github.com/parley-network/parley/relcard/money"
)

// stands is a standing whose best offer is so much, by these vendors.
func stands(best string, vendors ...identity.DID) market.Standing {
	currency, amount, ok := strings.Cut(best, " ")
	if !ok {
		return market.Standing{Vendors: vendors}
	}
	return market.Standing{Met: true, Best: &money.Money{Currency: currency, Amount: amount}, Vendors: vendors}
}

func TestMaterial(t *testing.T) {
	for _, c := range []struct {
		name       string
		prev, next market.Standing
		percent    uint64
		want       bool
		why        string
	}{
		{"still nothing", stands(""), stands(""), 5, false, "nothing offered"},
		{"met for the first time", stands(""), stands("EUR 30", "a"), 5, true, "can be met now, for 30 EUR"},
		{"met again, by a vendor known", stands("", "a"), stands("EUR 30", "a"), 5, true, "can be met now"},
		{"met no more", stands("EUR 30", "a"), stands(""), 5, false, "nothing offered"},
		{"the same again", stands("EUR 30", "a"), stands("EUR 30", "a"), 5, false, "no better offer"},
		{"dearer", stands("EUR 30", "a"), stands("EUR 60", "a"), 5, false, "no better offer"},
		{"a little cheaper", stands("EUR 30", "a"), stands("EUR 28.51", "a"), 5, false, "no better offer"},
		{"cheaper by just so much", stands("EUR 30", "a"), stands("EUR 28.50", "a"), 5, true, "now 28.50 EUR, it was 30 EUR"},
		{"any cheaper one counts", stands("EUR 30", "a"), stands("EUR 29.99", "a"), 0, true, "it was 30 EUR"},
		{"equal is not cheaper", stands("EUR 30", "a"), stands("EUR 30.00", "a"), 0, false, "no better offer"},
		{"for nothing", stands("EUR 30", "a"), stands("EUR 0", "a"), 100, true, "it was"},
		{"not for nothing", stands("EUR 30", "a"), stands("EUR 0.01", "a"), 100, false, "no better"},
		{"more than all", stands("EUR 30", "a"), stands("EUR 0", "a"), 101, false, "no better"},
		{"another currency", stands("EUR 30", "a"), stands("USD 1", "a"), 5, false, "no better offer"},
		{"a new vendor, dearer", stands("EUR 30", "a"), stands("EUR 30", "a", "b"), 5, true, "did not offer before"},
		{"only the new one is left", stands("EUR 30", "a"), stands("EUR 45", "b"), 5, true, "best offer is 45 EUR"},
		{"one fewer", stands("EUR 30", "a", "b"), stands("EUR 30", "a"), 5, false, "no better offer"},
		{"no amount", market.Standing{Met: true}, stands("EUR 30", "a"), 5, true, "can be met now"},
		{"an amount that is none", stands("EUR x", "a"), stands("EUR 1", "a"), 5, false, "no better offer"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got, why := market.Material(c.prev, c.next, c.percent); got != c.want || !strings.Contains(why, c.why) {
				t.Errorf("%v, %q; want %v, %q", got, why, c.want, c.why)
			}
		})
	}
}

func TestStandingOf(t *testing.T) {
	offer := func(did identity.DID, amount string, acceptable bool) market.Ranked {
		o := &intentcast.Offer{Vendor: relcard.Party{DID: did}, Total: money.Money{Currency: "EUR", Amount: amount}}
		return market.Ranked{Received: market.Received{Offer: o}, Acceptable: acceptable}
	}
	s := market.StandingOf([]market.Ranked{offer("a", "30", true), offer("b", "45", true), offer("a", "50", true), offer("c", "10", false)})
	if !s.Met || s.Best.Amount != "30" || fmt.Sprint(s.Vendors) != "[a b]" {
		t.Errorf("%+v", s)
	}
	if s := market.StandingOf([]market.Ranked{offer("c", "10", false)}); s.Met || s.Best != nil || len(s.Vendors) > 0 {
		t.Errorf("%+v", s)
	}
}

// What was told once is not told again, whatever it was, and the memory of
// vendors is bounded.
func TestToldOnce(t *testing.T) {
	did := rapid.Custom(func(t *rapid.T) identity.DID {
		return identity.DID(fmt.Sprint("v", rapid.IntRange(0, 400).Draw(t, "vendor")))
	})
	rapid.Check(t, func(t *rapid.T) {
		var seen market.Standing
		for range rapid.IntRange(1, 20).Draw(t, "rounds") {
			next := stands("EUR "+fmt.Sprint(rapid.IntRange(1, 99).Draw(t, "amount")), rapid.SliceOfNDistinct(did, 1, 40, rapid.ID).Draw(t, "vendors")...)
			if rapid.IntRange(0, 4).Draw(t, "none") == 0 {
				next = stands("")
			}
			percent := uint64(rapid.IntRange(0, 100).Draw(t, "percent"))
			seen = seen.Told(next)
			if tells, why := market.Material(seen, next, percent); tells {
				t.Fatalf("told again: %s", why)
			}
			if len(seen.Vendors) > 256 {
				t.Fatalf("%d vendors are remembered", len(seen.Vendors))
			}
		}
	})
}
