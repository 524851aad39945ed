package api_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/node/api/apitest"
	"github.com/parley-network/parley/node/market"
	"github.com/parley-network/parley/node/view"
	"github.com/parley-network/parley/relcard"
	"github.com/parley-network/parley/relcard/money"
)

// skiing is the first intent of the mission, as JSON and as the node gets it.
const skiing = `{
	"text": "I'll be skiing in Park City from March 20-25. I want a 4-wheel-drive SUV.",
	"lang": "en",
	"category": {"taxonomy": "shopify", "value": "Vehicles/SUV"},
	"items": [{"name": "SUV", "qty": "1", "wishes": {"require": [{"property": "drive", "type": "text", "op": "eq", "values": ["4wd"]}]}}],
	"exclude": [{"property": "prepaid_fuel"}, {"property": "insurance"}],
	"place": {"geohash": "9x0q", "name": "Park City", "region": "US-UT"},
	"window": {"from": "2026-03-20T00:00:00Z", "until": "2026-03-25T00:00:00Z"},
	"memberships": ["Avis Wizard", "Budget FastBreak", "Hertz 1 Club"],
	"budget": {"cur": "USD", "amt": "500"},
	"responders": 5,
	"private": {"flight": "UA 2210"}
}`

func TestCastReachesTheNodeWithoutLoss(t *testing.T) {
	r := serve(t)
	got := r.do("POST", "/v1/intents", skiing)
	if got.status != 201 {
		t.Fatalf("status %d: %s", got.status, got.body)
	}
	var in view.Intent
	if err := json.Unmarshal([]byte(got.body), &in); err != nil || in.Root != apitest.ID("intent") {
		t.Errorf("answer is no intent: %v: %s", err, got.body)
	}
	var window relcard.Window
	if err := json.Unmarshal([]byte(`{"from": "2026-03-20T00:00:00Z", "until": "2026-03-25T00:00:00Z"}`), &window); err != nil {
		t.Fatal(err)
	}
	want := view.Want{
		Text: "I'll be skiing in Park City from March 20-25. I want a 4-wheel-drive SUV.", Language: "en",
		Category: intentcast.Category{Taxonomy: "shopify", Value: "Vehicles/SUV"},
		Items: []intentcast.Want{{Name: "SUV", Quantity: "1", Wishes: intentcast.Wishes{
			Require: []intentcast.Constraint{{Property: "drive", Type: intentcast.TypeText, Op: intentcast.OpEq, Values: []string{"4wd"}}},
		}}},
		Exclude: []intentcast.Exclusion{{Property: "prepaid_fuel"}, {Property: "insurance"}},
		Place:   &intentcast.Place{Geohash: "9x0q", Name: "Park City", Region: "US-UT"},
		Window:  &window, Budget: &money.Money{Currency: "USD", Amount: "500"},
		Memberships:   []string{"Avis Wizard", "Budget FastBreak", "Hertz 1 Club"},
		MaxResponders: 5, Private: map[string]string{"flight": "UA 2210"},
	}
	same := cmp.Comparer(func(a, b relcard.Window) bool { return a == b })
	if d := cmp.Diff(want, r.node.Asked, same); d != "" {
		t.Error(d)
	}
}

func TestRoutes(t *testing.T) {
	intent, offer, card := apitest.ID("intent").String(), apitest.ID("offer").String(), apitest.ID("card").String()
	for _, tc := range []struct {
		method, path, body string
		status             int
		call               string // the last the node saw
		has                string // in the answer
	}{
		{"GET", "/v1/status", "", 200, "status", `"name":"sample"`},
		{"GET", "/v1/peers", "", 200, "peers", `{"items":[]}`},
		{"POST", "/v1/peers", `{"address":"/ip4/10.0.0.1/udp/1/quic-v1"}`, 201, "add peer /ip4/10.0.0.1/udp/1/quic-v1", "12D3KooWOther"},
		{"GET", "/v1/intents", "", 200, "intents mine=false", apitest.ID("heard").String()},
		{"GET", "/v1/intents?mine=true", "", 200, "intents mine=true", intent},
		{"GET", "/v1/intents/" + intent, "", 200, "intent " + intent, "an SUV in Park City"},
		{"PUT", "/v1/intents/" + intent, skiing, 200, "amend " + intent, intent},
		{"POST", "/v1/intents/" + intent + "/extend", `{"for":"48h"}`, 200, "extend " + intent, intent},
		{"POST", "/v1/intents/" + intent + "/withdraw", "", 200, "withdraw " + intent, intent},
		{"POST", "/v1/intents/" + intent + "/fulfil", "", 200, "fulfil " + intent, intent},
		{"GET", "/v1/intents/" + intent + "/offers", "", 200, "offers " + intent, "the only price"},
		{"POST", "/v1/offers/" + offer + "/accept", "", 200, "accept " + offer, card},
		{"GET", "/v1/cards", "", 200, "cards", card},
		{"GET", "/v1/cards/" + card, "", 200, "card " + card, `"state":"active"`},
		{"POST", "/v1/cards/" + card + "/move", ``, 200, "move " + card, card},
		{"POST", "/v1/cards/" + card + "/end", `{"reason":"moved away"}`, 200, "end " + card + ": moved away", card},
		{"POST", "/v1/cards/" + card + "/end", `{}`, 200, "end " + card + ": ", card},
		{"GET", "/v1/cards/" + card + "/export", "", 200, "export " + card, "a CAR file"},
		{"POST", "/v1/cards/import", "a CAR file", 200, "import card of 10 bytes", `"valid":true`},
		{"GET", "/v1/vendor/rules", "", 200, "rules", "{"},
		{"PUT", "/v1/vendor/rules", `{"answer":"auto","lead":"PT2H"}`, 200, "rules", `"lead":"PT2H"`},
		{"GET", "/v1/vendor/suggestions", "", 200, "suggestions", "Minivan"},
		{"GET", "/v1/vendor/catalogue", "", 200, "catalogue after= limit=100", `{"items":[]}`},
		{"GET", "/v1/events", "", 200, "events after=0 wait=0s", `{"items":[]}`},
		{"GET", "/healthz", "", 200, "", "ok"},
		{"GET", "/metrics", "", 200, "", "parley_up 1"},
	} {
		t.Run(tc.method+" "+tc.path, func(t *testing.T) {
			r := serve(t)
			var got answer
			if tc.path == "/v1/cards/import" {
				got = r.do(tc.method, tc.path, tc.body, header("Content-Type", "application/vnd.ipld.car"))
			} else {
				got = r.do(tc.method, tc.path, tc.body)
			}
			if got.status != tc.status || !strings.Contains(got.body, tc.has) {
				t.Errorf("status %d, want %d with %q: %s", got.status, tc.status, tc.has, got.body)
			}
			if last := r.node.Last(); last != tc.call {
				t.Errorf("the node was asked %q, want %q", last, tc.call)
			}
		})
	}
}

// TestBadRequests checks that a malformed request is refused with where it is
// at fault, and never reaches the node.
func TestBadRequests(t *testing.T) {
	r := serve(t)
	for _, tc := range []struct {
		name, method, path, body string
		status                   int
		location, message        string
	}{
		{"not JSON", "POST", "/v1/intents", `{"text":`, 400, "body", "breaks off"},
		{"not an object", "POST", "/v1/intents", `[]`, 422, "body", "object"},
		{"no body", "POST", "/v1/intents", "", 400, "", ""},
		{"unknown field", "POST", "/v1/intents", `{"category":{"taxonomy":"shopify","value":"a"},"texxt":"x"}`, 422, "body.texxt", "unexpected property"},
		{"unknown field within", "POST", "/v1/intents", `{"category":{"taxonomy":"shopify","value":"a","x":1}}`, 422, "body.category.x", "unexpected property"},
		{"field twice", "POST", "/v1/intents", `{"text":"a","text":"b","category":{"taxonomy":"shopify","value":"a"}}`, 400, "body", "twice"},
		{"field in another case", "POST", "/v1/intents", `{"Text":"a","text":"b","category":{"taxonomy":"shopify","value":"a"}}`, 400, "body", "twice"},
		{"field missing", "POST", "/v1/intents", `{"text":"a"}`, 422, "body", "category"},
		{"wrong type", "POST", "/v1/intents", `{"text":7,"category":{"taxonomy":"shopify","value":"a"}}`, 422, "body.text", "string"},
		{"negative cap", "POST", "/v1/intents", `{"responders":-1,"category":{"taxonomy":"shopify","value":"a"}}`, 422, "body.responders", ""},
		{"no time", "POST", "/v1/intents", `{"window":{"from":"tomorrow"},"category":{"taxonomy":"shopify","value":"a"}}`, 422, "body.window.from", "RFC 3339"},
		{"two values", "POST", "/v1/peers", `{"address":"a"}{"address":"b"}`, 400, "body", "more after"},
		{"deep", "POST", "/v1/peers", `{"address":` + strings.Repeat("[", 60) + strings.Repeat("]", 60) + `}`, 400, "body", "deep"},
		{"long address", "POST", "/v1/peers", `{"address":"` + strings.Repeat("x", 2000) + `"}`, 422, "body.address", "1024"},
		{"large body", "POST", "/v1/intents", `{"text":"` + strings.Repeat("x", 70<<10) + `"}`, 413, "", ""},
		{"no CID", "GET", "/v1/intents/abc", "", 422, "path.id", ""},
		{"CIDv0", "GET", "/v1/cards/QmdfTbBqBPQ7VNxZEYEj14VmRuZBkqFbiwReogJgS1zR1n", "", 422, "path.id", ""},
		{"unknown query", "GET", "/v1/intents?mien=true", "", 422, "query.mien", "unknown"},
		{"no truth value", "GET", "/v1/intents?mine=perhaps", "", 422, "query.mine", "boolean"},
		{"too long a page", "GET", "/v1/vendor/catalogue?limit=100000", "", 422, "query.limit", "1000"},
		{"too long a wait", "GET", "/v1/events?wait=3600", "", 422, "query.wait", "60"},
		{"catalogue of JSON", "POST", "/v1/vendor/catalogue", "{}", 415, "", "text/csv"},
		{"nothing there", "GET", "/v1/nothing", "", 404, "", ""},
		{"wrong method", "DELETE", "/v1/status", "", 405, "", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			before := len(r.node.Asks())
			got := r.do(tc.method, tc.path, tc.body)
			if got.status != tc.status {
				t.Fatalf("status %d, want %d: %s", got.status, tc.status, got.body)
			}
			p := got.problem(t)
			if len(r.node.Asks()) != before {
				t.Errorf("reached the node: %s", r.node.Last())
			}
			if !strings.Contains(got.body, tc.message) {
				t.Errorf("does not say %q: %s", tc.message, got.body)
			}
			if tc.location == "" {
				return
			}
			for _, e := range p.Errors {
				if e.Location == tc.location {
					return
				}
			}
			t.Errorf("does not say where, want %s: %s", tc.location, got.body)
		})
	}
}

func TestWrongMethodSaysWhichIsRight(t *testing.T) {
	got := serve(t).do("DELETE", "/v1/peers", "")
	if allow := got.header.Get("Allow"); !strings.Contains(allow, "POST") || !strings.Contains(allow, "GET") {
		t.Errorf("Allow: %q", allow)
	}
}

// TestAnswersDoNotRepeatWhatWasSent guards private details: answers end up in
// logs.
func TestAnswersDoNotRepeatWhatWasSent(t *testing.T) {
	r := serve(t)
	for _, body := range []string{
		`{"text":"a","private":{"flight":7,"hotel":"SECRET"},"category":{"taxonomy":"shopify","value":"a"}}`,
		`{"private":{"hotel":"SECRET"}`,
		`{"private":"SECRET","category":{"taxonomy":"shopify","value":"a"}}`,
	} {
		got := r.do("POST", "/v1/intents", body)
		if got.status < 400 || strings.Contains(got.body, "SECRET") {
			t.Errorf("status %d: %s", got.status, got.body)
		}
	}
}

func TestErrorsOfTheNode(t *testing.T) {
	for _, tc := range []struct {
		err      error
		status   int
		location string
	}{
		{fmt.Errorf("card x: %w", view.ErrNotFound), 404, ""},
		{fmt.Errorf("%w: bad", view.ErrInvalid), 422, ""},
		{fmt.Errorf("cast: %w", view.Invalid("items[0].qty", "is not a positive decimal")), 422, "body.items[0].qty"},
		{fmt.Errorf("card is frozen: %w", view.ErrConflict), 409, ""},
		{view.ErrUnavailable, 503, ""},
		{fmt.Errorf("store: %w", view.ErrFull), 507, ""},
		{errors.New("the disk is on fire"), 500, ""},
	} {
		t.Run(tc.err.Error(), func(t *testing.T) {
			r := serve(t)
			r.node.Err = tc.err
			got := r.do("GET", "/v1/status", "")
			p := got.problem(t)
			if got.status != tc.status || p.Detail != tc.err.Error() {
				t.Errorf("status %d, want %d: %s", got.status, tc.status, got.body)
			}
			if tc.location != "" && (len(p.Errors) != 1 || p.Errors[0].Location != tc.location) {
				t.Errorf("errors: %s", got.body)
			}
		})
	}
}

func TestRulesAreChecked(t *testing.T) {
	r := serve(t)
	if got := r.do("PUT", "/v1/vendor/rules", `{"answer":"perhaps"}`); got.status != 422 || !strings.Contains(got.body, "perhaps") {
		t.Errorf("status %d: %s", got.status, got.body)
	}
	if d := cmp.Diff(market.Rules{}, r.node.Policy); d != "" {
		t.Errorf("refused rules were set: %s", d)
	}
}
