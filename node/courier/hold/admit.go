package hold

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/parley-network/parley/gossip/admission"
	"github.com/parley-network/parley/node/courier/wire"
)

// What is let in.
//
// Who keeps a slot does not know whose it is, nor who hands in a letter: to it
// all are strangers. So a slot has a toll of its own. That of a relationship is
// known to one party, which never gets near it; that of an intent stands in the
// intent, and if somebody floods it the flood pays.
//
// A slot that is full is not shut. A letter gets in by its fair share, in place
// of one of the peer that has most there, or by work, in place of what did less.
// What is turned out was never promised to be kept: its sender repeats it until
// the recipient has acknowledged, and is told then how much work it takes.

const (
	// tolled is how many peers that hand in at one slot are told apart. With
	// more, what the slot asks of all is what counts.
	tolled = 64
	// refusalCost is what a letter that was refused counts for. If it counted
	// nothing, the toll would fall as soon as it worked.
	refusalCost = 1.0 / 16
	// stepBits is how much more work than what was done for another letter it
	// takes to be let in in its place: four times as much.
	stepBits = 2
)

// Put keeps a sealed letter, and returns Taken once it is durable; or
// Duplicate, NoSlot, TooLarge or Full; Busy if the store failed or the same
// letter is just being written; or NeedsWork, and the bits that its stamp has to
// have.
func (h *Holder) Put(ctx context.Context, in Handed) (wire.Status, int) {
	l, status, needs := h.admit(in, time.Now())
	if status != wire.Taken {
		return status, needs
	}
	err := h.shelf.putLetter(ctx, l, in.Sealed)
	return h.shelved(l, in.Sealed, err), 0
}

// admit makes room for a letter, which counts from now on and is not given out
// yet.
func (h *Holder) admit(in Handed, now time.Time) (*letter, wire.Status, int) {
	if len(in.Sealed) > h.lim.SlotBytes {
		return nil, wire.TooLarge, 0
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	s := h.live(key(in.Slot), now)
	if s == nil {
		return nil, wire.NoSlot, 0
	}
	l := &letter{slot: s.key, id: key(wire.LetterID(in.Sealed)), size: len(in.Sealed), from: in.From, bits: in.Bits}
	for _, have := range s.letters {
		switch {
		case have.id == l.id && have.kept:
			return nil, wire.Duplicate, 0
		case have.id == l.id:
			return nil, wire.Busy, 0
		}
	}
	if all, one := h.asks(s, l.from, now); l.bits < max(all, one) {
		if one < all { // else it is that peer's flood, and is not to make it dearer for others
			s.toll.Add(refusalCost, h.lim.SlotRate, now)
		}
		s.peers.Add(l.from, refusalCost, now)
		return nil, wire.NeedsWork, max(all, one)
	}
	if status, needs := h.makeRoom(s, l); status != wire.Taken {
		return nil, status, needs
	}
	h.pay(s, l.from, now)
	h.seq++
	l.seq = h.seq
	s.letters = append(s.letters, l)
	h.count(s, l, +1)
	return l, wire.Taken, 0
}

// asks is the work asked of who hands in at a slot, for what comes there from
// all and from that peer. h.mu is held.
func (h *Holder) asks(s *slot, from peer.ID, now time.Time) (all, one int) {
	if s.peers == nil {
		return 0, 0
	}
	return s.toll.Bits(h.lim.SlotRate, now), s.peers.Bits(from, now)
}

// pay counts a letter that is taken. h.mu is held.
func (h *Holder) pay(s *slot, from peer.ID, now time.Time) {
	if h.lim.SlotRate <= 0 || h.lim.PeerRate <= 0 {
		return
	}
	if s.peers == nil {
		s.peers = admission.NewTolls[peer.ID](h.lim.PeerRate, tolled)
	}
	s.toll.Add(1, h.lim.SlotRate, now)
	s.peers.Add(from, 1, now)
}

// makeRoom turns out what has to make way for l, in its slot and in all; or
// nothing, if that is not enough, and returns Full or what work would be. h.mu
// is held.
func (h *Holder) makeRoom(s *slot, l *letter) (wire.Status, int) {
	if h.handed[l.from]+l.size > h.lim.PeerBytes {
		return wire.Full, 0
	}
	r := &room{letters: s.letters, bytes: s.bytes}
	if len(s.letters) >= h.lim.Letters || s.bytes+l.size > h.lim.SlotBytes || s.from(l.from) >= h.lim.PeerLetters {
		r.count()
	}
	for r.number != nil && r.lacks(h.lim, l) {
		if !r.turnOut(h.lim, l) {
			if l.bits >= admission.MaxBits {
				return wire.Full, 0
			}
			return wire.NeedsWork, min(max(admission.MinBits, max(l.bits, r.least(h.lim, l))+stepBits), admission.MaxBits)
		}
	}
	if over := h.bytes - (s.bytes - r.bytes) + l.size - h.lim.Bytes; over > 0 && !h.relieve(l, over) {
		return wire.Full, 0
	}
	h.turnOut(r.out)
	return wire.Taken, 0
}

// reliefBytes is how much is freed at a time when all slots together are full:
// to find what goes all letters are looked through.
const reliefBytes = 1 << 20

// relieve turns letters out of other slots until l, of which over bytes are too
// many, has room: those of the peer that has handed in most, if that is still
// more than the one that brings l. h.mu is held.
func (h *Holder) relieve(l *letter, over int) bool {
	var most peer.ID
	for p, n := range h.handed {
		if n > h.handed[most] {
			most = p
		}
	}
	spare := h.handed[most] - h.handed[l.from] - l.size
	if spare < over {
		return false
	}
	var theirs []*letter
	for _, s := range h.slots {
		for _, have := range s.letters {
			if have.from == most && have.kept && s.key != l.slot {
				theirs = append(theirs, have)
			}
		}
	}
	slices.SortFunc(theirs, func(a, b *letter) int { return cmp.Or(cmp.Compare(a.bits, b.bits), cmp.Compare(b.seq, a.seq)) })
	freed, out := 0, 0
	for enough := min(max(over, reliefBytes), spare); out < len(theirs) && freed < enough; out++ {
		freed += theirs[out].size
	}
	if freed < over {
		return false
	}
	h.turnOut(theirs[:out])
	return true
}

// turnOut deletes letters that make way for others. h.mu is held.
func (h *Holder) turnOut(out []*letter) {
	for _, l := range out {
		h.remove(h.slots[l.slot], [][]byte{l.id[:]})
		h.turnedOut++
	}
}
