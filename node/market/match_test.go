package market_test

import (
	"strings"
	"testing"
	"time"

	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/node/market"
	"github.com/parley-network/parley/relcard/money"
	"github.com/parley-network/parley/relcard/terms"
)

// outcome says what came of a match: the items offered and the total, or the
// codes of the reasons.
func outcome(a market.Answer) string {
	if a.Draft == nil {
		return codes(a.Reasons)
	}
	var s []string
	for _, l := range a.Draft.Lines {
		s = append(s, l.Line.SKU)
	}
	return strings.Join(s, " ") + " " + a.Draft.Total.String()
}

func shoes() []market.Item {
	kind := intentcast.Category{Taxonomy: "parley", Value: "shop/shoes/trail"}
	return []market.Item{
		{SKU: "T41", GTIN: "4006381333931", Name: "Trail Runner", Category: kind, Price: usd("80"), Available: "3", Attributes: []intentcast.Attribute{number("size", "41", "eu"), text("colour", "Green"), text("colour", "grey"), yes("vegan")}},
		{SKU: "T42", Name: "Trail Runner", Category: kind, Price: usd("85.50"), Attributes: []intentcast.Attribute{number("size", "42", "eu"), text("colour", "blue"), no("vegan")}},
		{SKU: "L10", Name: "Laces", Price: usd("0.333333333"), Unit: "m"},
		{SKU: "SOC", Name: "Café Söckchen", Price: usd("9.90"), Extras: []market.Charge{{Property: "gift wrap", Price: usd("2"), Optional: true}, {Property: "delivery", Price: usd("4.50")}}},
	}
}

func TestMatchOneWant(t *testing.T) {
	size := func(op intentcast.Op, v string) intentcast.Wishes { return require(like(number("size", v, "eu"), op)) }
	for _, tt := range []struct {
		name string
		want intentcast.Want
		got  string
	}{
		// Identity.
		{"by GTIN in 13 digits", intentcast.Want{GTIN: "4006381333931"}, "T41 80 USD"},
		{"by GTIN in 14 digits, whatever its name", intentcast.Want{GTIN: "04006381333931", Name: "Jogging shoe"}, "T41 80 USD"},
		{"another GTIN contradicts an equal name, an absent one does not", intentcast.Want{GTIN: "96385074", Name: "Trail Runner"}, "T42 85.50 USD"},
		{"another GTIN alone", intentcast.Want{GTIN: "96385074"}, "item"},
		{"a wrong check digit", intentcast.Want{GTIN: "4006381333932"}, "malformed"},
		{"by SKU", intentcast.Want{SKU: "T42"}, "T42 85.50 USD"},
		{"by SKU and agreeing name", intentcast.Want{SKU: "T42", Name: " trail  RUNNER"}, "T42 85.50 USD"},
		{"another vendor's SKU for another thing", intentcast.Want{SKU: "T42", Name: "Toaster"}, "item"},
		{"a SKU that differs contradicts an equal name", intentcast.Want{SKU: "T43", Name: "Trail Runner"}, "item"},
		{"SKUs are exact", intentcast.Want{SKU: "t42"}, "item"},
		{"by name, the cheapest", intentcast.Want{Name: "TRAIL runner"}, "T41 80 USD"},
		{"by name, compatibility forms fold", intentcast.Want{Name: "Ｔｒａｉｌ\u00a0Runner"}, "T41 80 USD"},
		{"composed and decomposed are one", intentcast.Want{Name: "CAFE\u0301 SO\u0308CKCHEN"}, "SOC 14.40 USD"},
		{"diacritics count", intentcast.Want{Name: "Cafe Sockchen"}, "item"},
		{"part of a name is not a name", intentcast.Want{Name: "Trail"}, "item"},
		{"by kind and attribute", intentcast.Want{Wishes: size(intentcast.OpGe, "42")}, "T42 85.50 USD"},
		{"by nothing at all", intentcast.Want{}, "malformed"},

		// Attributes.
		{"equal", intentcast.Want{Wishes: size(intentcast.OpEq, "41.0")}, "T41 80 USD"},
		{"less", intentcast.Want{Wishes: size(intentcast.OpLt, "41")}, "attribute"},
		{"less or equal", intentcast.Want{Wishes: size(intentcast.OpLe, "41")}, "T41 80 USD"},
		{"greater", intentcast.Want{Wishes: size(intentcast.OpGt, "41")}, "T42 85.50 USD"},
		{"not equal", intentcast.Want{Wishes: size(intentcast.OpNe, "41")}, "T42 85.50 USD"},
		{"another unit", intentcast.Want{Wishes: require(like(number("size", "8", "us"), intentcast.OpGe))}, "attribute"},
		{"one of several values", intentcast.Want{Wishes: require(intentcast.Constraint{Property: "colour", Type: intentcast.TypeText, Op: intentcast.OpIn, Values: []string{"red", "BLUE"}})}, "T42 85.50 USD"},
		{"one of several statements", intentcast.Want{Wishes: require(like(text("Colour", "grey"), intentcast.OpEq))}, "T41 80 USD"},
		{"none of several statements", intentcast.Want{Wishes: require(like(text("colour", "grey"), intentcast.OpNe))}, "T42 85.50 USD"},
		{"true", intentcast.Want{Wishes: require(like(yes("vegan"), intentcast.OpEq))}, "T41 80 USD"},
		{"false", intentcast.Want{Wishes: require(like(no("vegan"), intentcast.OpEq))}, "T42 85.50 USD"},
		{"false does not exist", intentcast.Want{Name: "trail runner", SKU: "T42", Wishes: require(intentcast.Constraint{Property: "vegan", Type: intentcast.TypeBool, Op: intentcast.OpExists})}, "attribute"},
		{"absent is not met", intentcast.Want{Wishes: require(like(yes("waterproof"), intentcast.OpEq))}, "attribute"},
		{"absent is not other", intentcast.Want{Name: "Laces", Unit: "m", Wishes: require(like(text("colour", "red"), intentcast.OpNe))}, "attribute"},
		{"another type", intentcast.Want{Wishes: require(like(text("vegan", "true"), intentcast.OpEq))}, "attribute"},
		{"a named want has attributes too", intentcast.Want{Name: "Trail Runner", Wishes: size(intentcast.OpEq, "42")}, "T42 85.50 USD"},
		{"text has no order", intentcast.Want{Wishes: require(like(text("colour", "a"), intentcast.OpGt))}, "malformed"},

		// Amounts.
		{"a known price is no limit", intentcast.Want{SKU: "T41", KnownPrice: ptr(usd("1"))}, "T41 80 USD"},
		{"a limit that holds", intentcast.Want{SKU: "T41", MaxPrice: ptr(usd("80.00"))}, "T41 80 USD"},
		{"a limit that does not", intentcast.Want{SKU: "T41", MaxPrice: ptr(usd("79.99"))}, "max_price"},
		{"a limit is for one unit", intentcast.Want{SKU: "T41", Quantity: "3", MaxPrice: ptr(usd("80"))}, "T41 240 USD"},
		{"more than is in stock, of the dearer then", intentcast.Want{Name: "Trail Runner", Quantity: "4"}, "T42 342 USD"},
		{"more than is in stock", intentcast.Want{SKU: "T41", Quantity: "4"}, "quantity"},
		{"by the metre", intentcast.Want{SKU: "L10", Quantity: "3", Unit: "M"}, "L10 0.999999999 USD"},
		{"in pieces, sold by the metre", intentcast.Want{SKU: "L10"}, "quantity"},
		{"finer than money can be", intentcast.Want{SKU: "L10", Quantity: "0.5", Unit: "m"}, "total"},
		{"as much as a number can be", intentcast.Want{SKU: "T42", Quantity: "999999999999999"}, "total"},
		{"another currency", intentcast.Want{SKU: "T41", KnownPrice: &eur}, "currency"},
		{"a charge for a line, whatever the quantity", intentcast.Want{SKU: "SOC", Quantity: "2"}, "SOC 24.30 USD"},
		{"an optional charge that is required", intentcast.Want{SKU: "SOC", Wishes: require(like(yes("gift_wrap"), intentcast.OpEq))}, "SOC 16.40 USD"},
		{"a charge that must not be", intentcast.Want{SKU: "SOC", Wishes: require(like(no("delivery"), intentcast.OpEq))}, "attribute"},
		{"no quantity", intentcast.Want{SKU: "T41", Quantity: "0"}, "malformed"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.want.Quantity == "" {
				tt.want.Quantity = "1"
			}
			in := intent(t, tt.want)
			a := market.Match(&in, catalogue(t, shoes()...), rules(t), now)
			if got := outcome(a); got != tt.got {
				t.Fatalf("got %q, want %q: %s", got, tt.got, pretty(a.Reasons))
			}
			if a.Draft != nil {
				r := market.Rank(&in, []market.Received{offer(t, a.Draft, "shop")}, market.Preferences{}, now)
				if !r[0].Acceptable {
					t.Errorf("the asker would refuse it: %s", pretty(r[0].Reasons))
				}
			}
		})
	}
}

var eur = money.Money{Currency: "EUR", Amount: "70"}

func TestMatchWholeIntent(t *testing.T) {
	shoe := func(sku, quantity string) intentcast.Want { return intentcast.Want{SKU: sku, Quantity: quantity} }
	for _, tt := range []struct {
		name  string
		wants []intentcast.Want
		edit  func(*intentcast.Intent, *market.Rules)
		got   string
	}{
		{"several wants", []intentcast.Want{shoe("SOC", "1"), shoe("T41", "2")}, nil, "SOC T41 174.40 USD"},
		{"two wants share one stock", []intentcast.Want{shoe("T41", "2"), shoe("T41", "2")}, nil, "quantity"},
		{"two wants within one stock", []intentcast.Want{shoe("T41", "2"), shoe("T41", "1")}, nil, "T41 T41 240 USD"},
		{"one want of two is missing", []intentcast.Want{shoe("T41", "1"), shoe("X", "1")}, nil, "item"},
		{"within budget", []intentcast.Want{shoe("SOC", "1")}, func(in *intentcast.Intent, _ *market.Rules) { in.Budget = ptr(usd("14.40")) }, "SOC 14.40 USD"},
		{"over budget, with its charge", []intentcast.Want{shoe("SOC", "1")}, func(in *intentcast.Intent, _ *market.Rules) { in.Budget = ptr(usd("14.39")) }, "budget"},
		{"an excluded charge that can't be left out", []intentcast.Want{shoe("SOC", "1")}, exclude("Delivery"), "excluded"},
		{"an excluded charge that can", []intentcast.Want{shoe("SOC", "1")}, exclude("gift-wrap"), "SOC 14.40 USD"},
		{"an excluded attribute", []intentcast.Want{shoe("T41", "1")}, exclude("vegan"), "excluded"},
		{"an excluded attribute that is false", []intentcast.Want{shoe("T42", "1")}, exclude("vegan"), "T42 85.50 USD"},
		{"an excluded thing", []intentcast.Want{shoe("T42", "1")}, exclude("trail runner"), "excluded"},
		{"excluded and required", []intentcast.Want{{SKU: "SOC", Quantity: "1", Wishes: require(like(yes("gift wrap"), intentcast.OpEq))}}, exclude("gift wrap"), "contradiction"},
		{"terms: the first of the intent's", []intentcast.Want{shoe("T42", "1")}, func(in *intentcast.Intent, r *market.Rules) {
			r.Accepts = []terms.Ref{in.Terms[1], in.Terms[0]}
		}, "T42 85.50 USD"},
		{"terms refused", []intentcast.Want{shoe("T42", "1")}, func(_ *intentcast.Intent, r *market.Rules) {
			r.Accepts = []terms.Ref{agreement(t, "SD-BASE-ATP")}
		}, "terms"},
		{"no terms accepted", []intentcast.Want{shoe("T42", "1")}, func(_ *intentcast.Intent, r *market.Rules) { r.Accepts = nil }, "terms"},
		{"a seller's amenity", []intentcast.Want{shoe("T42", "1")}, func(in *intentcast.Intent, r *market.Rules) {
			in.Seller = require(like(yes("Onsite Parking"), intentcast.OpEq))
			r.Seller = []intentcast.Attribute{yes("onsite_parking"), no("Live Music")}
		}, "T42 85.50 USD"},
		{"a seller without it", []intentcast.Want{shoe("T42", "1")}, func(in *intentcast.Intent, r *market.Rules) {
			in.Seller = require(like(yes("Live Music"), intentcast.OpEq))
			r.Seller = []intentcast.Attribute{no("Live Music")}
		}, "seller"},
		{"an excluded seller", []intentcast.Want{shoe("T42", "1")}, func(in *intentcast.Intent, r *market.Rules) {
			in.Exclude = []intentcast.Exclusion{{Property: "tracking"}}
			r.Seller = []intentcast.Attribute{yes("tracking")}
		}, "excluded"},
		{"a small order", []intentcast.Want{shoe("SOC", "1")}, func(_ *intentcast.Intent, r *market.Rules) { r.MinOrder = ptr(usd("20")) }, "min_order"},
		{"never", []intentcast.Want{shoe("T42", "1")}, func(_ *intentcast.Intent, r *market.Rules) { r.Answer = market.ModeNever }, "never"},
		{"withdrawn", []intentcast.Want{shoe("T42", "1")}, func(in *intentcast.Intent, _ *market.Rules) { in.Status = intentcast.StatusWithdrawn }, "closed"},
		{"expired", []intentcast.Want{shoe("T42", "1")}, func(in *intentcast.Intent, _ *market.Rules) { in.Expires = identity.At(now) }, "closed"},
		{"several reasons at once", []intentcast.Want{shoe("T41", "9"), shoe("X", "1")}, nil, "quantity item"},
		{"bad rules", []intentcast.Want{shoe("T42", "1")}, func(_ *intentcast.Intent, r *market.Rules) { r.Answer = "perhaps" }, "malformed"},
		{"a place nobody else can compare", []intentcast.Want{shoe("T42", "1")}, func(in *intentcast.Intent, r *market.Rules) {
			in.Place = &intentcast.Place{Name: "Oz"}
			r.Areas = []market.Area{{Geohash: "u"}}
		}, "area"},
		{"amounts in two currencies", []intentcast.Want{{SKU: "T42", Quantity: "1", MaxPrice: ptr(usd("90"))}}, func(in *intentcast.Intent, _ *market.Rules) { in.Budget = &eur }, "malformed"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			in, r := intent(t, tt.wants...), rules(t)
			if tt.edit != nil {
				tt.edit(&in, &r)
			}
			a := market.Match(&in, catalogue(t, shoes()...), r, now)
			if got := outcome(a); got != tt.got {
				t.Fatalf("got %q, want %q: %s", got, tt.got, pretty(a.Reasons))
			}
			if a.Draft != nil && a.Draft.Terms != in.Terms[0] {
				t.Errorf("terms %s", a.Draft.Terms)
			}
		})
	}
}

func exclude(property string) func(*intentcast.Intent, *market.Rules) {
	return func(in *intentcast.Intent, _ *market.Rules) {
		in.Exclude = []intentcast.Exclusion{{Property: property}}
	}
}

func TestMatchNamesTheTermsItRefused(t *testing.T) {
	in, r := intent(t, intentcast.Want{SKU: "T42", Quantity: "1"}), rules(t)
	r.Accepts = []terms.Ref{agreement(t, "SD-BASE-ATP")}
	got := market.Match(&in, catalogue(t, shoes()...), r, now).Reasons[0].Text
	for _, part := range []string{"SD-BASE ", "SD-BASE-A ", "SD-BASE-ATP "} {
		if !strings.Contains(got, "“"+part) {
			t.Errorf("%q does not name %s", got, part)
		}
	}
}

func TestMatchLeavesTheAnswerToAPersonByDefault(t *testing.T) {
	in := intent(t, intentcast.Want{SKU: "T42", Quantity: "1"})
	for mode, ask := range map[market.Mode]bool{"": true, market.ModeAsk: true, market.ModeAuto: false} {
		r := rules(t)
		r.Answer = mode
		if a := market.Match(&in, catalogue(t, shoes()...), r, now); a.Draft == nil || a.Ask != ask {
			t.Errorf("%q: ask is %v: %s", mode, a.Ask, pretty(a.Reasons))
		}
	}
}

func TestMatchOfferEndsWithItsWindow(t *testing.T) {
	in, r := intent(t, intentcast.Want{SKU: "T42", Quantity: "1"}), rules(t)
	if d := market.Match(&in, catalogue(t, shoes()...), r, now).Draft; d.Expires != identity.At(now.Add(24*time.Hour)) || d.Fulfil != nil {
		t.Errorf("expires %s, fulfil %v", d.Expires, d.Fulfil)
	}
	in.Window = window(now, now.Add(5*time.Hour))
	r.Lead, r.OfferLife = market.Duration(time.Hour), market.Duration(72*time.Hour)
	d := market.Match(&in, catalogue(t, shoes()...), r, now).Draft
	if d.Expires != in.Window.Until || *d.Fulfil != *window(now.Add(time.Hour), now.Add(5*time.Hour)) {
		t.Errorf("expires %s, fulfil %v", d.Expires, d.Fulfil)
	}
}

func TestMatchTakesTheCurrencyInWhichAllIsSold(t *testing.T) {
	c := catalogue(t,
		market.Item{SKU: "A", Name: "Cup", Price: money.Money{Currency: "CHF", Amount: "1"}},
		market.Item{SKU: "B", Name: "Cup", Price: usd("9")},
		market.Item{SKU: "C", Name: "Saucer", Price: usd("2")},
	)
	in := intent(t, intentcast.Want{Name: "cup", Quantity: "1"}, intentcast.Want{Name: "saucer", Quantity: "1"})
	if got := outcome(market.Match(&in, c, rules(t), now)); got != "B C 11 USD" {
		t.Errorf("got %s", got)
	}
}

func TestMatchSuggestsWhatALooserReadingFinds(t *testing.T) {
	c := catalogue(t,
		market.Item{SKU: "1", Name: "Sizzling Beef Quesadillas", Price: usd("13")},
		market.Item{SKU: "2", Name: "Beef Tacos", Price: usd("8")},
		market.Item{SKU: "3", Name: "Flan", Price: usd("5")},
	)
	in := intent(t, intentcast.Want{Name: "Sizzling Beef Quesadilla", Quantity: "1"}, intentcast.Want{Name: "Flan", Quantity: "1"})
	a := market.Match(&in, c, rules(t), now)
	if a.Draft != nil || codes(a.Reasons) != "item" {
		t.Fatalf("a looser match became an offer: %s", pretty(a))
	}
	if len(a.Suggestions) != 1 || a.Suggestions[0].Item.SKU != "1" || a.Suggestions[0].On != "items[0]" || a.Suggestions[0].Why != "shares 3 words with what is wanted" {
		t.Errorf("suggestions: %s", pretty(a.Suggestions))
	}
}

func TestMatchReadsFreeTextOnlyForSuggestions(t *testing.T) {
	in := intent(t, intentcast.Want{Quantity: "1", Wishes: require(like(yes("double"), intentcast.OpEq))})
	in.Category.Value, in.Text = "baby/strollers", "I need a stroller for twins"
	c := catalogue(t, market.Item{SKU: "1", Name: "Twin Stroller", Price: usd("200")}, market.Item{SKU: "2", Name: "Pram", Price: usd("90")})
	a := market.Match(&in, c, rules(t), now)
	if a.Draft != nil || codes(a.Reasons) != "item" || len(a.Suggestions) != 1 || a.Suggestions[0].Item.SKU != "1" {
		t.Errorf("got %s", pretty(a))
	}
	in.Items = nil // not a valid intent, yet no reason to fall over
	if a = market.Match(&in, c, rules(t), now); codes(a.Reasons) != "free_text" || len(a.Suggestions) != 1 {
		t.Errorf("got %s", pretty(a))
	}
}

func TestMatchEmptyCatalogue(t *testing.T) {
	in := intent(t, intentcast.Want{Name: "x", Quantity: "1"})
	if got := outcome(market.Match(&in, catalogue(t), rules(t), now)); got != "item" {
		t.Errorf("got %s", got)
	}
	if got := outcome(market.Match(nil, catalogue(t), rules(t), now)); got != "malformed" {
		t.Errorf("got %s", got)
	}
}
