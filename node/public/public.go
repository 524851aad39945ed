// Package public is the small web face that a vendor's node shows to
// everyone: its key log, the agreements it accepts and the r-button. It has a
// listener of its own, behind the vendor's web server, and no way into the
// node but the Face it is given.
package public

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/parley-network/parley/node/button"
	"github.com/parley-network/parley/relcard/terms"
)

// Face is what a vendor's node tells everyone. Each method may be called from
// many goroutines at once and returns ErrNone where the vendor has no such
// document. The bytes are not changed.
type Face interface {
	// KeyLog returns the vendor's did:webvh log, JSON lines.
	KeyLog(ctx context.Context) ([]byte, error)
	// Accepts returns the agreements the vendor accepts, as a MyTerms page's JSON.
	Accepts(ctx context.Context) ([]byte, error)
	// TermUpdate returns the same as the newest signed term update, DAG-CBOR.
	TermUpdate(ctx context.Context) ([]byte, error)
}

// ErrNone is returned by a Face that has no such document.
var ErrNone = errors.New("no such document")

// Config is what a Server is made of. Vendor and Log are needed.
type Config struct {
	Vendor Face
	Log    hclog.Logger
	// Proxies are the addresses of the vendor's own web servers, whose
	// X-Forwarded-For is believed as to its last address. Loopback is always one.
	Proxies []netip.Prefix
}

// Server serves the public documents.
type Server struct {
	cfg  Config
	docs map[string]document
	list string // the paths, for those who look for another

	limit limiter
	room  chan struct{}
	busy  sync.WaitGroup
}

// document is one thing that is served.
type document struct {
	kind string
	get  func(context.Context) ([]byte, error)
}

const (
	// MaxDocument is the most bytes a document may have.
	MaxDocument = 4 << 20

	atOnce     = 64              // requests being answered
	faceWithin = 5 * time.Second // for the node to give a document
	maxAge     = "public, max-age=60"
)

// New returns a server that listens nowhere yet.
func New(cfg Config) (*Server, error) {
	if cfg.Vendor == nil || cfg.Log == nil {
		return nil, errors.New("public: a vendor's face and a log are needed")
	}
	for _, p := range cfg.Proxies {
		if !p.IsValid() {
			return nil, errors.New("public: a proxy's address range is none")
		}
	}
	s := &Server{cfg: cfg, room: make(chan struct{}, atOnce)}
	static := func(b []byte) func(context.Context) ([]byte, error) {
		return func(context.Context) ([]byte, error) { return b, nil }
	}
	s.docs = map[string]document{
		// did:webvh 1.0, "The DID to HTTPS Transformation", step 6.
		"/.well-known/did.jsonl":    {"text/jsonl; charset=utf-8", cfg.Vendor.KeyLog},
		"/.well-known/myterms.json": {"application/json", cfg.Vendor.Accepts},
		"/.well-known/parley/terms": {"application/vnd.ipld.dag-cbor", cfg.Vendor.TermUpdate},
		"/r-button.js":              {"text/javascript; charset=utf-8", static(button.Script())},
		"/r-button.svg":             {"image/svg+xml", static(button.SVG(button.None, button.Options{}))},
		"/r-button.html":            {"text/html; charset=utf-8", static(button.About())},
	}
	for _, a := range terms.All() {
		s.docs[AgreementPath(a.Ref)] = document{"text/plain; charset=utf-8", static([]byte(a.Text))}
	}
	s.list = `There is nothing at this path. Here are:
  /.well-known/did.jsonl     the vendor's key log (did:webvh)
  /.well-known/myterms.json  the agreements it accepts
  /.well-known/parley/terms  the same, signed
  /.well-known/parley/agreements/VERSION/ID.txt  the text of each agreement of the roster
  /r-button.js               the r-button for a page, with .svg and .html beside it
`
	return s, nil
}

// AgreementPath is where the text of an agreement of the roster is served. The
// text at a path never changes, and its hash is in every reference to it.
func AgreementPath(ref terms.Ref) string {
	return "/.well-known/parley/agreements/" + ref.Version + "/" + ref.ID + ".txt"
}

// Handler returns the documents as a handler. It answers GET and HEAD, with
// ETags, to any origin; errors are plain text and say nothing of the node.
func (s *Server) Handler() http.Handler { return http.HandlerFunc(s.serve) }

func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	s.busy.Add(1)
	defer s.busy.Done()
	defer s.survive(w, r)
	h := w.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	h.Set("Cache-Control", "no-store") // until there is something to keep
	if addr, ok := s.visitor(r); ok && !s.limit.allow(addr, time.Now()) {
		h.Set("Retry-After", "1")
		refuse(w, http.StatusTooManyRequests, "Too many requests from this address.\n")
		return
	}
	doc, here := s.docs[r.URL.Path]
	switch {
	case !here:
		refuse(w, http.StatusNotFound, s.list)
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		h.Set("Allow", "GET, HEAD")
		refuse(w, http.StatusMethodNotAllowed, "This is only to be read.\n")
	case r.ContentLength != 0:
		refuse(w, http.StatusBadRequest, "A request for this has no body.\n")
	default:
		s.give(w, r, doc)
	}
}

// give answers with a document, if there is room for another answer.
func (s *Server) give(w http.ResponseWriter, r *http.Request, doc document) {
	select {
	case s.room <- struct{}{}:
		defer func() { <-s.room }()
	default:
		w.Header().Set("Retry-After", "1")
		refuse(w, http.StatusServiceUnavailable, "Busy.\n")
		return
	}
	ctx, done := context.WithTimeout(r.Context(), faceWithin)
	defer done()
	body, err := doc.get(ctx)
	if err == nil && len(body) > MaxDocument {
		err = fmt.Errorf("%d bytes, the most is %d", len(body), MaxDocument)
	}
	switch {
	case errors.Is(err, ErrNone):
		refuse(w, http.StatusNotFound, "This vendor has none.\n")
	case err != nil:
		s.cfg.Log.Error("public document", "path", r.URL.Path, "error", err)
		refuse(w, http.StatusServiceUnavailable, "This can't be had now.\n")
	default:
		send(w, r, doc.kind, body)
	}
}

// survive turns a panic into an answer, if there is none yet.
func (s *Server) survive(w http.ResponseWriter, r *http.Request) {
	if p := recover(); p != nil {
		s.cfg.Log.Error("public request panicked", "path", r.URL.Path, "panic", fmt.Sprint(p))
		refuse(w, http.StatusInternalServerError, "This failed.\n")
	}
}

func refuse(w http.ResponseWriter, status int, why string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	strings.NewReader(why).WriteTo(w) // whoever asked has gone, if it fails
}
