package reconcile

import (
	"encoding/binary"
	"fmt"
	"slices"
)

// Answerer is one conversation's side of who is asked, about a set that does
// not change meanwhile. Its work and its answers are bounded, whatever it is
// asked: symbols up to MaxSymbols, and the list of its short ids once.
type Answerer struct {
	key    Key
	sketch *Sketch
	shorts []uint64

	encoder *Encoder // of the symbols beyond the sketch
	sent    int      // symbols
	sorted  bool
	listed  int // short ids
}

// NewAnswerer returns the side of somebody with these short ids under key, of
// which sketch is the sketch. It keeps both.
func NewAnswerer(key Key, sketch *Sketch, shorts []uint64) *Answerer {
	return &Answerer{key: key, sketch: sketch, shorts: shorts}
}

// Opened answers Open.
func (a *Answerer) Opened() []byte {
	return opened{a.key, a.sketch.Tally, a.symbols(opening(a.sketch.N))}.encode()
}

// Answer answers a question that follows; an error wraps ErrGarbage.
func (a *Answerer) Answer(question []byte) ([]byte, error) {
	if len(question) == 0 {
		return nil, fmt.Errorf("empty question: %w", ErrGarbage)
	}
	r := &reader{b: question, at: 1}
	switch question[0] {
	case kindMore:
		n := int(r.number(maxMore))
		if r.err == nil && (n == 0 || a.sent+n > MaxSymbols) {
			r.fail("%d symbols after %d", n, a.sent)
		}
		if err := r.end(); err != nil {
			return nil, err
		}
		return encodeSymbols(a.symbols(n)), nil
	case kindList:
		after := r.take(shortSize)
		if err := r.end(); err != nil {
			return nil, err
		}
		return a.list(binary.LittleEndian.Uint64(after))
	}
	r.at = 0
	r.fail("unknown question %#02x", question[0])
	return nil, r.err
}

// symbols returns the next n.
func (a *Answerer) symbols(n int) []Symbol {
	symbols := make([]Symbol, 0, n)
	if a.sent < len(a.sketch.prefix) {
		symbols = append(symbols, a.sketch.prefix[a.sent:min(a.sent+n, len(a.sketch.prefix))]...)
	}
	a.sent += len(symbols)
	if rest := n - len(symbols); rest > 0 {
		if a.encoder == nil {
			a.encoder = NewEncoder(a.shorts)
			a.encoder.Extend(a.sent)
		}
		symbols = append(symbols, a.encoder.Extend(rest)...)
		a.sent += rest
	}
	return symbols
}

func (a *Answerer) list(after uint64) ([]byte, error) {
	if !a.sorted {
		a.shorts = slices.Clone(a.shorts)
		slices.Sort(a.shorts)
		a.encoder, a.sorted = nil, true
	}
	from, found := slices.BinarySearch(a.shorts, after)
	if found {
		from++
	}
	if from < a.listed {
		return nil, fmt.Errorf("short ids after %x are asked for again: %w", after, ErrGarbage)
	}
	part := a.shorts[from:min(from+MaxList, len(a.shorts))]
	a.listed = max(from+len(part), 1)
	return encodeIDs(part), nil
}
