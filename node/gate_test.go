package node

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
)

// A rotation is let in at a second in which nothing was changed, however busy
// the node is, and nothing is changed beside it.
func TestGateGivesARotationASecondOfItsOwn(t *testing.T) {
	for name, every := range map[string]time.Duration{"idle": time.Minute, "busy": 300 * time.Millisecond, "without pause": time.Millisecond} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := newGate()
				ctx, stop := context.WithCancel(t.Context())
				var all sync.WaitGroup
				var rotating atomic.Bool
				var newest atomic.Int64
				for range 3 {
					all.Go(func() {
						for ctx.Err() == nil {
							if g.enter(ctx) != nil {
								return
							}
							if rotating.Load() {
								t.Error("a change beside a rotation")
							}
							newest.Store(time.Now().Unix())
							g.passed(time.Now())
							g.leave()
							pause(ctx, every)
						}
					})
				}
				for range 20 {
					if err := g.alone(ctx); err != nil {
						t.Fatal(err)
					}
					rotating.Store(true)
					now := time.Now().Unix()
					if now <= newest.Load() {
						t.Errorf("let in at second %d, and something was changed at %d", now, newest.Load())
					}
					g.passed(time.Now())
					newest.Store(now)
					rotating.Store(false)
					g.open()
				}
				stop()
				all.Wait()
			})
		})
	}
}

func TestGateEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate()
		if err := g.alone(t.Context()); err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithTimeout(t.Context(), time.Minute)
		defer stop()
		if g.enter(ctx) == nil || g.alone(ctx) == nil {
			t.Error("let in beside a rotation")
		}
		g.passed(time.Now().Add(time.Hour)) // the clock was put back since
		g.open()
		soon, end := context.WithTimeout(t.Context(), time.Minute)
		defer end()
		if g.alone(soon) == nil {
			t.Error("let in at a second that was before")
		}
		if err := g.enter(t.Context()); err != nil {
			t.Errorf("who gave up waiting holds the gate: %v", err)
		}
	})
}

// Whatever comes as a letter with a key log is refused, or is one that is
// written the same way again.
func FuzzDecodeKeysLetter(f *testing.F) {
	for _, l := range []keysLetter{
		{Version: 1, Person: "did:webvh:QmX:pairwise.invalid", Log: []byte("{}\n")},
		{Version: 1, Person: identity.DID("x"), Card: dagcbor.Sum([]byte("card")), Log: []byte("{}")},
		{Version: 2},
	} {
		seed(f, l)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var l keysLetter
		if err := decodeLetter(b, &l, &l.Version); err != nil {
			return
		}
		again(t, l, b)
	})
}

// One that holds the gate for the rest of a second lets go of it when its context
// ends.
func TestGateGivenUpWhileHeld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate()
		ctx, cancel := context.WithTimeout(t.Context(), gateTries*11*time.Second+5*time.Second)
		defer cancel()
		var all sync.WaitGroup
		g.passed(time.Now().Add(10 * time.Second))
		all.Go(func() {
			for ctx.Err() == nil {
				g.passed(time.Now().Add(10 * time.Second)) // as by a clock that is put back again and again
				pause(ctx, time.Second)
			}
		})
		if err := g.alone(ctx); err == nil {
			t.Error("let in at a second in which something was changed")
		}
		if !g.room.TryAcquire(gateRoom) {
			t.Error("the gate is shut")
		}
		all.Wait()
	})
}
