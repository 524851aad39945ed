package api

import (
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
)

const (
	healthPath = "/healthz"

	// answerWithin is how long a request may take, waiting for events included.
	answerWithin = 2 * time.Minute
	// bodyPause is how long a body may stand still, bodyWithin how long it may
	// take.
	bodyPause  = 10 * time.Second
	bodyWithin = time.Minute
)

// open are the paths that say nothing about the node and need no token.
var open = map[string]bool{healthPath: true, "/openapi.json": true, "/openapi.yaml": true}

// refusal is why a request goes no further than the guard.
type refusal struct {
	status int
	why    string
}

// serve is the guard before every route.
func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	s.busy.Add(1)
	defer s.busy.Done()
	defer s.survive(w, r)
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	if no := s.check(r); no != nil {
		s.log.Debug("request refused", "method", r.Method, "path", r.URL.Path, "status", no.status, "why", no.why)
		writeProblem(w, no.status, no.why)
		return
	}
	rc := http.NewResponseController(w)
	rc.SetWriteDeadline(time.Now().Add(answerWithin)) // not supported: a test's recorder
	r.Body = &livelyBody{ReadCloser: r.Body, rc: rc, until: time.Now().Add(bodyWithin)}
	handler, pattern := s.mux.Handler(r)
	if pattern == "" {
		unrouted(handler, w, r)
		return
	}
	s.mux.ServeHTTP(w, r)
}

// check lets through who may pass.
func (s *Server) check(r *http.Request) *refusal {
	addr, _ := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	_, socket := addr.(*net.UnixAddr)
	if !socket {
		if no := checkNames(r, addr); no != nil {
			return no
		}
	} else if r.Header.Get("Origin") != "" {
		return &refusal{http.StatusForbidden, "web pages have no business on the unix socket"}
	}
	if open[r.URL.Path] {
		return nil
	}
	return s.checkToken(r, socket)
}

// checkNames refuses requests that a web page of another site could have
// caused: their Host or Origin is not this server's.
func checkNames(r *http.Request, addr net.Addr) *refusal {
	tcp, ok := addr.(*net.TCPAddr)
	if !ok {
		return &refusal{http.StatusForbidden, "this API is served on TCP and unix sockets alone"}
	}
	if !isOurs(r.Host, tcp.Port) {
		return &refusal{http.StatusMisdirectedRequest, "the Host header must name this machine by a loopback address or localhost, with the API's port"}
	}
	switch r.Header.Get("Sec-Fetch-Site") {
	case "", "none", "same-origin":
	default:
		return &refusal{http.StatusForbidden, "requests from pages of other sites are refused"}
	}
	origins := r.Header.Values("Origin")
	if len(origins) == 0 {
		return nil
	}
	u, err := url.Parse(origins[0])
	if err != nil || len(origins) > 1 || u.Scheme != "http" || !isOurs(u.Host, tcp.Port) {
		return &refusal{http.StatusForbidden, "the Origin header names another site"}
	}
	return nil
}

// isOurs reports whether hostport names this machine alone, and the port.
func isOurs(hostport string, port int) bool {
	host, p, err := net.SplitHostPort(hostport)
	if err != nil {
		host, p = strings.Trim(hostport, "[]"), "80"
	}
	if p != strconv.Itoa(port) {
		return false
	}
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Zone() == "" && ip.Unmap().IsLoopback()
}

// checkToken asks for a token on TCP. The unix socket's permissions stand for
// one; a token sent there counts all the same, so that a reader stays one.
func (s *Server) checkToken(r *http.Request, socket bool) *refusal {
	header := r.Header.Get("Authorization")
	if header == "" && socket {
		return nil
	}
	scheme, token, _ := strings.Cut(header, " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return &refusal{http.StatusUnauthorized, "a bearer token is needed: it is in api.token in the node's data folder"}
	}
	switch {
	case same(token, s.cfg.WriteToken):
		return nil
	case !same(token, s.cfg.ReadToken):
		return &refusal{http.StatusUnauthorized, "the bearer token is not this node's"}
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		return &refusal{http.StatusForbidden, "this token may look and change nothing"}
	}
	return nil
}

func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// survive turns a panic into an answer, if there is none yet. A client that
// has gone is no panic of ours.
func (s *Server) survive(w http.ResponseWriter, r *http.Request) {
	p := recover()
	if p == nil {
		return
	}
	if err, ok := p.(error); ok && (errors.Is(err, http.ErrAbortHandler) || r.Context().Err() != nil) {
		return
	}
	s.log.Error("request panicked", "method", r.Method, "path", r.URL.Path, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
	writeProblem(w, http.StatusInternalServerError, "the node failed at this request; its log says more")
}

// unrouted lets the mux say 404 or 405 and says it as a problem document.
func unrouted(h http.Handler, w http.ResponseWriter, r *http.Request) {
	answer := &statusOnly{header: http.Header{}}
	h.ServeHTTP(answer, r)
	why := "there is nothing at this path; /openapi.json lists what there is"
	if allow := answer.header.Get("Allow"); allow != "" {
		w.Header().Set("Allow", allow)
		why = "this path takes " + allow
	}
	if to := answer.header.Get("Location"); to != "" {
		why = "this path is written " + to
		answer.status = http.StatusNotFound
	}
	writeProblem(w, answer.status, why)
}

// statusOnly is a response of which only status and header matter.
type statusOnly struct {
	header http.Header
	status int
}

func (s *statusOnly) Header() http.Header         { return s.header }
func (s *statusOnly) WriteHeader(status int)      { s.status = status }
func (s *statusOnly) Write(b []byte) (int, error) { return len(b), nil }

func writeProblem(w http.ResponseWriter, status int, why string) {
	if status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Bearer realm="parley"`)
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(huma.ErrorModel{Status: status, Title: http.StatusText(status), Detail: why})
}

// livelyBody is a body that may not stand still: each read has its deadline,
// and the last takes it away again, lest it end the handler's context.
type livelyBody struct {
	io.ReadCloser
	rc    *http.ResponseController
	until time.Time // when it must be over; zero: no matter
}

func (b *livelyBody) Read(p []byte) (int, error) {
	deadline := time.Now().Add(bodyPause)
	if !b.until.IsZero() && b.until.Before(deadline) {
		deadline = b.until
	}
	b.rc.SetReadDeadline(deadline) // not supported: a test's recorder
	n, err := b.ReadCloser.Read(p)
	if err != nil {
		b.rc.SetReadDeadline(time.Time{})
	}
	return n, err
}
