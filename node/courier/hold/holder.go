package hold

import (
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/parley-network/parley/gossip/admission"
	"github.com/parley-network/parley/node/courier/seal"
	"github.com/parley-network/parley/node/courier/wire"
	"github.com/parley-network/parley/node/store"
)

type key [32]byte

// Holder keeps letters. Its methods are safe for concurrent use.
type Holder struct {
	self  peer.ID
	lim   Limits
	shelf shelf
	wake  chan struct{} // has one when there is something dead

	mu     sync.Mutex
	slots  map[key]*slot
	tags   map[tag]*slot   // by the tag of the next request of a slot's session
	opened map[peer.ID]int // slots by who asked for them
	handed map[peer.ID]int // bytes by who handed them in
	bytes  int
	polls  int
	seq    uint64 // of the last slot or letter
	recent recent
	dead   []store.Record // records to be deleted: kind and id

	turnedOut int // letters that made way for others
}

type slot struct {
	key     key
	seq     uint64 // tells it from an earlier slot of the same key
	opener  peer.ID
	expires time.Time
	letters []*letter // in the order of arrival
	bytes   int
	polls   int
	session *seal.Session // the last one that its owner began; nil: none
	next    uint64        // number of its next request
	changed chan struct{} // closed when a letter comes or the slot goes; nil if nobody waits
	toll    admission.Toll
	peers   *admission.Tolls[peer.ID] // of those that handed in lately; nil: nobody did
}

// letter is the index entry of one that is kept; its bytes are on the shelf.
type letter struct {
	slot   key
	id     key
	seq    uint64 // in the order of arrival
	size   int
	from   peer.ID
	bits   int    // of the work done for it; none is remembered across a restart
	sealed []byte // while it is among the recent; nil: see the shelf
	kept   bool   // it is durable
	gone   bool   // it was deleted, or its slot was
}

// Stats says how much is held.
type Stats struct {
	Slots, Letters, Bytes, Polls int
	TurnedOut                    int // letters that made way for others, since the start
}

// Handed is a letter that is handed in.
type Handed struct {
	From   peer.ID // who brought it: a vendor, or a forwarder for anybody
	Slot   []byte  // 32 bytes
	Sealed []byte
	Bits   int // of a stamp that did what it claims; 0: there is none
}

// New returns a holder that answers requests made for the peer self and keeps
// everything in s. It holds nothing until [Holder.Load] has found what is
// there.
func New(self peer.ID, lim Limits, s store.Store) *Holder {
	return &Holder{
		self: self, lim: lim, shelf: shelf{s, self.String()}, wake: make(chan struct{}, 1),
		slots: make(map[key]*slot), tags: make(map[tag]*slot), opened: make(map[peer.ID]int), handed: make(map[peer.ID]int),
	}
}

// shelved notes whether a letter has become durable.
func (h *Holder) shelved(l *letter, sealed []byte, err error) wire.Status {
	h.mu.Lock()
	defer h.mu.Unlock()
	s := h.slots[l.slot]
	switch {
	case err != nil && !l.gone:
		s.letters = slices.DeleteFunc(s.letters, func(have *letter) bool { return have == l })
		h.count(s, l, -1)
		fallthrough
	case err != nil:
		if errors.Is(err, store.ErrFull) {
			return wire.Full
		}
		return wire.Busy
	case l.gone:
		h.bury(h.shelf.letterRecord(l))
		return wire.NoSlot
	}
	l.kept = true
	h.recent.add(l, sealed)
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
	st := Stats{Slots: len(h.slots), Bytes: h.bytes, Polls: h.polls, TurnedOut: h.turnedOut}
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
		h.drop(s)
		return nil
	}
	return s
}

// drop deletes a slot and its letters. h.mu is held.
func (h *Holder) drop(s *slot) {
	for _, l := range s.letters {
		h.lose(s, l)
	}
	s.letters = nil
	decrement(h.opened, s.opener, 1)
	delete(h.slots, s.key)
	h.forget(s)
	h.bury(h.shelf.slotRecord(s))
	s.signal()
}

// remove deletes the letters named in ids. h.mu is held.
func (h *Holder) remove(s *slot, ids [][]byte) {
	if len(ids) == 0 || len(s.letters) == 0 {
		return
	}
	gone := keySet(ids)
	s.letters = slices.DeleteFunc(s.letters, func(l *letter) bool {
		if gone[l.id] {
			h.lose(s, l)
		}
		return gone[l.id]
	})
}

// lose counts a letter out and has it deleted. h.mu is held.
func (h *Holder) lose(s *slot, l *letter) {
	h.count(s, l, -1)
	l.gone = true
	h.recent.drop(l)
	if l.kept {
		h.bury(h.shelf.letterRecord(l))
	}
}

// count adds (sign +1) or takes (-1) a letter from every sum it is part of.
func (h *Holder) count(s *slot, l *letter, sign int) {
	n := sign * l.size
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
