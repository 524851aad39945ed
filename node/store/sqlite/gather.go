package sqlite

import "time"

const (
	// gatherTime is how long a commit waits for further Updates where that pays:
	// a commit writes every page that it touches, and two soon after each other
	// mostly touch the same.
	gatherTime = 8 * time.Millisecond
	// paysWith is how many must come meanwhile for the wait to have paid, each
	// apart after the one before: who was answered with the last commit and asks
	// again comes in a row with others, and then waits for this commit himself.
	paysWith = 2
	apart    = 500 * time.Microsecond
	// mostSkips is how many commits wait for nobody, at the most, before it is
	// tried again.
	mostSkips = 64
)

// gather decides which commits wait for further Updates: as long as waiting
// pays all do, and else one in so many, to find out.
type gather struct {
	enough <-chan time.Time // ends the wait; nil: this commit does not wait
	came   int              // Updates that came during it
	skips  int              // how many commits are to pass by after a wait that did not pay
	left   int              // of them
}

// begin begins a commit, until end.
func (g *gather) begin() (end func()) {
	if g.left > 0 {
		g.left--
		return func() {}
	}
	t := time.NewTimer(gatherTime)
	g.enough, g.came = t.C, 0
	return func() {
		t.Stop()
		g.enough = nil
		if g.came >= paysWith {
			g.skips = 0
			return
		}
		g.skips = min(max(1, 2*g.skips), mostSkips)
		g.left = g.skips
	}
}

// take counts an Update that was waited for.
func (g *gather) take(waited time.Duration) {
	if waited >= apart {
		g.came++
	}
}
