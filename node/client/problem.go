package client

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/parley-network/parley/node/view"
)

// Problem is a node's refusal: a problem document (RFC 9457). It wraps the
// error of package view that its status stands for.
type Problem struct {
	Status int     `json:"status"` // of the HTTP answer
	Title  string  `json:"title"`
	Detail string  `json:"detail"`
	Errors []Fault `json:"errors,omitempty"`
}

// Fault is one part of the input that was refused.
type Fault struct {
	Message  string `json:"message"`
	Location string `json:"location,omitempty"` // such as "body.items[2].qty"
}

// Error returns the detail and where the input is at fault.
func (p *Problem) Error() string {
	s := p.Detail
	if s == "" {
		s = strings.ToLower(p.Title)
	}
	switch most, ok := strings.CutPrefix(s, "request body is too large limit="); {
	case ok:
		return "it is more at once than the node takes, which is " + most
	case s == "validation failed" && len(p.Errors) > 0:
		s = ""
	}
	for _, f := range p.Errors {
		at := strings.TrimPrefix(f.Location, "body.")
		switch {
		case s != "" && strings.Contains(s, f.Message):
		case at == "" || at == "body":
			s += ": " + f.Message
		default:
			s += ": " + at + ": " + f.Message
		}
	}
	return strings.TrimPrefix(s, ": ")
}

// Unwrap returns the error of package view, or nil.
func (p *Problem) Unwrap() error {
	switch p.Status {
	case http.StatusNotFound:
		return view.ErrNotFound
	case http.StatusUnprocessableEntity, http.StatusBadRequest, http.StatusRequestEntityTooLarge:
		return view.ErrInvalid
	case http.StatusConflict:
		return view.ErrConflict
	case http.StatusServiceUnavailable:
		return view.ErrUnavailable
	case http.StatusInsufficientStorage:
		return view.ErrFull
	default:
		return nil
	}
}

// maxProblem bounds a problem document.
const maxProblem = 1 << 20

// readProblem reads an answer that is no success.
func readProblem(r *http.Response) error {
	b, err := io.ReadAll(io.LimitReader(r.Body, maxProblem))
	p := &Problem{}
	if err != nil || json.Unmarshal(b, p) != nil || p.Status != r.StatusCode {
		p = &Problem{Detail: fmt.Sprintf("the node answered %s without saying why", r.Status)}
	}
	p.Status = r.StatusCode
	return p
}
