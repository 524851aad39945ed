package market_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pelletier/go-toml/v2"

	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/node/market"
	"github.com/parley-network/parley/relcard"
	"github.com/parley-network/parley/relcard/terms"
)

const rulesFile = `
answer = "auto"
lead = "PT2H30M"
offer_life = "P2D"
memberships = ["Avis Wizard"]
min_order = {currency = "USD", amount = "10"}

[[areas]]
lat = 42.9634
lon = -85.6681
metres = 15000

[[areas]]
region = "US-MI"

[[categories]]
taxonomy = "shopify"
value = "baby"

[[seller]]
property = "onsite parking"
type = "bool"
value = "true"

[opening]
from = "2026-03-01T00:00:00Z"
`

func TestRulesFromTOML(t *testing.T) {
	var got market.Rules
	if err := toml.NewDecoder(strings.NewReader(rulesFile)).DisallowUnknownFields().Decode(&got); err != nil {
		t.Fatal(err)
	}
	want := market.Rules{
		Answer: market.ModeAuto, Lead: market.Duration(150 * time.Minute), OfferLife: market.Duration(48 * time.Hour),
		Memberships: []string{"Avis Wizard"}, MinOrder: ptr(usd("10")),
		Areas:      []market.Area{{Lat: 42.9634, Lon: -85.6681, Metres: 15000}, {Region: "US-MI"}},
		Categories: []intentcast.Category{{Taxonomy: "shopify", Value: "baby"}},
		Seller:     []intentcast.Attribute{yes("onsite parking")},
		Opening:    &relcard.Window{From: identity.At(time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC))},
	}
	if diff := cmp.Diff(pretty(want), pretty(got)); diff != "" {
		t.Error(diff)
	}
	if err := got.Check(); err != nil {
		t.Error(err)
	}
	b, err := json.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	var back market.Rules
	if err := json.Unmarshal(b, &back); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(pretty(got), pretty(back)); diff != "" {
		t.Error(diff)
	}
}

func TestItemThroughJSONAndTOML(t *testing.T) {
	for _, want := range shoes() {
		var a, b market.Item
		j, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(j, &a); err != nil {
			t.Fatal(err)
		}
		m, err := toml.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		if err := toml.Unmarshal(m, &b); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, a); diff != "" {
			t.Errorf("json: %s", diff)
		}
		if diff := cmp.Diff(want, b); diff != "" {
			t.Errorf("toml: %s\n%s", diff, m)
		}
	}
}

func TestRulesCheckRefuses(t *testing.T) {
	for _, tt := range []struct {
		rules market.Rules
		want  string
	}{
		{market.Rules{Answer: "sometimes"}, "answer: “sometimes”"},
		{market.Rules{Seller: []intentcast.Attribute{{Property: "x"}}}, "seller: attributes[0]"},
		{market.Rules{Accepts: []terms.Ref{{ID: "SD-BASE"}}}, "accepts[0]: "},
		{market.Rules{Areas: []market.Area{{}}}, "areas[0]: area needs one of"},
		{market.Rules{Areas: []market.Area{{Geohash: "9x0", Metres: 5}}}, "areas[0]: area needs one of"},
		{market.Rules{Areas: []market.Area{{Geohash: "aloha"}}}, "areas[0]: geohash “aloha”"},
		{market.Rules{Areas: []market.Area{{Lat: 91, Metres: 5}}}, "areas[0]: point 91, 0 is not on the earth"},
		{market.Rules{Categories: []intentcast.Category{{}}}, "categories[0]: category is empty"},
		{market.Rules{Categories: []intentcast.Category{{Value: "x"}}}, "categories[0]: category has"},
		{market.Rules{MinOrder: ptr(usd("-1"))}, "min_order: -1 USD is negative"},
		{market.Rules{Lead: -1}, "lead is negative"},
		{market.Rules{OfferLife: market.Duration(8 * 24 * time.Hour)}, "offer_life"},
		{market.Rules{Opening: window(now, now.Add(-time.Hour))}, "opening ends before it begins"},
		{market.Rules{Text: strings.Repeat("x", 2049)}, "text has 2049 bytes"},
	} {
		if err := tt.rules.Check(); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("got %v, want …%s…", err, tt.want)
		}
	}
	if err := (market.Rules{}).Check(); err != nil {
		t.Errorf("the zero rules: %v", err)
	}
}

func TestDurationText(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"PT0S": 0, "PT2H30M": 150 * time.Minute, "P3D": 72 * time.Hour, "P1DT1S": 24*time.Hour + time.Second, "PT1H1M1S": 3661 * time.Second,
	} {
		var d market.Duration
		if err := d.UnmarshalText([]byte(text)); err != nil || time.Duration(d) != want {
			t.Errorf("%s is %s: %v", text, time.Duration(d), err)
		}
		if b, err := d.MarshalText(); err != nil || string(b) != text {
			t.Errorf("%s writes as %s: %v", text, b, err)
		}
	}
	for _, text := range []string{"", "P", "PT", "P1DT", "2h30m", "P1W", "P1M", "-P1D", "PT-1H", "PT1.5H", "P999999D", "pt1h", "PT1S1M", " P1D"} {
		d := market.Duration(7)
		if err := d.UnmarshalText([]byte(text)); err == nil || d != 7 {
			t.Errorf("%q became %s", text, time.Duration(d))
		}
	}
	if _, err := market.Duration(-1).MarshalText(); err == nil {
		t.Error("a negative duration was written")
	}
}

func FuzzDuration(f *testing.F) {
	for _, s := range []string{"PT0S", "P1DT2H", "P", "PT", "P99999DT99999H99999M99999S"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		var d, again market.Duration
		if d.UnmarshalText([]byte(s)) != nil {
			return
		}
		b, err := d.MarshalText()
		if err != nil {
			t.Fatalf("%q: %v", s, err)
		}
		if err := again.UnmarshalText(b); err != nil && time.Duration(d) < 99999*24*time.Hour || err == nil && again != d {
			t.Fatalf("%q is %s, then %s: %v", s, b, time.Duration(again), err)
		}
	})
}
