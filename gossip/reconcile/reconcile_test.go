package reconcile_test

import (
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/parley-network/parley/gossip/reconcile"
)

// The published values of SipHash-2-4: key 00..0f, messages 00..n-1.
func TestShortIsSipHash(t *testing.T) {
	var k reconcile.Key
	for i := range k {
		k[i] = byte(i)
	}
	message := make([]byte, 64)
	for i := range message {
		message[i] = byte(i)
	}
	for n, want := range map[int]uint64{
		0: 0x726fdb47dd0e0e31, 1: 0x74f839c593dc67fd, 7: 0xab0200f58b01d137, 8: 0x93f5f5799a932462, 15: 0xa129ca6149be45e5, 63: 0x958a324ceb064572,
	} {
		if got := k.Short(message[:n]); got != want {
			t.Errorf("%d bytes: %016x, want %016x", n, got, want)
		}
	}
}

// Each symbol holds as much of a set as the scheme says.
func TestSymbolsThinOut(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	const n, symbols = 4000, 1000
	counts := make([]int, symbols)
	for range n {
		for i, s := range reconcile.NewEncoder([]uint64{rng.Uint64()}).Extend(symbols) {
			if s != (reconcile.Symbol{}) {
				counts[i]++
			}
		}
	}
	for from := 0; from < symbols; from = 2*from + 1 {
		got, want := 0.0, 0.0
		for i := from; i < min(2*from+1, symbols); i++ {
			got += float64(counts[i])
			want += n / (1 + float64(i)/2)
		}
		if got < want*.95 || got > want*1.05 {
			t.Errorf("symbols %d and on hold %.0f, want %.0f", from, got, want)
		}
	}
	if counts[0] != n {
		t.Errorf("the first holds %d of %d", counts[0], n)
	}
}

// Any two sets: the difference is found, all of it and nothing else, by symbols
// of any number at a time.
func TestDecoderFindsTheDifference(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		a, b := pair(rng, rapid.IntRange(0, 300).Draw(t, "common"), rapid.IntRange(0, 100).Draw(t, "a"), rapid.IntRange(0, 100).Draw(t, "b"))
		k := key(rng)
		d := reconcile.NewDecoder(a.shorts(k))
		e := reconcile.NewEncoder(b.shorts(k))
		for n := 0; !d.Complete(); {
			batch := rapid.IntRange(1, 60).Draw(t, "batch")
			if n += batch; n > 5000 {
				t.Fatalf("not found by %d symbols", n)
			}
			if err := d.Add(e.Extend(batch)); err != nil {
				t.Fatal(err)
			}
		}
		missing, extra := d.Missing(), d.Extra()
		slices.Sort(missing)
		slices.Sort(extra)
		if !slices.Equal(missing, lacks(k, a, b)) || !slices.Equal(extra, lacks(k, b, a)) {
			t.Fatalf("%d missing, %d extra", len(missing), len(extra))
		}
	})
}

// The same for whole conversations, whatever the sketch keeps made.
func TestConversationFindsWhatIsMissing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		asker, other := pair(rng, rapid.IntRange(0, 2000).Draw(t, "common"), rapid.IntRange(0, 200).Draw(t, "asker's"), rapid.IntRange(0, 500).Draw(t, "other's"))
		k, prefix := key(rng), rapid.SampledFrom([]int{0, 10, 256}).Draw(t, "prefix")
		missing, c := pull(t, k, asker, other, prefix)
		want := lacks(k, asker, other)
		if c.complete && !slices.Equal(missing, want) {
			t.Fatalf("%d missing, want %d", len(missing), len(want))
		}
		if !c.complete {
			t.Fatalf("gave up after %d rounds", c.rounds)
		}
		if most := 1000 + 40*(len(want)+len(lacks(k, other, asker))); c.bytes > most {
			// The code has a tail: under one key in some ten thousand it takes half
			// as much again. Under the next it does not.
			if _, again := pull(t, key(rng), asker, other, prefix); again.bytes > most {
				t.Fatalf("%d bytes for %d, and %d under another key", c.bytes, len(want), again.bytes)
			}
		}
	})
}

// Records that share a short id hide one another under one key and not under
// the next: in a few conversations all is found. Here ids have a few bits, so
// that it happens all the time.
func TestSharedShortIDsEndRight(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		asker, other := pair(rng, 20, rapid.IntRange(0, 10).Draw(t, "asker's"), rapid.IntRange(0, 30).Draw(t, "other's"))
		few := func(k reconcile.Key, s set) map[uint64][32]byte {
			ids := make(map[uint64][32]byte)
			for id := range s {
				ids[k.Short(id[:])&0xff] = id
			}
			return ids
		}
		names := func(m map[uint64][32]byte) []uint64 {
			var shorts []uint64
			for s := range m {
				shorts = append(shorts, s)
			}
			return shorts
		}
		for range 60 {
			k := key(rng)
			theirs := few(k, other)
			d, e := reconcile.NewDecoder(names(few(k, asker))), reconcile.NewEncoder(names(theirs))
			for range 50 {
				if err := d.Add(e.Extend(32)); err != nil {
					t.Fatal(err)
				}
			}
			if !d.Complete() {
				t.Fatal("not complete")
			}
			for _, s := range d.Missing() {
				asker[theirs[s]] = true
			}
		}
		for id := range other {
			if !asker[id] {
				t.Fatalf("%x was never found", id)
			}
		}
	})
}

// A sketch that records came to and went from is that of what is left, and
// sketches of several sets are those of all.
func TestSketchKeepsUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		shorts := rapid.SliceOfNDistinct(rapid.Uint64(), 0, 50, rapid.ID).Draw(t, "set")
		gone := rapid.IntRange(0, len(shorts)).Draw(t, "gone")
		split := rapid.IntRange(gone, len(shorts)).Draw(t, "split")
		one, other := reconcile.NewSketch(64), reconcile.NewSketch(64)
		for _, s := range shorts[:split] {
			one.Add(s)
		}
		for _, s := range shorts[split:] {
			other.Add(s)
		}
		for _, s := range shorts[:gone] {
			one.Remove(s)
		}
		one.Merge(other)
		left := shorts[gone:]
		if one.Tally != reconcile.NewTally(left) {
			t.Fatal("another tally")
		}
		var k reconcile.Key
		kept := reconcile.NewAnswerer(k, one, left).Opened()
		if made := reconcile.NewAnswerer(k, withTally(left), left).Opened(); !slices.Equal(kept, made) {
			t.Fatal("other symbols")
		}
	})
}

// withTally has no symbols made, so that all are made from the set.
func withTally(shorts []uint64) *reconcile.Sketch {
	s := reconcile.NewSketch(0)
	for _, short := range shorts {
		s.Add(short)
	}
	return s
}

func TestDistance(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	for _, differ := range []int{0, 1, 10, 100, 1000} {
		sum := 0
		for range 20 {
			a, b := pair(rng, 5000, differ/2, differ-differ/2)
			k := key(rng)
			ta, tb := reconcile.NewTally(a.shorts(k)), reconcile.NewTally(b.shorts(k))
			if ta.Distance(&tb) != tb.Distance(&ta) {
				t.Fatal("not the same from both sides")
			}
			sum += ta.Distance(&tb)
		}
		if got := float64(sum) / 20; got < float64(differ)*.85 || got > float64(differ)*1.15+1 {
			t.Errorf("%d differ, the tallies say %.0f", differ, got)
		}
	}
}

// Symbols that no set has end the decoder with an error or leave it incomplete,
// within a bound, whatever they are.
func TestGarbageSymbolsEnd(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		small := rapid.Uint64Range(0, 3) // so that they look alike
		own := rapid.SliceOfN(small, 0, 4).Draw(t, "own")
		d := reconcile.NewDecoder(own)
		for range rapid.IntRange(1, 4).Draw(t, "batches") {
			batch := make([]reconcile.Symbol, rapid.IntRange(1, 50).Draw(t, "n"))
			for i := range batch {
				// Every symbol looks as if it held one id: the most there is to do.
				for range rapid.IntRange(0, 2).Draw(t, "ids") {
					pure := reconcile.NewEncoder([]uint64{small.Draw(t, "id")}).Extend(1)[0]
					batch[i].Sum ^= pure.Sum
					batch[i].Check ^= pure.Check
				}
			}
			if err := d.Add(batch); err != nil {
				if !errors.Is(err, reconcile.ErrGarbage) {
					t.Fatal(err)
				}
				return
			}
		}
		if n := len(d.Missing()) + len(d.Extra()); n > 200 {
			t.Fatalf("%d found in 200 symbols", n)
		}
	})
}

// An asker comes to an end whatever it is answered: here honest answers of a
// far larger set than was said, and noise without end.
func TestAskerIsDoneInTheEnd(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 10))
	for name, said := range map[string]int{"as many as is said": 5000, "far more than is said": 10} {
		_, other := pair(rng, 0, 0, 5000)
		k := key(rng)
		shorts := other.shorts(k)
		lie := reconcile.NewSketch(0)
		for _, s := range shorts[:said] {
			lie.Add(s)
		}
		honest := reconcile.NewAnswerer(k, lie, shorts)
		asks := reconcile.NewAsker(func(reconcile.Key) []uint64 { return nil })
		answer, size, rounds := honest.Opened(), 0, 0
		for {
			rounds++
			size += len(answer)
			question, err := asks.Next(answer)
			if question == nil || err != nil {
				break
			}
			if answer, err = honest.Answer(question); err != nil {
				t.Fatal(err)
			}
		}
		if rounds > 20 || size > 100_000 {
			t.Errorf("%s: %d rounds, %d bytes", name, rounds, size)
		}
		if _, err := asks.Next(answer); !errors.Is(err, reconcile.ErrGarbage) {
			t.Errorf("%s: an answer after the end: %v", name, err)
		}
	}
}

// Who has nothing, or lacks most, is told the short ids themselves.
func TestAskerWithNothingListsIt(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 12))
	for _, n := range []int{1, 24, 500, reconcile.MaxList, reconcile.MaxList + 10, 2 * reconcile.MaxList} {
		asker, other := pair(rng, 0, 0, n)
		k := key(rng)
		missing, c := pull(t, k, asker, other, 256)
		if !c.complete || !slices.Equal(missing, lacks(k, asker, other)) {
			t.Errorf("%d: %d missing", n, len(missing))
		}
		if n >= 500 && (!c.listed || c.bytes > 19*n+1000) {
			t.Errorf("%d cost %d bytes", n, c.bytes)
		}
	}
}

// Where nothing differs, one answer says so.
func TestNothingToTell(t *testing.T) {
	rng := rand.New(rand.NewPCG(13, 14))
	both, _ := pair(rng, 10_000, 0, 0)
	missing, c := pull(t, key(rng), both, both, 256)
	if len(missing) != 0 || c.rounds != 1 || c.bytes > 700 || !c.complete {
		t.Errorf("%+v", c)
	}
	missing, c = pull(t, key(rng), both, set{}, 256)
	if len(missing) != 0 || c.rounds != 1 || c.bytes > 50 || !c.complete {
		t.Errorf("of nothing: %+v", c)
	}
}
