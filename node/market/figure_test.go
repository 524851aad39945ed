package market_test

import (
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/node/market"
	"github.com/parley-network/parley/sim/figure"
)

// BenchmarkFigureMatch prints what is promised of a vendor's node: holding
// one intent against 10,000 items costs no more than 25 verifications,
// whatever of the realistic ways to ask it uses.
func BenchmarkFigureMatch(b *testing.B) {
	c, r := bigCatalogue(b, 10_000), rules(b)
	r.Seller = []intentcast.Attribute{yes("parking"), no("music")}
	intents := benchIntents(b)
	worst := 0.0
	for _, name := range slices.Sorted(maps.Keys(intents)) {
		in := intents[name]
		got := figure.Ratio(func() { market.Match(&in, c, r, now) }, figure.Verify())
		figure.Info(os.Stdout, "match-10000-"+strings.ReplaceAll(name, " ", "-")+"-verifies", got)
		worst = max(worst, got)
	}
	figure.AtMost(os.Stdout, "match-10000-verifies", worst, 25)
	in, hostileCatalogue := hostile(b)
	figure.Info(os.Stdout, "match-hostile-verifies", figure.Ratio(func() { market.Match(&in, hostileCatalogue, rules(b), now) }, figure.Verify()))
}

// BenchmarkFigureRank prints what is promised of a person's node: a thousand
// offers are ranked in no more than 50 verifications.
func BenchmarkFigureRank(b *testing.B) {
	in, offers := thousandOffers(b, 1000)
	preferences := market.Preferences{Worth: ptr(usd("5000"))}
	figure.AtMost(os.Stdout, "rank-1000-verifies", figure.Ratio(func() { market.Rank(&in, offers, preferences, now) }, figure.Verify()), 50)
}
