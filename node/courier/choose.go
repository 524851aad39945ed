package courier

import (
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
)

// candidate is a peer that could hold or carry.
type candidate struct {
	info      peer.AddrInfo
	connected bool
	suspect   bool // failed a moment ago
	busy      bool // had too much to do a moment ago
	uses      int  // own routes that it serves already, in the role looked for
	rank      uint64
}

// betterForwarder reports whether a is to carry before b whatever chance says:
// one that works before one that failed or is busy, one connected before one that
// must be dialled, and then the least used, so that no peer sees more of a node's
// routes than it must; for a letter, the lower ranked.
func betterForwarder(a, b candidate) bool {
	switch {
	case a.suspect != b.suspect:
		return b.suspect
	case a.busy != b.busy:
		return b.busy
	case a.connected != b.connected:
		return a.connected
	case a.uses != b.uses:
		return a.uses < b.uses
	}
	return a.rank < b.rank
}

// betterHolder is the same for a holder. It is not this node that dials it, so
// that being connected only shows that it is there, and comes last: else a node
// with few connections had its routes at those few peers.
func betterHolder(a, b candidate) bool {
	switch {
	case a.suspect != b.suspect:
		return b.suspect
	case a.uses != b.uses:
		return a.uses < b.uses
	}
	return a.connected && !b.connected
}

// pick returns the best candidate but those to avoid, by chance among equals;
// false if there is none. The result depends on the order of cands, better,
// rnd and nothing else; rnd(n) is in [0,n).
func pick(cands []candidate, avoid []peer.ID, better func(a, b candidate) bool, rnd func(n int) int) (candidate, bool) {
	var best []candidate
	for _, c := range cands {
		switch {
		case slices.Contains(avoid, c.info.ID):
		case len(best) == 0 || better(c, best[0]):
			best = append(best[:0:0], c)
		case !better(best[0], c):
			best = append(best, c)
		}
	}
	if len(best) == 0 {
		return candidate{}, false
	}
	return best[rnd(len(best))], true
}

// backoff returns the pause before attempt number n (from 0): base doubled n
// times, at most limit, and by chance between half and all of that, so that
// those who failed together do not come back together. rnd is in [0,1).
func backoff(n int, base, limit time.Duration, rnd float64) time.Duration {
	d := limit
	if n < 32 {
		if grown := base << n; grown > 0 && grown < limit {
			d = grown
		}
	}
	return d/2 + time.Duration(rnd*float64(d/2))
}

// chooser is the source of chance, safe for concurrent use.
type chooser struct {
	mu   sync.Mutex
	rand *rand.Rand
}

func (c *chooser) intn(n int) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.rand.IntN(n)
}

func (c *chooser) backoff(n int, base, limit time.Duration) time.Duration {
	c.mu.Lock()
	f := c.rand.Float64()
	c.mu.Unlock()
	return backoff(n, base, limit, f)
}

// around returns a time between half of d and one and a half.
func (c *chooser) around(d time.Duration) time.Duration {
	return d/2 + c.below(d)
}

// below returns a time in [0,d).
func (c *chooser) below(d time.Duration) time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Duration(c.rand.Float64() * float64(d))
}
