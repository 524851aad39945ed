// Package hold is a holder's side of the reply route: it keeps sealed letters
// in slots for whoever has a slot's key, whom it does not know.
//
// A slot is an Ed25519 public key. Its owner opens it, fetches, and closes it
// with requests signed by that key, usually through another peer; anybody may
// hand in a letter. Everything is bounded by [Limits] and kept in the node's
// store: a letter is durable before it is answered to be taken, so that what a
// holder owns to have survives a killed process. In memory there is an index,
// some 300 bytes a letter, and the bytes of those that came last.
//
// Who hands a letter in need not believe the answer: senders repeat until the
// recipient acknowledges. What the holder can read of a letter is its size, and
// which peer brought it, which is most often a forwarder.
package hold

import "time"

// Limits bound what a holder keeps. Senders and owners meet them as the
// statuses wire.Full, wire.Busy and wire.NeedsWork.
type Limits struct {
	Slots       int           // slots in all
	PeerSlots   int           // slots opened through one peer
	Letters     int           // letters in one slot
	PeerLetters int           // letters in one slot handed in by one peer
	SlotBytes   int           // bytes in one slot
	Bytes       int           // bytes in all slots
	PeerBytes   int           // bytes in all slots handed in by one peer
	Life        time.Duration // longest life of a slot from now; its owner may extend it
	Polls       int           // fetches that wait at one time
	SlotPolls   int           // of these for one slot
	SlotRate    float64       // letters a second in one slot before work is asked for, over a minute on average; 0: none is
	PeerRate    float64       // of these handed in by one peer
}

// DefaultLimits are those of an ordinary node: at most 64 MiB of other
// people's letters. A slot takes 200 offers of 4 KiB twice over, and lives for
// the 7 days an intent may, and one more. A slot without letters takes a few
// hundred bytes; few are waited at, at one time. As many letters as a slot
// takes, twice over, or takes of one peer, come free of work at once; in the
// long run what a recipient can deal with besides.
func DefaultLimits() Limits {
	return Limits{
		Slots: 8192, PeerSlots: 2048,
		Letters: 256, PeerLetters: 64, SlotBytes: 2 << 20,
		Bytes: 64 << 20, PeerBytes: 16 << 20,
		Life:  8 * 24 * time.Hour,
		Polls: 320, SlotPolls: 4,
		SlotRate: 8, PeerRate: 1,
	}
}
