package termupdate

import (
	"bytes"
	"compress/flate"
	"errors"
	"fmt"
	"io"
	"math/bits"
)

// A key log is JSON that repeats itself: 1.3 KB an entry, of which 200 bytes
// are new. In an update it travels as a DEFLATE stream (RFC 1951), which any
// library reads. What libraries write differs from one version to the next,
// and a form with several encodings is none to sign or to compare by; so the
// stream is pinned here, bit by bit:
//
//   - one block with the fixed codes of section 3.2.6;
//   - from the start on, always the longest match of at least 3 and at most 258
//     bytes, of equal ones the nearest, looked for among the 64 nearest places
//     that begin with the same 3 bytes; where there is none, a literal.
//
// unpack refuses every other stream. Dynamic codes would save a seventh more,
// and take a tie-breaking rule for every step of building them.

const (
	minMatch = 3
	maxMatch = 258
	maxTries = 64
	endBlock = 256
)

var errPacked = errors.New("not the one packed form of a key log")

// pack returns the packed form of a log.
func pack(log []byte) ([]byte, error) {
	if len(log) == 0 || len(log) > MaxLog {
		return nil, fmt.Errorf("key log of %d bytes, want 1 to %d: %w", len(log), MaxLog, ErrSize)
	}
	w := bitWriter{out: make([]byte, 0, len(log)/3)}
	w.bits(1, 1) // BFINAL
	w.bits(1, 2) // BTYPE: fixed codes
	m := newMatcher(log)
	for i := 0; i < len(log); {
		length, distance := m.longest(i)
		if length < minMatch {
			w.symbol(uint(log[i]))
			length = 1
		} else {
			w.match(length, distance)
		}
		for range length {
			m.add(i)
			i++
		}
	}
	w.symbol(endBlock)
	return w.flush(), nil
}

// unpack returns the log that b is the packed form of. It reads no more than
// MaxLog bytes out of however little.
func unpack(b []byte) ([]byte, error) {
	r := flate.NewReader(bytes.NewReader(b))
	log, err := io.ReadAll(io.LimitReader(r, MaxLog+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("%w: %w", errPacked, err)
	case len(log) > MaxLog:
		return nil, fmt.Errorf("unpacks to more than %d bytes: %w", MaxLog, ErrSize)
	}
	again, err := pack(log)
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(again, b) {
		return nil, errPacked
	}
	return log, nil
}

// matcher finds earlier places in a text that say the same.
type matcher struct {
	text []byte
	last map[uint32]int32 // the nearest place before, by the 3 bytes it begins with
	prev []int32          // by place, the one before it with the same 3 bytes; -1: none
}

func newMatcher(text []byte) *matcher {
	return &matcher{text: text, last: make(map[uint32]int32, len(text)/4), prev: make([]int32, len(text))}
}

func (m *matcher) key(i int) uint32 {
	return uint32(m.text[i])<<16 | uint32(m.text[i+1])<<8 | uint32(m.text[i+2])
}

// add makes place i known; places are added in order.
func (m *matcher) add(i int) {
	if i+minMatch > len(m.text) {
		return
	}
	k := m.key(i)
	m.prev[i] = -1
	if p, ok := m.last[k]; ok {
		m.prev[i] = p
	}
	m.last[k] = int32(i)
}

// longest returns the longest match for the text at i, and how far back.
func (m *matcher) longest(i int) (length, distance int) {
	if i+minMatch > len(m.text) {
		return 0, 0
	}
	p, ok := m.last[m.key(i)]
	most := min(maxMatch, len(m.text)-i)
	for range maxTries {
		if !ok || p < 0 || length == most {
			break
		}
		n := minMatch
		for n < most && m.text[int(p)+n] == m.text[i+n] {
			n++
		}
		if n > length {
			length, distance = n, i-int(p)
		}
		p = m.prev[p]
	}
	return length, distance
}

// bitWriter writes bits as RFC 1951 packs them, section 3.1.1.
type bitWriter struct {
	out  []byte
	hold uint64
	n    uint
}

// bits writes the low n bits of v, least significant first.
func (w *bitWriter) bits(v, n uint) {
	w.hold |= uint64(v) << w.n
	for w.n += n; w.n >= 8; w.n -= 8 {
		w.out = append(w.out, byte(w.hold))
		w.hold >>= 8
	}
}

// code writes a Huffman code, most significant bit first.
func (w *bitWriter) code(v, n uint) { w.bits(uint(bits.Reverse16(uint16(v))>>(16-n)), n) }

func (w *bitWriter) flush() []byte {
	if w.n > 0 {
		w.bits(0, 8-w.n)
	}
	return w.out
}

// symbol writes a literal, a length or the end by the table of section 3.2.6.
func (w *bitWriter) symbol(s uint) {
	switch {
	case s < 144:
		w.code(0x30+s, 8)
	case s < 256:
		w.code(0x190+s-144, 9)
	case s < 280:
		w.code(s-256, 7)
	default:
		w.code(0xc0+s-280, 8)
	}
}

// match writes a length and a distance by the tables of section 3.2.5.
func (w *bitWriter) match(length, distance int) {
	if length == maxMatch {
		w.symbol(285)
	} else {
		code, extra, base := bucket(uint(length-minMatch), 2)
		w.symbol(257 + code)
		w.bits(uint(length-minMatch)-base, extra)
	}
	code, extra, base := bucket(uint(distance-1), 1)
	w.code(code, 5)
	w.bits(uint(distance-1)-base, extra)
}

// bucket returns the code of v in a table whose codes come in groups of
// 2^group, each group with one extra bit more than the one before; the number
// of extra bits; and the first value of that code.
func bucket(v, group uint) (code, extra, base uint) {
	if v < 2<<group {
		return v, 0, v
	}
	extra = uint(bits.Len(v)) - 1 - group
	code = extra<<group + v>>extra
	return code, extra, v >> extra << extra
}
