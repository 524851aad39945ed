package reconcile

import (
	"math"
	"math/bits"
)

// SymbolSize is the length of a Symbol on the wire in bytes.
const SymbolSize = 12

// MaxSymbols is how many symbols one conversation has at most.
const MaxSymbols = 1 << 16

// Symbol is the XOR of some short ids and of their checks. The published
// scheme also counts the ids; that tells which side has one, and the asker
// knows that by looking among its own.
type Symbol struct {
	Sum   uint64
	Check uint32
}

func (s *Symbol) toggle(short uint64) {
	s.Sum ^= short
	s.Check ^= check(short)
}

// pure reports whether s holds exactly one short id.
func (s Symbol) pure() bool { return s.Check == check(s.Sum) }

// check tells one short id from the XOR of several. Short ids come from a
// keyed hash, so that it need not be keyed itself.
func check(short uint64) uint32 { return uint32(mix(short+0xd1b54a32d192ed03) >> 32) }

// mix is the finalizer of SplitMix64 (Steele, Lea and Flood, 2014).
func mix(z uint64) uint64 {
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// cursor walks the indices of the symbols that one short id is in: 0, and then
// each i with probability 2/(i+2).
type cursor struct {
	short, state uint64
	index        uint32 // of the next symbol that short is in; MaxSymbols: none
}

func newCursor(short uint64) cursor { return cursor{short: short, state: short} }

// next moves on. The chance that no index up to j follows index i is
// (i+1)(i+2) / (j+1)(j+2), which is drawn by a 64 bit number u of the sequence
// SplitMix64 seeded with short: the next index is the least j with
// (j+1)(j+2) >= (i+1)(i+2) * 2^64 / u. It is all in whole numbers, so that
// every implementation finds the same.
func (c *cursor) next() {
	c.state += 0x9e3779b97f4a7c15
	u := mix(c.state)
	from := uint64(c.index+1) * uint64(c.index+2)
	if u <= from {
		c.index = MaxSymbols
		return
	}
	need, rest := bits.Div64(from, 0, u)
	if rest > 0 {
		need++
	}
	if need > (MaxSymbols+1)*(MaxSymbols+2) {
		c.index = MaxSymbols
		return
	}
	j := uint64(math.Sqrt(float64(need)))
	for j > 0 && j*(j+1) >= need { // no more than a step or two
		j--
	}
	for (j+1)*(j+2) < need {
		j++
	}
	c.index = uint32(min(j, MaxSymbols))
}

// Encoder makes the symbols of a set, as many as are asked for.
type Encoder struct {
	cursors []cursor
	made    int
}

// NewEncoder returns an encoder of a set of short ids, each given once.
func NewEncoder(shorts []uint64) *Encoder {
	e := &Encoder{cursors: make([]cursor, len(shorts))}
	for i, s := range shorts {
		e.cursors[i] = newCursor(s)
	}
	return e
}

// Extend returns the next n symbols. Those from MaxSymbols on are empty.
func (e *Encoder) Extend(n int) []Symbol {
	symbols := make([]Symbol, n)
	for i := range e.cursors {
		c := &e.cursors[i]
		c.into(symbols, e.made)
	}
	e.made += n
	return symbols
}

// into adds the short id to those of its symbols that are in the slice, whose
// first has index from.
func (c *cursor) into(symbols []Symbol, from int) {
	end := uint32(min(from+len(symbols), MaxSymbols))
	for c.index < end {
		symbols[int(c.index)-from].toggle(c.short)
		c.next()
	}
}
