package gossip

import (
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/parley-network/parley/identity"
)

const (
	// validateWorkers is how many messages are validated at a time. More than
	// there are cores, since those that wait for a signature to be checked wait
	// in company: the batch is what has gathered. The rest of validation is a
	// fifth of its work. They are workers and no goroutine a message: what finds
	// no place stays unseen and can be had from another peer, while GossipSub's
	// own asynchronous validation drops what it has marked as seen. Each costs
	// an idle node 2.5 KiB.
	validateWorkers = 32
	// apartFor is how long the casts of a peer that sent a false signature are
	// checked by themselves: in a batch, one such costs all the others' time.
	apartFor = time.Minute
	maxApart = 1024
)

// verifier checks authors' signatures for many callers at once. Who comes when
// a core is free is served at once, alone: nothing is ever delayed to fill a
// batch. Who comes while all are busy waits, and the first of those that wait
// then does the work for all of them.
type verifier struct {
	checks atomic.Int64 // made so far
	least  atomic.Int64 // nanoseconds that the quickest took; 0: none was made

	mu      sync.Mutex
	leaders int // callers that are checking
	waiting []*checked
	apart   map[peer.ID]time.Time // who sent a false one, until when
}

// checked is one signature on its way through the verifier.
type checked struct {
	from  peer.ID
	check identity.Check
	err   error
	woken chan bool // true: go on as leader, with what waits; false: err is there
}

// verify returns what check.Verify does.
func (v *verifier) verify(from peer.ID, check identity.Check, now time.Time) error {
	c := &checked{from: from, check: check}
	v.mu.Lock()
	switch {
	case v.apart[from].After(now):
		v.mu.Unlock()
		v.run([]*checked{c}, now)
		return c.err
	case v.leaders < runtime.GOMAXPROCS(0):
		v.leaders++
		v.mu.Unlock()
		v.lead([]*checked{c}, now)
		return c.err
	}
	c.woken = make(chan bool, 1)
	v.waiting = append(v.waiting, c)
	v.mu.Unlock()
	if leads := <-c.woken; leads {
		v.mu.Lock()
		batch := append([]*checked{c}, v.waiting...)
		v.waiting = nil
		v.mu.Unlock()
		v.lead(batch, now)
	}
	return c.err
}

// lead checks a batch whose first is the caller's own, and hands the lead on.
func (v *verifier) lead(batch []*checked, now time.Time) {
	v.run(batch, now)
	for _, c := range batch[1:] {
		c.woken <- false
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if len(v.waiting) == 0 {
		v.leaders--
		return
	}
	next := v.waiting[0]
	v.waiting = v.waiting[1:]
	next.woken <- true
}

func (v *verifier) run(batch []*checked, now time.Time) {
	start := time.Now()
	checks := make([]identity.Check, len(batch))
	for i, c := range batch {
		checks[i] = c.check
	}
	for i, err := range identity.VerifyAll(checks) {
		if batch[i].err = err; err != nil {
			v.setApart(batch[i].from, now)
		}
	}
	v.checks.Add(int64(len(batch)))
	took := int64(time.Since(start)) / int64(len(batch))
	if least := v.least.Load(); took > 0 && (least == 0 || took < least) {
		v.least.Store(took) // of two at a time either will do
	}
}

// work is the time on a core that all checks have taken: their number by what
// the quickest took. The clock would count what else the machine does as well,
// and a busy neighbour would seem to be a flood of casts.
func (v *verifier) work() time.Duration { return time.Duration(v.checks.Load() * v.least.Load()) }

func (v *verifier) setApart(p peer.ID, now time.Time) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.apart == nil || len(v.apart) >= maxApart {
		v.apart = make(map[peer.ID]time.Time) // whoever goes on with it is back soon
	}
	v.apart[p] = now.Add(apartFor)
}
