package reconcile

import (
	"crypto/sha256"
	"encoding/binary"
	"slices"
)

// ShardID names a shard in an Open: the first 8 bytes of
// SHA-256("parley/shard/1\n" || shard), read little-endian. The names
// themselves would be several times as long; who is asked knows them, as
// GossipSub tells neighbours which topics a node follows.
func ShardID(shard string) uint64 {
	h := sha256.Sum256([]byte("parley/shard/1\n" + shard))
	return binary.LittleEndian.Uint64(h[:])
}

// Open is the first question: which sets it is about, taken together as one.
type Open struct {
	Terms  bool     // all vendors' term updates
	Shards []uint64 // the intents of these, by ShardID, rising
}

// NewOpen returns the question about the shards named and, if terms, about
// term updates. It names MaxShards at most.
func NewOpen(terms bool, shards []string) Open {
	o := Open{Terms: terms, Shards: make([]uint64, len(shards))}
	for i, s := range shards {
		o.Shards[i] = ShardID(s)
	}
	slices.Sort(o.Shards)
	o.Shards = slices.Compact(o.Shards)
	o.Shards = o.Shards[:min(len(o.Shards), MaxShards)]
	return o
}

// Encode returns the message.
func (o Open) Encode() []byte {
	b := []byte{kindOpen, 0}
	if o.Terms {
		b[1] = flagTerms
	}
	return appendShorts(b, o.Shards)
}

// DecodeOpen reads the message; an error wraps ErrGarbage.
func DecodeOpen(b []byte) (Open, error) {
	r := &reader{b: b}
	r.kind(kindOpen)
	var o Open
	if flags := r.take(1); r.err == nil {
		if flags[0] > flagTerms {
			r.fail("unknown flags %#02x", flags[0])
		}
		o.Terms = flags[0]&flagTerms != 0
	}
	o.Shards = r.shorts(MaxShards)
	return o, r.end()
}

// opened is the answer to Open.
type opened struct {
	key     Key
	tally   Tally
	symbols []Symbol
}

// firstSymbols is how many symbols come with the answer to Open: between peers
// that keep up with each other they are enough.
const firstSymbols = 24

// opening is how many symbols come with the answer about a set of n.
func opening(n int) int {
	if n == 0 {
		return 0
	}
	return firstSymbols
}

func (o opened) encode() []byte {
	b := append([]byte{kindOpened}, o.key[:]...)
	b = binary.AppendUvarint(b, uint64(o.tally.N))
	if o.tally.N == 0 {
		return b
	}
	for _, ones := range o.tally.Ones {
		off := int64(ones) - int64(o.tally.N/2)
		b = binary.AppendUvarint(b, uint64(off<<1^off>>63))
	}
	return appendSymbols(b, o.symbols)
}

func decodeOpened(b []byte) (opened, error) {
	r := &reader{b: b}
	r.kind(kindOpened)
	var o opened
	copy(o.key[:], r.take(KeySize))
	o.tally.N = int(r.number(MaxRecords))
	for i := 0; i < tallies && o.tally.N > 0; i++ {
		z := r.number(2 * MaxRecords)
		ones := int64(z>>1) ^ -int64(z&1) + int64(o.tally.N/2)
		if ones < 0 || ones > int64(o.tally.N) {
			r.fail("tally %d is %d of %d", i, ones, o.tally.N)
		}
		o.tally.Ones[i] = int32(ones)
	}
	o.symbols = r.symbols(opening(o.tally.N))
	return o, r.end()
}

func encodeMore(n int) []byte { return binary.AppendUvarint([]byte{kindMore}, uint64(n)) }

func encodeSymbols(symbols []Symbol) []byte {
	return appendSymbols(binary.AppendUvarint([]byte{kindSymbols}, uint64(len(symbols))), symbols)
}

func encodeList(after uint64) []byte {
	return binary.LittleEndian.AppendUint64([]byte{kindList}, after)
}

func encodeIDs(shorts []uint64) []byte { return appendShorts([]byte{kindIDs}, shorts) }

// EncodeGet asks for the records of these short ids, rising and at most MaxGet.
func EncodeGet(shorts []uint64) []byte { return appendShorts([]byte{kindGet}, shorts) }

// IsGet reports whether b begins as EncodeGet's questions do.
func IsGet(b []byte) bool { return len(b) > 0 && b[0] == kindGet }

// DecodeGet reads the question; an error wraps ErrGarbage.
func DecodeGet(b []byte) ([]uint64, error) {
	r := &reader{b: b}
	r.kind(kindGet)
	shorts := r.shorts(MaxGet)
	if r.err == nil && len(shorts) == 0 {
		r.fail("asks for nothing")
	}
	return shorts, r.end()
}

// Records is the answer to a get: the records of the first Handled short ids
// asked for, as far as they are still there. The others are asked for again.
type Records struct {
	Handled int
	Records []Record
}

// Gather answers a get with the records that find knows, within MaxBatch.
func Gather(shorts []uint64, find func(uint64) (Record, bool)) Records {
	var r Records
	size := 0
	for _, s := range shorts {
		if rec, ok := find(s); ok {
			if size += len(rec.Wire); size > MaxBatch && len(r.Records) > 0 {
				break
			}
			r.Records = append(r.Records, rec)
		}
		r.Handled++
	}
	return r
}

// Encode returns the message.
func (a Records) Encode() []byte {
	b := binary.AppendUvarint([]byte{kindRecords}, uint64(a.Handled))
	b = binary.AppendUvarint(b, uint64(len(a.Records)))
	for _, r := range a.Records {
		b = append(b, r.Kind)
		b = binary.AppendUvarint(b, uint64(len(r.Wire)))
		b = append(b, r.Wire...)
	}
	return b
}

// DecodeRecords reads the answer to a get for asked short ids. The records
// share memory with b. An error wraps ErrGarbage.
func DecodeRecords(b []byte, asked int) (Records, error) {
	r := &reader{b: b}
	r.kind(kindRecords)
	a := Records{Handled: int(r.number(uint64(asked)))}
	n := int(r.number(uint64(a.Handled)))
	if r.err == nil && a.Handled == 0 {
		r.fail("nothing was handled")
	}
	for range n {
		kind := r.take(1)
		wire := r.take(int(r.number(MaxAnswer)))
		if r.err != nil {
			break
		}
		if kind[0] > KindTerms {
			r.fail("record of kind %d", kind[0])
		}
		a.Records = append(a.Records, Record{kind[0], wire})
	}
	return a, r.end()
}
