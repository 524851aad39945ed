package reconcile

import (
	"errors"
	"fmt"
)

// ErrGarbage is wrapped by every error about what an honest peer does not send.
var ErrGarbage = errors.New("not what an honest peer sends")

// Decoder finds the difference between a set of one's own and that of a peer,
// of which it is given the symbols.
type Decoder struct {
	own     map[uint64]bool
	encoder *Encoder
	left    []Symbol // the difference, without what was found
	found   []cursor // as far as left goes
	seen    map[uint64]bool
	full    int // symbols of left that are not empty
}

// NewDecoder returns a decoder against the set of these short ids; one that is
// given twice counts once.
func NewDecoder(own []uint64) *Decoder {
	d := &Decoder{own: make(map[uint64]bool, len(own)), seen: make(map[uint64]bool)}
	once := make([]uint64, 0, len(own))
	for _, s := range own {
		if !d.own[s] {
			d.own[s] = true
			once = append(once, s)
		}
	}
	d.encoder = NewEncoder(once)
	return d
}

// Add takes in the peer's next symbols and finds what they give away. An error
// wraps ErrGarbage: no set has these symbols. It takes time in proportion to
// the symbols and one's own set, whatever they are.
func (d *Decoder) Add(symbols []Symbol) error {
	from := len(d.left)
	batch := d.encoder.Extend(len(symbols))
	for i := range batch {
		batch[i].Sum ^= symbols[i].Sum
		batch[i].Check ^= symbols[i].Check
	}
	for i := range d.found {
		d.found[i].into(batch, from)
	}
	d.left = append(d.left, batch...)
	var pure []int
	for i, s := range batch {
		if s == (Symbol{}) {
			continue
		}
		d.full++
		if s.pure() {
			pure = append(pure, from+i)
		}
	}
	return d.peel(pure)
}

// peel takes each short id found out of the symbols it is in, which may leave
// others alone in theirs. Every id found empties the symbol it was found in
// for good, so that there are no more of them than symbols.
func (d *Decoder) peel(pure []int) error {
	for len(pure) > 0 {
		at := pure[len(pure)-1]
		pure = pure[:len(pure)-1]
		s := d.left[at]
		if s == (Symbol{}) || !s.pure() {
			continue
		}
		if d.seen[s.Sum] || len(d.found) >= len(d.left) {
			return fmt.Errorf("symbol %d: short id %x is there twice: %w", at, s.Sum, ErrGarbage)
		}
		d.seen[s.Sum] = true
		c := newCursor(s.Sum)
		emptied := false
		for ; int(c.index) < len(d.left); c.next() {
			i := int(c.index)
			pure = d.take(i, s.Sum, pure)
			emptied = emptied || i == at
		}
		if !emptied {
			return fmt.Errorf("symbol %d: short id %x does not belong there: %w", at, s.Sum, ErrGarbage)
		}
		d.found = append(d.found, c)
	}
	return nil
}

func (d *Decoder) take(i int, short uint64, pure []int) []int {
	was := d.left[i] == Symbol{}
	d.left[i].toggle(short)
	is := d.left[i] == Symbol{}
	switch {
	case is && !was:
		d.full--
	case was && !is:
		d.full++
	}
	if !is && d.left[i].pure() {
		pure = append(pure, i)
	}
	return pure
}

// tally returns that of one's own set.
func (d *Decoder) tally() (t Tally) {
	for _, c := range d.encoder.cursors {
		t.add(c.short, 1)
	}
	return t
}

// Complete reports whether all of the difference was found.
func (d *Decoder) Complete() bool { return len(d.left) > 0 && d.full == 0 }

// Missing returns the short ids found that only the peer has. What is found
// before the decoder is complete holds already.
func (d *Decoder) Missing() []uint64 { return d.which(false) }

// Extra returns the short ids found that only one's own set has.
func (d *Decoder) Extra() []uint64 { return d.which(true) }

func (d *Decoder) which(own bool) []uint64 {
	var shorts []uint64
	for _, c := range d.found {
		if d.own[c.short] == own {
			shorts = append(shorts, c.short)
		}
	}
	return shorts
}
