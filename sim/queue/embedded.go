package queue

import (
	"errors"
	"fmt"
	"os"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// embedded is a NATS server in this process. It listens on no port: who uses
// it is in the process too.
type embedded struct {
	srv *server.Server
	dir string
}

// startEmbedded starts a server whose streams are in memory, with the folder
// dir for itself, which is emptied. What a killed process had in its queue is
// missing in the record, and is published again from the plan.
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
func (e *embedded) connect(name string) (*link, error) {
	nc, err := nats.Connect("", nats.Name(name), nats.InProcessServer(e.srv))
	if err != nil {
		return nil, err
	}
	return newLink(nc, jetstream.MemoryStorage)
}

// close ends the server and returns when its goroutines have ended.
func (e *embedded) close() {
	e.srv.Shutdown()
	e.srv.WaitForShutdown()
}

// remove takes away the server's folder. Call it after close.
func (e *embedded) remove() error {
	if err := os.RemoveAll(e.dir); err != nil {
		return fmt.Errorf("remove the queue's folder: %w", err)
	}
	return nil
}
