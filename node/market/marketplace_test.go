package market_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/shopspring/decimal"
	"go.yaml.in/yaml/v3"

	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/node/market"
	"github.com/parley-network/parley/relcard/money"
)

// A party of the marketplace data. Prices stay text: no float is parsed.
type party struct {
	ID        string               `yaml:"id"`
	Menu      map[string]yaml.Node `yaml:"menu_features"`
	Amenities yaml.Node            `yaml:"amenity_features"`
}

// marketplaceDir walks up to the module's root; the data lies beside it.
func marketplaceDir(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		if dir == filepath.Dir(dir) {
			t.Fatal("no go.mod above the package")
		}
		dir = filepath.Dir(dir)
	}
	data := filepath.Join(filepath.Dir(dir), "shared", "data", "marketplace")
	if _, err := os.Stat(data); err != nil {
		t.Skipf("SKIPPED: the marketplace data is not there: %s", data)
	}
	return data
}

func parties(t testing.TB, dir string) []party {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.yaml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no parties in %s: %v", dir, err)
	}
	out := make([]party, len(files))
	for i, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if err := yaml.Unmarshal(b, &out[i]); err != nil {
			t.Fatalf("%s: %v", f, err)
		}
	}
	return out
}

// customer is an intent, and what having all of it is worth.
type customer struct {
	in     intentcast.Intent
	worth  decimal.Decimal
	offers []market.Received
}

func newCustomer(t testing.TB, p party) customer {
	t.Helper()
	c := customer{in: intent(t)}
	for name, price := range p.Menu {
		known := usd(price.Value)
		c.in.Items = append(c.in.Items, intentcast.Want{Name: name, Quantity: "1", KnownPrice: &known})
		c.worth = c.worth.Add(decimal.RequireFromString(price.Value).Mul(decimal.NewFromInt(2)))
	}
	var amenities []string
	if err := p.Amenities.Decode(&amenities); err != nil {
		t.Fatal(err)
	}
	for _, a := range amenities {
		c.in.Seller.Require = append(c.in.Seller.Require, like(yes(a), intentcast.OpEq))
	}
	return c
}

// business is a vendor with its catalogue and rules.
type business struct {
	id    string
	c     *market.Catalogue
	rules market.Rules
}

func newBusiness(t testing.TB, p party) business {
	t.Helper()
	var items []market.Item
	for name, price := range p.Menu {
		items = append(items, market.Item{Name: name, Price: usd(price.Value)})
	}
	b := business{p.ID, catalogue(t, items...), rules(t)}
	var amenities map[string]bool
	if err := p.Amenities.Decode(&amenities); err != nil {
		t.Fatal(err)
	}
	for a, has := range amenities {
		attr := no(a)
		if has {
			attr = yes(a)
		}
		b.rules.Seller = append(b.rules.Seller, attr)
	}
	return b
}

func TestMarketplaceReachesTheOptimum(t *testing.T) {
	root := marketplaceDir(t)
	for _, tt := range []struct{ set, want string }{
		{"contractors_10_30", "6091.94"},
		{"contractors_33_99", "23444.27"},
		{"restaurants_33_99", "762.53"},
	} {
		t.Run(tt.set, func(t *testing.T) {
			var customers []customer
			for _, p := range parties(t, filepath.Join(root, tt.set, "customers")) {
				customers = append(customers, newCustomer(t, p))
			}
			var businesses []business
			for _, p := range parties(t, filepath.Join(root, tt.set, "businesses")) {
				businesses = append(businesses, newBusiness(t, p))
			}
			for i := range customers {
				customers[i].ask(t, businesses)
			}
			for seed := range uint64(10) {
				got := utility(t, customers, rand.New(rand.NewPCG(seed, 1)))
				if !got.Equal(decimal.RequireFromString(tt.want)) {
					t.Errorf("seed %d: utility %s, want %s", seed, got, tt.want)
				}
			}
		})
	}
}

// ask collects the offer of every business that makes one.
func (c *customer) ask(t testing.TB, businesses []business) {
	for _, b := range businesses {
		if a := market.Match(&c.in, b.c, b.rules, now); a.Draft != nil {
			c.offers = append(c.offers, offer(t, a.Draft, b.id))
		}
	}
}

// utility lets every customer take its best acceptable offer, the offers
// arriving in an order of rng's.
func utility(t testing.TB, customers []customer, rng *rand.Rand) decimal.Decimal {
	total := decimal.Zero
	for _, i := range rng.Perm(len(customers)) {
		c := &customers[i]
		offers := slices.Clone(c.offers)
		rng.Shuffle(len(offers), func(i, j int) { offers[i], offers[j] = offers[j], offers[i] })
		worth := money.Of("USD", c.worth)
		ranked := market.Rank(&c.in, offers, market.Preferences{Worth: &worth}, now)
		if len(ranked) == 0 || !ranked[0].Acceptable {
			continue // buying nothing gains nothing
		}
		paid, err := ranked[0].Offer.Total.Decimal()
		if err != nil {
			t.Fatal(err)
		}
		total = total.Add(c.worth).Sub(paid)
	}
	return total
}

func ExampleRank() {
	t := &testing.T{}
	in := intent(t, intentcast.Want{Name: "Flan", Quantity: "2"})
	var offers []market.Received
	for _, shop := range []struct{ name, price string }{{"Corner", "4.10"}, {"Market", "2.50"}, {"Palace", "9"}} {
		a := market.Match(&in, catalogue(t, market.Item{Name: "flan", Price: usd(shop.price)}), rules(t), now)
		offers = append(offers, offer(t, a.Draft, shop.name))
	}
	for _, r := range market.Rank(&in, offers, market.Preferences{Worth: ptr(usd("15"))}, now) {
		fmt.Println(r.Offer.Vendor.Name, r.Offer.Total, r.Acceptable, r.Reasons)
	}
	// Output:
	// Market 5 USD true [cheapest of 2 that meet everything; 3.20 USD below the next]
	// Corner 8.20 USD true [3.20 USD above the best]
	// Palace 18 USD false [it costs more than the 15 USD it is worth to you]
}
