package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/parley-network/parley/sim/outcome"
	page "github.com/parley-network/parley/sim/report"
	"github.com/parley-network/parley/sim/result"
	"github.com/parley-network/parley/sim/scenario"
	"github.com/parley-network/parley/sim/sweep"
)

// watched is an engine and a sink that tell a page what happens.
type watched struct {
	sweep.Engine
	sweep.Sink
	page  *page.Live
	cells map[uint64]int // by seed
}

// live serves the page of a run at a loopback address, and returns the engine
// and the sink to use. stop ends it. With no address it does nothing.
func (e *env) live(addr string, folder *result.Folder, engine sweep.Engine, sink sweep.Sink) (sweep.Engine, sweep.Sink, func(), error) {
	if addr == "" {
		return engine, sink, func() {}, nil
	}
	in, err := page.Read(folder)
	if err != nil {
		return nil, nil, nil, err
	}
	live, err := page.NewLive(in.Scenario, in.Points, in.Cells)
	if err != nil {
		return nil, nil, nil, err
	}
	l, err := listenLoopback(addr)
	if err != nil {
		return nil, nil, nil, err
	}
	e.note("watch it at http://%s/", l.Addr())
	w := watched{Engine: engine, Sink: sink, page: live, cells: map[uint64]int{}}
	for _, c := range folder.Manifest().Cells {
		w.cells[c.Seed] = c.Index
	}
	return w, w, serve(l, live, e), nil
}

// loopback checks an address before anything runs.
func loopback(addr string) (string, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return "", wrong("--live %s: want an address such as 127.0.0.1:8080", addr)
	}
	if host == "" || host == "localhost" {
		host = "127.0.0.1"
	}
	if ip := net.ParseIP(host); ip == nil || !ip.IsLoopback() {
		return "", wrong("--live %s: the page is for this machine only: want a loopback address such as 127.0.0.1:8080", addr)
	}
	return net.JoinHostPort(host, port), nil
}

// canListen tells before anything runs that somebody has the address already.
func canListen(addr string) error {
	if addr == "" {
		return nil
	}
	l, err := listenLoopback(addr)
	if err != nil {
		return err
	}
	return l.Close()
}

func listenLoopback(addr string) (net.Listener, error) {
	addr, err := loopback(addr)
	if err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("serve the live page: %w; --live 127.0.0.1:0 takes an address that is free", err)
	}
	return l, nil
}

func serve(l net.Listener, live *page.Live, e *env) (stop func()) {
	server := &http.Server{Handler: live, ReadHeaderTimeout: 5 * time.Second}
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			e.note("the live page ended: %v", err)
		}
	})
	return func() {
		live.Close() // lets the readers' requests end with a last word
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		defer cancel()
		if server.Shutdown(ctx) != nil {
			server.Close()
		}
		wg.Wait()
	}
}

// Run implements [sweep.Engine].
func (w watched) Run(ctx context.Context, s scenario.Scenario, seed uint64, done func(float64)) (outcome.Outcome, error) {
	cell, ok := w.cells[seed]
	if !ok {
		return w.Engine.Run(ctx, s, seed, done)
	}
	w.page.Progress(cell, 0)
	returned := false
	defer func() {
		if !returned { // the job recovers it
			w.page.Failed(cell, errors.New("it panicked"))
		}
	}()
	o, err := w.Engine.Run(ctx, s, seed, func(share float64) {
		w.page.Progress(cell, share)
		if done != nil {
			done(share)
		}
	})
	returned = true
	if err != nil {
		w.page.Failed(cell, err)
	}
	return o, err
}

// Put implements [sweep.Sink].
func (w watched) Put(ctx context.Context, cell int, o outcome.Outcome) error {
	err := w.Sink.Put(ctx, cell, o)
	if err == nil {
		w.page.Finished(cell, o)
	}
	return err
}
