package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"syscall"
)

// maxAnswer bounds what a node may answer.
const maxAnswer = 256 << 20

// carType is the media type of a CAR file (IANA).
const carType = "application/vnd.ipld.car"

// list is how the API carries several things.
type list[T any] struct {
	Items []T    `json:"items"`
	Next  string `json:"next,omitempty"`
}

// body is what a request carries; nil for nothing.
type body struct {
	kind string // media type
	r    io.Reader
}

func asJSON(v any) (*body, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("write request: %w", err)
	}
	return &body{"application/json", bytes.NewReader(b)}, nil
}

// send makes a request and returns the answer's body when it is a success.
func (c *Client) send(ctx context.Context, method, path string, b *body) (io.ReadCloser, error) {
	var r io.Reader
	if b != nil {
		r = b.r
	}
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, r)
	if err != nil {
		return nil, fmt.Errorf("write request: %w", err)
	}
	if b != nil {
		req.Header.Set("Content-Type", b.kind)
	}
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, c.unreachable(ctx, err)
	}
	if resp.StatusCode/100 != 2 {
		defer resp.Body.Close()
		return nil, readProblem(resp)
	}
	return resp.Body, nil
}

// unreachable tells a node that is not there from other failures.
func (c *Client) unreachable(ctx context.Context, err error) error {
	var dial *net.OpError
	if errors.As(err, &dial) && dial.Op == "dial" &&
		(errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, os.ErrNotExist)) {
		return noNode(c.where, dial.Err)
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return fmt.Errorf("call the node: %w", err)
}

// call makes a request and reads its answer as JSON.
func call[T any](ctx context.Context, c *Client, method, path string, b *body) (T, error) {
	var v T
	r, err := c.send(ctx, method, path, b)
	if err != nil {
		return v, err
	}
	defer r.Close()
	if err := json.NewDecoder(io.LimitReader(r, maxAnswer)).Decode(&v); err != nil {
		if ctx.Err() != nil {
			return v, ctx.Err()
		}
		return v, fmt.Errorf("read the node's answer to %s %s: %w", method, path, err)
	}
	return v, nil
}

func get[T any](ctx context.Context, c *Client, path string) (T, error) {
	return call[T](ctx, c, http.MethodGet, path, nil)
}

func getList[T any](ctx context.Context, c *Client, path string) ([]T, error) {
	l, err := get[list[T]](ctx, c, path)
	return l.Items, err
}

func postList[T any](ctx context.Context, c *Client, path string) ([]T, error) {
	l, err := post[list[T]](ctx, c, path, nil)
	return l.Items, err
}

func post[T any](ctx context.Context, c *Client, path string, in any) (T, error) {
	return sendJSON[T](ctx, c, http.MethodPost, path, in)
}

func sendJSON[T any](ctx context.Context, c *Client, method, path string, in any) (T, error) {
	if in == nil {
		return call[T](ctx, c, method, path, nil)
	}
	b, err := asJSON(in)
	if err != nil {
		var none T
		return none, err
	}
	return call[T](ctx, c, method, path, b)
}

// segment is a name as one segment of a path, which . and .. are not unless
// they are escaped.
func segment(name string) string {
	if name == "." || name == ".." {
		return strings.ReplaceAll(name, ".", "%2E")
	}
	return url.PathEscape(name)
}

// put replaces something; what the node has then is not read.
func (c *Client) put(ctx context.Context, path string, in any) error {
	b, err := asJSON(in)
	if err != nil {
		return err
	}
	return c.tell(ctx, http.MethodPut, path, b)
}

// tell makes a request of which success is the answer.
func (c *Client) tell(ctx context.Context, method, path string, b *body) error {
	r, err := c.send(ctx, method, path, b)
	if err != nil {
		return err
	}
	defer r.Close()
	io.Copy(io.Discard, io.LimitReader(r, maxProblem)) // so that the connection serves again
	return nil
}

// file makes a request and returns its answer as it is.
func (c *Client) file(ctx context.Context, path string) ([]byte, error) {
	r, err := c.send(ctx, http.MethodGet, path, nil)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	b, err := io.ReadAll(io.LimitReader(r, maxAnswer+1))
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case err != nil:
		return nil, fmt.Errorf("read the node's file: %w", err)
	case len(b) > maxAnswer:
		return nil, fmt.Errorf("read the node's file: it has more than %d bytes", maxAnswer)
	}
	return b, nil
}
