package market_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/node/market"
	"github.com/parley-network/parley/relcard"
)

func TestCategoriesAreTheRootsOfWhatIsSold(t *testing.T) {
	item := func(taxonomy, value string) market.Item {
		return market.Item{Name: "x", Price: usd("1"), Category: intentcast.Category{Taxonomy: taxonomy, Value: value}}
	}
	c := catalogue(t, item("parley", "baby/strollers"), item("parley", "baby"), item("gpc", "Shoes/trail"), item("", ""))
	want := []intentcast.Category{{Taxonomy: "gpc", Value: "shoes"}, {Taxonomy: "parley", Value: "baby"}}
	if diff := cmp.Diff(want, c.Categories()); diff != "" || c.Len() != 4 {
		t.Errorf("%d items: %s", c.Len(), diff)
	}
}

func TestAreaAsPlace(t *testing.T) {
	for _, tt := range []struct {
		area market.Area
		want string
	}{
		{market.Area{Lat: 57.64911, Lon: 10.40744, Metres: 500}, "u4pruydqqvj 500"},
		{market.Area{Lat: 42.9634, Lon: -85.6681, Metres: 7}, "dpeh6t 7"},
		{market.Area{Geohash: "9x0"}, "9x0 0"},
	} {
		p, ok := tt.area.Place()
		hash, radius, _ := strings.Cut(tt.want, " ")
		if !ok || !strings.HasPrefix(p.Geohash, hash) || fmt.Sprint(p.Radius) != radius {
			t.Errorf("%+v is %+v", tt.area, p)
		}
	}
	if p, ok := (market.Area{Region: "US-UT"}).Place(); ok {
		t.Errorf("a region is at %+v", p)
	}
}

// Charges of one property on several lines become one extra.
func TestDraftAddsUpChargesOfOneProperty(t *testing.T) {
	charged := func(sku, property string) market.Item {
		return market.Item{SKU: sku, Name: sku, Price: usd("10"), Extras: []market.Charge{{Property: property, Price: usd("4.55")}}}
	}
	in := intent(t, intentcast.Want{SKU: "A", Quantity: "1"}, intentcast.Want{SKU: "B", Quantity: "1"}, intentcast.Want{SKU: "C", Quantity: "1"})
	a := market.Match(&in, catalogue(t, charged("A", "Delivery"), charged("B", "delivery"), charged("C", "packing")), rules(t), now)
	if a.Draft == nil {
		t.Fatal(pretty(a))
	}
	want := []relcard.Extra{{Property: "Delivery", Price: usd("9.10")}, {Property: "packing", Price: usd("4.55")}}
	if diff := cmp.Diff(want, a.Draft.Extras); diff != "" || a.Draft.Total != usd("43.65") {
		t.Errorf("total %s: %s", a.Draft.Total, diff)
	}
	offer(t, a.Draft, "shop")
}

func TestDraftWithTooManyKindsOfCharges(t *testing.T) {
	item := func(sku string) market.Item {
		it := market.Item{SKU: sku, Name: sku, Price: usd("1")}
		for i := range 9 {
			it.Extras = append(it.Extras, market.Charge{Property: fmt.Sprint(sku, i), Price: usd("1")})
		}
		return it
	}
	in := intent(t, intentcast.Want{SKU: "A", Quantity: "1"}, intentcast.Want{SKU: "B", Quantity: "1"})
	if got := outcome(market.Match(&in, catalogue(t, item("A"), item("B")), rules(t), now)); got != "malformed" {
		t.Errorf("got %s", got)
	}
}

// An item may say that it comes without what an extra would add to it: once
// the extra is required, the line says that it is there.
func TestDraftStatesARequiredExtraAsPresent(t *testing.T) {
	for name, said := range map[string]intentcast.Attribute{"as false": no("child seat"), "as text": text("child seat", "on request")} {
		item := market.Item{SKU: "A", Name: "Van", Price: usd("50"), Attributes: []intentcast.Attribute{said},
			Extras: []market.Charge{{Property: "Child seat", Price: usd("8"), Optional: true}}}
		in := intent(t, intentcast.Want{SKU: "A", Quantity: "1", Wishes: require(like(yes("child_seat"), intentcast.OpEq))})
		a := market.Match(&in, catalogue(t, item), rules(t), now)
		if a.Draft == nil || a.Draft.Total != usd("58") {
			t.Fatalf("%s: %s", name, pretty(a))
		}
		if r := market.Rank(&in, []market.Received{offer(t, a.Draft, "shop")}, market.Preferences{}, now); !r[0].Acceptable {
			t.Errorf("%s: %s", name, pretty(r[0].Reasons))
		}
	}
}
