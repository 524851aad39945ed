package stack

import (
	"cmp"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/parley-network/parley/node/view"
	"github.com/parley-network/parley/sim/society"
)

// book is what all nodes were seen to do with the intents that were cast.
type book struct {
	mu    sync.Mutex          // never held while waiting
	casts map[string]*casting // by root
	// offers arrived, by their id; they are told apart by the person's node.
	offers map[string]time.Time
	forged map[string]bool // roots of the attacker's
	taken  int64           // forged intents that vendors took in
	hosts  map[int32]peer.ID
	victim atomic.Pointer[peer.ID] // the first person's host
}

// casting is one intent's way.
type casting struct {
	at     time.Time // zero: it was not signed yet
	heard  []hearing
	by     peer.ID // host of its author's node
	linked int
}

type hearing struct {
	vendor int32
	at     time.Time
}

func newBook() *book {
	return &book{casts: map[string]*casting{}, offers: map[string]time.Time{}, forged: map[string]bool{}, hosts: map[int32]peer.ID{}}
}

// note is told of every event of every node.
func (b *book) note(a society.Agent, e view.Event, now time.Time) {
	switch e.Kind {
	case "intent.cast":
		b.mu.Lock()
		defer b.mu.Unlock()
		c := b.cast(e.Ref)
		c.at, c.by = now, b.hosts[a.ID]
	case "intent.heard":
		if !a.Vendor {
			return // it relays, since it casts on the topic itself
		}
		b.mu.Lock()
		defer b.mu.Unlock()
		if b.forged[e.Ref] {
			b.taken++
			return
		}
		c := b.cast(e.Ref)
		c.heard = append(c.heard, hearing{a.ID, now})
	case "offer.received":
		b.mu.Lock()
		defer b.mu.Unlock()
		b.offers[e.Ref] = now
	}
}

func (b *book) cast(root string) *casting {
	c := b.casts[root]
	if c == nil {
		c = &casting{}
		b.casts[root] = c
	}
	return c
}

// fate is what became of an intent by now; offers are those its person's node
// has. What is not in the book of an offer has not arrived within the window.
// left is how long after the intent was cast the window ends.
func (b *book) fate(root string, offers []view.Offer, end time.Time) (f society.Fate, left time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	c := b.casts[root]
	if c == nil || c.at.IsZero() {
		return society.Fate{}, 0
	}
	f.Linked = c.linked
	heard := make(map[int32]bool, len(c.heard))
	for _, h := range c.heard {
		if !heard[h.vendor] { // again after a restart
			heard[h.vendor] = true
			f.Heard++
			f.Delays = append(f.Delays, h.at.Sub(c.at))
		}
	}
	for _, o := range offers {
		at, arrived := b.offers[o.ID.String()]
		vendor, known := vendorID(o.Body.Vendor.Name)
		if arrived && known {
			f.Offers = append(f.Offers, society.Offer{Vendor: vendor, Price: amount(o.Body.Total), After: at.Sub(c.at)})
		}
	}
	slices.SortFunc(f.Offers, func(a, b society.Offer) int {
		return cmp.Or(cmp.Compare(a.After, b.After), cmp.Compare(a.Vendor, b.Vendor))
	})
	return f, end.Sub(c.at)
}

// know notes which host is an agent's.
func (b *book) know(a society.Agent, host peer.ID) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.hosts[a.ID] = host
	if a.ID == 0 {
		b.victim.Store(&host)
	}
}

// guess notes that somebody takes a host for the author's of an intent.
func (b *book) guess(root string, by peer.ID) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if c := b.cast(root); c.by == by {
		c.linked++
	}
}

// forge notes an attacker's intent.
func (b *book) forge(root string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.forged[root] = true
}

// clear forgets a step's intents. Those that are heard of later come back, to
// no effect: they have no time of casting.
func (b *book) clear() {
	b.mu.Lock()
	defer b.mu.Unlock()
	clear(b.casts)
	clear(b.offers)
	clear(b.forged)
}

func (b *book) takenIn() int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.taken
}
