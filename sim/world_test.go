package sim

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"
)

func TestClockStartsIn2000AndCostsNothing(t *testing.T) {
	began := time.Now()
	Run(t, 1, func(w *World) {
		if now := time.Now().UTC().Format(time.RFC3339); now != "2000-01-01T00:00:00Z" {
			w.T.Errorf("the clock starts at %s", now)
		}
		time.Sleep(24 * time.Hour)
		if w.Elapsed() != 24*time.Hour {
			w.T.Errorf("slept a day, elapsed %s", w.Elapsed())
		}
	})
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("a day took %s", took)
	}
}

// Things close in reverse order of building, processes among them, and a
// process's context ends before what was built earlier closes.
func TestClosesInReverse(t *testing.T) {
	var order []string
	note := func(s string) func() error {
		return func() error { order = append(order, s); return nil }
	}
	Run(t, 1, func(w *World) {
		w.Defer("store", note("store closed"))
		w.Start("node", func(ctx context.Context) error {
			<-ctx.Done()
			time.Sleep(3 * time.Second) // what it takes to finish
			order = append(order, "node stopped")
			return ctx.Err()
		})
		w.Add("api", closeFunc(note("api closed")))
	})
	if want := []string{"api closed", "node stopped", "store closed"}; !slices.Equal(order, want) {
		t.Errorf("closed in the order %v, want %v", order, want)
	}
}

type closeFunc func() error

func (f closeFunc) Close() error { return f() }

func TestStopEndsAProcessEarly(t *testing.T) {
	Run(t, 1, func(w *World) {
		ended := false
		stop := w.Start("node", func(ctx context.Context) error {
			<-ctx.Done()
			ended = true
			return nil
		})
		w.Go(func(context.Context) { stop() }) // twice, at the same time
		stop()
		if !ended {
			w.T.Error("stop returned before the process had")
		}
		var whats []string
		for _, e := range w.Timeline() {
			if e.Who == "node" {
				whats = append(whats, e.What)
			}
		}
		if want := []string{"started", "stopped"}; !slices.Equal(whats, want) {
			w.T.Errorf("recorded %v of the process, want %v", whats, want)
		}
	})
}

func TestEventuallyWaitsInVirtualTime(t *testing.T) {
	Run(t, 1, func(w *World) {
		done := make(chan struct{})
		w.Go(func(context.Context) { time.Sleep(time.Hour); close(done) })
		w.Eventually(2*time.Hour, "the hour to be over", func() bool {
			select {
			case <-done:
				return true
			default:
				return false
			}
		})
		if e := w.Elapsed(); e < time.Hour || e > time.Hour+pollEvery {
			w.T.Errorf("waited %s for an hour", e)
		}
	})
}

func TestEventKeepsTypedValues(t *testing.T) {
	Run(t, 1, func(w *World) {
		err := errors.New("refused")
		time.Sleep(time.Second)
		w.Event("ann", "offer", "price", 12, "err", err, "odd")
		events := w.Timeline()
		e := events[len(events)-1]
		if e.At != time.Second || e.Who != "ann" || e.What != "offer" {
			w.T.Errorf("recorded %+v", e)
		}
		if e.Arg("price") != 12 || e.Arg("err") != err || e.Arg("odd") != nil || e.Arg("none") != nil {
			w.T.Errorf("arguments of %+v are not as given", e)
		}
		if got, want := e.String(), "            1s  ann          offer price=12 err=refused odd"; got != want {
			w.T.Errorf("printed %q, want %q", got, want)
		}
	})
}

func TestDrawsDependOnSeedAndName(t *testing.T) {
	draws := map[uint64]string{}
	draw := func(seed uint64, name string) (n uint64) {
		Run(t, seed, func(w *World) { n = w.RandFor(name).Uint64() })
		return n
	}
	for _, seed := range []uint64{1, 2} {
		for _, name := range []string{"ann", "bob"} {
			n := draw(seed, name)
			if draw(seed, name) != n {
				t.Errorf("seed %d, %s: two runs drew differently", seed, name)
			}
			if other, ok := draws[n]; ok {
				t.Errorf("seed %d, %s drew the same as %s", seed, name, other)
			}
			draws[n] = name
		}
	}
}

func TestTimelineIsBounded(t *testing.T) {
	tl := &timeline{events: make([]Event, maxEvents)}
	tl.add(Event{What: "one too many"})
	if len(tl.events) != maxEvents || tl.dropped != 1 {
		t.Errorf("%d events kept, %d counted", len(tl.events), tl.dropped)
	}
}
