package api

import (
	"cmp"
	"context"
	"net/http"
	"reflect"
	"strconv"

	"github.com/danielgtaylor/huma/v2"
)

// maxBody bounds the body of every request that does not say otherwise.
const maxBody = 64 << 10

// list is how the API carries several things, so that more can be said of
// them later.
type list[T any] struct {
	Items []T `json:"items"`
}

// listed returns items as a list that is [] in JSON when there are none.
func listed[T any](items []T, err error) (list[T], error) {
	if items == nil {
		items = []T{}
	}
	return list[T]{items}, err
}

// none is the input of an operation without any.
type none struct{}

// reply carries a handler's result to huma. It is one type for all of them:
// huma makes code for each type it is given, which for 80 operations was 1 MB
// of the program.
type reply struct{ Body any }

// handle adds one operation that answers with JSON. Its id is the operation's
// name in generated clients.
func handle[I, O any](s *Server, method, path, id, summary string, f func(context.Context, *I) (O, error), with ...func(*huma.Operation)) {
	op := huma.Operation{OperationID: id, Method: method, Path: path, Summary: summary}
	register(s, op, func(ctx context.Context, in *I) (*reply, error) {
		v, err := f(ctx, in)
		return &reply{v}, err
	}, append(with, s.answers(reflect.TypeFor[O]()))...)
}

// answers describes an operation's answer, which its type does not show.
func (s *Server) answers(t reflect.Type) func(*huma.Operation) {
	return func(op *huma.Operation) {
		status := cmp.Or(op.DefaultStatus, http.StatusOK)
		schema := s.api.OpenAPI().Components.Schemas.Schema(t, true, op.OperationID+"Response")
		op.Responses = map[string]*huma.Response{strconv.Itoa(status): {
			Content: map[string]*huma.MediaType{"application/json": {Schema: schema}},
		}}
	}
}

// perform adds one operation of which success is the answer: 204.
func perform[I any](s *Server, method, path, id, summary string, f func(context.Context, *I) error, with ...func(*huma.Operation)) {
	op := huma.Operation{OperationID: id, Method: method, Path: path, Summary: summary}
	register(s, op, func(ctx context.Context, in *I) (*none, error) { return nil, f(ctx, in) }, with...)
}

// file is an answer that is no JSON.
type file struct {
	ContentType string `header:"Content-Type"`
	Body        []byte
}

// download adds one operation, a GET, that answers with a file of one of the
// media types in kinds.
func download[I any](s *Server, path, id, summary string, kinds []string, f func(context.Context, *I) (file, error), with ...func(*huma.Operation)) {
	content := map[string]*huma.MediaType{}
	for _, kind := range kinds {
		content[kind] = &huma.MediaType{Schema: &huma.Schema{Type: huma.TypeString}}
		if kind == carType {
			content[kind].Schema.Format = "binary"
		}
	}
	op := huma.Operation{
		OperationID: id, Method: http.MethodGet, Path: path, Summary: summary,
		Responses: map[string]*huma.Response{"200": {Description: "The file", Content: content}},
	}
	register(s, op, func(ctx context.Context, in *I) (*file, error) {
		v, err := f(ctx, in)
		return &v, err
	}, with...)
}

// register adds an operation whose output huma writes as it is. A body is
// read within maxBody, the guard sets its deadlines.
func register[I, O any](s *Server, op huma.Operation, f func(context.Context, *I) (*O, error), with ...func(*huma.Operation)) {
	op.MaxBodyBytes, op.BodyReadTimeout = maxBody, -1
	for _, w := range with {
		w(&op)
	}
	s.permit(&op)
	huma.Register(s.api, op, func(ctx context.Context, in *I) (*O, error) {
		out, err := f(ctx, in)
		if err != nil {
			return nil, s.problem(ctx, op.OperationID, err)
		}
		return out, nil
	})
}

// created makes an operation answer 201.
func created(op *huma.Operation) { op.DefaultStatus = http.StatusCreated }

// upTo bounds an operation's body; one of exactly n bytes is read.
func upTo(n int64) func(*huma.Operation) {
	return func(op *huma.Operation) { op.MaxBodyBytes = n + 1 }
}

// says describes an operation beyond its summary.
func says(text string) func(*huma.Operation) {
	return func(op *huma.Operation) { op.Description = text }
}
