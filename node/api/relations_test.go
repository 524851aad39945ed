package api_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/api/apitest"
	"github.com/parley-network/parley/node/view"
	"github.com/parley-network/parley/relcard/archive"
)

const (
	carKind   = "application/vnd.ipld.car"
	vcardKind = "text/vcard"
)

// asking is one request, and what comes of it.
type asking struct {
	method, path, body string
	kind               string // of the body; "" is JSON
	status             int
	call               string // what the node was asked last
	has                string // part of the answer
	looks              bool   // the read-only token may, although it is no GET
}

func (a asking) do(r *running, with ...func(*http.Request)) answer {
	if a.kind != "" {
		with = append(with, header("Content-Type", a.kind))
	}
	return r.do(a.method, a.path, a.body, with...)
}

// relations are requests to every route of the three interfaces of
// relations.go.
func relations() []asking {
	card, talk, offer, intent := apitest.ID("card").String(), apitest.ID("proffer").String(), apitest.ID("offer").String(), apitest.ID("intent").String()
	demand := apitest.ID("demand").String()
	c := "/v1/cards/" + card
	policy := `{"v":1,"channels":{"` + card + `":{"rules":[{"name":"big","when":"event.amount > 100.0","do":"notify"}]}}}`
	return []asking{
		{method: "POST", path: c + "/rotate", status: 200, call: "rotate " + card, has: `"number":2`},
		{method: "POST", path: "/v1/cards/rotate", status: 200, call: "rotate all", has: card},
		{method: "POST", path: "/v1/vendor/rotate", status: 200, call: "rotate vendor", has: `"told":`},
		{method: "GET", path: "/v1/vendors", status: 200, call: "vendors", has: `"button":"both"`},
		{method: "GET", path: "/v1/vendors/" + shop, status: 200, call: "vendor " + shop, has: "Shop"},
		{method: "GET", path: "/v1/button?vendor=" + shop, status: 200, call: "button " + shop, has: `{"state":"both","symbol":"◖━◗","words":"You and the vendor have agreed"}`},
		{method: "GET", path: "/v1/button?vendor=did:key:z6Mk", status: 200, call: "button did:key:z6Mk", has: `"state":"none"`},
		{method: "POST", path: "/v1/negotiations", body: `{"vendor":"` + shop + `","agreements":["SD-BASE"]}`, status: 201, call: "proffer to " + shop, has: talk},
		{method: "GET", path: "/v1/negotiations", status: 200, call: "negotiations", has: `"state":"countered"`},
		{method: "GET", path: "/v1/negotiations/" + talk, status: 200, call: "negotiation " + talk, has: talk},
		{method: "POST", path: "/v1/negotiations/" + talk + "/accept", body: `{}`, status: 200, call: "decide " + talk + " true: ", has: talk},
		{method: "POST", path: "/v1/negotiations/" + talk + "/decline", body: `{"reason":"too much"}`, status: 200, call: "decide " + talk + " false: too much", has: talk},
		{method: "GET", path: "/v1/preferences", status: 200, call: "preferences", has: `"always":["SD-BASE"]`},
		{method: "PUT", path: "/v1/preferences", body: `{"default":{"never":["SD-BASE-ATP"]}}`, status: 200, call: "preferences", has: `{"default":{"never":["SD-BASE-ATP"]}}`},
		{method: "POST", path: c + "/amend", body: `{"terms":"SD-BASE-A"}`, status: 200, call: "amend card " + card, has: card},
		{method: "POST", path: c + "/sign", status: 200, call: "sign card " + card, has: card},
		{method: "POST", path: c + "/decline", body: `{"reason":"no"}`, status: 200, call: "decline card " + card + ": no", has: card},
		{method: "GET", path: c + "/relationship", status: 200, call: "relationship " + card, has: "proffers SD-BASE"},
		{method: "POST", path: c + "/may", body: `{"practice":"analytics"}`, status: 200, call: "may " + card + ": analytics", has: `"allowed":true`, looks: true},
		{method: "GET", path: c + "/terms", status: 200, call: "export terms " + card + " as odrl", has: "Agreement"},
		{method: "GET", path: c + "/terms?format=kantara", status: 200, call: "export terms " + card + " as kantara", has: "Agreement"},
		{method: "GET", path: c + "/dispute", status: 200, call: "dispute " + card + " []", has: "CAR file"},
		{method: "GET", path: c + "/dispute?item=1&item=2", status: 200, call: "dispute " + card + " [1 2]", has: "CAR file"},
		{method: "POST", path: "/v1/disputes/verify", body: "a file", kind: carKind, status: 200, call: "verify dispute of 6 bytes", has: "both copies agree", looks: true},

		{method: "GET", path: "/v1/profile", status: 200, call: "profile", has: `"value":{"full":"Main St 1, Park City"}`},
		{method: "PUT", path: "/v1/profile/piece?path=addresses/home", body: `{"value":{"full":"Main St 1"}}`, status: 200, call: "set piece addresses/home", has: `"confirmed":1`},
		{method: "PUT", path: "/v1/profile/piece?path=emails%2Fwork", body: `{"text":"a@b.example"}`, status: 200, call: "set piece emails/work", has: `"id":"c1"`},
		{method: "DELETE", path: "/v1/profile/piece?path=addresses/home", status: 204, call: "remove piece addresses/home"},
		{method: "POST", path: "/v1/profile/import?format=vcard&quiet=true", body: "BEGIN:VCARD", kind: vcardKind, status: 200, call: "import vcard of 11 bytes quiet=true", has: `"dropped":["photo"]`},
		{method: "GET", path: "/v1/profile/export", status: 200, call: "export profile as jscontact", has: `"@type":"Card"`},
		{method: "GET", path: "/v1/profile/export?format=vcard", status: 200, call: "export profile as vcard", has: "Card"},
		{method: "GET", path: "/v1/changes", status: 200, call: "changes", has: `"confirmed":1`},
		{method: "GET", path: "/v1/changes/c1", status: 200, call: "change c1", has: `"state":"confirmed"`},
		{method: "POST", path: "/v1/changes/c1/undo", status: 200, call: "undo change c1", has: `"id":"c1"`},

		{method: "POST", path: c + "/share", body: `{"paths":["addresses/home"],"purpose":["delivery"]}`, status: 201, call: "share under " + card, has: `"item":7`},
		{method: "POST", path: c + "/retract", body: `{"items":[7],"reason":"moved"}`, status: 200, call: "retract [7] under " + card + ": moved", has: `"item":7`},
		{method: "GET", path: "/v1/shared", status: 200, call: "shared card= path=", has: `"purpose":["delivery"]`},
		{method: "GET", path: "/v1/shared?card=" + card + "&path=addresses/home", status: 200, call: "shared card=" + card + " path=addresses/home", has: "Shop"},
		{method: "POST", path: c + "/demands", body: `{"what":"delete"}`, status: 201, call: "demand delete under " + card, has: demand},
		{method: "GET", path: "/v1/letters", status: 200, call: "letters", has: `"held_by":"12D3KooWOther"`},
		{method: "GET", path: "/v1/letters?card=" + card, status: 200, call: "letters of " + card, has: `"state":"held"`},
		{method: "GET", path: "/v1/demands", status: 200, call: "demands card=", has: demand},
		{method: "GET", path: "/v1/demands?card=" + card, status: 200, call: "demands card=" + card, has: demand},
		{method: "POST", path: c + "/comply", body: `{"demand":"` + demand + `","did":"deleted"}`, status: 200, call: "comply with " + demand + " under " + card, has: demand},
		{method: "POST", path: "/v1/offers/" + offer + "/release", body: `{"names":["flight"]}`, status: 200, call: "release [flight] to " + offer, has: "UA 2210"},
		{method: "POST", path: "/v1/intents/" + intent + "/extend", body: `{"for":"48h"}`, status: 200, call: "extend " + intent, has: intent},
		{method: "GET", path: "/v1/intents/" + intent + "/released", status: 200, call: "released " + intent, has: "UA 2210"},
		{method: "POST", path: "/v1/leaks/check", body: `{"value":"Main St 1"}`, status: 200, call: "check leak Main St 1", has: `"certain":true`, looks: true},
		{method: "GET", path: c + "/evidence?item=7", status: 200, call: "evidence " + card + " 7", has: "CAR file"},

		{method: "POST", path: "/v1/wants", body: `{"every":"RRULE:FREQ=DAILY","want":` + skiing + `}`, status: 201, call: "add want RRULE:FREQ=DAILY", has: `"id":"w1"`},
		{method: "GET", path: "/v1/wants", status: 200, call: "wants", has: `"every":"RRULE:FREQ=WEEKLY;BYDAY=MO"`},
		{method: "GET", path: "/v1/wants/w1", status: 200, call: "want w1", has: "can be met now"},
		{method: "POST", path: "/v1/wants/w1/pause", status: 200, call: "pause want w1 true", has: `"id":"w1"`},
		{method: "POST", path: "/v1/wants/w1/resume", status: 200, call: "pause want w1 false", has: `"id":"w1"`},
		{method: "DELETE", path: "/v1/wants/w1", status: 204, call: "remove want w1"},

		{method: "GET", path: "/v1/programmes", status: 200, call: "programmes reveal=false", has: `"tier":"gold"`},
		{method: "PUT", path: "/v1/programmes", body: `{"name":"Avis Wizard","number":"123"}`, status: 204, call: "put programme Avis Wizard"},
		{method: "DELETE", path: "/v1/programmes?name=Hertz%201%20Club", status: 204, call: "remove programme Hertz 1 Club"},
		{method: "POST", path: c + "/loyalty", body: `{"level":"regular"}`, status: 200, call: "state loyalty regular under " + card, has: card},

		{method: "GET", path: "/v1/channels", status: 200, call: "channels", has: `"from":"default"`},
		{method: "GET", path: c + "/channel", status: 200, call: "channel " + card, has: `"unread":1`},
		{method: "PUT", path: c + "/channel", body: `{"open":false}`, status: 200, call: "set channel " + card + " open=false", has: card},
		{method: "GET", path: "/v1/channels/policy", status: 200, call: "channel policy", has: "Europe/Berlin"},
		{method: "PUT", path: "/v1/channels/policy", body: policy, status: 200, call: "channel policy", has: `"when":"event.amount > 100.0"`},
		{method: "POST", path: c + "/events", body: `{"kind":"message","id":"m1","data":{"title":"Hello"}}`, status: 201, call: "send message under " + card, has: `{"id":"m1"}`},
		{method: "POST", path: c + "/events/try", body: `{"kind":"offer","data":{"title":"Skis","amount":{"cur":"USD","amt":"20"}}}`, status: 200, call: "try offer under " + card, has: `"action":"inbox"`, looks: true},
		{method: "GET", path: "/v1/inbox", status: 200, call: "inbox unread=false", has: "Your skis are ready"},
		{method: "GET", path: "/v1/inbox?unread=true", status: 200, call: "inbox unread=true", has: `"event":{"id":"e1"}`},
		{method: "POST", path: "/v1/inbox/read", body: `{"id":"e1"}`, status: 204, call: "mark read e1"},
		{method: "GET", path: "/v1/receipts", status: 200, call: "receipts", has: `{"send":false}`},
		{method: "PUT", path: "/v1/receipts", body: `{"send":true}`, status: 200, call: "receipts", has: `{"send":true}`},
		{method: "GET", path: "/v1/digest/schedule", status: 200, call: "digest schedule", has: `"hour":8`},
		{method: "PUT", path: "/v1/digest/schedule", body: `{"hour":7}`, status: 200, call: "digest schedule", has: `{"hour":7}`},
		{method: "GET", path: "/v1/digest", status: 200, call: "digest", has: `"waiting":3`},
		{method: "GET", path: "/v1/subscriptions", status: 200, call: "subscriptions", has: `"every":"P1M"`},
		{method: "GET", path: "/v1/agenda", status: 200, call: "agenda", has: "Skis renew"},
		{method: "GET", path: "/v1/calendar.ics", status: 200, call: "calendar", has: "BEGIN:VCALENDAR"},
	}
}

func TestRelationRoutes(t *testing.T) {
	for _, tc := range relations() {
		t.Run(tc.method+" "+tc.path, func(t *testing.T) {
			r := serve(t)
			got := tc.do(r)
			if got.status != tc.status || !strings.Contains(got.body, tc.has) {
				t.Errorf("status %d, want %d with %q: %s", got.status, tc.status, tc.has, got.body)
			}
			if tc.status == 204 && got.body != "" {
				t.Errorf("204 with a body: %s", got.body)
			}
			if last := r.node.Last(); last != tc.call {
				t.Errorf("the node was asked %q, want %q", last, tc.call)
			}
		})
	}
}

// TestEveryRelationRouteIsTried holds the table above against the document:
// what it leaves out are the routes there were before.
func TestEveryRelationRouteIsTried(t *testing.T) {
	d, _ := openapi(t)
	before := []string{"/v1/status", "/v1/peers", "/v1/intents", "/v1/intents/{id}", "/v1/intents/{id}/withdraw", "/v1/intents/{id}/fulfil",
		"/v1/intents/{id}/offers", "/v1/offers/{id}/accept", "/v1/cards", "/v1/cards/{id}", "/v1/cards/{id}/end", "/v1/cards/{id}/move", "/v1/cards/{id}/export",
		"/v1/cards/import", "/v1/vendor/catalogue", "/v1/vendor/rules", "/v1/vendor/suggestions", "/v1/events", "/v1/events/stream"}
	all := append(relations(), finding()...)
	for path, ops := range d.Paths {
		for method := range ops {
			tried := slices.ContainsFunc(all, func(a asking) bool {
				p, _, _ := strings.Cut(a.path, "?")
				return strings.EqualFold(a.method, method) && fits(path, p)
			})
			if !tried && !slices.Contains(before, path) {
				t.Errorf("%s %s is not tried", method, path)
			}
		}
	}
}

// fits reports whether a path is one of a template's, such as /v1/cards/{id}.
func fits(template, path string) bool {
	a, b := strings.Split(template, "/"), strings.Split(path, "/")
	return slices.EqualFunc(a, b, func(part, is string) bool { return strings.HasPrefix(part, "{") || part == is })
}

func TestFilesSayWhatTheyAre(t *testing.T) {
	r := serve(t)
	c := "/v1/cards/" + apitest.ID("card").String()
	for path, kind := range map[string]string{
		c + "/terms":                         "application/ld+json",
		c + "/terms?format=iso27560":         "application/ld+json",
		c + "/terms?format=kantara":          "application/json",
		c + "/dispute":                       carKind,
		c + "/evidence?item=7":               carKind,
		c + "/export":                        carKind,
		"/v1/profile/export":                 "application/jscontact+json",
		"/v1/profile/export?format=vcard":    "text/vcard; charset=utf-8",
		"/v1/calendar.ics":                   "text/calendar; charset=utf-8",
		"/v1/vendors":                        "application/json",
		"/v1/cards?" + url.Values{}.Encode(): "application/json",
	} {
		got := r.do("GET", path, "")
		if is := got.header.Get("Content-Type"); got.status != 200 || is != kind {
			t.Errorf("%s: status %d, Content-Type %q, want %q", path, got.status, is, kind)
		}
	}
}

// TestErrorsOfTheNodeOnEveryRoute has the node refuse, and fail, on each.
func TestErrorsOfTheNodeOnEveryRoute(t *testing.T) {
	r := serve(t)
	for _, tc := range relations() {
		for err, status := range map[error]int{
			fmt.Errorf("card: %w", view.ErrNotFound):         404,
			fmt.Errorf("not in force: %w", view.ErrConflict): 409,
			view.Invalid("items[0]", "is none of yours"):     422,
			errors.New("the disk is on fire"):                500,
		} {
			r.node.Err = err
			got := tc.do(r)
			if p := got.problem(t); got.status != status || p.Detail != err.Error() {
				t.Errorf("%s %s: status %d, want %d: %s", tc.method, tc.path, got.status, status, got.body)
			}
		}
	}
}

// TestNobodyThere asks after things that are not there.
func TestNobodyThere(t *testing.T) {
	r := serve(t)
	other := apitest.ID("another").String()
	for _, path := range []string{
		"/v1/vendors/did:web:elsewhere.example", "/v1/negotiations/" + other, "/v1/changes/c2", "/v1/changes/", "/v1/profile/addresses/home",
		"/v1/cards/" + other + "/relationship", "/v1/cards/" + other + "/dispute", "/v1/cards/" + other + "/channel", "/v1/cards/" + other + "/terms",
	} {
		if got := r.do("GET", path, ""); got.problem(t).Status != 404 {
			t.Errorf("%s: status %d: %s", path, got.status, got.body)
		}
	}
}

func TestBadRelationRequests(t *testing.T) {
	r := serve(t)
	c := "/v1/cards/" + apitest.ID("card").String()
	long := strings.Repeat("x", 5000)
	for _, tc := range []struct {
		name, method, path, body string
		status                   int
		message                  string
	}{
		{"no vendor for the button", "GET", "/v1/button", "", 422, "query.vendor"},
		{"empty vendor for the button", "GET", "/v1/button?vendor=", "", 422, "query.vendor"},
		{"long vendor", "GET", "/v1/vendors/did:web:" + long, "", 422, "path.did"},
		{"no agreements", "POST", "/v1/negotiations", `{"vendor":"did:web:a"}`, 422, "agreements"},
		{"empty agreements", "POST", "/v1/negotiations", `{"vendor":"did:web:a","agreements":[]}`, 422, "body.agreements"},
		{"many agreements", "POST", "/v1/negotiations", `{"agreements":["1","2","3","4","5","6","7","8","9"]}`, 422, "body.agreements"},
		{"long reason", "POST", "/v1/negotiations/" + apitest.ID("proffer").String() + "/decline", `{"reason":"` + long + `"}`, 422, "body.reason"},
		{"unknown preference", "PUT", "/v1/preferences", `{"defualt":{}}`, 422, "body.defualt"},
		{"preference outside the roster", "PUT", "/v1/preferences", `{"default":{"always":["MINE"]}}`, 422, "MINE"},
		{"unknown format of terms", "GET", c + "/terms?format=pdf", "", 422, "query.format"},
		{"item that is no number", "GET", c + "/dispute?item=x", "", 422, "query.item"},
		{"no item for evidence", "GET", c + "/evidence", "", 422, "query.item"},
		{"no path of a piece", "PUT", "/v1/profile/piece", `{"text":"x"}`, 422, "query.path"},
		{"long path of a piece", "DELETE", "/v1/profile/piece?path=" + long, "", 422, "query.path"},
		{"no format of a profile", "POST", "/v1/profile/import", `{}`, 422, "query.format"},
		{"nothing to import", "POST", "/v1/profile/import?format=vcard", "", 400, ""},
		{"unknown format of a profile", "GET", "/v1/profile/export?format=xls", "", 422, "query.format"},
		{"share nothing", "POST", c + "/share", `{"paths":[],"purpose":["delivery"]}`, 422, "body.paths"},
		{"share for nothing", "POST", c + "/share", `{"paths":["name"],"purpose":[]}`, 422, "body.purpose"},
		{"retract nothing", "POST", c + "/retract", `{"items":[]}`, 422, "body.items"},
		{"retract null", "POST", c + "/retract", `{"items":null}`, 422, "body.items"},
		{"retract below zero", "POST", c + "/retract", `{"items":[-1]}`, 422, "body.items[0]"},
		{"unknown demand", "POST", c + "/demands", `{"what":"burn"}`, 422, "body.what"},
		{"unknown answer to a demand", "POST", c + "/comply", `{"demand":"","did":"nothing"}`, 422, "body.did"},
		{"shared under no CID", "GET", "/v1/shared?card=abc", "", 422, "query.card"},
		{"release nothing", "POST", "/v1/offers/" + apitest.ID("offer").String() + "/release", `{"names":[]}`, 422, "body.names"},
		{"check no value", "POST", "/v1/leaks/check", `{"value":""}`, 422, "body.value"},
		{"check a long value", "POST", "/v1/leaks/check", `{"value":"` + long + `"}`, 422, "body.value"},
		{"no programme to forget", "DELETE", "/v1/programmes", "", 422, "query.name"},
		{"unknown loyalty", "POST", c + "/loyalty", `{"level":"owned"}`, 422, "body.level"},
		{"unknown kind of event", "POST", c + "/events", `{"kind":"spam","data":{"title":"x"}}`, 422, "body.kind"},
		{"event without data", "POST", c + "/events/try", `{"kind":"offer"}`, 422, "data"},
		{"no entry to mark", "POST", "/v1/inbox/read", `{"id":""}`, 422, "body.id"},
		{"policy of a thing that is no card", "PUT", "/v1/channels/policy", `{"v":1,"channels":{"abc":{}}}`, 422, "abc"},
		{"policy's rule twice", "PUT", "/v1/channels/policy", `{"v":1,"v":1}`, 400, "twice"},
		{"yes as text", "PUT", "/v1/receipts", `{"send":"yes"}`, 422, "body.send"},
		{"hour as text", "PUT", "/v1/digest/schedule", `{"hour":"8"}`, 422, "body.hour"},
		{"dispute in a URL's stead", "GET", "/v1/disputes/verify", "", 405, "POST"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			before := len(r.node.Asks())
			got := r.do(tc.method, tc.path, tc.body)
			if got.problem(t); got.status != tc.status || !strings.Contains(got.body, tc.message) {
				t.Errorf("status %d, want %d with %q: %.600s", got.status, tc.status, tc.message, got.body)
			}
			if len(r.node.Asks()) != before {
				t.Errorf("reached the node: %s", r.node.Last())
			}
		})
	}
}

// TestFilesAreBounded sends the largest files that are read, and larger ones.
func TestFilesAreBounded(t *testing.T) {
	r := serve(t)
	for _, tc := range []struct {
		path, kind string
		most       int
	}{
		{"/v1/disputes/verify", carKind, archive.MaxDispute},
		{"/v1/cards/import", carKind, archive.MaxSize},
		{"/v1/profile/import?format=vcard", vcardKind, 1 << 20},
	} {
		file := strings.Repeat("x", tc.most+1)
		if got := r.do("POST", tc.path, file[:tc.most], header("Content-Type", tc.kind)); got.status != 200 || !strings.Contains(r.node.Last(), fmt.Sprint(tc.most)) {
			t.Errorf("%s: %d bytes: status %d: %s", tc.path, tc.most, got.status, r.node.Last())
		}
		if got := r.do("POST", tc.path, file, header("Content-Type", tc.kind)); got.status != 413 {
			t.Errorf("%s: %d bytes: status %d", tc.path, len(file), got.status)
		}
	}
}

// TestPolicyMayBeLarge sends preferences for many cards.
func TestPolicyMayBeLarge(t *testing.T) {
	r := serve(t)
	var b strings.Builder
	for i := range 5000 {
		fmt.Fprintf(&b, `,"%s":{"closed":true}`, apitest.ID(fmt.Sprint("card ", i)))
	}
	got := r.do("PUT", "/v1/channels/policy", `{"v":1,"channels":{`+b.String()[1:]+`}}`)
	if got.status != 200 || len(r.node.Filter.Channels) != 5000 {
		t.Errorf("status %d, %d channels: %.300s", got.status, len(r.node.Filter.Channels), got.body)
	}
}

// TestWantsReachTheNodeWithoutLoss compares what the node was given with what
// was sent, where it is more than ids and texts.
func TestWantsReachTheNodeWithoutLoss(t *testing.T) {
	c := "/v1/cards/" + apitest.ID("card").String()
	when := `"2026-03-20T09:00:00Z"`
	for _, tc := range []struct {
		method, path, body string
		want               any
	}{
		{"POST", "/v1/negotiations", `{"card":"` + apitest.ID("card").String() + `","agreements":["SD-BASE","SD-BASE-A"],"jurisdiction":"US-UT","location":"9x0q","text":"hi","expires":` + when + `}`,
			view.ProfferWant{Card: apitest.ID("card"), Agreements: []string{"SD-BASE", "SD-BASE-A"}, Jurisdiction: "US-UT", Location: "9x0q", Text: "hi", Expires: apitest.When}},
		{"PUT", "/v1/profile/piece?path=name", `{"value":{"a":[1,null,"x"]},"from":` + when + `,"cards":["` + apitest.ID("card").String() + `"],"quiet":true}`,
			view.ChangeWant{Value: []byte(`{"a":[1,null,"x"]}`), From: apitest.When, Cards: []dagcbor.CID{apitest.ID("card")}, Quiet: true}},
		{"POST", c + "/share", `{"paths":["name"],"purpose":["support"],"until":` + when + `,"canary":"alias","replace":true}`,
			view.ShareWant{Paths: []string{"name"}, Purpose: []string{"support"}, Until: apitest.When, Canary: "alias", Replace: true}},
		{"POST", c + "/demands", `{"what":"copy","items":[1,18446744073709551615],"deadline":` + when + `,"reason":"why"}`,
			view.DemandWant{What: "copy", Items: []uint64{1, 1<<64 - 1}, Deadline: apitest.When, Reason: "why"}},
		{"POST", c + "/may", `{"practice":"profiling","field":"emails/home","third":true}`, view.MayAsk{Practice: "profiling", Field: "emails/home", Third: true}},
		{"PUT", "/v1/programmes", `{"name":"A","number":"1 2","since":` + when + `}`, view.Programme{Name: "A", Number: "1 2", Since: apitest.When}},
		{"PUT", c + "/channel", `{"open":true,"welcome":["recall"]}`, view.ChannelWant{Open: true, Welcome: []string{"recall"}}},
	} {
		r := serve(t)
		if got := r.do(tc.method, tc.path, tc.body); got.status/100 != 2 {
			t.Errorf("%s %s: status %d: %s", tc.method, tc.path, got.status, got.body)
		}
		if d := cmp.Diff(tc.want, r.node.Given(), cmpopts.EquateComparable(dagcbor.CID{}, identity.Time{})); d != "" {
			t.Errorf("%s %s: %s", tc.method, tc.path, d)
		}
	}
}
