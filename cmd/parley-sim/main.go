// Parley-sim is the researchers' command: it runs scenarios of how a network
// of Parley nodes spreads, what it costs and what breaks it, on real nodes in
// virtual time or on a fast model of them.
package main

import (
	"context"
	"os"
	"os/signal"
	"runtime"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	ballast := make([]byte, ballastBytes)
	code := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr, newEngine)
	runtime.KeepAlive(ballast)
	os.Exit(code)
}

// ballastBytes are never touched, and so take no memory, but count for the
// collector: it lets the heap grow to twice what is alive with them. Cells of a
// few megabytes were collected a hundred times a second, on the processors that
// two workers have to themselves.
const ballastBytes = 64 << 20
