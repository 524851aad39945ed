package market_test

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/node/market"
)

func TestContradictoryWishesHaveNoAnswer(t *testing.T) {
	exists := func(p string) intentcast.Constraint {
		return intentcast.Constraint{Property: p, Op: intentcast.OpExists}
	}
	eq, ne := intentcast.OpEq, intentcast.OpNe
	bools := func(p string, values ...string) intentcast.Constraint {
		return intentcast.Constraint{Property: p, Type: intentcast.TypeBool, Op: intentcast.OpIn, Values: values}
	}
	for _, tt := range []struct {
		name    string
		require []intentcast.Constraint
		exclude string
		want    bool
	}{
		{"must be there, must not be true", []intentcast.Constraint{exists("vegan"), like(yes("vegan"), ne)}, "", true},
		{"in another spelling", []intentcast.Constraint{like(no("VEGAN"), eq), exists("vegan")}, "", true},
		{"true and false", []intentcast.Constraint{like(yes("vegan"), eq), like(no("vegan"), eq)}, "", true},
		{"false twice", []intentcast.Constraint{like(yes("vegan"), ne), like(no("vegan"), eq)}, "", false},
		{"of a value, and not there", []intentcast.Constraint{like(text("colour", "red"), eq), like(no("colour"), eq)}, "", true},
		{"of a value and not of it", []intentcast.Constraint{like(text("colour", "red"), eq), like(text("colour", "RED"), ne)}, "", true},
		{"of a value and not of another", []intentcast.Constraint{like(text("colour", "red"), eq), like(text("colour", "blue"), ne)}, "", false},
		{"red and blue", []intentcast.Constraint{like(text("colour", "red"), eq), like(text("colour", "blue"), eq)}, "", false},
		{"of different units", []intentcast.Constraint{like(number("size", "1", "kg"), eq), like(number("size", "1", "m"), ne)}, "", false},
		{"of different things", []intentcast.Constraint{exists("vegan"), like(yes("leather"), ne)}, "", false},
		{"required and excluded", []intentcast.Constraint{exists("leather")}, "Leather", true},
		{"excluded twice", []intentcast.Constraint{like(yes("leather"), ne)}, "leather", false},
		{"either, and excluded", []intentcast.Constraint{bools("leather", "true", "false")}, "leather", false},
		{"either, and false", []intentcast.Constraint{bools("leather", "true", "false"), like(no("leather"), eq)}, "", false},
		{"only false, and there", []intentcast.Constraint{bools("leather", "false"), exists("leather")}, "", true},
	} {
		in := intent(t, intentcast.Want{Name: "Trail Runner", Quantity: "1", Wishes: require(tt.require...)})
		if tt.exclude != "" {
			in.Exclude = []intentcast.Exclusion{{Property: tt.exclude}}
		}
		got := market.Contradictions(&in)
		if (len(got) > 0) != tt.want {
			t.Errorf("%s: %v", tt.name, got)
		}
		c, err := market.NewCatalogue(shoes())
		if err != nil {
			t.Fatal(err)
		}
		a := market.Match(&in, c, rules(t), now)
		if tt.want && (a.Draft != nil || a.Reasons[0].Code != market.CodeContrary || a.Reasons[0].On == "" || a.Reasons[0].Text == "") {
			t.Errorf("%s: matched with %+v", tt.name, a)
		}
	}
	seller := intent(t, intentcast.Want{Name: "Trail Runner", Quantity: "1"})
	seller.Seller = require(exists("certified"), like(no("certified"), eq))
	if got := market.Contradictions(&seller); len(got) != 1 || got[0].On != "seller.require[1]" {
		t.Errorf("of the seller: %v", got)
	}
}

// What is called a contradiction no offer meets, whatever it states.
func TestContradictionsAreMetByNothing(t *testing.T) {
	found := 0
	c, err := market.NewCatalogue([]market.Item{{SKU: "A", Name: "Cup", Price: usd("1"), Category: intentcast.Category{Taxonomy: "parley", Value: "shop"}}})
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(rt *rapid.T) {
		plain := intent(t, intentcast.Want{Name: "Cup", Quantity: "1"})
		draft := market.Match(&plain, c, rules(t), now).Draft
		if draft == nil {
			rt.Fatal("no draft of a cup")
		}
		in := plain
		in.Items = []intentcast.Want{{Name: "Cup", Quantity: "1", Wishes: require(rapid.SliceOfN(rapid.Custom(genConstraint), 2, 4).Draw(rt, "require")...)}}
		for _, p := range rapid.SliceOfN(genProperty, 0, 1).Draw(rt, "exclude") {
			in.Exclude = []intentcast.Exclusion{{Property: p}}
		}
		if len(market.Contradictions(&in)) == 0 {
			return
		}
		found++
		draft.Lines[0].Attributes = rapid.SliceOfN(rapid.Custom(genAttribute), 0, 5).Draw(rt, "attributes")
		o := draft.Offer()
		if got := market.Rank(&in, []market.Received{{Offer: &o}}, market.Preferences{}, now); got[0].Acceptable {
			rt.Fatalf("%s\nis met by %s", pretty(in.Items), pretty(draft.Lines))
		}
	})
	if found == 0 {
		t.Error("no contradiction was ever drawn")
	}
}

// An item that says it comes without what it charges for is offered with it,
// and to nobody who wants it without.
func TestWhatIsChargedForIsThere(t *testing.T) {
	kind := intentcast.Category{Taxonomy: "parley", Value: "shop"}
	c, err := market.NewCatalogue([]market.Item{{SKU: "C", Name: "Car", Price: usd("50"), Category: kind,
		Attributes: []intentcast.Attribute{no("insurance")}, Extras: []market.Charge{{Property: "insurance", Price: usd("9")}}}})
	if err != nil {
		t.Fatal(err)
	}
	for op, want := range map[intentcast.Op]string{intentcast.OpEq: "C 59 USD", intentcast.OpNe: "attribute"} {
		in := intent(t, intentcast.Want{Name: "Car", Quantity: "1", Wishes: require(like(yes("insurance"), op))})
		if got := outcome(market.Match(&in, c, rules(t), now)); got != want {
			t.Errorf("insurance %s true: %s, want %s", op, got, want)
		}
	}
}
