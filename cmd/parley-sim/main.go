// Parley-sim is the researchers' command: it runs scenarios of how a network
// of Parley nodes spreads, what it costs and what breaks it, on real nodes in
// virtual time or on a fast model of them.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr, newEngine))
}
