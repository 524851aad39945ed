package peerbook

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
	ma "github.com/multiformats/go-multiaddr"
)

// Limits of a book. Zero fields take the default ones.
type Limits struct {
	Entries  int // peers known, those kept not counted: 1024
	PerPeer  int // of them that one peer may have named: 32
	PerRange int // connected to at a time of one [Range]: 2
	PerGiver int // connected to at a time of those that one peer named: 4
}

func (l Limits) withDefaults() Limits {
	return Limits{
		Entries: cmp.Or(l.Entries, 1024), PerPeer: cmp.Or(l.PerPeer, 32),
		PerRange: cmp.Or(l.PerRange, 2), PerGiver: cmp.Or(l.PerGiver, 4),
	}
}

const (
	retryFirst = 15 * time.Second
	retryKept  = time.Minute     // the longest pause for those kept: their owner waits
	retryAlone = 5 * time.Minute // the longest pause for anybody while nobody is connected
	retryLimit = 6 * time.Hour
	// A peer that is only heard of is given up after hopeless failures; one
	// that was reached, or met and offers itself to all, after forgetAfter
	// without it: that nothing answers may be this node's own network.
	hopeless    = 5
	forgetAfter = 30 * 24 * time.Hour
)

// Book is a set of entries. It is not for concurrent use.
type Book struct {
	limits Limits
	peers  map[peer.ID]*Entry
	online map[peer.ID]time.Time // since when connected
}

// New returns a book with those entries.
func New(l Limits, entries ...Entry) *Book {
	b := &Book{limits: l.withDefaults(), peers: map[peer.ID]*Entry{}, online: map[peer.ID]time.Time{}}
	for _, e := range entries {
		b.peers[e.Info.ID] = &e
	}
	return b
}

// Get returns what is known of a peer.
func (b *Book) Get(p peer.ID) (Entry, bool) {
	e, ok := b.peers[p]
	if !ok {
		return Entry{}, false
	}
	return *e, true
}

// Entries returns everything known, by peer id.
func (b *Book) Entries() []Entry {
	var out []Entry
	for _, p := range slices.Sorted(maps.Keys(b.peers)) {
		out = append(out, *b.peers[p])
	}
	return out
}

// Keep notes a peer that the node is to stay connected to from now on. Its
// addresses are taken as they are.
func (b *Book) Keep(now time.Time, source Source, info peer.AddrInfo) {
	e := b.peers[info.ID]
	if e == nil {
		e = &Entry{Since: now}
		b.peers[info.ID] = e
	}
	if !e.Kept() {
		e.Source, e.By, e.Unwanted = source, "", false
	}
	e.Info = peer.AddrInfo{ID: info.ID, Addrs: merged(info.Addrs, e.Info.Addrs)}
	e.Next = time.Time{}
}

// merged are the addresses of both, the newer ones first.
func merged(newer, older []ma.Multiaddr) []ma.Multiaddr {
	return Usable(slices.Concat(newer, older), Loopback)
}

// Add notes a peer heard of, with addresses that reach as far as scope at
// least, and reports whether it is in the book now. What one is told by others
// does not change the addresses of a peer that this node has reached itself.
func (b *Book) Add(now time.Time, source Source, by peer.ID, info peer.AddrInfo, scope Scope) bool {
	addrs := Usable(info.Addrs, scope)
	if len(addrs) == 0 || info.ID.Validate() != nil {
		return false
	}
	if e := b.peers[info.ID]; e != nil {
		if e.Unwanted {
			return false
		}
		if e.Reached == 0 && !e.Kept() {
			e.Info.Addrs = merged(addrs, e.Info.Addrs)
		}
		return true
	}
	if by != "" && b.named(by) >= b.limits.PerPeer || !b.room() {
		return false
	}
	b.peers[info.ID] = &Entry{Info: peer.AddrInfo{ID: info.ID, Addrs: addrs}, Source: source, By: by, Since: now}
	return true
}

func (b *Book) named(by peer.ID) (n int) {
	for _, e := range b.peers {
		if e.By == by && e.Reached == 0 {
			n++
		}
	}
	return n
}

// room makes room for one more, if need be of the least promising: one never
// reached, that has failed most and is known longest. Those reached go for
// nobody.
func (b *Book) room() bool {
	var worst *Entry
	others := 0
	for _, e := range b.peers {
		if e.Kept() || e.Unwanted {
			continue
		}
		others++
		if _, on := b.online[e.Info.ID]; on || e.Reached > 0 {
			continue
		}
		if worst == nil || cmp.Or(cmp.Compare(e.Failed, worst.Failed), worst.Since.Compare(e.Since), cmp.Compare(e.Info.ID, worst.Info.ID)) > 0 {
			worst = e
		}
	}
	if others < b.limits.Entries {
		return true
	}
	if worst == nil {
		return false
	}
	delete(b.peers, worst.Info.ID)
	return true
}

// Met notes that a peer is connected. A peer that came by itself and is not in
// the book is noted with the addresses it gives, if any is of use.
func (b *Book) Met(now time.Time, info peer.AddrInfo, dialled bool, scope Scope) {
	if b.Unwanted(info.ID) {
		return
	}
	b.online[info.ID] = now
	if b.peers[info.ID] == nil {
		source := Incoming
		if dialled {
			source = DHT // nothing else dials by itself
		}
		if !b.Add(now, source, "", info, scope) {
			return
		}
	}
	e := b.peers[info.ID]
	e.Seen, e.Failed, e.Next = now, 0, time.Time{}
	if dialled {
		e.Reached++
	}
}

// At notes where a connected peer says it is itself, and whether it offers
// itself to be found by anybody.
func (b *Book) At(p peer.ID, addrs []ma.Multiaddr, scope Scope, public bool) {
	e := b.peers[p]
	if e == nil || e.Unwanted {
		return
	}
	e.Public = public
	if own := Usable(addrs, scope); len(own) > 0 {
		e.Info.Addrs = merged(own, e.Info.Addrs)
	}
}

// Left notes that a peer is no longer connected.
func (b *Book) Left(now time.Time, p peer.ID) {
	since, on := b.online[p]
	delete(b.online, p)
	if e := b.peers[p]; e != nil && on {
		e.Seen, e.Held = now, e.Held+now.Sub(since)
	}
}

// Missed notes that a peer was dialled in vain, and puts off the next dial:
// longer each time, by chance in [0,1) between half of the pause and all of
// it, so that those who lost somebody at one time don't come back at one time.
func (b *Book) Missed(now time.Time, p peer.ID, chance float64) {
	e := b.peers[p]
	if e == nil {
		return
	}
	e.Failed++
	limit := retryLimit
	switch {
	case e.Kept():
		limit = retryKept
	case len(b.online) == 0:
		limit = retryAlone
	}
	pause := limit
	if n := e.Failed - 1; n < 20 {
		pause = min(limit, retryFirst<<n)
	}
	e.Next = now.Add(pause/2 + time.Duration(chance*float64(pause/2)))
}

// Forget drops a peer and reports whether it was there.
func (b *Book) Forget(p peer.ID) bool {
	_, ok := b.peers[p]
	delete(b.peers, p)
	return ok
}

// Refuse notes that no connection to a peer is wanted, until it is kept or
// forgotten, and drops all else that is known of it. It reports whether it was
// wanted and in the book before.
func (b *Book) Refuse(now time.Time, p peer.ID) bool {
	e := b.peers[p]
	b.peers[p] = &Entry{Info: peer.AddrInfo{ID: p}, Source: Manual, Since: now, Unwanted: true}
	return e != nil && !e.Unwanted
}

// Unwanted reports whether no connection to a peer is wanted.
func (b *Book) Unwanted(p peer.ID) bool {
	e := b.peers[p]
	return e != nil && e.Unwanted
}

// Prune drops the peers that there is no hope of, and returns them.
func (b *Book) Prune(now time.Time) (dropped []peer.ID) {
	for p, e := range b.peers {
		if _, on := b.online[p]; on || e.Kept() || e.Unwanted {
			continue
		}
		last := e.Seen
		if e.Since.After(last) {
			last = e.Since
		}
		if e.Reached == 0 && !e.met() && e.Failed >= hopeless || now.Sub(last) > forgetAfter {
			delete(b.peers, p)
			dropped = append(dropped, p)
		}
	}
	slices.Sort(dropped)
	return dropped
}
