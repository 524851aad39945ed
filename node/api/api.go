// Package api serves a node to its owner over HTTP, on a loopback address and
// on a unix socket: JSON under /v1, described by an OpenAPI 3.1 document at
// /openapi.json and /openapi.yaml, /metrics for Prometheus and /healthz.
//
// Whoever reaches it is taken for a stranger until shown otherwise: the guard
// in front of every route checks the Host and Origin headers (a web page that
// rebinds its name to 127.0.0.1 carries its own) and a bearer token, and
// refuses changes to whoever holds the read-only one. Errors are problem
// documents (RFC 9457). URLs and logs name things by ids and paths: the owner's
// values are in bodies alone.
//
// One route is for strangers: GET /r-button, the frame of package button, which
// pages of other sites show and learn nothing from.
package api

import (
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/hashicorp/go-hclog"

	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/market"
	"github.com/parley-network/parley/node/vendor"
	"github.com/parley-network/parley/node/view"
)

// Node is what the API needs of a node. Methods are safe for concurrent use
// and return the errors of package view.
type Node interface {
	Negotiator
	Keeper
	Listener
	Finder
	Wanter

	Status(ctx context.Context) (view.Status, error)

	Cast(ctx context.Context, w view.Want) (view.Intent, error)
	// Intents lists the owner's intents, or those heard of others.
	Intents(ctx context.Context, mine bool) ([]view.Intent, error)
	Intent(ctx context.Context, id dagcbor.CID) (view.Intent, error)
	Amend(ctx context.Context, id dagcbor.CID, w view.Want) (view.Intent, error)
	// Extend moves the end of an own open intent and changes nothing else.
	Extend(ctx context.Context, id dagcbor.CID, w view.ExtendWant) (view.Intent, error)
	Withdraw(ctx context.Context, id dagcbor.CID) (view.Intent, error)
	Fulfil(ctx context.Context, id dagcbor.CID) (view.Intent, error)

	// Offers ranks what came in for an own intent, best first.
	Offers(ctx context.Context, intent dagcbor.CID) ([]view.Offer, error)
	// Accept proposes the card that accepts an offer. Its state is "proposed"
	// until the vendor has signed too.
	Accept(ctx context.Context, offer dagcbor.CID) (view.Card, error)

	Cards(ctx context.Context) ([]view.Card, error)
	Card(ctx context.Context, id dagcbor.CID) (view.Card, error)
	EndCard(ctx context.Context, id dagcbor.CID, reason string) (view.Card, error)
	// MoveRoute has letters about a card taken elsewhere, under new keys, and the
	// other side told.
	MoveRoute(ctx context.Context, id dagcbor.CID) (view.Card, error)
	// RotateCard replaces the owner's keys for a card in force, RotateCards those
	// for all, each at a time of its own.
	RotateCard(ctx context.Context, id dagcbor.CID) (view.KeyRotation, error)
	RotateCards(ctx context.Context) ([]view.KeyRotationDue, error)
	// RotateVendor replaces the vendor's keys, which serve all its cards.
	RotateVendor(ctx context.Context) (view.KeyRotation, error)
	// ExportCard returns the card as one CAR file, ImportCard reads one and
	// reports what verifying it found.
	ExportCard(ctx context.Context, id dagcbor.CID) ([]byte, error)
	ImportCard(ctx context.Context, car []byte) (view.CardReport, error)

	// ImportCatalogue reads r with [vendor.ReadCatalogue], puts its items in,
	// each in place of the one of the same [vendor.Key], and reports the lines
	// that hold none.
	ImportCatalogue(ctx context.Context, r io.Reader, format vendor.Format) (view.ImportReport, error)
	// Catalogue lists up to limit items whose key comes after the given one.
	Catalogue(ctx context.Context, after string, limit int) ([]market.Item, error)
	Rules(ctx context.Context) (market.Rules, error)
	SetRules(ctx context.Context, r market.Rules) error
	Suggestions(ctx context.Context) ([]view.Suggestion, error)

	// Letters lists the letters this node has sent and where they stand: those
	// about one card, or with the zero CID all.
	Letters(ctx context.Context, card dagcbor.CID) ([]view.Letter, error)

	// Events returns events after the given number, oldest first; when there
	// are none it waits for one, at most as long as wait.
	Events(ctx context.Context, after uint64, wait time.Duration) ([]view.Event, error)
}

// Config is what a Server is made of.
type Config struct {
	Node       Node
	WriteToken string       // may do everything; not empty
	ReadToken  string       // may look and change nothing; not empty
	Metrics    http.Handler // nil: no /metrics
	Log        hclog.Logger // nil: silent
	Version    string       // of the program
	NoButton   bool         // web pages get no /r-button
}

// Server is the local API of one node.
type Server struct {
	cfg  Config
	log  hclog.Logger
	mux  *http.ServeMux
	api  huma.API
	busy sync.WaitGroup // requests under way
	wait chan struct{}  // a place for each request that waits for events

	asked map[string]bool // routes that the read-only token may POST to

	closing context.Context // ends when the server is to close; waiting requests watch it
	close   context.CancelFunc
}

// New returns a server of cfg.Node. It listens nowhere until Serve.
func New(cfg Config) (*Server, error) {
	if cfg.Node == nil || cfg.WriteToken == "" || cfg.ReadToken == "" {
		return nil, errors.New("new API server: Node, WriteToken and ReadToken are needed")
	}
	if cfg.Log == nil {
		cfg.Log = hclog.NewNullLogger()
	}
	s := &Server{cfg: cfg, log: cfg.Log, mux: http.NewServeMux(), wait: make(chan struct{}, maxWaiting), asked: map[string]bool{}}
	s.closing, s.close = context.WithCancel(context.Background())
	s.api = humago.New(s.mux, describe(cfg.Version))
	s.personRoutes()
	s.finderRoutes()
	s.cardRoutes()
	s.vendorRoutes()
	s.eventRoutes()
	s.negotiatorRoutes()
	s.cardTermsRoutes()
	s.profileRoutes()
	s.sharingRoutes()
	s.programmeRoutes()
	s.channelRoutes()
	s.agendaRoutes()
	s.wantRoutes()
	if !cfg.NoButton {
		s.mux.Handle(framed, s.frame())
	}
	s.mux.HandleFunc("GET "+healthPath, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.Write([]byte("ok\n"))
	})
	if cfg.Metrics != nil {
		s.mux.Handle("GET /metrics", cfg.Metrics)
	}
	return s, nil
}

// Handler returns the API with its guard, for one request's local address to
// be taken from [http.LocalAddrContextKey] as [http.Server] sets it.
func (s *Server) Handler() http.Handler { return http.HandlerFunc(s.serve) }
