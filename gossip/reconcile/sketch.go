package reconcile

import "math"

// tallies is how many counters a Tally has: the distance that two of them tell
// is off by a factor of sqrt(2/128), 12.5%, as a standard deviation.
const tallies = 128

// Tally tells about how far two sets are from each other in 128 numbers of one
// or two bytes (Alon, Matias and Szegedy, 1996). Counter i is how many short
// ids have bit i of their 128 bit hash set.
type Tally struct {
	N    int // short ids in the set
	Ones [tallies]int32
}

// NewTally returns the tally of a set.
func NewTally(shorts []uint64) Tally {
	var t Tally
	for _, s := range shorts {
		t.add(s, 1)
	}
	return t
}

func (t *Tally) add(short uint64, sign int32) {
	t.N += int(sign)
	low, high := mix(short^0x8ebc6af09c88c6e3), mix(short^0x589965cc75374cc3)
	for i := range tallies / 2 {
		t.Ones[i] += sign * int32(low>>i&1)
		t.Ones[i+tallies/2] += sign * int32(high>>i&1)
	}
}

// Distance estimates how many short ids are in one of the sets and not in both.
func (t *Tally) Distance(other *Tally) int {
	sum := 0.0
	for i := range t.Ones {
		d := float64(2*int64(t.Ones[i])-int64(t.N)) - float64(2*int64(other.Ones[i])-int64(other.N))
		sum += d * d
	}
	sum /= tallies
	if sizes := math.Abs(float64(t.N - other.N)); sum < sizes {
		sum = sizes
	}
	return int(math.Ceil(sum))
}

// Sketch is a set's tally and the first of its symbols, kept up to date as
// records come and go. Adding one takes as long whatever the set's size.
type Sketch struct {
	Tally
	prefix []Symbol
}

// NewSketch returns the sketch of the empty set with its first n symbols.
func NewSketch(n int) *Sketch { return &Sketch{prefix: make([]Symbol, min(n, MaxSymbols))} }

// Add puts in a short id that is not in the set.
func (s *Sketch) Add(short uint64) {
	s.add(short, 1)
	s.toggle(short)
}

// Remove takes out a short id that is in the set.
func (s *Sketch) Remove(short uint64) {
	s.add(short, -1)
	s.toggle(short)
}

func (s *Sketch) toggle(short uint64) {
	c := newCursor(short)
	c.into(s.prefix, 0)
}

// Merge puts in another set, of which it has nothing yet. Both sketches are of
// the same length.
func (s *Sketch) Merge(other *Sketch) {
	s.N += other.N
	for i, n := range other.Ones {
		s.Ones[i] += n
	}
	for i, o := range other.prefix {
		s.prefix[i].Sum ^= o.Sum
		s.prefix[i].Check ^= o.Check
	}
}
