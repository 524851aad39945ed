package market_test

import (
	"testing"
	"time"

	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/node/market"
	"github.com/parley-network/parley/relcard"
	"github.com/parley-network/parley/relcard/money"
)

// asked is an intent with a bit of everything, and good is an offer that is
// all it asks, for 2 × 40 + 5 = 85 USD.
func asked(t testing.TB) intentcast.Intent {
	in := intent(t, intentcast.Want{
		Name: "Trail Runner", GTIN: "4006381333931", Quantity: "2", MaxPrice: ptr(usd("45")),
		Wishes: intentcast.Wishes{
			Require: []intentcast.Constraint{like(number("size", "41", "eu"), intentcast.OpEq)},
			Prefer:  []intentcast.Constraint{like(text("colour", "green"), intentcast.OpEq)},
		},
	})
	in.Seller = intentcast.Wishes{
		Require: []intentcast.Constraint{like(yes("parking"), intentcast.OpEq)},
		Prefer:  []intentcast.Constraint{like(yes("music"), intentcast.OpEq)},
	}
	in.Exclude = []intentcast.Exclusion{{Property: "insurance"}, {Property: "used"}}
	in.Window, in.Budget = window(now, now.Add(48*time.Hour)), ptr(usd("90"))
	return in
}

func good(t testing.TB) intentcast.Offer {
	in := asked(t)
	d := market.Draft{
		Lines: []intentcast.OfferLine{{
			Line:       relcard.Line{Name: "Shoe", GTIN: "4006381333931", Quantity: "2", Price: usd("40")},
			Attributes: []intentcast.Attribute{number("size", "41", "EU"), no("used")},
		}},
		Extras: []relcard.Extra{{Property: "delivery", Price: usd("5")}}, Total: usd("85.00"),
		Seller: []intentcast.Attribute{yes("parking")}, Fulfil: window(now.Add(time.Hour), now.Add(24*time.Hour)),
		Terms: in.Terms[0], Expires: identity.At(now.Add(24 * time.Hour)),
	}
	return *offer(t, &d, "good").Offer
}

// clone copies what a test changes.
func clone(o intentcast.Offer) intentcast.Offer {
	o.Lines = append([]intentcast.OfferLine(nil), o.Lines...)
	for i := range o.Lines {
		o.Lines[i].Attributes = append([]intentcast.Attribute(nil), o.Lines[i].Attributes...)
	}
	o.Extras = append([]relcard.Extra(nil), o.Extras...)
	o.Seller = append([]intentcast.Attribute(nil), o.Seller...)
	return o
}

func TestRankVerifiesWhatAnOfferClaims(t *testing.T) {
	line := func(o *intentcast.Offer) *relcard.Line { return &o.Lines[0].Line }
	for _, tt := range []struct {
		name string
		edit func(*intentcast.Offer)
		want string
	}{
		{"all that is asked", func(*intentcast.Offer) {}, ""},
		{"expired", func(o *intentcast.Offer) { o.Expires = identity.At(now) }, "expired"},
		{"other terms", func(o *intentcast.Offer) { o.Terms = agreement(t, "SD-BASE-ATP") }, "terms"},
		{"terms of the same id and another text", func(o *intentcast.Offer) { o.Terms.SHA256 = "00" }, "terms"},
		{"the second of the intent's terms", func(o *intentcast.Offer) { o.Terms = agreement(t, "SD-BASE-A") }, ""},
		{"no time", func(o *intentcast.Offer) { o.Fulfil = nil }, "window"},
		{"no end of time", func(o *intentcast.Offer) { o.Fulfil = &relcard.Window{From: identity.At(now)} }, "window"},
		{"too early", func(o *intentcast.Offer) { o.Fulfil = window(now.Add(-time.Hour), now.Add(time.Hour)) }, "window"},
		{"too late", func(o *intentcast.Offer) { o.Fulfil = window(now, now.Add(49*time.Hour)) }, "window"},
		{"another GTIN", func(o *intentcast.Offer) { line(o).GTIN = "96385074" }, "item"},
		{"a GTIN that is none", func(o *intentcast.Offer) { line(o).GTIN = "4006381333932" }, "item"},
		{"the same GTIN in 14 digits", func(o *intentcast.Offer) { line(o).GTIN = "04006381333931" }, ""},
		{"no GTIN and another name", func(o *intentcast.Offer) { line(o).GTIN = "" }, "item"},
		{"no GTIN and the name", func(o *intentcast.Offer) { line(o).GTIN, line(o).Name = "", "TRAIL Runner" }, ""},
		{"less than wanted", func(o *intentcast.Offer) { line(o).Quantity, o.Total = "1", usd("45") }, "quantity"},
		{"as much, written otherwise", func(o *intentcast.Offer) { line(o).Quantity = "2.0" }, ""},
		{"another unit", func(o *intentcast.Offer) { line(o).Unit = "pair" }, "quantity"},
		{"a unit above the limit", func(o *intentcast.Offer) { line(o).Price, o.Extras, o.Total = usd("45.01"), nil, usd("90.02") }, "max_price budget"},
		{"no line", func(o *intentcast.Offer) { o.Lines, o.Total = nil, usd("5") }, "item"},
		{"a line nobody asked for", func(o *intentcast.Offer) {
			o.Lines = append(o.Lines, o.Lines[0])
			o.Lines[1].Want = 1
			o.Lines[0].Line.Price, o.Lines[1].Line.Price = usd("1"), usd("1")
			o.Total = usd("9")
		}, "item"},
		{"a line twice", func(o *intentcast.Offer) { o.Lines, o.Total = append(o.Lines, o.Lines[0]), usd("165") }, "item budget"},
		{"a want out of any range", func(o *intentcast.Offer) { o.Lines[0].Want = 1 << 63 }, "item item"},
		{"a required attribute left unsaid", func(o *intentcast.Offer) { o.Lines[0].Attributes = nil }, "attribute"},
		{"a required attribute in another unit", func(o *intentcast.Offer) { o.Lines[0].Attributes[0].Unit = "us" }, "attribute"},
		{"a seller's attribute that is false", func(o *intentcast.Offer) { o.Seller = []intentcast.Attribute{no("parking")} }, "seller"},
		{"a seller's attribute both true and false", func(o *intentcast.Offer) { o.Seller = append(o.Seller, no("Parking")) }, "seller"},
		{"an excluded charge", func(o *intentcast.Offer) { o.Extras[0].Property = "Insurance" }, "excluded"},
		{"an excluded charge in disguise", func(o *intentcast.Offer) { o.Extras[0].Property = "ins\u00adu\u200brance" }, "excluded"},
		{"an excluded charge in another script", func(o *intentcast.Offer) { o.Extras[0].Property = "insur\u0430nce" }, "malformed"},
		{"an excluded property", func(o *intentcast.Offer) { o.Lines[0].Attributes[1] = yes("used") }, "excluded"},
		{"an excluded property as text", func(o *intentcast.Offer) { o.Lines[0].Attributes[1] = text("used", "a little") }, "excluded"},
		{"an excluded property nobody can read", func(o *intentcast.Offer) { o.Lines[0].Attributes[1].Value = "FALSE" }, "malformed"},
		{"an excluded thing", func(o *intentcast.Offer) { line(o).Name = "Insurance" }, "excluded"},
		{"a total below its parts", func(o *intentcast.Offer) { o.Total = usd("84.99") }, "total"},
		{"a total above its parts", func(o *intentcast.Offer) { o.Total = usd("85.000000001") }, "total"},
		{"a negative charge", func(o *intentcast.Offer) { o.Extras[0].Price, o.Total = usd("-5"), usd("75") }, "total"},
		{"a negative total", func(o *intentcast.Offer) { o.Total = usd("-85") }, "total"},
		{"no amount at all", func(o *intentcast.Offer) { o.Total = money.Money{} }, "total currency"},
		{"parts in another currency", func(o *intentcast.Offer) { o.Extras[0].Price.Currency = "JPY" }, "total"},
		{"all in another currency", func(o *intentcast.Offer) {
			o.Total.Currency, o.Extras[0].Price.Currency, line(o).Price.Currency = "JPY", "JPY", "JPY"
		}, "max_price currency"},
		{"above the budget", func(o *intentcast.Offer) { o.Extras[0].Price, o.Total = usd("10.01"), usd("90.01") }, "budget"},
		{"a sum beyond numbers", func(o *intentcast.Offer) {
			line(o).Price = usd("999999999999999")
			o.Lines[0].Line.Quantity = "999999999999999"
		}, "quantity max_price total"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			in, o := asked(t), clone(good(t))
			tt.edit(&o)
			r := market.Rank(&in, []market.Received{{Offer: &o}}, market.Preferences{}, now)[0]
			if r.Acceptable != (tt.want == "") || (!r.Acceptable && codes(r.Reasons) != tt.want) {
				t.Errorf("acceptable %v, reasons %q, want %q: %s", r.Acceptable, codes(r.Reasons), tt.want, pretty(r.Reasons))
			}
		})
	}
}

// priced is the good offer at another price and with preferred attributes met.
func priced(t testing.TB, total, unit, vendor string, prefer int) market.Received {
	o := clone(good(t))
	o.Vendor = relcard.Party{DID: did(vendor), Name: vendor}
	o.Lines[0].Line.Price, o.Total, o.Extras = usd(unit), usd(total), nil
	if prefer > 0 {
		o.Lines[0].Attributes = append(o.Lines[0].Attributes, text("colour", "GREEN"))
	}
	if prefer > 1 {
		o.Seller = append(o.Seller, yes("music"))
	}
	return received(t, o)
}

func TestRankOrdersByPriceThenPreferredAttributes(t *testing.T) {
	a := priced(t, "60", "30", "a", 0)
	b := priced(t, "60", "30", "b", 2)
	c := priced(t, "64", "32", "c", 2)
	d := priced(t, "120", "60", "d", 2)
	for _, tt := range []struct {
		name  string
		p     market.Preferences
		order []market.Received
		first string
		next  string
	}{
		{"price, then preferred", market.Preferences{}, []market.Received{b, a, c, d},
			"cheapest of 3 that meet everything; the same price as the next and more preferred attributes met", "the same price as the best"},
		{"a wish is worth 3", market.Preferences{PerWish: ptr(usd("3"))}, []market.Received{b, c, a, d},
			"cheapest of 3 that meet everything; 4 USD below the next", "4 USD above the best"},
		{"worth 61", market.Preferences{Worth: ptr(usd("61"))}, []market.Received{b, a, c, d},
			"cheapest of 2 that meet everything; the same price as the next and more preferred attributes met", "the same price as the best"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			in := asked(t)
			got := market.Rank(&in, []market.Received{d, c, b, a}, tt.p, now)
			for i, want := range tt.order {
				if got[i].ID != want.ID {
					t.Fatalf("place %d is %s, want %s", i, got[i].Offer.Vendor.Name, want.Offer.Vendor.Name)
				}
			}
			if got[0].Reasons[0].Text != tt.first || got[1].Reasons[0].Text != tt.next {
				t.Errorf("reasons: %s", pretty([]any{got[0].Reasons, got[1].Reasons}))
			}
			if got[0].Reasons[1].Text != "meets 2 of 2 preferred attributes" {
				t.Errorf("reasons: %s", pretty(got[0].Reasons))
			}
		})
	}
}

func TestRankSaysWhenWishesOutweighThePrice(t *testing.T) {
	in := asked(t)
	dear, cheap := priced(t, "64", "32", "dear", 2), priced(t, "60", "30", "cheap", 0)
	got := market.Rank(&in, []market.Received{cheap, dear}, market.Preferences{PerWish: ptr(usd("2.50"))}, now)
	if want := "best of 2 that meet everything; 4 USD above the next, which the preferred attributes it meets outweigh"; got[0].ID != dear.ID || got[0].Reasons[0].Text != want {
		t.Errorf("got %s", pretty(got[0].Reasons))
	}
}

func TestRankNeverAcceptsUnderUnreadableLimits(t *testing.T) {
	o := good(t)
	bad := asked(t)
	bad.Items[0].Quantity = "many"
	for name, tt := range map[string]struct {
		in intentcast.Intent
		p  market.Preferences
	}{
		"worth":    {asked(t), market.Preferences{Worth: ptr(usd("lots"))}},
		"negative": {asked(t), market.Preferences{Worth: ptr(usd("-1"))}},
		"per wish": {asked(t), market.Preferences{PerWish: ptr(money.Money{Currency: "usd", Amount: "1"})}},
		"intent":   {bad, market.Preferences{}},
		"currency": {asked(t), market.Preferences{Worth: &eur}},
		"no items": {intent(t), market.Preferences{}},
	} {
		if r := market.Rank(&tt.in, []market.Received{{Offer: &o}, {}}, tt.p, now); len(r) != 1 || r[0].Acceptable {
			t.Errorf("%s: %s", name, pretty(r))
		}
	}
	if r := market.Rank(nil, nil, market.Preferences{}, now); len(r) != 0 {
		t.Errorf("nothing ranked as %v", r)
	}
}
