package hold_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/parley-network/parley/node/courier/hold"
	"github.com/parley-network/parley/node/courier/wire"
	"github.com/parley-network/parley/node/store/memory"
	"pgregory.net/rapid"
)

// ledger says by plain counting what a holder that has room for little should
// keep, where two peers hand in letters of one size and do no work for them.
// What it keeps stands in the order in which it came.
type ledger struct {
	open      map[int]bool
	letters   []entry
	turnedOut int
}

type entry struct{ slot, letter, from int }

// The limits of TestSums, in letters.
const (
	slotsInAll, inSlot, inSlotByOne, inAll, inAllByOne = 3, 4, 3, 8, 6
)

// count returns how many letters keep says yes to.
func (g *ledger) count(keep func(entry) bool) (n int) {
	for _, e := range g.letters {
		if keep(e) {
			n++
		}
	}
	return n
}

// drop forgets the letters that gone says yes to.
func (g *ledger) drop(gone func(entry) bool) { g.letters = slices.DeleteFunc(g.letters, gone) }

// turnOut forgets the last n letters that may go, or as many as there are.
func (g *ledger) turnOut(n int, may func(entry) bool) (out int) {
	for i := len(g.letters) - 1; i >= 0 && out < n; i-- {
		if may(g.letters[i]) {
			g.letters = slices.Delete(g.letters, i, i+1)
			out++
		}
	}
	g.turnedOut += out
	return out
}

// put says what becomes of a letter. Where its slot is full it gets in if the
// other peer would still have more there; where all is full, if the other would
// still have more in all, and then as much of the other's goes from other slots
// as leaves the two level.
func (g *ledger) put(e entry) wire.Status {
	here := func(have entry) bool { return have.slot == e.slot }
	mine := func(have entry) bool { return have.from == e.from }
	minesHere := g.count(func(have entry) bool { return here(have) && mine(have) })
	all, minesInAll := len(g.letters), g.count(mine)
	switch {
	case !g.open[e.slot]:
		return wire.NoSlot
	case g.count(func(have entry) bool { return here(have) && have.letter == e.letter }) > 0:
		return wire.Duplicate
	case minesInAll == inAllByOne:
		return wire.Full
	case minesHere == inSlotByOne:
		return wire.NeedsWork
	case g.count(here) == inSlot && inSlot-minesHere <= minesHere+1:
		return wire.NeedsWork
	case g.count(here) == inSlot:
		g.turnOut(1, func(have entry) bool { return here(have) && !mine(have) })
	case all == inAll:
		level := all - minesInAll - minesInAll - 1
		if level <= 0 || g.turnOut(level, func(have entry) bool { return !here(have) && !mine(have) }) == 0 {
			return wire.Full
		}
	}
	g.letters = append(g.letters, e)
	return wire.Taken
}

// Whatever is done in whatever order, the holder keeps what plain counting says
// it should, its sums agree with what is there, and no limit is passed.
func TestSums(t *testing.T) {
	size := len(mail(0))
	lim := hold.Limits{
		Slots: slotsInAll, PeerSlots: slotsInAll, Letters: inSlot, PeerLetters: inSlotByOne, SlotBytes: inSlot * size,
		Bytes: inAll * size, PeerBytes: inAllByOne * size, Life: time.Hour, Polls: 4, SlotPolls: 2,
	}
	owners := make([]owner, slotsInAll+1)
	for i := range owners {
		owners[i] = newOwner(t)
	}
	slot, letter := rapid.IntRange(0, len(owners)-1), rapid.IntRange(0, 6)
	rapid.Check(t, func(t *rapid.T) {
		h := hold.New(self, lim, memory.New())
		want := ledger{open: make(map[int]bool)}
		t.Repeat(map[string]func(*rapid.T){
			"open": func(t *rapid.T) {
				i := slot.Draw(t, "slot")
				fits := want.open[i] || len(want.open) < slotsInAll
				if got := owners[i].open(h, time.Minute).Status; (got == wire.Taken) != fits {
					t.Fatalf("open slot %d: %v", i, got)
				}
				if fits {
					want.open[i] = true
				}
			},
			"close": func(t *rapid.T) {
				i := slot.Draw(t, "slot")
				owners[i].ask(h, wire.HoldRequest{Op: wire.HoldClose})
				delete(want.open, i)
				want.drop(func(e entry) bool { return e.slot == i })
			},
			"put": func(t *rapid.T) { // a few, so that it gets full in most runs
				from := rapid.IntRange(0, 1).Draw(t, "from")
				for range rapid.IntRange(1, 6).Draw(t, "letters") {
					e := entry{slot.Draw(t, "slot"), letter.Draw(t, "letter"), from}
					got := put(h, peer.ID(fmt.Sprint(e.from)), owners[e.slot].slot(), mail(e.letter))
					if status := want.put(e); got != status {
						t.Fatalf("put %+v: %v, want %v", e, got, status)
					}
				}
			},
			"ack": func(t *rapid.T) {
				i, n := slot.Draw(t, "slot"), letter.Draw(t, "letter")
				owners[i].ask(h, wire.HoldRequest{Op: wire.HoldAck, Done: [][]byte{wire.LetterID(mail(n))}})
				want.drop(func(e entry) bool { return e.slot == i && e.letter == n })
			},
			"fetch": func(t *rapid.T) {
				i := slot.Draw(t, "slot")
				var letters [][]byte
				for _, e := range want.letters {
					if e.slot == i {
						letters = append(letters, mail(e.letter))
					}
				}
				if got := owners[i].fetch(h); !slices.EqualFunc(got.Letters, letters, slices.Equal) {
					t.Fatalf("slot %d: %d letters, want %d, or not these in this order", i, len(got.Letters), len(letters))
				}
			},
			"": func(t *rapid.T) {
				st := h.Stats()
				sums := hold.Stats{Slots: len(want.open), Letters: len(want.letters), Bytes: len(want.letters) * size, TurnedOut: want.turnedOut}
				if st != sums || st.Bytes > lim.Bytes || st.Slots > lim.Slots {
					t.Fatalf("%+v, want %+v", st, sums)
				}
			},
		})
	})
}
