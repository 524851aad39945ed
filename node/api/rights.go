package api

import (
	"context"
	"crypto/subtle"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// open are the paths that say nothing about the node and need no token.
var open = map[string]bool{healthPath: true, "/openapi.json": true, "/openapi.yaml": true}

// caller is who makes a request, by its token.
type caller int

const (
	stranger caller = iota // no token, and none needed
	reader                 // may look and change nothing
	owner                  // may do everything
)

const readerOnly = "this token may look and change nothing"

type callerKey struct{}

func (c caller) within(ctx context.Context) context.Context {
	return context.WithValue(ctx, callerKey{}, c)
}

// ownerOnly is an error unless the request was made with the write token: for
// what an operation shows only when it is asked to.
func ownerOnly(ctx context.Context) error {
	if c, _ := ctx.Value(callerKey{}).(caller); c == owner {
		return nil
	}
	return &refusal{http.StatusForbidden, "this token may not see that"}
}

// identify asks for a token on TCP. The unix socket's permissions stand for
// one; a token sent there counts all the same, so that a reader stays one.
func (s *Server) identify(r *http.Request, socket bool) (caller, *refusal) {
	header := r.Header.Get("Authorization")
	if header == "" && socket {
		return owner, nil
	}
	scheme, token, _ := strings.Cut(header, " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return stranger, &refusal{http.StatusUnauthorized, "a bearer token is needed: it is in api.token in the node's data folder"}
	}
	switch {
	case same(token, s.cfg.WriteToken):
		return owner, nil
	case same(token, s.cfg.ReadToken):
		return reader, nil
	}
	return stranger, &refusal{http.StatusUnauthorized, "the bearer token is not this node's"}
}

func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// Roles that an operation asks of a token, as the document names them (OpenAPI
// 3.1, Security Requirement Object).
const (
	roleRead  = "read"
	roleWrite = "write"
)

// asks marks an operation that is a POST for its body's sake and changes
// nothing: the read-only token may ask it.
func asks(op *huma.Operation) { op.Security = needs(roleRead) }

func needs(role string) []map[string][]string { return []map[string][]string{{"token": {role}}} }

// permit writes into op which role it takes, and remembers what the read-only
// token may do although its method is not for reading.
func (s *Server) permit(op *huma.Operation) {
	switch {
	case op.Method == http.MethodGet:
		asks(op)
	case op.Security == nil:
		op.Security = needs(roleWrite)
	default:
		s.asked[op.Method+" "+op.Path] = true
	}
}

// mayLook reports whether a request to a route changes nothing.
func (s *Server) mayLook(method, route string) bool {
	return method == http.MethodGet || method == http.MethodHead || s.asked[route]
}
