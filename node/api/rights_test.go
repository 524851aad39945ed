package api_test

import (
	"bytes"
	"net/http"
	"strings"
	"testing"

	"github.com/hashicorp/go-hclog"

	"github.com/parley-network/parley/node/api"
	"github.com/parley-network/parley/node/api/apitest"
)

// TestReadOnlyTokenOnEveryRoute has the read-only token try everything: it
// may look, and ask what changes nothing.
func TestReadOnlyTokenOnEveryRoute(t *testing.T) {
	r := serve(t)
	for _, tc := range relations() {
		before := len(r.node.Asks())
		got := tc.do(r, token(readToken))
		if tc.method == "GET" || tc.looks {
			if got.status != tc.status || r.node.Last() != tc.call {
				t.Errorf("%s %s: status %d, want %d: %s", tc.method, tc.path, got.status, tc.status, got.body)
			}
			continue
		}
		if got.status != 403 || got.problem(t).Detail != "this token may look and change nothing" {
			t.Errorf("%s %s: status %d, want 403: %s", tc.method, tc.path, got.status, got.body)
		}
		if len(r.node.Asks()) != before {
			t.Errorf("%s %s: reached the node: %s", tc.method, tc.path, r.node.Last())
		}
	}
}

// TestReaderOverTheSocket is one too.
func TestReaderOverTheSocket(t *testing.T) {
	r := serve(t)
	for _, tc := range relations() {
		var with []func(*http.Request)
		if tc.kind != "" {
			with = append(with, header("Content-Type", tc.kind))
		}
		if got := r.overSocket(tc.method, tc.path, tc.body, with...); got.status != tc.status {
			t.Errorf("%s %s without a token: status %d: %s", tc.method, tc.path, got.status, got.body)
		}
		mayNot := tc.method != "GET" && !tc.looks
		if got := r.overSocket(tc.method, tc.path, tc.body, append(with, token(readToken))...); (got.status == 403) != mayNot {
			t.Errorf("%s %s with the read-only token: status %d: %s", tc.method, tc.path, got.status, got.body)
		}
	}
}

// TestTheDocumentSaysWhoMay holds the roles in the document against what the
// guard does.
func TestTheDocumentSaysWhoMay(t *testing.T) {
	d, _ := openapi(t)
	looks := map[string]bool{}
	for _, tc := range relations() {
		if tc.looks {
			looks[tc.path] = true
		}
	}
	asks := 0
	for path, ops := range d.Paths {
		for method, op := range ops {
			want := "write"
			if method == "get" || looks[sampled(path)] {
				want = "read"
			}
			if method != "get" && want == "read" {
				asks++
			}
			if len(op.Security) != 1 || len(op.Security[0]["token"]) != 1 || op.Security[0]["token"][0] != want {
				t.Errorf("%s %s: security %v, want role %s", method, path, op.Security, want)
			}
		}
	}
	if asks != 4 {
		t.Errorf("%d operations are asked by another method than GET, want 4", asks)
	}
}

// TestReaderFindsNoWayAround tries the doors beside those that are open to it.
func TestReaderFindsNoWayAround(t *testing.T) {
	r := serve(t)
	c := "/v1/cards/" + apitest.ID("card").String()
	for _, tc := range []struct{ method, path string }{
		{"PUT", "/v1/leaks/check"}, {"DELETE", c + "/may"}, {"POST", c}, {"POST", "/v1/leaks/check/"}, {"POST", "/v1/leaks/%63heck/x"},
		{"POST", c + "/events"}, {"POST", c + "/events/"}, {"POST", c + "/events/try/../"}, {"POST", "/v1/nothing"}, {"POST", "/openapi.jso"},
	} {
		got := r.do(tc.method, tc.path, `{"kind":"message","data":{"title":"x"}}`, token(readToken))
		if got.status != 403 {
			t.Errorf("%s %s: status %d: %s", tc.method, tc.path, got.status, got.body)
		}
	}
	if asks := r.node.Asks(); len(asks) != 0 {
		t.Errorf("reached the node: %v", asks)
	}
}

// TestNumbersAreForTheWriteToken checks that a programme's number is shown to
// the owner alone, and only when asked for.
func TestNumbersAreForTheWriteToken(t *testing.T) {
	r := serve(t)
	number := r.node.Clubs[0].Number
	for _, tc := range []struct {
		name, path string
		with       func(*http.Request)
		status     int
		shown      bool
	}{
		{"owner, not asked", "/v1/programmes", token(writeToken), 200, false},
		{"owner, said no", "/v1/programmes?reveal=false", token(writeToken), 200, false},
		{"owner, asked", "/v1/programmes?reveal=true", token(writeToken), 200, true},
		{"reader, not asked", "/v1/programmes", token(readToken), 200, false},
		{"reader, asked", "/v1/programmes?reveal=true", token(readToken), 403, false},
		{"nobody", "/v1/programmes?reveal=true", header("Authorization", ""), 401, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := r.do("GET", tc.path, "", tc.with)
			if got.status != tc.status || strings.Contains(got.body, number) != tc.shown {
				t.Errorf("status %d: %s", got.status, got.body)
			}
		})
	}
	if got := r.overSocket("GET", "/v1/programmes?reveal=true", ""); !strings.Contains(got.body, number) {
		t.Errorf("over the socket: status %d: %s", got.status, got.body)
	}
	if got := r.overSocket("GET", "/v1/programmes?reveal=true", "", token(readToken)); got.status != 403 {
		t.Errorf("reader over the socket: status %d: %s", got.status, got.body)
	}
}

// TestLogsTellNothing makes requests of every sort, refused ones and failing
// ones too, and looks for what they were about in the log.
func TestLogsTellNothing(t *testing.T) {
	var log bytes.Buffer
	r := serveWith(t, func(c *api.Config) {
		c.Log = hclog.New(&hclog.LoggerOptions{Output: &log, Level: hclog.Trace})
	})
	const secret = "SECRET"
	card := apitest.ID("card").String()
	for _, a := range []asking{
		{method: "POST", path: "/v1/leaks/check", body: `{"value":"` + secret + `"}`},
		{method: "POST", path: "/v1/leaks/check", body: `{"valeu":"` + secret + `"}`},
		{method: "PUT", path: "/v1/profile/piece?path=emails/" + secret, body: `{"text":"` + secret + `"}`},
		{method: "PUT", path: "/v1/programmes", body: `{"name":"` + secret + `","number":"` + secret + `"}`},
		{method: "DELETE", path: "/v1/programmes?name=" + secret},
		{method: "GET", path: "/v1/vendors/did:web:" + secret},
		{method: "GET", path: "/v1/button?vendor=did:web:" + secret},
		{method: "GET", path: "/r-button?vendor=did:web:" + secret},
		{method: "POST", path: "/v1/cards/" + card + "/end", body: `{"reason":"` + secret + `"}`},
	} {
		a.do(r)
		a.do(r, token(readToken))
		a.do(r, header("Authorization", ""))
		a.do(r, host("evil.example"))
	}
	r.node.Talks = nil // Proffer reaches for the first
	if got := r.do("POST", "/v1/negotiations", `{"agreements":["`+secret+`"]}`); got.status != 500 {
		t.Errorf("status %d: %s", got.status, got.body)
	}
	if err := r.stop(); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(log.String(), "request refused") || !strings.Contains(log.String(), "POST /v1/negotiations") {
		t.Errorf("the log has not what happened:\n%s", log.String())
	}
	if strings.Contains(log.String(), secret) || strings.Contains(log.String(), card) {
		t.Errorf("the log tells:\n%s", log.String())
	}
}
