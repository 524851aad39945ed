package hold

import (
	"slices"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/parley-network/parley/node/courier/wire"
)

type key [32]byte

// Holder keeps letters. Its methods are safe for concurrent use.
type Holder struct {
	self peer.ID
	lim  Limits

	mu     sync.Mutex
	slots  map[key]*slot
	opened map[peer.ID]int // slots by who asked for them
	handed map[peer.ID]int // bytes by who handed them in
	bytes  int
	polls  int
}

type slot struct {
	opener  peer.ID
	expires time.Time
	letters []letter // in the order of arrival
	bytes   int
	polls   int
	changed chan struct{} // closed when a letter comes or the slot goes; nil if nobody waits
}

type letter struct {
	id     key
	sealed []byte
	from   peer.ID
}

// Stats says how much is held.
type Stats struct{ Slots, Letters, Bytes, Polls int }

// New returns an empty holder that answers requests made for the peer self.
func New(self peer.ID, lim Limits) *Holder {
	return &Holder{
		self: self, lim: lim,
		slots: make(map[key]*slot), opened: make(map[peer.ID]int), handed: make(map[peer.ID]int),
	}
}

// Put keeps a sealed letter that the peer from handed in, and returns Taken,
// Duplicate, NoSlot, TooLarge or Full. It keeps sealed itself, not a copy.
func (h *Holder) Put(from peer.ID, slotKey, sealed []byte) wire.Status {
	if len(sealed) > h.lim.SlotBytes {
		return wire.TooLarge
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	s := h.live(key(slotKey), time.Now())
	if s == nil {
		return wire.NoSlot
	}
	l := letter{key(wire.LetterID(sealed)), sealed, from}
	if slices.ContainsFunc(s.letters, func(have letter) bool { return have.id == l.id }) {
		return wire.Duplicate
	}
	if len(s.letters) >= h.lim.Letters || s.bytes+len(sealed) > h.lim.SlotBytes ||
		h.bytes+len(sealed) > h.lim.Bytes || h.handed[from]+len(sealed) > h.lim.PeerBytes || s.from(from) >= h.lim.PeerLetters {
		return wire.Full
	}
	s.letters = append(s.letters, l)
	h.count(s, l, +1)
	s.signal()
	return wire.Taken
}

// Sweep drops the slots whose life is over.
func (h *Holder) Sweep() {
	h.mu.Lock()
	defer h.mu.Unlock()
	now := time.Now()
	for k := range h.slots {
		h.live(k, now)
	}
}

// Stats returns how much is held now.
func (h *Holder) Stats() Stats {
	h.mu.Lock()
	defer h.mu.Unlock()
	st := Stats{Slots: len(h.slots), Bytes: h.bytes, Polls: h.polls}
	for _, s := range h.slots {
		st.Letters += len(s.letters)
	}
	return st
}

// live returns the slot k, or nil if there is none; one whose life is over is
// dropped. h.mu is held.
func (h *Holder) live(k key, now time.Time) *slot {
	s := h.slots[k]
	if s != nil && !now.Before(s.expires) {
		h.drop(k, s)
		return nil
	}
	return s
}

func (h *Holder) drop(k key, s *slot) {
	for _, l := range s.letters {
		h.count(s, l, -1)
	}
	s.letters = nil
	decrement(h.opened, s.opener, 1)
	delete(h.slots, k)
	s.signal()
}

// remove deletes the letters named in ids.
func (h *Holder) remove(s *slot, ids [][]byte) {
	if len(ids) == 0 || len(s.letters) == 0 {
		return
	}
	gone := keySet(ids)
	s.letters = slices.DeleteFunc(s.letters, func(l letter) bool {
		if gone[l.id] {
			h.count(s, l, -1)
		}
		return gone[l.id]
	})
}

// count adds (sign +1) or takes (-1) a letter from every sum it is part of.
func (h *Holder) count(s *slot, l letter, sign int) {
	n := sign * len(l.sealed)
	s.bytes += n
	h.bytes += n
	decrement(h.handed, l.from, -n)
}

func (s *slot) from(p peer.ID) (n int) {
	for _, l := range s.letters {
		if l.from == p {
			n++
		}
	}
	return n
}

// signal wakes the fetches that wait.
func (s *slot) signal() {
	if s.changed != nil {
		close(s.changed)
		s.changed = nil
	}
}

// decrement takes n from m[p] and leaves no zero behind.
func decrement(m map[peer.ID]int, p peer.ID, n int) {
	if m[p] -= n; m[p] <= 0 {
		delete(m, p)
	}
}

func keySet(ids [][]byte) map[key]bool {
	set := make(map[key]bool, len(ids))
	for _, id := range ids {
		set[key(id)] = true
	}
	return set
}
