package api_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/parley-network/parley/node/api"
	"github.com/parley-network/parley/node/api/apitest"
)

func TestTokens(t *testing.T) {
	r := serve(t)
	for _, tc := range []struct {
		name, method, path string
		with               func(*http.Request)
		status             int
	}{
		{"write token looks", "GET", "/v1/status", token(writeToken), 200},
		{"write token changes", "POST", "/v1/peers", token(writeToken), 201},
		{"read token looks", "GET", "/v1/status", token(readToken), 200},
		{"read token may not change", "POST", "/v1/peers", token(readToken), 403},
		{"read token may not replace", "PUT", "/v1/vendor/rules", token(readToken), 403},
		{"scheme in any case", "GET", "/v1/status", header("Authorization", "bearer "+writeToken), 200},
		{"no token", "GET", "/v1/status", header("Authorization", ""), 401},
		{"no token, nothing there", "GET", "/v1/nothing", header("Authorization", ""), 401},
		{"another token", "GET", "/v1/status", token("write-token-of-another"), 401},
		{"part of the token", "GET", "/v1/status", token(writeToken[:8]), 401},
		{"basic", "GET", "/v1/status", header("Authorization", "Basic "+writeToken), 401},
		{"metrics need one", "GET", "/metrics", header("Authorization", ""), 401},
		{"metrics with the read token", "GET", "/metrics", token(readToken), 200},
		{"health needs none", "GET", "/healthz", header("Authorization", ""), 200},
		{"the document needs none", "GET", "/openapi.json", header("Authorization", ""), 200},
	} {
		t.Run(tc.name, func(t *testing.T) {
			body := ""
			if tc.method != "GET" {
				body = `{"address":"/ip4/10.0.0.1"}`
			}
			got := r.do(tc.method, tc.path, body, tc.with)
			if got.status != tc.status {
				t.Fatalf("status %d, want %d: %s", got.status, tc.status, got.body)
			}
			if tc.status >= 400 {
				if p := got.problem(t); strings.Contains(p.Detail, writeToken) {
					t.Error("the token is in the answer")
				}
			}
			if tc.status == 401 && got.header.Get("WWW-Authenticate") == "" {
				t.Error("401 without WWW-Authenticate")
			}
		})
	}
}

func TestTokenInTheURLIsNotOne(t *testing.T) {
	r := serve(t)
	for _, path := range []string{"/v1/status?token=" + writeToken, "/v1/status?access_token=" + writeToken} {
		if got := r.do("GET", path, "", header("Authorization", "")); got.status != 401 {
			t.Errorf("%s: status %d", path, got.status)
		}
	}
}

// TestDNSRebinding sends what a browser would after a name in its address bar
// was pointed at 127.0.0.1, and what pages of other sites can cause.
func TestDNSRebinding(t *testing.T) {
	r := serve(t)
	_, port, _ := net.SplitHostPort(r.tcp)
	for _, tc := range []struct {
		name   string
		with   func(*http.Request)
		status int
	}{
		{"loopback address", host("127.0.0.1:" + port), 200},
		{"localhost", host("localhost:" + port), 200},
		{"LocalHost", host("LocalHost:" + port), 200},
		{"IPv6 loopback", host("[::1]:" + port), 200},
		{"other loopback address", host("127.0.0.2:" + port), 200},
		{"rebound name", host("evil.example:" + port), 421},
		{"name that ends in localhost", host("evil.localhost.example:" + port), 421},
		{"subdomain of localhost", host("evil.localhost:" + port), 421},
		{"loopback with a dot", host("localhost.:" + port), 421},
		{"other port", host("127.0.0.1:1"), 421},
		{"no port", host("127.0.0.1"), 421},
		{"address of the house", host("192.168.1.4:" + port), 421},
		{"unspecified address", host("0.0.0.0:" + port), 421},
		{"own origin", header("Origin", "http://127.0.0.1:"+port), 200},
		{"own origin by name", header("Origin", "http://localhost:"+port), 200},
		{"other site's origin", header("Origin", "https://evil.example"), 403},
		{"other port's origin", header("Origin", "http://127.0.0.1:1"), 403},
		{"own host over https", header("Origin", "https://127.0.0.1:"+port), 403},
		{"null origin", header("Origin", "null"), 403},
		{"two origins", func(q *http.Request) {
			q.Header["Origin"] = []string{"http://127.0.0.1:" + port, "https://evil.example"}
		}, 403},
		{"fetch from another site", header("Sec-Fetch-Site", "cross-site"), 403},
		{"fetch from another port", header("Sec-Fetch-Site", "same-site"), 403},
		{"own fetch", header("Sec-Fetch-Site", "same-origin"), 200},
		{"typed into the address bar", header("Sec-Fetch-Site", "none"), 200},
	} {
		t.Run(tc.name, func(t *testing.T) {
			for _, path := range []string{"/v1/status", "/healthz", "/openapi.json"} {
				got := r.do("GET", path, "", tc.with)
				if got.status != tc.status {
					t.Errorf("%s: status %d, want %d: %.300s", path, got.status, tc.status, got.body)
				}
			}
		})
	}
}

func TestUnixSocket(t *testing.T) {
	r := serve(t)
	info, err := os.Stat(r.socket)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("socket: mode %v, %v", info.Mode(), err)
	}
	for _, tc := range []struct {
		name   string
		method string
		with   []func(*http.Request)
		status int
	}{
		{"permissions stand for a token", "POST", nil, 201},
		{"a token is fine", "POST", []func(*http.Request){token(writeToken)}, 201},
		{"a reader stays one", "POST", []func(*http.Request){token(readToken)}, 403},
		{"a wrong token is wrong", "GET", []func(*http.Request){token("guess")}, 401},
		{"no web page", "GET", []func(*http.Request){header("Origin", "http://localhost")}, 403},
	} {
		t.Run(tc.name, func(t *testing.T) {
			body := ""
			if tc.method == "POST" {
				body = `{"address":"/ip4/10.0.0.1"}`
			}
			if got := r.overSocket(tc.method, "/v1/peers", body, tc.with...); got.status != tc.status {
				t.Errorf("status %d, want %d: %s", got.status, tc.status, got.body)
			}
		})
	}
	if err := r.stop(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(r.socket); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("socket is left behind: %v", err)
	}
}

// TestUnknownLocalAddress makes sure that a request of which nobody knows
// where it came in is refused, not trusted.
func TestUnknownLocalAddress(t *testing.T) {
	s, err := api.New(api.Config{Node: apitest.Sample(), WriteToken: writeToken, ReadToken: readToken})
	if err != nil {
		t.Fatal(err)
	}
	req := httptest.NewRequest("GET", "http://127.0.0.1/v1/status", nil)
	token(writeToken)(req)
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, req)
	if w.Code != 403 {
		t.Errorf("status %d", w.Code)
	}
}

func TestListenRefuses(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	live := filepath.Join(dir, "live")
	l, err := net.Listen("unix", live)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for _, tc := range []struct{ name, addr, socket, err string }{
		{"every interface", "0.0.0.0:0", "", "not a loopback address"},
		{"every interface, IPv6", "[::]:0", "", "not a loopback address"},
		{"every interface, unsaid", ":0", "", "not a loopback address"},
		{"address of the house", "192.168.1.4:0", "", "not a loopback address"},
		{"no address", "nonsense", "", "missing port"},
		{"no socket at the path", "127.0.0.1:0", file, "no socket"},
		{"live socket", "127.0.0.1:0", live, "another node answers"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			ls, err := api.Listen(tc.addr, tc.socket)
			if err == nil {
				for _, l := range ls {
					l.Close()
				}
				t.Fatal("listens")
			}
			if !strings.Contains(err.Error(), tc.err) {
				t.Errorf("error is %v, want one with %q", err, tc.err)
			}
		})
	}
}

func TestListenReplacesAStaleSocket(t *testing.T) {
	path := filepath.Join(t.TempDir(), "api.sock")
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false) // as a killed process leaves it
	l.Close()
	ls, err := api.Listen("127.0.0.1:0", path)
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range ls {
		l.Close()
	}
}

func TestNewRefusesToServeWithoutTokens(t *testing.T) {
	if _, err := api.New(api.Config{Node: apitest.Sample(), WriteToken: writeToken}); err == nil {
		t.Error("an empty read token would let everyone in")
	}
}

func TestServeEndsWhenAListenerFails(t *testing.T) {
	s, err := api.New(api.Config{Node: apitest.Sample(), WriteToken: writeToken, ReadToken: readToken})
	if err != nil {
		t.Fatal(err)
	}
	ls, err := api.Listen("127.0.0.1:0", filepath.Join(t.TempDir(), "s"))
	if err != nil {
		t.Fatal(err)
	}
	ls[0].Close()
	if err := s.Serve(context.Background(), ls...); err == nil {
		t.Error("no error although a listener is closed")
	}
}
