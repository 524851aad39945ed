package gossip

import (
	"sync"
	"time"
)

// pacerLimit is how many keys a pacer follows at most.
const pacerLimit = 16 << 10

// pacer lets each key do something once every so often on average, and a few
// times at once: a leaky bucket for each, kept as the time by which it will
// have run dry (ATM Forum, GCRA).
type pacer[K comparable] struct {
	every time.Duration
	burst int

	mu  sync.Mutex
	dry map[K]time.Time
}

func newPacer[K comparable](every time.Duration, burst int) *pacer[K] {
	return &pacer[K]{every: every, burst: burst, dry: make(map[K]time.Time)}
}

// wait returns how long k has to wait before it may go on; zero or less: not
// at all. When too many keys are followed, others wait.
func (p *pacer[K]) wait(k K, now time.Time) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	dry, ok := p.dry[k]
	if !ok {
		if len(p.dry) >= pacerLimit {
			p.sweep(now)
		}
		if len(p.dry) >= pacerLimit {
			return p.every
		}
		return 0
	}
	return dry.Add(-time.Duration(p.burst-1) * p.every).Sub(now)
}

// take notes that k went on at now; the caller has asked wait.
func (p *pacer[K]) take(k K, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	dry := p.dry[k]
	if dry.Before(now) {
		dry = now
	}
	p.dry[k] = dry.Add(p.every)
}

func (p *pacer[K]) sweep(now time.Time) {
	for k, dry := range p.dry {
		if !dry.After(now) {
			delete(p.dry, k)
		}
	}
}
