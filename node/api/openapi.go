package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"path"
	"reflect"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/node/view"
)

// describe sets up the OpenAPI document and how bodies are read and written.
func describe(version string) huma.Config {
	cfg := huma.DefaultConfig("Parley node", version)
	cfg.Info.Description = "The local API of one Parley node: for its owner's programs, on this machine alone."
	cfg.Info.License = &huma.License{Name: "Apache-2.0", Identifier: "Apache-2.0"}
	schemas := huma.NewMapRegistry("#/components/schemas/", schemaName)
	schemas.RegisterTypeAlias(reflect.TypeFor[identity.Time](), reflect.TypeFor[time.Time]()) // "format": "date-time"
	cfg.Components.Schemas = schemas
	cfg.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"token": {Type: "http", Scheme: "bearer", Description: "From api.token or, to look only, api.read-token in the node's data folder. Not needed on the unix socket."},
	}
	cfg.Security = []map[string][]string{{"token": {}}}
	cfg.DocsPath, cfg.SchemasPath, cfg.CreateHooks = "", "", nil
	cfg.RejectUnknownQueryParameters = true
	strict := huma.Format{Marshal: writeJSON, Unmarshal: view.DecodeJSON}
	cfg.Formats = map[string]huma.Format{"application/json": strict, "json": strict}
	cfg.Transformers = []huma.Transformer{withoutValues}
	return cfg
}

func writeJSON(w io.Writer, v any) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return err
	}
	_, err := b.WriteTo(w)
	return err
}

// schemaName tells intentcast.Want from view.Want: what package view names is
// called so, everything else has its package before it.
func schemaName(t reflect.Type, hint string) string {
	name := huma.DefaultSchemaNamer(t, hint)
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	pkg := path.Base(t.PkgPath())
	switch {
	case t.Name() == "" || pkg == "view" || pkg == "api" || t == reflect.TypeFor[huma.ErrorModel]():
		return name
	default:
		return strings.ToUpper(pkg[:1]) + pkg[1:] + name
	}
}

// withoutValues keeps what was sent out of the answer: it may be a private
// detail, and answers end up in logs.
func withoutValues(_ huma.Context, _ string, v any) (any, error) {
	if p, ok := v.(*huma.ErrorModel); ok {
		for _, e := range p.Errors {
			e.Value = nil
		}
	}
	return v, nil
}

// problem turns an error of the node into a problem document.
func (s *Server) problem(ctx context.Context, id string, err error) error {
	status := statusOf(err)
	if status == http.StatusInternalServerError && ctx.Err() == nil {
		s.log.Error("request failed", "operation", id, "error", err)
	}
	p := huma.NewError(status, err.Error()).(*huma.ErrorModel)
	var field *view.FieldError
	if errors.As(err, &field) && field.Field != "" {
		p.Errors = []*huma.ErrorDetail{{Location: "body." + field.Field, Message: field.Problem}}
	}
	return p
}

// statusOf is the HTTP status of an error of the node.
func statusOf(err error) int {
	var tooLarge *http.MaxBytesError
	var no *refusal
	switch {
	case errors.As(err, &no):
		return no.status
	case errors.As(err, &tooLarge):
		return http.StatusRequestEntityTooLarge
	case errors.Is(err, view.ErrNotFound):
		return http.StatusNotFound
	case errors.Is(err, view.ErrInvalid):
		return http.StatusUnprocessableEntity
	case errors.Is(err, view.ErrConflict):
		return http.StatusConflict
	case errors.Is(err, view.ErrFull):
		return http.StatusInsufficientStorage
	case errors.Is(err, view.ErrUnavailable), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return http.StatusServiceUnavailable
	default:
		return http.StatusInternalServerError
	}
}
