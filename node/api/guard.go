package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime/debug"
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

// refusal is why a request goes no further than the guard.
type refusal struct {
	status int
	why    string
}

// Error lets an operation refuse as the guard does.
func (r *refusal) Error() string { return r.why }

// serve is the guard before every route.
func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	s.busy.Add(1)
	defer s.busy.Done()
	handler, route := s.mux.Handler(r)
	defer s.survive(w, r, route)
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	who, no := s.check(r, route)
	if no != nil {
		s.log.Debug("request refused", "method", r.Method, "route", route, "status", no.status, "why", no.why)
		writeProblem(w, no.status, no.why)
		return
	}
	rc := http.NewResponseController(w)
	rc.SetWriteDeadline(time.Now().Add(answerWithin)) // not supported: a test's recorder
	r.Body = &livelyBody{ReadCloser: r.Body, rc: rc, until: time.Now().Add(bodyWithin)}
	if route == "" {
		unrouted(handler, w, r)
		return
	}
	s.mux.ServeHTTP(w, r.WithContext(who.within(r.Context())))
}

// check lets through who may pass, and says who it is. Logs name the route,
// not the path, which may tell with whom the owner has to do.
func (s *Server) check(r *http.Request, route string) (caller, *refusal) {
	addr, _ := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	_, socket := addr.(*net.UnixAddr)
	if !socket {
		tcp, no := checkHost(r, addr)
		if no == nil && route != framed {
			no = checkOrigin(r, tcp.Port)
		}
		if no != nil {
			return stranger, no
		}
	} else if r.Header.Get("Origin") != "" {
		return stranger, &refusal{http.StatusForbidden, "web pages have no business on the unix socket"}
	}
	if open[r.URL.Path] || route == framed {
		return stranger, nil
	}
	who, no := s.identify(r, socket)
	if no == nil && who == reader && !s.mayLook(r.Method, route) {
		no = &refusal{http.StatusForbidden, readerOnly}
	}
	return who, no
}

// survive turns a panic into an answer, if there is none yet. A client that
// has gone is no panic of ours.
func (s *Server) survive(w http.ResponseWriter, r *http.Request, route string) {
	p := recover()
	if p == nil {
		return
	}
	if err, ok := p.(error); ok && (errors.Is(err, http.ErrAbortHandler) || r.Context().Err() != nil) {
		return
	}
	s.log.Error("request panicked", "method", r.Method, "route", route, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
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
