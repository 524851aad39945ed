package market_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/gossip/intentcast/example"
	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/market"
	"github.com/parley-network/parley/relcard"
	"github.com/parley-network/parley/relcard/money"
	"github.com/parley-network/parley/relcard/terms"
)

var now = time.Date(2026, 3, 16, 9, 0, 0, 0, time.UTC)

func usd(amount string) money.Money { return money.Money{Currency: "USD", Amount: amount} }

func ptr[T any](v T) *T { return &v }

// did returns the did:key of a name, the same in every run.
func did(name string) identity.DID {
	seed := sha256.Sum256([]byte(name))
	return identity.KeyDID(ed25519.NewKeyFromSeed(seed[:]).Public().(ed25519.PublicKey))
}

func route() intentcast.Route {
	return intentcast.Route{
		Peer: "12D3KooWEZXjE41uU4EL2gpkAQeDXYok6wghN7wwNVPF5bwkaNfS",
		Slot: bytes.Repeat([]byte{1}, 32), Key: bytes.Repeat([]byte{2}, intentcast.ReplyKeySize),
	}
}

func agreement(t testing.TB, id string) terms.Ref {
	t.Helper()
	a, ok := terms.Lookup(id)
	if !ok {
		t.Fatalf("the roster has no %s", id)
	}
	return a.Ref
}

// intent is an open intent for wants, of a kind that any vendor answers.
func intent(t testing.TB, wants ...intentcast.Want) intentcast.Intent {
	t.Helper()
	return intentcast.Intent{
		Version: intentcast.BodyVersion, Type: intentcast.IntentType, Author: did("asker"),
		Status: intentcast.StatusOpen, Created: identity.At(now), Expires: identity.At(now.Add(time.Hour)),
		Category: intentcast.Category{Taxonomy: "parley", Value: "shop"},
		Items:    wants, Terms: []terms.Ref{agreement(t, "SD-BASE"), agreement(t, "SD-BASE-A")},
		Reply: ptr(route()),
	}
}

// rules answer everything by themselves under the intent's first terms.
func rules(t testing.TB) market.Rules {
	t.Helper()
	return market.Rules{Answer: market.ModeAuto, Accepts: []terms.Ref{agreement(t, "SD-BASE")}}
}

func catalogue(t testing.TB, items ...market.Item) *market.Catalogue {
	t.Helper()
	c, err := market.NewCatalogue(items)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func text(property, value string) intentcast.Attribute {
	return intentcast.Attribute{Property: property, Type: intentcast.TypeText, Value: value}
}

func yes(property string) intentcast.Attribute {
	return intentcast.Attribute{Property: property, Type: intentcast.TypeBool, Value: "true"}
}

func no(property string) intentcast.Attribute {
	return intentcast.Attribute{Property: property, Type: intentcast.TypeBool, Value: "false"}
}

func number(property, value, unit string) intentcast.Attribute {
	return intentcast.Attribute{Property: property, Type: intentcast.TypeNumber, Value: value, Unit: unit}
}

// like is a constraint of a's type and unit.
func like(a intentcast.Attribute, op intentcast.Op) intentcast.Constraint {
	return intentcast.Constraint{Property: a.Property, Type: a.Type, Op: op, Values: []string{a.Value}, Unit: a.Unit}
}

func require(cs ...intentcast.Constraint) intentcast.Wishes { return intentcast.Wishes{Require: cs} }

// offer completes a draft as the named vendor's node does, and checks that
// the result is a well-formed offer.
func offer(t testing.TB, d *market.Draft, vendor string) market.Received {
	t.Helper()
	o := d.Offer()
	o.Intent = dagcbor.Sum([]byte("intent"))
	o.Recipient = bytes.Repeat([]byte{3}, 32)
	o.Vendor = relcard.Party{DID: did(vendor), Name: vendor}
	o.Created, o.Route = identity.At(now), route()
	if err := o.Check(); err != nil {
		t.Fatalf("the draft makes no valid offer: %v", err)
	}
	return received(t, o)
}

func received(t testing.TB, o intentcast.Offer) market.Received {
	t.Helper()
	b, err := dagcbor.Marshal(&o)
	if err != nil {
		t.Fatal(err)
	}
	return market.Received{ID: dagcbor.Sum(b), Offer: &o}
}

func window(from, until time.Time) *relcard.Window {
	return &relcard.Window{From: identity.At(from), Until: identity.At(until)}
}

// codes lists the codes of reasons, for comparing.
func codes(reasons []market.Reason) string {
	var s []string
	for _, r := range reasons {
		s = append(s, string(r.Code))
	}
	return strings.Join(s, " ")
}

func pretty(v any) string {
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err.Error()
	}
	return string(b)
}

func cars(t testing.TB) *market.Catalogue {
	kind := intentcast.Category{Taxonomy: "parley", Value: "travel/car-rental"}
	car := func(sku, name, price, drive, body string) market.Item {
		return market.Item{
			SKU: sku, Name: name, Category: kind, Price: usd(price),
			Attributes: []intentcast.Attribute{text(example.Drive, drive), text(example.Body, body), number("seats", "5", "")},
			Extras: []market.Charge{
				{Property: "Insurance", Price: usd("89.00"), Optional: true},
				{Property: "Prepaid fuel", Price: usd("55.00"), Optional: true},
				{Property: "airport fee", Price: usd("12.00")},
			},
		}
	}
	return catalogue(t,
		car("C1", "Compact hatchback", "149.00", "fwd", "hatchback"),
		car("S1", "Toyota 4Runner", "412.00", "4WD", "SUV"),
		car("S2", "Mitsubishi Outlander", "395.50", "4wd", "suv"),
		car("S3", "Chevrolet Equinox", "289.00", "fwd", "suv"),
	)
}

// skier is the first intent of the project's mission. Its want is left
// without a name: no rental calls its cars by the asker's words.
func skier() intentcast.Intent {
	in := example.ParkCity(did("skier"), route(), now)
	in.Items[0].Name = ""
	in.Place = &intentcast.Place{Geohash: "9x0x", Radius: 40_000, Region: "US-UT", Name: "Park City"}
	return in
}

func TestSkierGetsTheCheapestFourWheelDriveSUV(t *testing.T) {
	in, r := skier(), rules(t)
	if err := in.Check(); err != nil {
		t.Fatal(err)
	}
	r.Areas = []market.Area{{Lat: 40.6461, Lon: -111.4980, Metres: 30_000}} // around Park City
	r.Memberships = []string{"HERTZ  1 club", "avis wizard"}
	r.Lead = market.Duration(2 * time.Hour)
	a := market.Match(&in, cars(t), r, now)
	if a.Draft == nil {
		t.Fatalf("no draft: %s", pretty(a.Reasons))
	}
	d := a.Draft
	if got := d.Lines[0].Line; got.SKU != "S2" || got.Price != usd("395.50") || got.Quantity != "1" {
		t.Errorf("line is %+v", got)
	}
	if d.Total != usd("407.50") || len(d.Extras) != 1 || d.Extras[0].Property != "airport fee" {
		t.Errorf("total %s with extras %v", d.Total, d.Extras)
	}
	if strings.Join(d.LeftOut, ",") != "Insurance,Prepaid fuel" {
		t.Errorf("left out: %q", d.LeftOut)
	}
	if strings.Join(d.Memberships, ",") != "Avis Wizard,Hertz 1 Club" {
		t.Errorf("memberships: %q", d.Memberships)
	}
	if *d.Fulfil != *in.Window || d.Terms != in.Terms[0] || a.Ask {
		t.Errorf("fulfil %+v, terms %s, ask %v", d.Fulfil, d.Terms, a.Ask)
	}
	ranked := market.Rank(&in, []market.Received{offer(t, d, "Wasatch Cars")}, market.Preferences{}, now)
	if !ranked[0].Acceptable || ranked[0].Reasons[0].Text != "the only offer that meets everything" {
		t.Errorf("ranked: %s", pretty(ranked[0].Reasons))
	}
}

func TestSkierIsNotSoldInsuranceThatCannotBeRemoved(t *testing.T) {
	in := skier()
	item := market.Item{
		Name: "4x4", Category: in.Category, Price: usd("100"),
		Attributes: []intentcast.Attribute{text(example.Drive, example.FourWheel), text(example.Body, example.SUV)},
		Extras:     []market.Charge{{Property: "insurance", Price: usd("0")}},
	}
	a := market.Match(&in, catalogue(t, item), rules(t), now)
	if a.Draft != nil || codes(a.Reasons) != "excluded" {
		t.Fatalf("got %s", pretty(a))
	}
	if want := "the thing wanted can't be had without “insurance”, which is excluded"; a.Reasons[0].Text != want {
		t.Errorf("reason %q, want %q", a.Reasons[0].Text, want)
	}
}

func TestStrollerWithinFiveHoursInGrandRapids(t *testing.T) {
	in := example.Stroller(did("parent"), route(), now)
	in.Items[0].Name = ""
	in.Place = &intentcast.Place{Geohash: "dpeh", Radius: 20_000, Region: "US-MI", Name: "Grand Rapids"}
	pram := func(name, price, seats string) market.Item {
		return market.Item{Name: name, Category: intentcast.Category{Taxonomy: "parley", Value: "baby/strollers/folding"}, Price: usd(price), Attributes: []intentcast.Attribute{number(example.Seats, seats, "")}}
	}
	c := catalogue(t, pram("Solo", "99", "1"), pram("Duo", "249.99", "2"), pram("Trio", "399", "3"))
	near := []market.Area{{Lat: 42.9634, Lon: -85.6681, Metres: 15_000}} // Grand Rapids
	for _, tt := range []struct {
		name  string
		rules market.Rules
		want  string // code, or the item offered
	}{
		{"around the corner in two hours", market.Rules{Areas: near, Lead: market.Duration(2 * time.Hour)}, "Duo"},
		{"around the corner tomorrow", market.Rules{Areas: near, Lead: market.Duration(24 * time.Hour)}, "window"},
		{"only from next week", market.Rules{Areas: near, Opening: &relcard.Window{From: identity.At(now.Add(7 * 24 * time.Hour))}}, "window"},
		{"the whole state", market.Rules{Areas: []market.Area{{Region: "US-MI"}}}, "Duo"},
		{"the whole country", market.Rules{Areas: []market.Area{{Region: "us"}}}, "Duo"},
		{"the cell around", market.Rules{Areas: []market.Area{{Geohash: "dpe"}}}, "Duo"},
		{"Park City", market.Rules{Areas: []market.Area{{Geohash: "9x0x"}, {Lat: 40.6, Lon: -111.5, Metres: 50_000}, {Region: "US-UT"}}}, "area"},
		{"cars only", market.Rules{Categories: []intentcast.Category{{Taxonomy: "parley", Value: "travel"}}}, "category"},
		{"everything for babies", market.Rules{Categories: []intentcast.Category{{Taxonomy: "parley", Value: "baby"}}}, "Duo"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.rules.Answer, tt.rules.Accepts = market.ModeAuto, in.Terms
			a := market.Match(&in, c, tt.rules, now)
			got := codes(a.Reasons)
			if a.Draft != nil {
				got = a.Draft.Lines[0].Line.Name
				if f := a.Draft.Fulfil; f == nil || in.Window.Until.Before(f.Until) || f.From.Std().Before(now.Add(time.Duration(tt.rules.Lead))) {
					t.Errorf("fulfil %+v", f)
				}
			}
			if got != tt.want {
				t.Errorf("got %s, want %s: %s", got, tt.want, pretty(a.Reasons))
			}
		})
	}
}
