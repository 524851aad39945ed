package admission

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/bits"
	"time"

	"github.com/parley-network/parley/identity/dagcbor"
)

const (
	// StampSize is the length of an encoded stamp in bytes.
	StampSize = 9
	// MinBits is the least difficulty asked for, unless none is: below it, work
	// is no burden to anybody. About 0.1 ms on a laptop.
	MinBits = 10
	// MaxBits is the most that is asked for, by this node or, as far as it
	// believes them, by others, of what lives a day: 4 million tries on
	// average. That is 0.5 s on one laptop core (120 ns a try with SHA
	// instructions), and 4 s on a phone without them (1 µs a try). One in a
	// hundred takes 4.6 times as long.
	MaxBits = 22
	// MaxLifeBits is the most that a longer life takes beyond; see LifeBits.
	MaxLifeBits = 3
	// maxClaim is the most a stamp may claim to have done. Nobody gets so far;
	// it keeps the field from meaning nothing.
	maxClaim = 64
)

// LifeBits is how many bits more than the price a life of that length takes.
// A price is for up to a day; each doubling costs one bit more, so that a week
// costs eight times a day.
func LifeBits(life time.Duration) int {
	more := 0
	for day := 24 * time.Hour; life > day && more < MaxLifeBits; day *= 2 {
		more++
	}
	return more
}

// Challenge is what a stamp is made for: a digest of the thing and of where it
// goes, so that a stamp serves neither another thing nor another place.
type Challenge [sha256.Size]byte

// ForCast is the challenge of a cast on a topic: SHA-256 of
// "parley/work/cast/1\n", the length of the topic's name as 2 bytes, the name,
// and the binary CID of the cast's body.
func ForCast(topic string, id dagcbor.CID) Challenge {
	return challenge("parley/work/cast/1\n", []byte(topic), id.Bytes())
}

// ForLetter is the challenge of a stranger's letter: SHA-256 of
// "parley/work/letter/1\n", the length of the recipient's public key as 2
// bytes, the key, and the SHA-256 of the letter as it is sealed. Bound to the
// key, work for one recipient is worth nothing with another. The key is that of
// the place where the letter is handed in: of a slot, or the bytes of a peer id.
func ForLetter(recipient []byte, letter [sha256.Size]byte) Challenge {
	return challenge("parley/work/letter/1\n", recipient, letter[:])
}

func challenge(domain string, where, what []byte) (c Challenge) {
	h := sha256.New()
	h.Write([]byte(domain))
	h.Write(binary.BigEndian.AppendUint16(nil, uint16(len(where))))
	h.Write(where)
	h.Write(what)
	h.Sum(c[:0])
	return c
}

// Stamp is proof of work: the SHA-256 of challenge, Bits and Nonce (8 bytes,
// big-endian) begins with at least Bits bits of zero. Bits is what counts, not
// what the digest happens to have: who aims at 12 cannot have 18 by luck.
type Stamp struct {
	Bits  int // 1 to 64
	Nonce uint64
}

// ParseStamp reads the one encoding of a stamp: a byte of Bits and 8 of Nonce.
func ParseStamp(b []byte) (Stamp, error) {
	if len(b) != StampSize {
		return Stamp{}, fmt.Errorf("stamp of %d bytes, want %d", len(b), StampSize)
	}
	if b[0] < 1 || b[0] > maxClaim {
		return Stamp{}, fmt.Errorf("stamp claims %d bits, want 1 to %d", b[0], maxClaim)
	}
	return Stamp{Bits: int(b[0]), Nonce: binary.BigEndian.Uint64(b[1:])}, nil
}

// Encode returns the stamp as it travels, StampSize bytes.
func (s Stamp) Encode() []byte {
	return binary.BigEndian.AppendUint64([]byte{byte(s.Bits)}, s.Nonce)
}

// Done reports whether s did for c the work it claims. It takes one SHA-256 of
// one block.
func (s Stamp) Done(c Challenge) bool {
	if s.Bits < 1 || s.Bits > maxClaim {
		return false
	}
	b := block(c, s.Bits)
	return try(&b, s.Nonce) >= s.Bits
}

// workBlock is challenge, bits and nonce: with SHA-256's padding, one block.
type workBlock [sha256.Size + StampSize]byte

func block(c Challenge, claim int) (b workBlock) {
	copy(b[:], c[:])
	b[sha256.Size] = byte(claim)
	return b
}

// try returns the number of leading zero bits that nonce gives, up to 64.
func try(b *workBlock, nonce uint64) int {
	binary.BigEndian.PutUint64(b[sha256.Size+1:], nonce)
	d := sha256.Sum256(b[:])
	return bits.LeadingZeros64(binary.BigEndian.Uint64(d[:8]))
}
