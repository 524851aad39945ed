package hold_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/parley-network/parley/gossip/admission"
	"github.com/parley-network/parley/node/courier/hold"
	"github.com/parley-network/parley/node/courier/seal"
	"github.com/parley-network/parley/node/courier/wire"
	"github.com/parley-network/parley/node/store/memory"
	"pgregory.net/rapid"
)

// work hands a letter in with a stamp of so many bits.
func work(h *hold.Holder, from peer.ID, slot, sealed []byte, bits int) (wire.Status, int) {
	return h.Put(context.Background(), hold.Handed{From: from, Slot: slot, Sealed: sealed, Bits: bits})
}

// has reports whether the slot gives out a letter.
func has(o owner, h *hold.Holder, letter []byte) bool {
	var done [][]byte
	for {
		got := o.ask(h, wire.HoldRequest{Op: wire.HoldFetch, Have: done}).Letters
		if len(got) == 0 {
			return false
		}
		for _, l := range got {
			if string(l) == string(letter) {
				return true
			}
			done = append(done, wire.LetterID(l))
		}
	}
}

func sybil(i int) peer.ID { return peer.ID(fmt.Sprint("sybil ", i)) }

// A few peers that fill a slot, with many letters or with large ones, keep
// nobody else out: whoever has less there gets in, without any work.
func TestFullSlotHasRoomForOthers(t *testing.T) {
	for name, size := range map[string]int{"small": 1024 + seal.Overhead, "large": seal.MaxSealedLetter} {
		t.Run(name, func(t *testing.T) {
			h, o := hold.New(self, hold.DefaultLimits(), memory.New()), newOwner(t)
			o.open(h, time.Hour)
			for i := range 400 {
				l := make([]byte, size)
				copy(l, fmt.Sprint(i))
				put(h, sybil(i%4), o.slot(), l)
			}
			before := h.Stats()
			for i := range 20 {
				wantStatus(t, "an honest vendor's offer", put(h, peer.ID(fmt.Sprint("vendor ", i)), o.slot(), mail(1000+i)), wire.Taken)
			}
			for i := range 400 {
				l := make([]byte, size)
				copy(l, fmt.Sprint("again ", i))
				put(h, sybil(i%4), o.slot(), l)
			}
			for i := range 20 {
				if !has(o, h, mail(1000+i)) {
					t.Fatalf("offer %d was pushed out by those that had more there", i)
				}
			}
			lim := hold.DefaultLimits()
			if st := h.Stats(); st.TurnedOut == 0 || st.Letters > lim.Letters || st.Bytes > lim.SlotBytes {
				t.Errorf("before %+v, now %+v", before, st)
			}
		})
	}
}

// Many peers with a letter each fill a slot; then work decides, and the refusal
// says how much. Nobody who does as much as may be asked of anybody is kept out.
func TestFullSlotGoesToWork(t *testing.T) {
	lim := hold.DefaultLimits()
	lim.SlotRate = 0 // this is about the room there is
	h, o := hold.New(self, lim, memory.New()), newOwner(t)
	o.open(h, time.Hour)
	for i := range 256 {
		wantStatus(t, "a sybil's letter", put(h, sybil(i), o.slot(), mail(i)), wire.Taken)
	}
	offer := mail(1000)
	status, needs := work(h, "vendor", o.slot(), offer, 0)
	if status != wire.NeedsWork || needs != admission.MinBits {
		t.Fatalf("an offer to a slot full of letters without work: %v, %d bits", status, needs)
	}
	status, _ = work(h, "vendor", o.slot(), offer, needs)
	wantStatus(t, "with the work asked for", status, wire.Taken)
	for i := 256; i < 600; i++ {
		if put(h, sybil(i), o.slot(), mail(i)) == wire.Taken {
			t.Fatal("a letter without work found room in a full slot")
		}
	}
	if !has(o, h, offer) {
		t.Error("letters without work pushed out one with")
	}
	for i := range 300 {
		work(h, sybil(1000+i), o.slot(), mail(2000+i), admission.MaxBits)
	}
	if has(o, h, offer) {
		t.Error("256 letters of more work left one of less there")
	}
	status, needs = work(h, "vendor", o.slot(), offer, 12)
	if status != wire.NeedsWork || needs != admission.MaxBits {
		t.Errorf("among letters of the most work: %v, %d bits", status, needs)
	}
	status, _ = work(h, "vendor", o.slot(), offer, admission.MaxBits)
	wantStatus(t, "with the most work there is", status, wire.Taken)
	if !has(o, h, offer) {
		t.Error("it is not there")
	}
}

// Who fills its own share has to work for the next, and that makes way for
// nobody else's.
func TestOwnShareMakesWayForItself(t *testing.T) {
	lim := hold.DefaultLimits()
	lim.PeerLetters = 3
	h, o := hold.New(self, lim, memory.New()), newOwner(t)
	o.open(h, time.Hour)
	wantStatus(t, "another's", put(h, alice, o.slot(), mail(100)), wire.Taken)
	for i := range 3 {
		wantStatus(t, "within the share", put(h, bob, o.slot(), mail(i)), wire.Taken)
	}
	status, needs := work(h, bob, o.slot(), mail(3), 0)
	wantStatus(t, "beyond it", status, wire.NeedsWork)
	status, _ = work(h, bob, o.slot(), mail(3), needs)
	wantStatus(t, "with work", status, wire.Taken)
	if !has(o, h, mail(100)) || !has(o, h, mail(3)) || has(o, h, mail(2)) {
		t.Error("it is not the last of its own that made way")
	}
}

// Who keeps filling a slot that its owner keeps emptying is asked for more and
// more work there; at other slots nobody is, and here nobody is once it stops.
func TestFloodedSlotAsksForWork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := hold.New(self, hold.DefaultLimits(), memory.New())
		flooded, other := newOwner(t), newOwner(t)
		flooded.open(h, 24*time.Hour)
		other.open(h, 24*time.Hour)
		taken, asked, n := 0, 0, 0
		for range 5 * 60 {
			for i := range 20 {
				n++
				status, needs := work(h, sybil(i), flooded.slot(), mail(n), 0)
				if status == wire.Taken {
					taken++
				}
				asked = max(asked, needs)
			}
			got := flooded.fetch(h)
			var done [][]byte
			for _, l := range got.Letters {
				done = append(done, wire.LetterID(l))
			}
			flooded.fetch(h, done...)
			time.Sleep(time.Second)
		}
		if taken > 512+8*5*60 || asked < admission.MinBits {
			t.Errorf("of %d letters handed in within five minutes without work %d were taken; %d bits were asked for", n, taken, asked)
		}
		status, needs := work(h, "vendor", flooded.slot(), mail(n+1), 0)
		wantStatus(t, "an offer in the midst of it", status, wire.NeedsWork)
		status, _ = work(h, "vendor", flooded.slot(), mail(n+1), needs)
		wantStatus(t, "with work", status, wire.Taken)
		wantStatus(t, "at another slot", put(h, "vendor", other.slot(), mail(n+1)), wire.Taken)
		time.Sleep(15 * time.Minute)
		wantStatus(t, "a quarter of an hour later", put(h, "vendor", flooded.slot(), mail(n+2)), wire.Taken)
	})
}

// One peer that floods a slot makes it dearer for itself before it does for
// others.
func TestFloodingPeerPaysFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, o := hold.New(self, hold.DefaultLimits(), memory.New()), newOwner(t)
		o.open(h, 24*time.Hour)
		for i := range 200 {
			put(h, bob, o.slot(), mail(i))
			o.fetch(h, wire.LetterID(mail(i)))
			time.Sleep(500 * time.Millisecond)
		}
		status, needs := work(h, bob, o.slot(), mail(1000), 0)
		if status != wire.NeedsWork || needs < admission.MinBits {
			t.Errorf("two a second of one peer: %v, %d bits", status, needs)
		}
		wantStatus(t, "another peer", put(h, alice, o.slot(), mail(1000)), wire.Taken)
	})
}

// When all slots together are full, the peer that has handed in most makes way
// for those with less, and nobody for it.
func TestFullHolderHasRoomForOthers(t *testing.T) {
	lim := hold.DefaultLimits()
	lim.Bytes, lim.PeerBytes = 4<<20, 3<<20
	h := hold.New(self, lim, memory.New())
	var owners []owner
	for range 8 {
		o := newOwner(t)
		o.open(h, time.Hour)
		owners = append(owners, o)
	}
	big := func(n int) []byte {
		b := make([]byte, seal.MaxSealedLetter)
		copy(b, fmt.Sprint(n))
		return b
	}
	for i := range 200 {
		put(h, sybil(i%2), owners[i%7].slot(), big(i))
	}
	full := h.Stats()
	mine := owners[7]
	for i := range 60 {
		wantStatus(t, "another peer's letter", put(h, "vendor", mine.slot(), mail(i)), wire.Taken)
	}
	if st := h.Stats(); full.Bytes < lim.Bytes-seal.MaxSealedLetter || st.Bytes > lim.Bytes || st.TurnedOut == 0 {
		t.Errorf("full %+v, then %+v", full, st)
	}
	for i := range 200 {
		put(h, sybil(i%2), owners[i%7].slot(), big(1000+i))
	}
	for i := range 60 {
		if !has(mine, h, mail(i)) {
			t.Errorf("letter %d was pushed out by peers that had handed in more", i)
		}
	}
}

// Whatever is handed in by whom and with which work, no limit is passed, what is
// given out is what was taken and not turned out, and who is refused for want of
// work gets in with what was asked for, or is told of more until it can be no
// more.
func TestAdmissionKeepsItsBounds(t *testing.T) {
	o := newOwner(t)
	rapid.Check(t, func(t *rapid.T) {
		lim := hold.DefaultLimits()
		lim.Letters, lim.PeerLetters, lim.SlotBytes, lim.Bytes, lim.PeerBytes = 6, 4, 10*(1024+seal.Overhead), 8*(1024+seal.Overhead), 1<<30
		lim.SlotRate, lim.PeerRate = 0, 0
		h := hold.New(self, lim, memory.New())
		o.open(h, time.Minute)
		taken := 0
		for n := range rapid.IntRange(1, 60).Draw(t, "letters") {
			from := sybil(rapid.IntRange(0, 3).Draw(t, "from"))
			bits := rapid.SampledFrom([]int{0, 0, 10, 12, admission.MaxBits}).Draw(t, "bits")
			l := mail(n)
			if rapid.Bool().Draw(t, "large") {
				l = append(l, make([]byte, 3072)...)
			}
			status, needs := work(h, from, o.slot(), l, bits)
			for tries := 0; status == wire.NeedsWork; tries++ {
				if needs <= bits || needs > admission.MaxBits || tries > 10 {
					t.Fatalf("with %d bits, %d are asked for", bits, needs)
				}
				bits = needs
				status, needs = work(h, from, o.slot(), l, bits)
			}
			if status == wire.Taken {
				taken++
			}
			st := h.Stats()
			if st.Letters > lim.Letters || st.Bytes > lim.SlotBytes || st.Bytes > lim.Bytes || st.Letters != taken-st.TurnedOut {
				t.Fatalf("%d taken, %+v", taken, st)
			}
		}
	})
}
