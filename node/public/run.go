package public

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"
	"golang.org/x/sync/errgroup"
)

const (
	headerWithin = 5 * time.Second
	readWithin   = 10 * time.Second
	writeWithin  = 30 * time.Second
	idleWithin   = time.Minute
	closeWithin  = 5 * time.Second
	maxHeader    = 8 << 10
	maxConns     = 1024
)

// Run serves on l until ctx ends and closes it. Requests under way get a few
// seconds; every goroutine has ended when it returns. The error is nil when
// ctx ended it. It runs once.
func (s *Server) Run(ctx context.Context, l net.Listener) error {
	requests, cut := context.WithCancel(context.Background())
	defer cut()
	srv := &http.Server{
		Handler:           s.Handler(),
		BaseContext:       func(net.Listener) context.Context { return requests },
		ReadHeaderTimeout: headerWithin,
		ReadTimeout:       readWithin,
		WriteTimeout:      writeWithin,
		IdleTimeout:       idleWithin,
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          s.cfg.Log.StandardLogger(&hclog.StandardLoggerOptions{ForceLevel: hclog.Debug}),

		DisableGeneralOptionsHandler: true, // OPTIONS * is answered as everything is
	}
	g, running := errgroup.WithContext(ctx)
	g.Go(func() error {
		if err := srv.Serve(&narrow{Listener: l, room: make(chan struct{}, maxConns)}); !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("serve the public documents on %s: %w", l.Addr(), err)
		}
		return nil
	})
	g.Go(func() error {
		<-running.Done()
		grace, done := context.WithTimeout(context.Background(), closeWithin)
		defer done()
		if srv.Shutdown(grace) != nil {
			cut()
			srv.Close()
		}
		s.busy.Wait()
		return nil
	})
	return g.Wait()
}

// narrow is a listener that closes what connects beyond its room, so that the
// vendor's other services keep their file descriptors.
type narrow struct {
	net.Listener
	room chan struct{}
}

// Accept returns the next connection there is room for.
func (n *narrow) Accept() (net.Conn, error) {
	for {
		c, err := n.Listener.Accept()
		if err != nil {
			return nil, err
		}
		select {
		case n.room <- struct{}{}:
			return &counted{Conn: c, leave: sync.OnceFunc(func() { <-n.room })}, nil
		default:
			c.Close()
		}
	}
}

// counted is a connection that gives up its room once.
type counted struct {
	net.Conn
	leave func()
}

// Close closes the connection.
func (c *counted) Close() error {
	defer c.leave()
	return c.Conn.Close()
}
