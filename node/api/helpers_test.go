package api_test

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/parley-network/parley/node/api"
	"github.com/parley-network/parley/node/api/apitest"
)

const (
	writeToken = "write-token-of-this-test"
	readToken  = "read-token-of-this-test"
)

// running is a served API and how to reach it.
type running struct {
	t      *testing.T
	node   *apitest.Node
	tcp    string // host:port
	socket string
	stop   func() error
}

// serve runs the API of a sample node on both kinds of listener.
func serve(t *testing.T) *running {
	t.Helper()
	return serveWith(t, func(*api.Config) {})
}

// serveWith is serve with something else in the configuration.
func serveWith(t *testing.T, change func(*api.Config)) *running {
	t.Helper()
	r := &running{t: t, node: apitest.Sample(), socket: filepath.Join(t.TempDir(), "api.sock")}
	cfg := api.Config{
		Node: r.node, WriteToken: writeToken, ReadToken: readToken, Version: "test",
		Metrics: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "parley_up 1\n") }),
	}
	change(&cfg)
	s, err := api.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	listeners, err := api.Listen("127.0.0.1:0", r.socket)
	if err != nil {
		t.Fatal(err)
	}
	r.tcp = listeners[0].Addr().String()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx, listeners...) }()
	var result error
	stopped := false
	r.stop = func() error {
		if !stopped {
			cancel()
			result, stopped = <-done, true
		}
		return result
	}
	t.Cleanup(func() {
		if err := r.stop(); err != nil {
			t.Errorf("serving ended with %v", err)
		}
	})
	return r
}

// answer is a response read to its end.
type answer struct {
	status int
	header http.Header
	body   string
}

// problem returns the answer as a problem document, after checking its form.
func (a answer) problem(t *testing.T) huma.ErrorModel {
	t.Helper()
	var p huma.ErrorModel
	if got := a.header.Get("Content-Type"); got != "application/problem+json" {
		t.Fatalf("%d with Content-Type %q, want a problem document: %s", a.status, got, a.body)
	}
	if err := json.Unmarshal([]byte(a.body), &p); err != nil || p.Status != a.status || p.Title == "" {
		t.Fatalf("not a problem document for %d: %v: %s", a.status, err, a.body)
	}
	return p
}

// do sends a request over TCP with the write token unless with says otherwise.
func (r *running) do(method, path, body string, with ...func(*http.Request)) answer {
	r.t.Helper()
	return r.send(http.DefaultTransport, method, "http://"+r.tcp+path, body, append([]func(*http.Request){token(writeToken)}, with...)...)
}

// overSocket sends one over the unix socket without a token.
func (r *running) overSocket(method, path, body string, with ...func(*http.Request)) answer {
	r.t.Helper()
	dial := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", r.socket)
	}}
	defer dial.CloseIdleConnections()
	return r.send(dial, method, "http://node"+path, body, with...)
}

func (r *running) send(via http.RoundTripper, method, url, body string, with ...func(*http.Request)) answer {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	var b io.Reader
	if body != "" {
		b = strings.NewReader(body)
	}
	req, err := http.NewRequestWithContext(ctx, method, url, b)
	if err != nil {
		r.t.Fatal(err)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for _, w := range with {
		w(req)
	}
	resp, err := via.RoundTrip(req)
	if err != nil {
		r.t.Fatalf("%s %s: %v", method, url, err)
	}
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	if err != nil {
		r.t.Fatalf("%s %s: %v", method, url, err)
	}
	return answer{resp.StatusCode, resp.Header, string(got)}
}

func token(t string) func(*http.Request) {
	return header("Authorization", "Bearer "+t)
}

// header sets a header; an empty value removes it.
func header(name, value string) func(*http.Request) {
	return func(r *http.Request) {
		if value == "" {
			r.Header.Del(name)
			return
		}
		r.Header.Set(name, value)
	}
}

func host(h string) func(*http.Request) { return func(r *http.Request) { r.Host = h } }
