package marketrun

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"sync"

	"golang.org/x/sync/errgroup"
)

// underWay is how many intents, and then how many cards, are under way at a
// time. One process holds the machines of a whole market: all at once would
// queue for its few cores, and the times told would be those of the queue and
// not of the protocol.
const underWay = 2

// atOnce is how many nodes are started, connected or closed at a time. Most of
// that is computing, the rest waits for the disk.
const atOnce = 8

// processorsPerCore is how many of Go's processors run on a core meanwhile. A
// commit waits for the disk in a system call, and the scheduler takes the
// processor from it only after up to 10 ms. To one node that is nothing; here
// more than a hundred commit at a time, and with a processor a core most of
// the waiting would be done by both cores.
const processorsPerCore = 4

// withProcessors has Go run on more processors until restore is called, unless
// whoever started the process has said how many.
func withProcessors() (restore func()) {
	if os.Getenv("GOMAXPROCS") != "" {
		return func() {}
	}
	runtime.GOMAXPROCS(processorsPerCore * runtime.GOMAXPROCS(0))
	return runtime.SetDefaultGOMAXPROCS
}

// together calls do for 0 to n-1, some at a time, and tells how many are done.
// The first error ends it.
func together(ctx context.Context, n int, told func(done int), do func(ctx context.Context, i int) error) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(atOnce)
	var mu sync.Mutex
	done := 0
	for i := range n {
		g.Go(func() error {
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := do(ctx, i); err != nil {
				return err
			}
			mu.Lock()
			defer mu.Unlock()
			done++
			told(done)
			return nil
		})
	}
	return g.Wait()
}

// roomToCast waits until all but a few of the casts before are decided
// by every business.
func (r *run) roomToCast(ctx context.Context, cast int) error {
	decided := (cast + 1 - underWay) * len(r.businesses)
	return r.watch.until(ctx, r.opts.Patience, func(c counts) (bool, string) {
		return c.decided >= decided, fmt.Sprintf("%d of %d decisions made about %d intents", c.decided, decided, cast)
	})
}

// roomToAccept waits until all but a few of the cards before are signed, and
// the businesses have heard that those customers' intents are met: that word
// goes to every node, and computing it would stand in the way of the next card.
func (r *run) roomToAccept(ctx context.Context, taken int) error {
	signed := taken + 1 - underWay
	closed := signed * len(r.businesses)
	return r.watch.until(ctx, r.opts.Patience, func(c counts) (bool, string) {
		return c.active >= signed && c.countersigned >= signed && c.closed >= closed,
			fmt.Sprintf("%d of %d cards signed by both, %d of %d times heard that an intent is met", c.active, taken, c.closed, closed)
	})
}
