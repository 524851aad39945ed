package api_test

import (
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/parley-network/parley/node/api"
	"github.com/parley-network/parley/node/button"
)

const frameOfShop = "/r-button?vendor=" + shop

// asFrame is what a browser sends for a frame in a page of another site.
func asFrame(r *http.Request) {
	r.Header.Del("Authorization")
	for name, value := range map[string]string{"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"} {
		r.Header.Set(name, value)
	}
}

// TestButtonDiffersInNothingButTheState has a page of another site ask in
// every state: status, headers and length are the same.
func TestButtonDiffersInNothingButTheState(t *testing.T) {
	r := serve(t)
	bodies := map[string]bool{}
	var first answer
	for i, state := range []button.State{button.None, button.Theirs, button.Mine, button.Both} {
		r.node.Stands = state
		got := r.do("GET", frameOfShop, "", asFrame)
		if got.status != 200 || !strings.Contains(got.body, button.Words(state)) {
			t.Fatalf("%s: status %d: %.200s", state, got.status, got.body)
		}
		got.header.Del("Date")
		if i == 0 {
			first = got
		}
		if d := cmp.Diff(first.header, got.header); d != "" || len(got.body) != len(first.body) {
			t.Errorf("%s: %d bytes, not %d; headers %s", state, len(got.body), len(first.body), d)
		}
		bodies[got.body] = true
	}
	if len(bodies) != 4 {
		t.Errorf("%d bodies for 4 states", len(bodies))
	}
	r.node.Err = fmt.Errorf("the disk is on fire")
	if got := r.do("GET", frameOfShop, "", asFrame); !strings.Contains(got.body, button.Words(button.None)) || len(got.body) != len(first.body) {
		t.Errorf("a failure shows: status %d, %d bytes", got.status, len(got.body))
	}
}

// TestButtonWithoutAHost checks that a name pointed at this machine gets
// nothing out of the frame.
func TestButtonWithoutAHost(t *testing.T) {
	r := serve(t)
	_, port, _ := net.SplitHostPort(r.tcp)
	for _, name := range []string{"evil.example:" + port, "evil.example", "127.0.0.1", "127.0.0.1:1", "localhost.:" + port} {
		got := r.do("GET", frameOfShop, "", asFrame, host(name))
		if got.problem(t); got.status != 421 {
			t.Errorf("%s: status %d", name, got.status)
		}
	}
	if asks := r.node.Asks(); len(asks) != 0 {
		t.Errorf("the node was asked %v", asks)
	}
}

func TestButtonOpensNoOtherDoor(t *testing.T) {
	r := serve(t)
	for _, tc := range []struct {
		method, path string
		status       int
	}{
		{"GET", frameOfShop, 200},
		{"HEAD", frameOfShop, 200},
		{"GET", "/r-button", 204},
		{"GET", "/r-button?vendor=x", 400},
		{"POST", frameOfShop, 403},
		{"OPTIONS", frameOfShop, 403},
		{"GET", "/r-button/" + shop, 403},
		{"GET", "/v1/button?vendor=" + shop, 403},
		{"GET", "/v1/status", 403},
		{"GET", "/healthz", 403},
	} {
		got := r.do(tc.method, tc.path, "", asFrame, header("Origin", "https://shop.example"))
		if got.status != tc.status {
			t.Errorf("%s %s: status %d, want %d: %.200s", tc.method, tc.path, got.status, tc.status, got.body)
		}
		if got.status == 403 && got.header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s %s: the page may read it", tc.method, tc.path)
		}
	}
}

// TestButtonLeavesScriptsInTheDark sends what a script of another site can: it
// learns that there is a node and nothing more, and nothing is looked up.
func TestButtonLeavesScriptsInTheDark(t *testing.T) {
	r := serve(t)
	got := r.do("GET", frameOfShop, "", asFrame, header("Sec-Fetch-Mode", "no-cors"), header("Sec-Fetch-Dest", "empty"))
	if got.status != 204 || len(r.node.Asks()) != 0 {
		t.Errorf("status %d, asked %v", got.status, r.node.Asks())
	}
}

// TestButtonTurnedOff leaves a path like any other that is not there.
func TestButtonTurnedOff(t *testing.T) {
	r := serveWith(t, func(c *api.Config) { c.NoButton = true })
	if got := r.do("GET", frameOfShop, "", asFrame); got.status != 403 {
		t.Errorf("a page: status %d", got.status)
	}
	if got := r.do("GET", frameOfShop, "", header("Authorization", "")); got.status != 401 {
		t.Errorf("without a token: status %d", got.status)
	}
	if got := r.do("GET", frameOfShop, ""); got.status != 404 {
		t.Errorf("the owner: status %d", got.status)
	}
	if got := r.do("GET", "/v1/button?vendor="+shop, ""); got.status != 200 {
		t.Errorf("the owner asks the API: status %d", got.status)
	}
}
