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

// startEmbedded starts a server that keeps its streams in the folder dir, which
// it empties: what a killed process left there is missing in the record, and
// published again from the plan. So nothing depends on files that were cut off
// while being written.
func startEmbedded(dir string) (*embedded, error) {
	if err := os.RemoveAll(dir); err != nil {
		return nil, fmt.Errorf("embedded queue: %w", err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("embedded queue: %w", err)
	}
	srv, err := server.NewServer(&server.Options{
		ServerName: "parley-sim",
		DontListen: true,
		JetStream:  true,
		StoreDir:   dir,
		NoLog:      true,
		NoSigs:     true,
		// Nothing here has to survive the process.
		SyncInterval:       time.Minute,
		JetStreamMaxMemory: embeddedMemory,
	})
	if err != nil {
		return nil, fmt.Errorf("embedded queue: %w", err)
	}
	srv.Start()
	if !srv.ReadyForConnections(embeddedStart) || !srv.JetStreamEnabled() {
		srv.Shutdown()
		srv.WaitForShutdown()
		return nil, errors.New("embedded queue: the server did not start")
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
