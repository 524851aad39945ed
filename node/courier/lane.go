package courier

import (
	"time"

	"github.com/parley-network/parley/node/store"
)

// lane is the letters claimed for one peer.
type lane struct {
	waiting  []task
	running  int
	failures int       // attempts in a row that did not reach the peer
	until    time.Time // no attempt before, after failures

	// How fast it goes, for when letters that it has no room for come again:
	// each time they do costs the store as much as the sending.
	pace     time.Duration // between the ends of two attempts, about
	last     time.Time     // the last attempt's end; or, after a rest, the first one's beginning
	deferred int           // letters sent back for want of room and not yet, at this pace, due again

	parked parked // while it is shut
}

func (ln *lane) idle() bool { return ln.running == 0 && len(ln.waiting) == 0 }

// full reports whether there is no room for one more letter.
func (ln *lane) full() bool { return len(ln.waiting)+ln.running >= laneLength }

// shut reports whether the peer was out of reach a moment ago.
func (ln *lane) shut(now time.Time) bool { return now.Before(ln.until) }

// reached notes that the peer was, and returns the letters that come for that.
func (ln *lane) reached(now time.Time) []release {
	if ln.failures > 0 {
		ln.pace = lanePace // what the attempts took that failed says nothing of those that come
	}
	ln.failures, ln.until = 0, time.Time{}
	return ln.parked.all(now, ln.pace)
}

// unreached notes that the peer was not, and for how long the lane is shut then.
// Of attempts that were under way together one counts. It returns the letters
// that waited: they would fail as slowly, one after another.
func (ln *lane) unreached(now time.Time, pause func(failures int) time.Duration) (back []release) {
	if !now.Before(ln.until) {
		// As the store keeps times: a letter due then does not find the lane shut.
		ln.until = now.Add(pause(ln.failures)).Truncate(store.Precision)
		ln.failures++
		ln.parked.probe = ""
	}
	for _, t := range ln.waiting {
		back = append(back, ln.parked.put(t, now, ln.until))
	}
	ln.waiting = nil
	if r, ok := ln.parked.next(ln.until); ok {
		back = append(back, r)
	}
	return back
}

// most is how many of its letters may be under way at a time: one, to see whether
// the peer is back, as long as the last did not reach it.
func (ln *lane) most(limit int) int {
	if ln.failures > 0 {
		return 1
	}
	return limit
}

// began counts an attempt in.
func (ln *lane) began(now time.Time) {
	if ln.running == 0 {
		ln.last = now
	}
	ln.running++
}

// ended counts an attempt out.
func (ln *lane) ended(now time.Time) {
	ln.running--
	ln.pace += (now.Sub(ln.last) - ln.pace) / 8
	ln.last = now
	ln.deferred = max(0, ln.deferred-1)
}

// later returns how long a letter that there is no room for shall wait: until
// those before it are gone.
func (ln *lane) later() time.Duration {
	ln.deferred++
	return max(100*time.Millisecond, min(ln.pace*time.Duration(ln.deferred+len(ln.waiting)/2), laneLimit))
}
