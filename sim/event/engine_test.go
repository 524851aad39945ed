package event_test

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/parley-network/parley/sim/event"
	"github.com/parley-network/parley/sim/random"
)

type what int

const (
	arrival what = iota
	departure
)

// line is one queue before so many servers, M/M/c.
type line struct {
	event.Engine[float64, what]
	r            *rand.Rand
	arrive, mean float64 // mean time between arrivals, and of serving
	servers      int
	busy         int
	waiting      []float64 // since when

	served            int
	waited, emptyHall float64
	area, last        float64
}

func (l *line) live(e what) {
	l.area += float64(len(l.waiting)+l.busy) * (l.Now() - l.last)
	if l.busy == 0 {
		l.emptyHall += l.Now() - l.last
	}
	l.last = l.Now()
	switch e {
	case arrival:
		l.After(random.Exponential(l.r, l.arrive), arrival)
		l.waiting = append(l.waiting, l.Now())
	case departure:
		l.busy--
	}
	if l.busy < l.servers && len(l.waiting) > 0 {
		l.waited += l.Now() - l.waiting[0]
		l.waiting = l.waiting[1:]
		l.busy++
		l.served++
		l.After(random.Exponential(l.r, l.mean), departure)
	}
}

// run returns the mean wait, the mean number there, and the share of time with
// nobody there.
func run(t *testing.T, servers int, load float64, seed uint64, name string) (wait, there, idle float64) {
	t.Helper()
	l := &line{r: random.New(seed, name), arrive: 1 / (load * float64(servers)), mean: 1, servers: servers}
	l.After(0, arrival)
	const until = 4000
	if err := l.Run(t.Context(), until, l.live); err != nil {
		t.Fatal(err)
	}
	return l.waited / float64(l.served), l.area / until, l.emptyHall / until
}

// Erlang's closed forms: at a load of ρ a customer of M/M/1 waits ρ/(1−ρ)
// servings, ρ/(1−ρ) are there on average, and it is empty 1−ρ of the time; of
// M/M/c by Erlang's C. The mean of 30 independent runs is held to four of its
// own standard errors, and the empty beginning is worth less than one.
func TestQueueingTheory(t *testing.T) {
	for _, c := range []struct {
		servers           int
		load              float64
		wait, there, idle float64
	}{
		{1, 0.5, 1, 1, 0.5},
		{1, 0.8, 4, 4, 0.2},
		{2, 0.75, 9.0 / 7, 24.0 / 7, 1.0 / 7},
	} {
		var wait, there, idle []float64
		for seed := range uint64(30) {
			w, n, e := run(t, c.servers, c.load, seed, "line")
			wait, there, idle = append(wait, w), append(there, n), append(idle, e)
		}
		for _, x := range []struct {
			name string
			got  []float64
			want float64
		}{{"wait", wait, c.wait}, {"number there", there, c.there}, {"share of time empty", idle, c.idle}} {
			mean, e := meanError(x.got)
			if math.Abs(mean-x.want) > 4*e {
				t.Errorf("M/M/%d at %.2f: %s %.4f ± %.4f, want %.4f", c.servers, c.load, x.name, mean, e, x.want)
			}
			if e > 0.05*x.want {
				t.Errorf("M/M/%d at %.2f: %s ± %.4f of %.4f tells too little", c.servers, c.load, x.name, e, x.want)
			}
		}
	}
}

// meanError returns the mean and its standard error.
func meanError(x []float64) (mean, e float64) {
	for _, v := range x {
		mean += v / float64(len(x))
	}
	for _, v := range x {
		e += (v - mean) * (v - mean)
	}
	return mean, math.Sqrt(e / float64(len(x)-1) / float64(len(x)))
}

func TestRunIsTheSameForASeed(t *testing.T) {
	a, b, c := run(t, 1, 0.8, 3, "x")
	d, e, f := run(t, 1, 0.8, 3, "x")
	if a != d || b != e || c != f {
		t.Error("two runs of one seed differ")
	}
}

func TestRunEndsAtItsTime(t *testing.T) {
	var e event.Engine[time.Duration, string]
	var lived []string
	live := func(s string) {
		lived = append(lived, s)
		if s == "tick" {
			e.After(time.Second, "tick")
		}
	}
	e.At(time.Second, "tick")
	e.At(3*time.Second, "same time, first scheduled")
	if err := e.Run(t.Context(), 3*time.Second, live); err != nil {
		t.Fatal(err)
	}
	if len(lived) != 4 || lived[2] != "same time, first scheduled" || e.Now() != 3*time.Second || e.Waiting() != 1 || e.Lived() != 4 {
		t.Errorf("lived %q, now %v, waiting %d", lived, e.Now(), e.Waiting())
	}
	if err := e.Run(t.Context(), 3500*time.Millisecond, live); err != nil || e.Now() != 3500*time.Millisecond || len(lived) != 4 {
		t.Errorf("%v at %v: %q", err, e.Now(), lived)
	}
}

func TestRunEndsWithItsContext(t *testing.T) {
	var e event.Engine[float64, int]
	ctx, cancel := context.WithCancel(t.Context())
	e.At(0, 0)
	err := e.Run(ctx, math.Inf(1), func(n int) {
		if n == 10_000 {
			cancel()
		}
		e.After(1, n+1)
	})
	if !errors.Is(err, context.Canceled) || e.Lived() < 10_000 || e.Lived() > 15_000 || e.Waiting() != 1 {
		t.Errorf("%v after %d events, %d waiting", err, e.Lived(), e.Waiting())
	}
}

func TestThePastIsRefused(t *testing.T) {
	for _, at := range []float64{4, math.NaN()} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("an event at %v was taken at 5", at)
				}
			}()
			var e event.Engine[float64, int]
			if err := e.Run(t.Context(), 5, nil); err != nil {
				t.Fatal(err)
			}
			e.At(at, 1)
		}()
	}
}
