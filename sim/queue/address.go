package queue

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"

	"github.com/nats-io/nats.go"
)

// Address is where a NATS cluster is, and how one shows who one is. Its
// String has no secret in it, so that it may be logged.
type Address struct {
	servers []string // without user and password
	user    *url.Userinfo
	creds   string
}

// ParseAddress reads what --queue was given: one URL or several of the same
// cluster, joined by commas, with the scheme nats, tls, ws or wss. A user and
// a password, or a token alone, may stand in it; creds, if not empty, is the
// path of a NATS credentials file instead. The error never repeats the text,
// which may hold a secret.
func ParseAddress(text, creds string) (Address, error) {
	a := Address{creds: creds}
	for i, part := range strings.Split(text, ",") {
		u, err := parseServer(strings.TrimSpace(part))
		if err != nil {
			return Address{}, fmt.Errorf("queue address, server %d: %w", i+1, err)
		}
		if u.User != nil {
			if a.user != nil && a.user.String() != u.User.String() {
				return Address{}, errors.New("queue address: the servers of one cluster take one user, and two are named")
			}
			a.user = u.User
		}
		u.User = nil
		a.servers = append(a.servers, u.String())
	}
	if a.user != nil && creds != "" {
		return Address{}, errors.New("queue address: both a user in the URL and a credentials file; give one")
	}
	if creds != "" {
		if _, err := os.Stat(creds); err != nil {
			return Address{}, fmt.Errorf("credentials file: %w", err)
		}
	}
	return a, nil
}

func parseServer(s string) (*url.URL, error) {
	u, err := url.Parse(s)
	if err != nil { // its text repeats the URL, and a password in it
		return nil, errors.New("not a URL; want nats://host:4222")
	}
	switch u.Scheme {
	case "nats", "tls", "ws", "wss":
	default:
		return nil, errors.New("not a NATS URL; want nats://host:4222 (or tls, ws, wss)")
	}
	if u.Host == "" || (u.Path != "" && u.Path != "/") || u.RawQuery != "" || u.Fragment != "" {
		return nil, errors.New("want a host and a port and nothing after them, as in nats://host:4222")
	}
	u.Path = ""
	return u, nil
}

// String tells the servers; of a user, only that there is one.
func (a Address) String() string {
	s := strings.Join(a.servers, ",")
	switch {
	case a.user != nil:
		return s + " (with a user)"
	case a.creds != "":
		return s + " (with credentials)"
	}
	return s
}

// options are how a connection is made and kept: a server that goes away is
// looked for until the caller gives up.
func (a Address) options(name string) []nats.Option {
	opts := []nats.Option{
		nats.Name(name), nats.MaxReconnects(-1), nats.ReconnectWait(reconnectWait),
		// What goes wrong comes back as an error of what was asked; by default it
		// would be printed as well.
		nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {}),
	}
	if a.creds != "" {
		opts = append(opts, nats.UserCredentials(a.creds))
	}
	if a.user != nil {
		if password, ok := a.user.Password(); ok {
			opts = append(opts, nats.UserInfo(a.user.Username(), password))
		} else {
			opts = append(opts, nats.Token(a.user.Username()))
		}
	}
	return opts
}

func (a Address) join() string { return strings.Join(a.servers, ",") }
