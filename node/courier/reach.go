package courier

import (
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
)

// reach remembers the holders that could not be reached, so that of the many
// routes at one of them a single one goes on trying: an exchange with a peer
// that is gone takes as long as its timeout, and a place that others wait for.
//
// It is kept for each forwarder apart: what one says of a holder, truly or
// not, is believed for the routes asked about through it and for no others.
type reach struct {
	mu   sync.Mutex
	gone map[way]outage
}

// way is a holder and through whom it is asked; via "": nobody.
type way struct{ via, holder peer.ID }

type outage struct {
	by    *ownRoute // the route that goes on trying
	until time.Time // then another may, should that one have ended
}

// outageLife is longer than the pauses and an exchange of the route that goes
// on trying.
const outageLife = pollLimit + 2*exchangeTimeout + time.Minute

func newReach() *reach { return &reach{gone: make(map[way]outage)} }

// open reports whether rt may be asked about by the way w.
func (r *reach) open(w way, rt *ownRoute, now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	o, gone := r.gone[w]
	if !gone || o.by == rt {
		return true
	}
	if now.Before(o.until) {
		return false
	}
	r.gone[w] = outage{rt, now.Add(outageLife)}
	return true
}

// failed notes that the holder was not reached, when rt was to be asked about.
func (r *reach) failed(w way, rt *ownRoute, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if o, gone := r.gone[w]; gone && o.by != rt && now.Before(o.until) {
		return
	}
	r.gone[w] = outage{rt, now.Add(outageLife)}
}

// reached notes that the holder answered.
func (r *reach) reached(w way) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.gone, w)
}

// sweep forgets what nobody has tried for long.
func (r *reach) sweep(now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for w, o := range r.gone {
		if !now.Before(o.until) {
			delete(r.gone, w)
		}
	}
}
