package queue

import (
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
)

// embedded is a NATS server in this process. It listens on no port: who uses
// it is in the process too.
type embedded struct {
	srv *server.Server
	dir string
}

// startEmbedded starts a server that keeps its streams under dir, which is
// made if it isn't there. What a killed process left there is used again; if
// it can't be read it is thrown away, for the queue is never the record, and
// discarded says why.
func startEmbedded(dir string) (e *embedded, discarded, err error) {
	e, first := tryEmbedded(dir)
	if first == nil {
		return e, nil, nil
	}
	if err := os.RemoveAll(dir); err != nil {
		return nil, nil, fmt.Errorf("embedded queue: %w; and its folder can't be removed: %w", first, err)
	}
	e, err = tryEmbedded(dir)
	if err != nil {
		return nil, nil, fmt.Errorf("embedded queue: %w", err)
	}
	return e, first, nil
}

func tryEmbedded(dir string) (*embedded, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	srv, err := server.NewServer(&server.Options{
		ServerName: "parley-sim",
		DontListen: true,
		JetStream:  true,
		StoreDir:   dir,
		NoLog:      true,
		NoSigs:     true,
		// What a power failure would lose is found missing and run again.
		SyncInterval:       time.Minute,
		JetStreamMaxMemory: embeddedMemory,
	})
	if err != nil {
		return nil, err
	}
	srv.Start()
	if !srv.ReadyForConnections(embeddedStart) || !srv.JetStreamEnabled() {
		srv.Shutdown()
		srv.WaitForShutdown()
		return nil, errors.New("the server in this process did not start")
	}
	return &embedded{srv: srv, dir: dir}, nil
}

// connect is a connection within the process.
func (e *embedded) connect(name string) (*nats.Conn, error) {
	return nats.Connect("", nats.Name(name), nats.InProcessServer(e.srv))
}

// close ends the server and returns when its goroutines have ended.
func (e *embedded) close() {
	e.srv.Shutdown()
	e.srv.WaitForShutdown()
}

// remove takes away what the server kept. Call it after close, once all is
// recorded.
func (e *embedded) remove() error { return os.RemoveAll(e.dir) }
