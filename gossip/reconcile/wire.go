package reconcile

import (
	"encoding/binary"
	"fmt"
)

// Every message begins with a byte that says what it is. Numbers are unsigned
// LEB128 varints in their shortest form, short ids and symbols little-endian.
//
//	Open    0x01  flags (1 byte, bit 0: term updates)  count  count * shard (8 bytes), rising
//	opened  0x81  key (16 bytes)  n  [128 * zigzag(ones - n/2)]  [Opening(n) * symbol]
//	more    0x02  count
//	symbols 0x82  count  count * symbol
//	list    0x03  after (8 bytes)
//	ids     0x83  count  count * short id, rising
//	get     0x04  count  count * short id, rising
//	records 0x84  handled  count  count * (kind (1 byte)  length  bytes)
//
// What stands in brackets is there unless n is 0. A symbol is its sum (8
// bytes) and its check (4).
const (
	kindOpen, kindOpened   = 0x01, 0x81
	kindMore, kindSymbols  = 0x02, 0x82
	kindList, kindIDs      = 0x03, 0x83
	kindGet, kindRecords   = 0x04, 0x84
	flagTerms              = 1
	shortSize, shardIDSize = 8, 8
)

// Bounds of what a message may hold, beside those in bytes.
const (
	MaxRecords = 1 << 20 // short ids of one set
	MaxShards  = 1024    // shards named by an Open
	MaxList    = 1 << 14 // short ids of one answer to a list
	MaxGet     = 256     // short ids of one get
	maxMore    = 1 << 14 // symbols asked for at a time

	// MaxQuestion and MaxAnswer are the largest messages of either side in
	// bytes. The largest answer is one of records.
	MaxQuestion = 1 + 1 + 3 + MaxShards*shardIDSize
	MaxAnswer   = MaxBatch + MaxGet*8 + 16
	// MaxBatch is how many bytes of records one answer has at most, beyond
	// the first record.
	MaxBatch = 1 << 20
)

// Kinds of records.
const (
	KindCast  byte = 0 // an intentcast, as intentcast.Cast encodes it
	KindTerms byte = 1 // a term update, as termupdate.Signed encodes it
)

// Record is one record as it travels.
type Record struct {
	Kind byte
	Wire []byte
}

// reader reads the parts of a message and keeps the first error.
type reader struct {
	b   []byte
	at  int
	err error
}

func (r *reader) fail(format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf("byte %d: %s: %w", r.at, fmt.Sprintf(format, args...), ErrGarbage)
	}
}

func (r *reader) take(n int) []byte {
	if r.err != nil {
		return nil
	}
	if n > len(r.b)-r.at {
		r.fail("%d bytes are left, want %d", len(r.b)-r.at, n)
		return nil
	}
	b := r.b[r.at : r.at+n]
	r.at += n
	return b
}

// number reads a varint of at most most in its shortest form.
func (r *reader) number(most uint64) uint64 {
	if r.err != nil {
		return 0
	}
	v, n := binary.Uvarint(r.b[r.at:])
	switch {
	case n <= 0:
		r.fail("no number")
	case n > 1 && r.b[r.at+n-1] == 0:
		r.fail("number %d is not in its shortest form", v)
	case v > most:
		r.fail("%d, at most %d is allowed", v, most)
	default:
		r.at += n
		return v
	}
	return 0
}

func (r *reader) kind(want byte) {
	if b := r.take(1); r.err == nil && b[0] != want {
		r.at--
		r.fail("message %#02x, want %#02x", b[0], want)
	}
}

func (r *reader) shorts(most int) []uint64 {
	n := int(r.number(uint64(most)))
	b := r.take(n * shortSize)
	if r.err != nil {
		return nil
	}
	shorts := make([]uint64, n)
	for i := range shorts {
		shorts[i] = binary.LittleEndian.Uint64(b[i*shortSize:])
		if i > 0 && shorts[i] <= shorts[i-1] {
			r.fail("short id %d is out of order", i)
			return nil
		}
	}
	return shorts
}

func (r *reader) symbols(n int) []Symbol {
	b := r.take(n * SymbolSize)
	if r.err != nil {
		return nil
	}
	symbols := make([]Symbol, n)
	for i := range symbols {
		symbols[i] = Symbol{binary.LittleEndian.Uint64(b[i*SymbolSize:]), binary.LittleEndian.Uint32(b[i*SymbolSize+8:])}
	}
	return symbols
}

func (r *reader) end() error {
	if r.err == nil && r.at < len(r.b) {
		r.fail("%d bytes too many", len(r.b)-r.at)
	}
	return r.err
}

func appendShorts(b []byte, shorts []uint64) []byte {
	b = binary.AppendUvarint(b, uint64(len(shorts)))
	for _, s := range shorts {
		b = binary.LittleEndian.AppendUint64(b, s)
	}
	return b
}

func appendSymbols(b []byte, symbols []Symbol) []byte {
	for _, s := range symbols {
		b = binary.LittleEndian.AppendUint64(b, s.Sum)
		b = binary.LittleEndian.AppendUint32(b, s.Check)
	}
	return b
}
