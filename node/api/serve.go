package api

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/hashicorp/go-hclog"
	"golang.org/x/sync/errgroup"
)

const (
	// closeWithin is how long requests under way may go on once the server is
	// to close.
	closeWithin = 5 * time.Second

	headerWithin = 5 * time.Second
	idleWithin   = 2 * time.Minute
	maxHeader    = 16 << 10
)

// Listen opens the API's TCP address, which must be a loopback one, and, when
// socket is not empty, a unix socket (mode 0600) at that path. A socket left
// behind by a killed process is replaced, a live one is an error.
func Listen(addr, socket string) ([]net.Listener, error) {
	tcp, err := listenTCP(addr)
	if err != nil {
		return nil, err
	}
	if socket == "" {
		return []net.Listener{tcp}, nil
	}
	unix, err := listenUnix(socket)
	if err != nil {
		tcp.Close()
		return nil, err
	}
	return []net.Listener{tcp, unix}, nil
}

func listenTCP(addr string) (net.Listener, error) {
	a, err := net.ResolveTCPAddr("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("listen for the API: %w", err)
	}
	if !a.IP.IsLoopback() {
		return nil, fmt.Errorf("listen for the API: %s is not a loopback address, and the API is for this machine alone", addr)
	}
	l, err := net.ListenTCP("tcp", a)
	if err != nil {
		return nil, fmt.Errorf("listen for the API: %w", err)
	}
	return l, nil
}

func listenUnix(path string) (net.Listener, error) {
	if info, err := os.Lstat(path); err == nil {
		if info.Mode().Type() != os.ModeSocket {
			return nil, fmt.Errorf("listen for the API: %s is there and no socket", path)
		}
		if c, err := net.Dial("unix", path); err == nil {
			c.Close()
			return nil, fmt.Errorf("listen for the API: another node answers at %s", path)
		}
		if err := os.Remove(path); err != nil {
			return nil, fmt.Errorf("listen for the API: %w", err)
		}
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, fmt.Errorf("listen for the API: %w", err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		l.Close()
		return nil, fmt.Errorf("listen for the API: %w", err)
	}
	return l, nil
}

// Serve answers on the listeners and closes them when ctx ends. Requests
// under way get a few seconds to finish and are then cut; every goroutine has
// ended when it returns. The error is nil when ctx ended it. It serves once.
func (s *Server) Serve(ctx context.Context, listeners ...net.Listener) error {
	requests, cut := context.WithCancel(context.Background())
	defer cut()
	srv := &http.Server{
		Handler:           s.Handler(),
		BaseContext:       func(net.Listener) context.Context { return requests },
		ReadHeaderTimeout: headerWithin,
		IdleTimeout:       idleWithin,
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          s.log.StandardLogger(&hclog.StandardLoggerOptions{ForceLevel: hclog.Debug}),
	}
	g, running := errgroup.WithContext(ctx)
	for _, l := range listeners {
		g.Go(func() error {
			if err := srv.Serve(l); !errors.Is(err, http.ErrServerClosed) {
				return fmt.Errorf("serve the API on %s: %w", l.Addr(), err)
			}
			return nil
		})
	}
	g.Go(func() error {
		<-running.Done()
		s.close()
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
