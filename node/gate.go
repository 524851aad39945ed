package node

import (
	"context"
	"sync/atomic"
	"time"

	"golang.org/x/sync/semaphore"
)

// gate lets changes through side by side, and a rotation of keys alone. A key
// log dates its versions by the second and every signature is of one version's
// time: what is signed in the second in which a version begins must be signed
// with its key. So a rotation is let in at a second in which nothing has been
// signed yet.
type gate struct {
	room *semaphore.Weighted
	last atomic.Int64 // newest second in which a change was made, Unix
}

const gateRoom = 1 << 30

func newGate() gate { return gate{room: semaphore.NewWeighted(gateRoom)} }

// enter waits until no rotation is under way; leave is to be called after.
func (g *gate) enter(ctx context.Context) error { return g.room.Acquire(ctx, 1) }
func (g *gate) leave()                          { g.room.Release(1) }

// passed notes that a change is made at now.
func (g *gate) passed(now time.Time) {
	for s := now.Unix(); ; {
		last := g.last.Load()
		if s <= last || g.last.CompareAndSwap(last, s) {
			return
		}
	}
}

// gateTries is how often a second is waited for in which nothing was done yet.
// A node too busy for that is held up for the rest of one.
const gateTries = 5

// alone waits until nothing else is being changed and nothing has been in this
// second; open is to be called after.
func (g *gate) alone(ctx context.Context) error {
	for try := 0; ; try++ {
		if err := g.shut(ctx); err != nil {
			return err
		}
		now := time.Now()
		if now.Unix() > g.last.Load() {
			return nil
		}
		hold := try >= gateTries
		if !hold {
			g.open()
		}
		// A clock that was put back is waited for too.
		err := pause(ctx, time.Unix(g.last.Load()+1, 0).Sub(now))
		if hold {
			if err == nil {
				return nil
			}
			g.open()
		}
		if err != nil {
			return err
		}
	}
}

// shut waits until nothing is being changed, and lets nothing through until
// open.
func (g *gate) shut(ctx context.Context) error { return g.room.Acquire(ctx, gateRoom) }

func (g *gate) open() { g.room.Release(gateRoom) }

// pause waits for d, or until ctx ends.
func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
