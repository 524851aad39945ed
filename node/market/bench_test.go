package market_test

import (
	"crypto/ed25519"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/node/market"
)

// The figures of the project are ratios to one ed25519.Verify in the same run:
// a match against 10,000 items at most 25, ranking 1,000 offers at most 50.

var words = []string{"blue", "red", "folding", "twin", "stroller", "city", "light", "cover", "wheel", "spare", "basket", "deluxe", "mini", "sport", "classic", "alpine"}

// bigCatalogue has n items in 20 categories with eight attributes each.
func bigCatalogue(t testing.TB, n int) *market.Catalogue {
	items := make([]market.Item, n)
	for i := range items {
		w := func(k int) string { return words[(i/k+i*k)%len(words)] }
		items[i] = market.Item{
			SKU: fmt.Sprintf("SKU-%05d", i), GTIN: gtin13(400_000_000_000 + i),
			Name:     fmt.Sprintf("%s %s %s no %d", w(1), w(3), w(7), i),
			Category: intentcast.Category{Taxonomy: "parley", Value: fmt.Sprintf("shop/kind-%d", i%20)},
			Price:    usd(fmt.Sprintf("%d.%02d", 5+i%977, i%100)), Available: "40",
			Attributes: []intentcast.Attribute{
				text("colour", w(1)), text("style", w(5)), number("weight", fmt.Sprint(i%50), "kg"), number("seats", fmt.Sprint(1+i%3), ""),
				yes("new"), no("used"), text("maker", w(11)), number("year", fmt.Sprint(2000+i%26), ""),
			},
			Extras: []market.Charge{{Property: "insurance", Price: usd("9"), Optional: true}, {Property: "packing", Price: usd("0.50")}},
		}
	}
	return catalogue(t, items...)
}

// gtin13 completes twelve digits with their check digit.
func gtin13(n int) string {
	s, sum := fmt.Sprintf("%012d", n), 0
	for i, c := range s {
		sum += int(c-'0') * (1 + 2*(i%2))
	}
	return s + fmt.Sprint((10-sum%10)%10)
}

// benchIntents ask in each way a want can be put, found and not found.
func benchIntents(t testing.TB) map[string]intentcast.Intent {
	year := like(number("year", "2024", ""), intentcast.OpGe)
	light := like(number("weight", "2", "kg"), intentcast.OpLe)
	never := like(number("weight", "1000", "kg"), intentcast.OpGe)
	kind := intentcast.Want{Quantity: "2", Wishes: require(year, light, like(no("used"), intentcast.OpEq))}
	nothing := intentcast.Want{Quantity: "2", Wishes: require(year, never)}
	all := intent(t,
		intentcast.Want{GTIN: gtin13(400_000_004_321), Quantity: "1"},
		intentcast.Want{SKU: "SKU-00077", Quantity: "3", MaxPrice: ptr(usd("500"))},
		kind,
		intentcast.Want{Name: "a folding twin stroller for the city", Quantity: "1"}, // suggestions alone
		nothing,
	)
	all.Exclude = []intentcast.Exclusion{{Property: "insurance"}}
	all.Text = "Something light and sporty in blue or red, a twin stroller with a basket, a cover and a spare wheel."
	byKind, missed := intent(t, kind), intent(t, nothing)
	missed.Text = all.Text
	return map[string]intentcast.Intent{
		"gtin": intent(t, all.Items[0]), "kind": byKind, "name with suggestions": intent(t, all.Items[3]),
		"kind not found": missed, "five wants": all,
	}
}

func BenchmarkMatch10000(b *testing.B) {
	c, r := bigCatalogue(b, 10_000), rules(b)
	r.Seller = []intentcast.Attribute{yes("parking"), no("music")}
	for name, in := range benchIntents(b) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			ratio(b, func() { market.Match(&in, c, r, now) })
		})
	}
}

// The worst intent that fits a cast may cost more than the figure allows a
// usual one, but not without bound.
func BenchmarkMatchHostile(b *testing.B) {
	in, c := hostile(b)
	r := rules(b)
	ratio(b, func() { market.Match(&in, c, r, now) })
}

func BenchmarkRank1000(b *testing.B) {
	in, offers := thousandOffers(b, 1000)
	b.ReportAllocs()
	ratio(b, func() { market.Rank(&in, offers, market.Preferences{Worth: ptr(usd("5000"))}, now) })
}

func BenchmarkNewCatalogue10000(b *testing.B) {
	for b.Loop() {
		bigCatalogue(b, 10_000)
	}
}

// thousandOffers answer an intent of two wants in every way at once:
// attributes required and preferred, a budget, exclusions and a charge.
func thousandOffers(t testing.TB, n int) (intentcast.Intent, []market.Received) {
	in := intent(t,
		intentcast.Want{Name: "Folding Stroller", Quantity: "1", MaxPrice: ptr(usd("900")), Wishes: intentcast.Wishes{
			Require: []intentcast.Constraint{like(number("seats", "2", ""), intentcast.OpGe)},
			Prefer:  []intentcast.Constraint{like(text("colour", "Blue"), intentcast.OpEq)},
		}},
		intentcast.Want{Name: "Rain cover", Quantity: "2"},
	)
	in.Seller = intentcast.Wishes{Require: []intentcast.Constraint{like(yes("Onsite Parking"), intentcast.OpEq)}}
	in.Exclude = []intentcast.Exclusion{{Property: "insurance"}}
	in.Budget = ptr(usd("2000"))
	r := rules(t)
	r.Seller = []intentcast.Attribute{yes("Onsite Parking"), no("Live Music")}
	offers := make([]market.Received, n)
	for i := range offers {
		c := catalogue(t,
			market.Item{Name: "folding stroller", Price: usd(fmt.Sprintf("%d.%02d", 100+i*7%400, i%100)), Extras: []market.Charge{{Property: "delivery", Price: usd("4.90")}},
				Attributes: []intentcast.Attribute{number("seats", fmt.Sprint(2+i%2), ""), text("colour", words[i%3])}},
			market.Item{Name: "Rain Cover", Price: usd("12.5")},
		)
		a := market.Match(&in, c, r, now)
		if a.Draft == nil {
			t.Fatal(pretty(a))
		}
		offers[i] = offer(t, a.Draft, fmt.Sprint("vendor ", i))
	}
	return in, offers
}

// ratio times f and one signature verification in turn, so that whatever else
// the machine does slows both, and reports the ratio of their tenth percentiles:
// a busy machine interrupts the longer of two things more often.
func ratio(b *testing.B, f func()) {
	pub, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		b.Fatal(err)
	}
	msg := make([]byte, 64)
	sig := ed25519.Sign(key, msg)
	var ours, theirs []time.Duration
	for b.Loop() {
		start := time.Now()
		f()
		middle := time.Now()
		ed25519.Verify(pub, msg, sig)
		ours, theirs = append(ours, middle.Sub(start)), append(theirs, time.Since(middle))
	}
	slices.Sort(ours)
	slices.Sort(theirs)
	n := len(ours) / 10
	b.ReportMetric(float64(ours[n])/float64(theirs[n]), "verifies/op")
}
