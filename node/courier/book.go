package courier

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/parley-network/parley/node/courier/hello"
)

// listedFor bounds how long a list of fresh records is taken for one: a clock
// may have been set.
const listedFor = time.Second

// suspicion is how long a peer that failed is passed over.
const suspicion = time.Minute

// busyFor is how long one that had too much to do is: its allowance for this node
// grows by some hundred exchanges then (forward.Limits).
const busyFor = time.Second

// book keeps the holder records of peers, the newest of each.
type book struct {
	limit int

	mu      sync.Mutex
	peers   map[peer.ID]*entry
	changed chan struct{} // closed when a record comes; never nil
	crowd   bool          // two peers that carry exchanges were known at one time

	// What fresh returned last, and until when that is so. Each exchange asks for
	// it; to make it anew was a fourteenth of all that this node allocated.
	listed []entry
	until  time.Time
}

type entry struct {
	info      peer.AddrInfo
	rec       hello.Record
	suspectTo time.Time
	busyTo    time.Time
}

func newBook(limit int) *book {
	return &book{limit: limit, peers: make(map[peer.ID]*entry), changed: make(chan struct{})}
}

// put keeps r unless a newer one is there. When the book is full the record
// that expires first makes room.
func (b *book) put(info peer.AddrInfo, r hello.Record) {
	b.mu.Lock()
	defer b.mu.Unlock()
	e := b.peers[info.ID]
	if e != nil && r.Time.Before(e.rec.Time) {
		return
	}
	if e == nil {
		if len(b.peers) >= b.limit {
			b.evict()
		}
		e = new(entry)
		b.peers[info.ID] = e
	}
	e.info, e.rec, e.suspectTo = info, r, time.Time{}
	b.listed = nil
	if !b.crowd {
		carriers := 0
		for _, e := range b.peers {
			if e.rec.Forward {
				carriers++
			}
		}
		b.crowd = carriers > 1
	}
	close(b.changed)
	b.changed = make(chan struct{})
}

func (b *book) evict() {
	var first peer.ID
	for p, e := range b.peers {
		if f := b.peers[first]; f == nil || e.rec.Expires.Before(f.rec.Expires) {
			first = p
		}
	}
	delete(b.peers, first)
	b.listed = nil
}

// get returns the record of p if it is fresh.
func (b *book) get(p peer.ID, now time.Time) (hello.Record, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	e := b.peers[p]
	if e == nil || !e.rec.Fresh(now) {
		return hello.Record{}, false
	}
	return e.rec, true
}

// entry returns what is known of p if its record is fresh and it did not fail
// a moment ago.
func (b *book) entry(p peer.ID, now time.Time) (entry, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	e := b.peers[p]
	if e == nil || !e.rec.Fresh(now) || now.Before(e.suspectTo) {
		return entry{}, false
	}
	return *e, true
}

// suspect has p passed over for a while where there is a choice.
func (b *book) suspect(p peer.ID, now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if e := b.peers[p]; e != nil {
		e.suspectTo = now.Add(suspicion)
		b.listed = nil
	}
}

// busy has p passed over for a moment where there is a choice.
func (b *book) busy(p peer.ID, now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if e := b.peers[p]; e != nil && e.busyTo.Before(now) {
		e.busyTo = now.Add(busyFor)
		b.listed = nil
	}
}

// fresh returns what is known of the peers with fresh records, by peer id. It is
// to be read only.
func (b *book) fresh(now time.Time) []entry {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.listed != nil && now.Before(b.until) && b.until.Sub(now) <= listedFor {
		return b.listed
	}
	out := make([]entry, 0, len(b.peers))
	b.until = now.Add(listedFor)
	for _, e := range b.peers {
		if !e.rec.Fresh(now) {
			continue
		}
		out = append(out, *e)
		if end := e.rec.Expires.Std(); end.Before(b.until) {
			b.until = end
		}
	}
	slices.SortFunc(out, func(x, y entry) int { return cmp.Compare(x.info.ID, y.info.ID) })
	b.listed = out
	return out
}

// hadCrowd reports whether two peers that carry exchanges were ever known at
// one time.
func (b *book) hadCrowd() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.crowd
}

// sweep drops the records that are no longer fresh.
func (b *book) sweep(now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for p, e := range b.peers {
		if !e.rec.Fresh(now) {
			delete(b.peers, p)
			b.listed = nil
		}
	}
}

// news returns a channel that is closed when the next record comes.
func (b *book) news() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.changed
}
