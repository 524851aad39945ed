package marketrun

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/parley-network/parley/node/view"
)

func mapsKeys[K comparable, V any](m map[K]V) iter.Seq[K] { return maps.Keys(m) }

// counts is how far a market has come.
type counts struct {
	decided       int // intents a business answered or stayed silent on
	sent          int // offers made
	received      int // offers arrived at customers
	countersigned int // cards signed by a business
	active        int // cards in force at a customer
	closed        int // times a business heard that an intent is over
}

// watch counts what the nodes report, with times.
type watch struct {
	mu       sync.Mutex
	counts_  counts
	more     chan struct{}
	cast     []time.Time // by customer
	accepted []time.Time
	offers   []time.Duration
	signed   []time.Duration
}

func newWatch(businesses, customers int) *watch {
	return &watch{more: make(chan struct{}), cast: make([]time.Time, customers), accepted: make([]time.Time, customers)}
}

func (w *watch) castAt(i int, t time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cast[i] = t
}

func (w *watch) acceptAt(i int, t time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.accepted[i] = t
}

// customer returns the observer of customer i's node.
func (w *watch) customer(i int) func(view.Event) {
	return func(e view.Event) {
		now := time.Now()
		w.change(func() {
			switch e.Kind {
			case "offer.received":
				w.counts_.received++
				w.offers = append(w.offers, now.Sub(w.cast[i]))
			case "card.active":
				w.counts_.active++
				w.signed = append(w.signed, now.Sub(w.accepted[i]))
			}
		})
	}
}

// business returns the observer of business i's node.
func (w *watch) business(int) func(view.Event) {
	return func(e view.Event) {
		w.change(func() {
			switch e.Kind {
			case "offer.sent":
				w.counts_.decided++
				w.counts_.sent++
			case "offer.silent":
				w.counts_.decided++
			case "card.active":
				w.counts_.countersigned++
			case "intent.closed":
				w.counts_.closed++
			}
		})
	}
}

func (w *watch) change(fn func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	fn()
	close(w.more)
	w.more = make(chan struct{})
}

func (w *watch) counts() counts {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.counts_
}

func (w *watch) offerTimes() []time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.offers)
}

func (w *watch) acceptTimes() []time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.signed)
}

// until waits for done, and gives up when nothing at all has happened for as
// long as patience.
func (w *watch) until(ctx context.Context, patience time.Duration, done func(counts) (bool, string)) error {
	idle := time.NewTimer(patience)
	defer idle.Stop()
	for {
		w.mu.Lock()
		more, c := w.more, w.counts_
		w.mu.Unlock()
		ok, how := done(c)
		if ok {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-idle.C:
			return fmt.Errorf("nothing happened for %s: %s", patience, how)
		case <-more:
			idle.Reset(patience)
		}
	}
}

// quantiles are by the nearest rank.
func quantiles(d []time.Duration) Quantiles {
	if len(d) == 0 {
		return Quantiles{}
	}
	slices.Sort(d)
	at := func(q float64) float64 {
		i := min(len(d)-1, int(q*float64(len(d))))
		return float64(d[i].Microseconds()) / 1000
	}
	return Quantiles{at(.50), at(.99)}
}
