// Package client speaks to a running node through its local API. The command
// line is built on it, and so may be any other Go program of the owner's.
package client

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"

	"github.com/parley-network/parley/node/config"
)

// ErrNoNode is returned when no node answers on the data folder.
var ErrNoNode = errors.New("no node is running")

// Client calls one node's API. Its methods are safe for concurrent use; they
// return [*Problem] for what the node answered, which wraps the errors of
// package view, and [ErrNoNode] when it does not answer.
type Client struct {
	http  *http.Client
	base  string // "http://127.0.0.1:4180"
	token string
	where string // for messages
}

// Open returns a client of the node running on the data folder: over its unix
// socket, or over TCP with the token in the folder. It does not connect yet,
// but returns ErrNoNode when the folder shows that no node can be there.
func Open(dir config.Dir) (*Client, error) {
	tokens, err := dir.Tokens()
	if errors.Is(err, fs.ErrNotExist) {
		return nil, noNode(string(dir), nil)
	}
	if err != nil {
		return nil, err
	}
	if socket := dir.Socket(); socket != "" {
		if _, err := os.Stat(socket); err == nil {
			return overSocket(socket, tokens.Write, string(dir)), nil
		}
	}
	addr, err := dir.Address()
	if err != nil {
		return nil, err
	}
	if addr == "" {
		return nil, noNode(string(dir), nil)
	}
	c := New("http://"+addr, tokens.Write)
	c.where = string(dir)
	return c, nil
}

// New returns a client of the API at base, such as "http://127.0.0.1:4180",
// with one of its tokens.
func New(base, token string) *Client {
	return &Client{http: httpClient(nil), base: base, token: token, where: base}
}

func overSocket(path, token, where string) *Client {
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", path)
	}
	return &Client{http: httpClient(dial), base: "http://localhost", token: token, where: where}
}

// httpClient keeps to the address it is given: no proxy, whatever the
// environment says, and no redirect, which would carry the token elsewhere.
func httpClient(dial func(context.Context, string, string) (net.Conn, error)) *http.Client {
	if dial == nil {
		dial = new(net.Dialer).DialContext
	}
	return &http.Client{
		Transport:     &http.Transport{DialContext: dial, MaxIdleConnsPerHost: 4},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// Close frees idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

func noNode(where string, err error) error {
	if err != nil {
		return fmt.Errorf("%w at %s (%w)", ErrNoNode, where, err)
	}
	return fmt.Errorf("%w on %s", ErrNoNode, where)
}
