package report

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/parley-network/parley/sim/outcome"
	"github.com/parley-network/parley/sim/scenario"
)

// Live is a page that shows a sweep while it runs: an [http.Handler] to be
// served on loopback, at "/" of its own. It answers only requests that name a
// loopback host, so that no web page elsewhere can read it under another name.
// Its methods may be called by several goroutines.
//
// The page is told of changes by server-sent events; without JavaScript it
// reloads itself.
type Live struct {
	scenario scenario.Scenario
	points   []Point

	mu      sync.Mutex
	begun   time.Time
	cells   []liveCell
	taken   int // finished before this process began
	failed  []string
	closed  bool
	changed chan struct{} // closed and replaced at each change
	kept    int           // outcomes
	version int           // of them

	drawing sync.Mutex
	drawn   []plateView
	drawnOf int // the version
}

// mostKept is how many outcomes are kept for the curves.
const mostKept = 5000

type liveCell struct {
	Cell
	state   liveState
	share   float64
	started time.Time
}

type liveState uint8

const (
	waiting liveState = iota
	running
	done
	broken
)

// NewLive shows the cells of a scenario, none begun yet. Cells with an outcome
// count as finished earlier.
func NewLive(s scenario.Scenario, points []Point, cells []Cell) (*Live, error) {
	l := &Live{scenario: s, points: points, begun: time.Now(), changed: make(chan struct{}), drawnOf: -1}
	if len(l.points) == 0 {
		l.points = []Point{nil}
	}
	for _, c := range cells {
		lc := liveCell{Cell: c}
		if c.Outcome != nil {
			lc.state = done
			l.taken++
			l.keep(&lc, *c.Outcome)
		}
		l.cells = append(l.cells, lc)
	}
	if _, err := sorted(Input{Points: l.points, Cells: cells}); err != nil {
		return nil, fmt.Errorf("live page: %w", err)
	}
	return l, nil
}

// Progress tells how much of a cell has run, in [0,1]. The first call says that
// it began. Of a cell that is not there, or has ended, nothing is shown.
func (l *Live) Progress(cell int, share float64) {
	l.change(cell, func(c *liveCell) {
		if c.state == done {
			return
		}
		if c.state != running {
			c.state, c.started = running, time.Now()
		}
		c.share = min(max(share, 0), 1)
	})
}

// Finished tells what a cell found.
func (l *Live) Finished(cell int, o outcome.Outcome) {
	l.change(cell, func(c *liveCell) {
		if c.state != done {
			c.state, c.share = done, 1
			l.keep(c, o)
		}
	})
}

// keep holds on to what the page draws of an outcome.
func (l *Live) keep(c *liveCell, o outcome.Outcome) {
	c.Outcome = nil
	if l.kept == mostKept {
		return
	}
	var names []string
	for _, s := range o.Series {
		names = append(names, s.Name)
	}
	names = rank(names)
	names = names[:min(openLive, len(names))]
	slim := outcome.Outcome{}
	for _, s := range o.Series {
		if slices.Contains(names, s.Name) {
			slim.Series = append(slim.Series, s)
		}
	}
	c.Outcome = &slim
	l.kept++
	l.version++
}

// mostFailed is how many failures are told.
const mostFailed = 8

// Failed tells why a cell ended without an outcome. It may be begun again.
func (l *Live) Failed(cell int, why error) {
	l.change(cell, func(c *liveCell) {
		c.state = broken
		if len(l.failed) < mostFailed {
			l.failed = append(l.failed, fmt.Sprintf("cell %d: %s", cell, clip(why.Error(), 300)))
		}
	})
}

func (l *Live) change(cell int, f func(*liveCell)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed || cell < 0 || cell >= len(l.cells) {
		return
	}
	f(&l.cells[cell])
	l.tell()
}

// tell wakes those who wait for a change.
func (l *Live) tell() {
	close(l.changed)
	l.changed = make(chan struct{})
}

// Close tells readers that the sweep has ended and lets their requests end.
func (l *Live) Close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.closed {
		l.closed = true
		l.tell()
	}
}

// look returns what will be closed at the next change, and whether the sweep
// has ended.
func (l *Live) look() (changed <-chan struct{}, ended bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.changed, l.closed
}

// tally counts cells by state, and what is left of them in cells.
func (l *Live) tally() (n [broken + 1]int, left float64) {
	for _, c := range l.cells {
		n[c.state]++
		if c.state == waiting || c.state == running {
			left += 1 - c.share
		}
	}
	return n, left
}

// remaining estimates the time still needed from what this process has done so
// far; ok is false where nothing is done yet.
func (l *Live) remaining(now time.Time) (eta time.Duration, ok bool) {
	n, left := l.tally()
	did := float64(len(l.cells)-l.taken-n[broken]) - left
	if did <= 0 || left == 0 {
		return 0, left == 0
	}
	return time.Duration(float64(now.Sub(l.begun)) / did * left), true
}
